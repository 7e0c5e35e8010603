"""Settings from the YAML files of the program that the authors of DiffCD published. Needs no torch.

Such a file is one that ``--yaml-config`` of that program takes, or the config.yaml in a folder that it wrote. Tags of
Python are read as the plain values under them; nothing in a file is executed.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from diffshape._files import read_yaml
from diffshape._typed import shown, typed
from diffshape.fields.config import MLPConfig
from diffshape.fitting.methods.table import name_of
from diffshape.fitting.presets import preset
from diffshape.fitting.settings import FitSettings

_ROOT, _CLASS = "!dataclass:TrainingConfig", "!class"
_MOST = 1000
"""Largest number of settings in a file."""
_BOX = {"lower_bound": [-0.8] * 3, "upper_bound": [0.8] * 3, "levelset": 0}
_ONLY: dict[str, Any] = {
    f"dataset.{_CLASS}": "PointCloud",
    "dataset.sigma": 0,
    "dataset.auto_scale": True,
    "dataset.n_dims": 3,
    "model.geometry_init": True,
    "method.sampling.k": 50,
    "method.newton_config.max_iters": 4,
    "method.newton_config.grad_norm_eps": 1e-3,
    "method.newton_config.stop_when_converged": False,
    **{f"eval_meshing.{name}": value for name, value in _BOX.items()},
    **{f"method.surface_sampling.surface_meshing.{name}": value for name, value in _BOX.items()},
}
"""Settings of that program that have only one value here."""
_INSTEAD = {
    "dataset.n_points": "--max-points",
    "gt_mesh.path": "--truth",
    "output_dir": "--out",
    "experiment_name": "--out",
    "save_ply": "--mesh-every",
    "checkpoint_options.save_interval_steps": "--mesh-every",
    "wandb_project": "--log wandb",
}
"""Settings of that program, and the options of the command line that say the same."""
_ASIDE = (
    "dataset.path",
    "checkpoint_options",
    "gt_mesh",
    "eval_meshing",
    "with_timestamp",
    "yaml_config",
    "wandb",
    "copy_datasets",
    "model.name",
    "model.parent",
    f"model.{_CLASS}",
    "method.surface_sampling",
    "method.alpha",
    "method.surface_area_samples",
    "method.sampling.global_samples",
)
"""Beginnings of settings of that program that have no effect on a fit, where they are not read."""


class OfficialConfig(NamedTuple):
    """Content of a file of the DiffCD authors' program."""

    settings: FitSettings
    """Settings of the same fit here; what the file does not name is as that program has it."""
    notes: tuple[str, ...]
    """Sentences on what was read, and on what was not."""


def is_official(path: Path) -> bool:
    """Whether a file is one of the DiffCD authors' program: its first line that is no comment has their tag."""
    with path.open("rb") as file:
        lines = file.read(4096).decode(errors="replace").splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith(("#", "---", "%"))), "")
    return first.startswith(_ROOT)


def read_official(path: Path) -> OfficialConfig:
    """The settings in a file of the DiffCD authors' program.

    Raises:
        ValueError: The file is damaged, or asks for what no setting here can do.
        OSError: It cannot be read.
    """
    values = _Values(dict(_leaves(read_yaml(path, _loader()))))
    steps, batch = values.take("n_batches", int, 40_000), values.take("batch_size", int, 5000)
    method = values.take(f"method.{_CLASS}", Literal["DiffCD", "IGR", "NeuralPull"], "DiffCD")
    read = {"DiffCD": _diffcd, "IGR": _igr, "NeuralPull": _neural_pull}[method]
    base, changes = read(values, steps, batch)
    changes |= {"batch": batch, "learning_rate": values.take("learning_rate", float, 1e-3)}
    settings = replace(
        base,
        method=replace(base.method, **changes),
        field=_network(values),
        steps=steps,
        seed=values.take("rng_seed", int, 0),
        resolution=values.take("final_mesh_points_per_axis", int, 512),
    )
    about = f"{path}: settings of the DiffCD authors' program, read as those of the method {name_of(settings.method)}"
    return OfficialConfig(settings, (about, *_warm_up(values, steps), *values.rest()))


class _Values:
    """Settings of a file by their paths, from which those that are read are taken."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def take(self, path: str, kind: Any, usual: Any) -> Any:
        """A setting, checked; what the program has by default if the file does not name it."""
        return typed(path, kind, self.values.pop(path, usual))

    def rest(self) -> Iterator[str]:
        """Notes on what was not taken.

        Raises:
            ValueError: A setting has a value that it cannot have here.
        """
        unknown, instead = [], []
        for path, value in self.values.items():
            if path in _ONLY:
                if value != _ONLY[path]:
                    raise _no_counterpart(path, value)
            elif path in _INSTEAD:
                instead += [f"{path} ({_INSTEAD[path]})"] if value not in (None, "") else []
            elif not (path == _CLASS or path.endswith(f".{_CLASS}") or path.startswith(_ASIDE)):
                unknown.append(path)
        if instead:
            yield f"not taken from it, as options say it: {', '.join(instead)}"
        if unknown:
            yield f"not known, and left out: {', '.join(unknown)}"


def _diffcd(values: _Values, steps: int, batch: int) -> tuple[FitSettings, dict[str, Any]]:
    kind = values.take("method.p2s_loss", Literal["implicit", "closest-point"], "implicit")
    squared = _is_squared(values)
    if kind == "closest-point" and squared:
        raise _no_counterpart("method.p2s_loss", "closest-point with squared_l2")
    area = values.take("method.surface_area_weight", float, 0.0)
    sharpness, samples = _area(values)
    if area and (sharpness, samples) != (100, batch):
        raise _no_counterpart(
            "method.surface_area_weight", f"{area} with another alpha than 100, or samples than a batch"
        )
    of_surface = "method.surface_sampling"
    return preset("paper"), {
        "points_loss": kind if kind == "closest-point" else "squared-value" if squared else "value",
        "surface_squared": squared,
        "surface_weight": values.take("method.s2p_weight", float, 1.0),
        "eikonal_weight": values.take("method.eikonal_weight", float, 0.1),
        "area_weight": area,
        "surface_batch": batch,
        "pool": values.take(f"{of_surface}.num_samples", int, 30_000),
        "meshings": max(1, round(steps / max(values.take(f"{of_surface}.mesh_interval", int, 1000), 1))),
        "pulls": values.take(f"{of_surface}.newton.max_iters", int, 4),
        "mesh_resolution": values.take(f"{of_surface}.surface_meshing.points_per_axis", int, 256),
        **_sampling(values, batch),
    }


def _igr(values: _Values, steps: int, batch: int) -> tuple[FitSettings, dict[str, Any]]:
    if _is_squared(values):
        raise _no_counterpart("method.distance_metric", "squared_l2")
    changes = {"eikonal_weight": values.take("method.eikonal_weight", float, 0.1), **_sampling(values, batch)}
    area = values.take("method.surface_area_weight", float, 0.0)
    if not area:
        return preset("paper-diffcd", "igr"), changes
    sharpness, samples = _area(values)
    weighed = {"area_weight": area, "area_sharpness": sharpness, "area_samples": samples}
    return preset("paper", "surface-area"), changes | weighed


def _neural_pull(values: _Values, steps: int, batch: int) -> tuple[FitSettings, dict[str, Any]]:
    return preset("paper-diffcd", "neural-pull"), {
        "squared": _is_squared(values),
        "eikonal_weight": values.take("method.eikonal_weight", float, 0.0),
        "queries": values.take("method.sampling.samples_per_point", int, 10),
        "local_scale": values.take("method.sampling.local_sigma_scale", float, 0.2),
    }


def _is_squared(values: _Values) -> bool:
    return values.take("method.distance_metric", Literal["l2", "squared_l2"], "l2") == "squared_l2"


def _area(values: _Values) -> tuple[float, int]:
    return values.take("method.alpha", float, 100.0), values.take("method.surface_area_samples", int, 5000)


def _sampling(values: _Values, batch: int) -> dict[str, float]:
    """The eikonal samples; of those anywhere in the box there is an eighth of those near the points by default."""
    near = values.take("method.sampling.samples_per_point", int, 1)
    anywhere = values.take("method.sampling.global_samples", int | None, None)
    return {
        "local_samples": float(near),
        "local_scale": values.take("method.sampling.local_sigma_scale", float, 0.2),
        "global_samples": near / 8 if anywhere is None else anywhere / max(batch, 1),
    }


def _network(values: _Values) -> MLPConfig:
    activation = values.take("model.activation_function", str, "SOFTPLUS")
    if activation not in ("SOFTPLUS", "RELU"):
        raise _no_counterpart("model.activation_function", activation)
    return MLPConfig(
        hidden_layers=values.take("model.n_layers", int, 8),
        width=values.take("model.layer_size", int, 256),
        skip=values.take("model.skip_layers", tuple[int, ...], (4,)),
        beta=100.0 if activation == "SOFTPLUS" else math.inf,
        radius=values.take("model.init_radius", float, 0.5),
    )


def _warm_up(values: _Values, steps: int) -> Iterator[str]:
    given, own = values.take("learning_rate_warmup", int, 1000), round(steps / 40)
    if given != own:
        yield f"the learning rate rises over 2.5 % of the steps, which are {own}, not over {given} as there"


def _no_counterpart(path: str, value: Any) -> ValueError:
    return ValueError(f"{path} cannot be {shown(value)} here; change it, or leave it out")


def _leaves(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values by their paths; tags of classes too, under a key of their own.

    Raises:
        ValueError: There are more than such a file has, as references to one another can make them.
    """
    waiting, count = [("", tree)], 0
    while waiting:
        path, value = waiting.pop()
        count += 1
        if count > _MOST:
            raise ValueError(f"it holds more than {_MOST} settings")
        if isinstance(value, Mapping) and value:
            waiting += [(f"{path}.{key}" if path else str(key), inner) for key, inner in value.items()]
        else:
            yield path, value


def _loader() -> Any:
    """A safe loader that takes the tags of such a file."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def plain(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value

    def of_class(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
        return {_CLASS: suffix, **loader.construct_mapping(node, deep=True)}

    Loader.add_multi_constructor("!dataclass:", of_class)
    for tag in ("!enum:", "tag:yaml.org,2002:python/"):
        Loader.add_multi_constructor(tag, plain)
    Loader.add_multi_constructor("!missing", lambda *_: None)
    return Loader
