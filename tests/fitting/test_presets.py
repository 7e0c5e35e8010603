import pytest

from diffshape.fields import HASH_GRIDS, MLPConfig
from diffshape.fitting import DiffCD, Supervised, mesh_preset, preset
from diffshape.fitting.methods.table import METHODS
from diffshape.fitting.presets import MESH_PRESETS, PRESETS, SCAN_PRESETS
from diffshape.training import WarmupCosine


def test_the_paper_preset_is_the_published_setting():
    paper = preset("paper")
    expected = DiffCD(
        points_loss="value",
        surface_weight=1.0,
        surface_squared=False,
        eikonal_weight=0.1,
        area_weight=0.0,
        normal_weight=0.0,
        batch=5000,
        surface_batch=5000,
        local_samples=1.0,
        local_scale=0.2,
        global_samples=0.125,
        pool=30_000,
        meshings=40,
        mesh_resolution=256,
        pulls=4,
        pull="trace",
        tolerance=1e-3,
        scan=None,
        start=paper.method.start,  # unused without a prepared scan
        learning_rate=1e-3,
        schedule="warmup-cosine",
    )
    assert paper.method == expected
    assert paper.steps == 40_000
    assert paper.steps // paper.method.meshings == 1000
    assert paper.method.global_samples * paper.method.batch == 625
    assert paper.steps * WarmupCosine().warmup == 1000
    assert paper.field == MLPConfig(hidden_layers=8, width=256, skip=(4,), beta=100.0, radius=0.5)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_presets_of_its_own_class_and_a_standard_one(name):
    presets = PRESETS[name]
    assert {type(each.method) for each in presets.values()} == {METHODS[name].config}
    assert all(each.steps <= presets["standard"].steps for key, each in presets.items() if key == "quick")


def test_only_methods_of_the_list_have_presets():
    assert PRESETS.keys() == METHODS.keys()
    assert SCAN_PRESETS.keys() == {name for name, method in METHODS.items() if method.fits == "scan"}


def test_an_unknown_preset_is_named_with_the_choices():
    with pytest.raises(ValueError, match="preset: there is no 'best'; choose one of quick, standard, paper"):
        preset("best")
    with pytest.raises(ValueError, match="preset: there is no method 'supervised' for scans; choose one of diffcd"):
        preset("standard", "supervised")
    assert list(SCAN_PRESETS["diffcd"]) == ["quick", "standard", "paper"]


@pytest.mark.parametrize("name", ["torch-ngp", "instant-ngp"])
def test_the_published_presets_for_meshes_have_their_grid_mix_and_batch(name):
    published = mesh_preset(name)
    assert published.field == HASH_GRIDS["instant-ngp"]
    method = published.method
    assert (method.near, method.surface, method.batch, method.fresh) == (3 / 8, 4 / 8, 2**18, 2**18)
    assert (method.loss, method.learning_rate) == ("mape", 1e-4)
    assert method.normalization == ("diagonal" if name == "torch-ngp" else "longest-side")
    assert (method.perturbation, method.sigma) == (
        ("gaussian", 0.01) if name == "torch-ngp" else ("logistic", 1 / 1024)
    )


def test_an_unknown_preset_for_meshes_is_named_with_the_choices():
    with pytest.raises(ValueError, match="mesh_preset: there is no 'best'; choose one of quick, standard, fine, torch"):
        mesh_preset("best")
    assert all(isinstance(each.method, Supervised) for each in MESH_PRESETS.values())
