from pathlib import Path

import pytest

from diffshape.cli.errors import UsageError
from diffshape.cli.folders import begun_folder
from diffshape.cli.main import parse
from diffshape.cli.train.deep_sdf import TrainDeepSDF
from diffshape.cli.train.landmarks import TrainLandmarks
from diffshape.cli.train.options import check_options, refuse_unused
from diffshape.cli.train.scan_prior import TrainScanPrior
from diffshape.models import DeepSDFSettings


def test_what_was_typed_is_known():
    assert parse(["train", "deep-sdf"])[1].typed == frozenset()
    typed = parse(["train", "landmarks", "--steps", "600", "--quiet", "--training.zoom=0.05"])[1].typed
    assert typed == {"quiet", "steps", "training.zoom"}


@pytest.mark.parametrize("kind", [TrainDeepSDF, TrainLandmarks, TrainScanPrior])
def test_a_resumed_training_changes_only_where_and_how_loudly(kind):
    allowed = {"resume", "device", "threads", "log", "json", "quiet", "debug"}
    check_options(kind(resume=Path("run"), threads=1, typed=frozenset(allowed)))
    with pytest.raises(UsageError, match="leave out --out, --seed, --steps"):
        check_options(kind(resume=Path("run"), typed=frozenset(allowed | {"out", "seed", "steps"})))


def test_options_without_effect_are_refused():
    refuse_unused(["steps"], {"test_shapes": "nothing is drawn"})
    with pytest.raises(UsageError, match="--test-shapes has no effect where nothing is drawn; leave it out"):
        refuse_unused(["steps", "test_shapes"], {"test_shapes": "nothing is drawn"})


def test_a_file_of_a_run_stands_for_its_folder(tmp_path):
    (tmp_path / "config.yaml").write_text("")
    assert begun_folder(tmp_path / "config.yaml", DeepSDFSettings) == tmp_path
