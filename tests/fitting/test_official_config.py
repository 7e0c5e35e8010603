"""Files as the program of DiffCD's authors takes and writes them, in small, written here by its facts."""

import math
from dataclasses import replace

import pytest

from diffshape.fields import MLPConfig
from diffshape.fitting import preset
from diffshape.fitting.official_config import is_official, read_official

ROOT = "!dataclass:TrainingConfig\n"


@pytest.fixture
def read(tmp_path):
    """Reads a file that begins as those do."""

    def settings(text):
        (tmp_path / "official.yaml").write_text(ROOT + text)
        return read_official(tmp_path / "official.yaml")

    return settings


IGR = "method: !dataclass:IGR\n  eikonal_weight: 0.1\n"
AREA = IGR + "  alpha: 100\n  surface_area_samples: 5000\n  surface_area_weight: 0.33\n"
PULL = "method: !dataclass:NeuralPull\n  sampling: !dataclass:SamplingConfig\n    samples_per_point: 50\n"


@pytest.mark.parametrize(
    ("text", "method", "name"),
    [
        ("rng_seed: 0\n", "diffcd", "paper"),
        ("method: !dataclass:DiffCD {}\n", "diffcd", "paper"),
        (IGR, "igr", "paper-diffcd"),
        (AREA, "surface-area", "paper"),
        (PULL, "neural-pull", "paper-diffcd"),
    ],
)
def test_the_published_runs_are_presets(text, method, name, read):
    own = preset(name, method)
    assert read(text).settings == replace(own, resolution=512)  # that of the program's last mesh


def test_every_setting_of_diffcd_is_read(read):
    settings, notes = read(
        "learning_rate: 5.0e-05\nbatch_size: 100\nn_batches: 2000\nrng_seed: 7\nfinal_mesh_points_per_axis: 64\n"
        "learning_rate_warmup: 50\n"
        "model: !dataclass:MLP\n  layer_size: 32\n  n_layers: 3\n  skip_layers: !!python/tuple [2]\n"
        "  activation_function: !enum:ActivationFunction RELU\n  init_radius: 0.4\n"
        "method: !dataclass:DiffCD\n  eikonal_weight: 0.5\n  s2p_weight: 2\n  distance_metric: squared_l2\n"
        "  sampling: !dataclass:SamplingConfig\n    samples_per_point: 2\n    global_samples: 10\n"
        "    local_sigma_scale: 0.3\n"
        "  surface_sampling: !dataclass:SurfaceSamplingConfig\n    num_samples: 300\n    mesh_interval: 100\n"
        "    newton: !dataclass:NewtonConfig {max_iters: 2}\n"
        "    surface_meshing: !dataclass:Meshing {points_per_axis: 32}\n"
    )
    method = settings.method
    assert (settings.steps, settings.seed, settings.resolution) == (2000, 7, 64)
    assert settings.field == MLPConfig(width=32, hidden_layers=3, skip=(2,), beta=math.inf, radius=0.4)
    assert (method.learning_rate, method.batch, method.surface_batch) == (5e-5, 100, 100)
    assert (method.points_loss, method.surface_squared) == ("squared-value", True)
    assert (method.eikonal_weight, method.surface_weight) == (0.5, 2.0)
    assert (method.local_samples, method.global_samples, method.local_scale) == (2.0, 0.1, 0.3)
    assert (method.pool, method.meshings, method.pulls, method.mesh_resolution) == (300, 20, 2, 32)
    assert len(notes) == 1


def test_neural_pull_has_the_defaults_of_the_program(read):
    method = read("method: !dataclass:NeuralPull {distance_metric: squared_l2, eikonal_weight: 0.1}\n").settings.method
    assert (method.queries, method.local_scale, method.squared, method.eikonal_weight) == (10, 0.2, True, 0.1)


def test_a_file_that_the_program_wrote_is_read_and_its_tags_of_python_are_plain(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings, notes = read(
        "output_dir: !!python/object/apply:pathlib.PosixPath [outputs]\n"
        "dataset: !dataclass:PointCloud\n  path: !!python/object/apply:pathlib.PosixPath [/, data, a.npy]\n"
        "  n_points: 5000\n  n_dims: 3\n  sigma: 0.0\n"
        "eval_meshing: !dataclass:Meshing\n  lower_bound: &low !!python/tuple [-0.8, -0.8, -0.8]\n  levelset: 0.0\n"
        "checkpoint_options: !dataclass:CustomCheckpointManagerOptions\n"
        "  save_on_steps: !!python/object/apply:builtins.frozenset [[]]\n  best_fn: null\n"
        "method: !dataclass:DiffCD\n  surface_sampling: !dataclass:SurfaceSamplingConfig\n"
        "    surface_meshing: !dataclass:Meshing {lower_bound: *low}\n"
        "gt_mesh: !dataclass:EvaluationMesh\n  path: !!python/object/apply:os.system ['touch executed']\n"
        "wandb_project: null\ncolour: red\nmodel: !dataclass:MLP {layer_sizes: 3}\n"
    )
    assert settings == replace(preset("paper"), resolution=512)
    assert not (tmp_path / "executed").exists()
    assert notes[0].endswith("settings of the DiffCD authors' program, read as those of the method diffcd")
    (instead,) = (note for note in notes if note.startswith("not taken from it, as options say it: "))
    assert set(instead.partition(": ")[2].split(", ")) == {
        *("output_dir (--out)", "dataset.n_points (--max-points)", "gt_mesh.path (--truth)")
    }
    (unknown,) = (note for note in notes if note.startswith("not known, and left out: "))
    assert set(unknown.partition(": ")[2].split(", ")) == {"colour", "model.layer_sizes"}


def test_a_warm_up_of_another_length_is_told(read):
    assert read("n_batches: 4000\n").notes[1:] == (
        "the learning rate rises over 2.5 % of the steps, which are 100, not over 1000 as there",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method: !dataclass:NKSR {}", r"method\.!class must be one of DiffCD, IGR, NeuralPull, got 'NKSR'"),
        ("method: !dataclass:IGR {eikonal_weight: much}", r"method\.eikonal_weight must be a number, got 'much'"),
        ("learning_rate: !!python/object/apply:os.system [ls]", "learning_rate must be a number"),
        (
            "method: !dataclass:IGR {distance_metric: squared_l2}",
            r"method\.distance_metric cannot be 'squared_l2' here",
        ),
        ("method: !dataclass:DiffCD {surface_area_weight: 1, alpha: 3}", r"surface_area_weight cannot be '1.0 with"),
        (
            "model: !dataclass:MLP {activation_function: !enum:A SIN}",
            r"model\.activation_function cannot be 'SIN' here",
        ),
        ("model: !dataclass:MLP {geometry_init: false}", r"model\.geometry_init cannot be False here; change it, or"),
        ("dataset: !dataclass:Circle {}", r"dataset\.!class cannot be 'Circle' here"),
        ("dataset: !dataclass:PointCloud {sigma: 0.1}", r"dataset\.sigma cannot be 0\.1 here"),
        (
            "eval_meshing: !dataclass:Meshing {upper_bound: [1, 1, 1]}",
            r"eval_meshing\.upper_bound cannot be \[1, 1, 1\]",
        ),
        ("batch_size: 0", "batch must be at least 1, got 0"),
        ("a: !unknown 3", "is not YAML: could not determine a constructor for the tag '!unknown'"),
        (
            "a: &a {b: 1, c: 2}\n"
            + "".join(f"{x}: &{x} {{l: *{y}, r: *{y}}}\n" for x, y in zip("bcdefghijk", "abcdefghij")),
            "more than",
        ),
    ],
)
def test_what_cannot_be_done_here_is_one_sentence(text, message, read):
    with pytest.raises(ValueError, match=message) as caught:
        read(text)
    assert "\n" not in str(caught.value)


def test_a_file_of_another_program_is_not_one(tmp_path):
    for text in ("", "method: {kind: igr}\n", "# !dataclass:TrainingConfig\nsteps: 3\n", "\xff\x00"):
        (tmp_path / "a.yaml").write_text(text)
        assert not is_official(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text(f"# tyro YAML.\n\n{ROOT}")
    assert is_official(tmp_path / "a.yaml")
