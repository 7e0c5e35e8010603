import subprocess
import sys

import pytest

from diffshape.models import LandmarkObjective, LandmarkTraining, LandmarkTransformerConfig, LandmarkUNetConfig


@pytest.mark.parametrize(
    "make",
    [
        lambda: LandmarkUNetConfig(widths=(12,), stride=2),
        lambda: LandmarkUNetConfig(widths=()),
        lambda: LandmarkUNetConfig(widths=(8,), stride=4),
        lambda: LandmarkTransformerConfig(width=100),
        lambda: LandmarkTransformerConfig(query_layers=0),
        lambda: LandmarkObjective(lambda_anatomical=-0.1),
        lambda: LandmarkObjective(sigma=0.0),
        lambda: LandmarkObjective(decoder="mean"),
        lambda: LandmarkTraining(batch=0),
        lambda: LandmarkTraining(lr=0.0),
        lambda: LandmarkTraining(weight_decay=-1.0),
        lambda: LandmarkTraining(zoom=1.0),
    ],
)
def test_what_is_out_of_range_is_refused(make):
    with pytest.raises(ValueError, match="must be"):
        make()


def test_reading_the_settings_does_not_import_torch():
    code = "import sys, diffshape.models.landmarks.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
