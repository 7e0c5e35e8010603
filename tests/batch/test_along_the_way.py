import json

import numpy as np
import pytest

from diffshape.batch.along_the_way import AlongTheWay
from diffshape.data import icosphere, write_mesh, write_points
from diffshape.fitting import KeptSamples, Snapshots
from diffshape.fitting.inputs.inputs import read_inputs
from diffshape.training.run_folder import RunFolder


@pytest.fixture
def inputs(tmp_path):
    """Makes the inputs of a scan, with a true surface or without."""
    mesh = icosphere(1)
    write_points(tmp_path / "scan.ply", mesh.vertices)
    write_mesh(tmp_path / "truth.ply", *mesh)

    def read(scored):
        truth = tmp_path / "truth.ply" if scored else None
        return read_inputs(tmp_path / "scan.ply", truth, max_points=None, seed=0)

    return read


def test_nothing_is_written_unless_it_is_asked_for(inputs, tmp_path):
    AlongTheWay().remember(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with AlongTheWay().observers(inputs(True), tmp_path / "run", resolution=None) as observers:
        assert observers == []


def test_all_that_is_asked_for_has_an_observer(inputs, tmp_path):
    wanted = AlongTheWay(mesh_every=5, eval_every=7, keep_samples=True)
    with wanted.observers(inputs(True), tmp_path, resolution=32) as (snapshots, samples):
        assert isinstance(snapshots, Snapshots)
        assert isinstance(samples, KeptSamples)
        assert (snapshots.mesh_every, snapshots.eval_every, snapshots.resolution) == (5, 7, 32)
        np.testing.assert_array_equal(snapshots.truth.vertices, inputs(True).truth.vertices)


def test_without_a_true_surface_there_are_no_scores(inputs, tmp_path):
    with AlongTheWay(eval_every=7).observers(inputs(False), tmp_path, resolution=None) as observers:
        assert observers == []
    with AlongTheWay(mesh_every=5, eval_every=7).observers(inputs(False), tmp_path, resolution=None) as (snapshots,):
        assert (snapshots.mesh_every, snapshots.eval_every) == (5, None)


def test_a_resumed_fit_writes_what_it_wrote_before_and_what_is_new(tmp_path):
    AlongTheWay(mesh_every=5, log="wandb").remember(tmp_path)
    assert RunFolder(tmp_path).is_unbegun  # a fit that is stopped while it prepares can be begun again
    assert AlongTheWay().resumed(tmp_path) == AlongTheWay(mesh_every=5, log="wandb")
    more = AlongTheWay(mesh_every=2, eval_every=3, keep_samples=True, log="tensorboard")
    assert more.resumed(tmp_path) == more
    assert more.resumed(tmp_path / "none") == more


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "along_the_way.json"
    for content in ({"mesh_every": "often"}, {"mesh_every": 0}, {"colour": 1}, []):
        path.write_text(json.dumps(content))
        with pytest.raises(ValueError, match=r"along_the_way\.json is damaged .*; remove it to go on without it"):
            AlongTheWay().resumed(tmp_path)
