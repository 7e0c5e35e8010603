"""Every public function, class and method above losses and ops, every argument, every awkward value.

Each has a small good call in ``good_calls``; settings are called with their defaults, each of their fields being an
argument. In turn each argument is replaced by all values of ``awkward_arguments.everything``.
"""

import inspect
import operator
from collections.abc import Callable
from dataclasses import MISSING, is_dataclass, replace
from dataclasses import fields as fields_of
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import diffshape
from awkward_arguments import Awkward, Call, complaint, everything, run
from diffshape import data, fields, fitting, models, ops, report, training
from diffshape.losses import LossTerms, Skeleton

PACKAGES = {
    "data": data,
    "fields": fields,
    "fitting": fitting,
    "models": models,
    "training": training,
    "report": report,
}
BALL = data.icosphere(1)
CLOUD = np.random.default_rng(0).normal(size=(40, 3))
CLOUD /= np.linalg.norm(CLOUD, axis=1, keepdims=True)
SKELETON = Skeleton.anteroposterior(1)
GRID = fields.HashGridConfig(levels=2, base=2, finest=4, log2_entries=4, width=16)
LATENT = fields.LatentMLPConfig(hidden_layers=2, width=16, latent=2, skip=(), dropout=0.0)
UNET = models.LandmarkUNetConfig(widths=(8, 8, 8))
POINT_NET = models.PointNetConfig(network=models.PointNetNetwork(points=8, encoder=(8,), latent=4, decoder=(8,)))
SMALL = {
    "PointCloudModel": models.PointCloudConfig(
        network=models.PointCloudNetwork(points=8, tokens=2, width=8, hidden=(8,), layers=1, heads=2, latent=4)
    ),
    "PointNetModel": POINT_NET,
    "MeshModel": models.MeshConfig(network=models.MeshNetwork(subdivisions=0, hidden=(8,), latent=4)),
    "VoxelModel": models.VoxelConfig(network=models.VoxelNetwork(resolution=4, base_channels=2, layers=1, latent=4)),
}
NEAR = data.ShapeSet(names=("a",), near_points=torch.rand(1, 5, 3), near_distances=torch.rand(1, 5))
IMAGE_NETWORK = models.PSGNNetwork(size=(8, 8), widths=(2, 2, 2), hidden=(4,), points=5)
ANSWERS = models.PSGNConfig(network=IMAGE_NETWORK, target_points=4, latent=2, candidates=2)
DEEP = models.DeepSDFConfig(network=LATENT, batch=2, points=8, samples=16)
OCCUPANCY = models.OccupancyConfig(code=2, width=4, blocks=1, encoder_width=4, encoder_blocks=1, inputs=4, points=4)
IMNET = models.ImNetConfig(
    network=models.ImNetNetwork(resolution=8, latent=2, width=2, encoder_width=2),
    stages=(8,),
    shares=(1.0,),
    cells=(9,),
    points=4,
)
VECSET = models.VecSetConfig(
    network=models.VecSetNetwork(vectors=1, width=2, layers=1, heads=1), points=4, volume=4, near=4
)
RESULTS = {
    "data.DistanceSamples", "data.DrawnScan", "data.DrawnSolid", "data.Mesh", "data.PointCloud",
    "data.ProceduralObject", "data.ShapeFamily",
    "fitting.CleanScan", "fitting.FitResult", "fitting.FitRow", "fitting.FitTable",
    "fitting.OrientationTrust", "fitting.PreparedScan", "models.DeepSDF", "models.DeepSDFScore", "models.FamilySamples",
    "models.AutoencoderScore",
    "models.FoundCodes", "models.LandmarkPrediction", "models.LandmarkScore", "models.LatentFlow", "models.LatentGAN",
    "models.LatentMixture", "models.OccupancyScore", "models.TrainingResult",
    "models.PSGNScore",
    "report.ComparisonMean", "report.ComparisonRow", "report.ComparisonTable",
    "report.Viewer",
    "training.Checkpoint", "training.Outcome", "training.StepReport",
}  # fmt: skip
"""Made by the library, to be read."""
EXEMPT = {
    "fields.Field": "abstract",
    "models.Autoencoder": "abstract; its three kinds are called",
    "fitting.FitObserver": "abstract; its two kinds are called",
    "fitting.FitObserver.begin": "called by every fit",
    "fitting.KeptSamples": "takes nothing",
    "fitting.KeptSamples.begin": "called by every fit",
    "fitting.Snapshots.begin": "called by every fit",
    "data.ShapeSet.require": "takes any number of words; every training of a set of shapes calls it",
    "data.ShapeSet.to": "takes what torch.Tensor.to takes",
    "training.Task": "a protocol",
    "training.Steps.progress": "called by train in every step",
    "training.Seconds.progress": "called by train in every step",
    "models.Reconstruction.loss": "called by train in every step",
    "models.LandmarkTransformer": "needs an extra and a second",
    "models.LandmarkTransformer.forward": "needs an extra and a second",
    "fitting.FitResult.show": "needs an extra",
    "report.view": "needs an extra",
    "report.Viewer.screenshot": "needs an extra",
    "report.Viewer.show": "needs an extra",
    "training.TensorBoardLog": "needs an extra",
    "training.TensorBoardLog.write": "needs an extra",
    "training.WandbLog": "needs an extra",
    "training.WandbLog.write": "needs an extra",
}

NAMES = {
    "thing": ("a mesh", "vertices", "faces", "points"),
    "mesh": ("vertices", "faces"),
    "meshes": ("a mesh", "vertices", "points.ply"),
    "known": ("a mesh", "vertices"),
    "shapes": ("a mesh", "vertices", "nonsense", "rows"),
    "truth": ("a mesh", "vertices"),
    "content": ("center",),
    "plain": ("Settings: kind",),
    "attributes": ("attribute",),
    "vertices": ("faces",),
    "images": ("landmarks",),
    "folder": ("points.ply", "out.csv", "no model can be read from"),
}
"""What refusals may name in place of an argument."""
FIELD_METHODS = (".forward", ".value_and_gradient", ".second_order", ".query")
"""Methods of fields that take points."""
NAN_STAYS = {
    "data.Frame.to_unit", "data.Frame.from_unit", "data.Frame.distances_to_unit", "data.Frame.distances_from_unit",
    "data.ProceduralObject.sdf", "data.ProceduralObject.normals", "data.ShapeSet", "fields.FramedField.to_inner",
}  # fmt: skip
"""What is worked out point by point; so are all fields, by the methods of ``FIELD_METHODS``."""
SLOW = {
    ("fitting.fit_mesh", "steps"), ("fitting.fit_meshes", "steps"), ("fitting.fit_points", "steps"),
    ("fitting.FitResult.mesh", "resolution"), ("fitting.train_scan_prior", "steps"), ("models.train_deep_sdf", "steps"),
    ("models.train_autoencoder", "steps"), ("models.train_flow", "steps"), ("models.train_latent_gan", "steps"),
    ("models.train_raw_gan", "steps"), ("models.train_imnet", "steps"), ("models.train_imnet_images", "steps"),
    ("models.train_occupancy", "steps"), ("models.train_vecset", "steps"), ("models.train_psgn", "steps"),
}  # fmt: skip
"""Where None is a long run or a fine surface."""


def public() -> dict[str, Any]:
    """Functions, classes and methods by their names."""
    found = {}
    for package, module in PACKAGES.items():
        for name in module.__all__:
            thing, title = getattr(module, name), f"{package}.{name}"
            if isinstance(thing, FunctionType):
                found[title] = thing
            elif isinstance(thing, type) and not issubclass(thing, BaseException) and title not in EXEMPT:
                if title not in RESULTS:
                    found[title] = thing
                found |= {f"{title}.{key}": method for key, method in methods(thing).items()}
    return {name: thing for name, thing in found.items() if name not in EXEMPT}


def methods(thing: type) -> dict[str, Any]:
    """Public methods that take arguments and are written here, not in PyTorch."""
    own = [kind for kind in reversed(thing.__mro__) if kind.__module__.startswith("diffshape")]
    every = {
        key: value
        for kind in own
        for key, value in vars(kind).items()
        if not key.startswith(("_", "evaluate", "plain"))
    }
    plain = {key: getattr(value, "__func__", value) for key, value in every.items()}
    return {key: each for key, each in plain.items() if isinstance(each, FunctionType) and arguments_of(each)}


def arguments_of(thing: Any) -> list[str]:
    """The names of the arguments, the object itself and options of other classes left out."""
    parameters = inspect.signature(thing).parameters.values()
    return [each.name for each in parameters if each.kind != each.VAR_KEYWORD and each.name not in ("self", "cls")]


def settings() -> dict[str, Call]:
    """Dataclasses of which each field has a default."""
    kinds = {name: each for name, each in public().items() if is_dataclass(each) and isinstance(each, type)}
    return {name: Call(kind, {}, use=vars) for name, kind in kinds.items() if all(map(has_default, fields_of(kind)))}


def has_default(item: Any) -> bool:
    return item.default is not MISSING or item.default_factory is not MISSING


class Line(training.Task):
    """The smallest task."""

    def __init__(self) -> None:
        self.modules = {"net": torch.nn.Linear(1, 1)}

    def loss(self, step: int, progress: float) -> LossTerms:
        value = self.modules["net"](torch.ones(1, 1)).sum() ** 2
        return LossTerms(value, {"square": value})


def entered(*arguments: Any, function: Callable[..., Any], **options: Any) -> None:
    with function(*arguments, **options):
        pass


def written(path: Any) -> None:
    with data.atomic_path(path) as temporary:
        temporary.write_text("whole")


def images(count: int = 2, size: int = 32) -> dict[str, Any]:
    return {
        "images": torch.rand(count, 1, size, size, generator=torch.Generator().manual_seed(0)),
        "landmarks": torch.tensor([[4.0, 4.0], [20.0, 4.0], [4.0, 20.0], [20.0, 20.0]]).repeat(count, 1, 1),
        "mask": torch.ones(count, 4, dtype=torch.bool),
        "spacing": torch.ones(count),
        "unit": "px",
        "skeleton": SKELETON,
    }


def good_calls() -> dict[str, Call]:
    """A small good call of everything that is public, with files in the working directory."""
    torch.manual_seed(0)
    data.write_mesh("ball.ply", *BALL)
    data.write_points("points.ply", CLOUD)
    Path("meshes").mkdir()
    data.write_mesh("meshes/a.obj", *BALL)
    data.write_mesh("meshes/b.obj", *BALL)
    Path("marks").mkdir()
    for name in "ab":
        np.save(f"marks/{name}.npy", np.zeros((32, 32), np.uint8))
        Path(f"marks/{name}.csv").write_text("1,1,9,1\n1,9,9,9\n")
    sdf, family, frame = data.SignedDistance(BALL), data.shape_family("ellipsoid", 2), data.Frame((0.0, 0.0, 0.0), 2.0)
    solid, cloud = data.procedural_object("sphere"), data.PointCloud(CLOUD)
    drawn = data.drawn_solid(5)
    drawn_sizes = {"points": 5, "volume_points": 5, "near_points": 5, "resolution": 4, "views": 1, "image_size": 4}
    drawn_set = data.draw_shapes("table", 2, **drawn_sizes)
    marks, x, flat = data.LandmarkImages(**images()), torch.rand(5, 3), torch.rand(5, 2)
    surface = ops.OrientedSurface(x - 0.5, torch.nn.functional.normalize(x), x[:, 0], 0.2, lambda places: places[:, 0])
    grid, latent = fields.build_field(GRID), fields.LatentMLP(LATENT, shapes=2)
    network = fields.SoftplusNetwork(2, hidden_layers=1, width=4)
    fields.export(grid, "field.safetensors")
    quick = {"steps": 1, "device": "cpu", "progress": False}
    method = fitting.DiffCD(
        batch=8, surface_batch=8, pool=20, meshings=1, mesh_resolution=16, scan=None, normal_weight=0.0
    )
    supervised = fitting.Supervised(batch=8, pool=64, fresh=8)
    orientation = fitting.OrientationConfig(directions=8, rounds=1)
    scan = fitting.ScanConfig(orientation=orientation, curvature_size=10)
    result = fitting.fit_mesh(BALL, supervised, GRID, **quick)
    fitting.fit_points(CLOUD, method, GRID, folder="run", resolution=16, **quick)
    deep = models.train_deep_sdf([BALL, BALL], DEEP, steps=1, device="cpu", progress=False).model
    occupancy = models.train_occupancy(drawn_set, OCCUPANCY, **quick).model
    variational = models.OccupancyNetwork(replace(OCCUPANCY, input="occupancies"))
    seen_set = data.draw_shapes("table", 2, points=5, resolution=8, views=1, image_size=32)
    voxel_net, vector_net = (
        models.train_imnet(seen_set, IMNET, **quick).model,
        models.train_vecset(drawn_set, VECSET, **quick).model,
    )
    image_config = models.ImNetImagesConfig(size=32, width=1)
    image_net = models.ImNetFromImages(voxel_net, image_config).eval()
    surface_nets = {
        "ImNet": (voxel_net, seen_set, torch.rand(2, 8, 8, 8)),
        "ImNetFromImages": (image_net, seen_set, torch.rand(2, 32, 32)),
        "VecSet": (vector_net, drawn_set, torch.rand(2, 5, 3)),
    }
    learnt = models.train_landmarks(marks, UNET, folder="marks run", **quick)
    detector = learnt.model
    seen = data.ShapeSet(
        names=("one", "two"), points=torch.rand(2, 6, 3), images=torch.rand(2, 1, 8, 8), views=torch.rand(2, 1, 3, 3)
    )
    answering = models.PSGN(ANSWERS)
    found = models.find_codes(deep, [BALL], observed=16, steps=1)
    autoencoders = {name: models.build_model(config) for name, config in SMALL.items()}
    samples = {name: torch.rand(2, 8, 3) for name in ("PointCloudModel", "PointNetModel")}
    samples |= {"MeshModel": torch.rand(2, 12, 3)}
    samples["VoxelModel"] = (torch.rand(2, 4, 4, 4) > 0.5).float()
    points_model, point_net = autoencoders["PointCloudModel"], autoencoders["PointNetModel"]
    known = data.ShapeSet(names=("a", "b"), points=torch.rand(2, 8, 3), voxels=torch.rand(2, 4, 4, 4) > 0.5)
    trainings = {
        "models.train_autoencoder": Call(models.train_autoencoder, {"shapes": known, "config": POINT_NET, **quick}),
        "models.score_autoencoder": Call(
            models.score_autoencoder, {"model": point_net, "known": known, "held_out": known}, use=str
        ),
        "models.train_flow": Call(models.train_flow, {"autoencoder": point_net, "shapes": known, **quick}),
        "models.train_latent_gan": Call(models.train_latent_gan, {"autoencoder": point_net, "shapes": known, **quick}),
        "models.train_mixture": Call(
            models.train_mixture,
            {
                "autoencoder": point_net,
                "shapes": known,
                "config": models.MixtureConfig(components=1),
                "steps": 1,
                "device": "cpu",
            },
        ),
        "models.train_raw_gan": Call(
            models.train_raw_gan, {"shapes": known, "config": models.RawGANConfig(points=8, noise=4), **quick}
        ),
    }
    generators = {
        "LatentFlow": "models.train_flow",
        "LatentGAN": "models.train_latent_gan",
        "LatentMixture": "models.train_mixture",
        "RawGAN": "models.train_raw_gan",
    }
    points_model.save("model")
    reconstruction = models.Reconstruction(points_model, torch.rand(2, 8, 3))
    tensors = {"modules/net/weight": torch.ones(2)}
    checkpoint, kept = training.Checkpoint(1, 0.5, tensors), training.CheckpointFolder(Path("saves"))
    kept.save(checkpoint)
    Path("log.csv").write_text("step,seconds\n1,0.5\n")
    Path("curves.csv").write_text("step,seconds,loss\n1,0.5,0.1\n")
    Path("compared").mkdir()
    Path("compared/table.csv").write_text(report.ComparisonTable(()).to_csv())
    picture = np.zeros((20, 60, 3), np.uint8)
    overlay = {"images": marks.images, "landmarks": marks.landmarks, "predicted": marks.landmarks + 1}
    field_points = {
        "fields.DistanceGrid": fields.DistanceGrid(cell=0.1),
        "fields.FeatureGrid": fields.FeatureGrid(levels=1, base=2, finest=4, log2_entries=4), "fields.HashGrid": grid,
        "fields.MLP": fields.MLP(hidden_layers=1, width=8, skip=()), "fields.FramedField": fields.FramedField(grid),
        "fields.Siren": fields.Siren(hidden_layers=1, width=8),
        "fields.LatentMLP": latent, "fields.ShapeField": latent.shape(0),
    }  # fmt: skip
    calls = {
        "data.DrawnSolid.sample": Call(drawn.sample, {"count": 5}),
        "data.Frame": Call(data.Frame, {"center": (0.0, 0.0, 0.0), "scale": 2.0}),
        "data.Frame.of": Call(data.Frame.of, {"points": CLOUD}),
        "data.Frame.to_unit": Call(frame.to_unit, {"points": CLOUD}),
        "data.Frame.from_unit": Call(frame.from_unit, {"points": CLOUD}),
        "data.Frame.distances_to_unit": Call(frame.distances_to_unit, {"distances": CLOUD[:, 0]}),
        "data.Frame.distances_from_unit": Call(frame.distances_from_unit, {"distances": CLOUD[:, 0]}),
        "data.Frame.from_dict": Call(data.Frame.from_dict, {"content": frame.to_dict()}),
        "data.LandmarkImages": Call(data.LandmarkImages, images(), use=vars),
        "data.PointCloud.rows": Call(cloud.rows, {"which": np.arange(5)}, use=vars),
        "data.PointCloud.subset": Call(cloud.subset, {"count": 5}, use=vars),
        "data.ProceduralObject.sdf": Call(solid.sdf, {"points": CLOUD}),
        "data.ProceduralObject.normals": Call(solid.normals, {"points": CLOUD}),
        "data.ProceduralObject.mesh": Call(solid.mesh, {"resolution": 8}),
        "data.ShapeFamily.points": Call(family.points, {"count": 5}),
        "data.ShapeFamily.meshes": Call(family.meshes, {"subdivisions": 1}),
        "data.ShapeFamily.voxels": Call(family.voxels, {"resolution": 4}),
        "data.ShapeSet": Call(data.ShapeSet, dict(drawn_set.parts(), names=drawn_set.names), use=vars),
        "data.ShapeSet.split": Call(drawn_set.split, {"holdout": 0.5}, use=str),
        "data.SignedDistance": Call(data.SignedDistance, {"mesh": BALL}, use=lambda result: result.vertices),
        "data.SignedDistance.sample_surface": Call(sdf.sample_surface, {"count": 5}),
        "data.SignedDistance.sample_near": Call(sdf.sample_near, {"count": 5}),
        "data.SignedDistance.sample_uniform": Call(sdf.sample_uniform, {"count": 5}),
        "data.SignedDistance.sample": Call(sdf.sample, {"near": 5}),
        "data.as_mesh": Call(data.as_mesh, {"thing": BALL}),
        "data.as_points": Call(data.as_points, {"thing": CLOUD}, use=len),
        "data.atomic_path": Call(written, {"path": "whole.txt"}),
        "data.box_mesh": Call(data.box_mesh, {"segments": 2}),
        "data.clean_points": Call(data.clean_points, {"thing": CLOUD}, use=vars),
        "data.demo_scan": Call(data.demo_scan, {"count": 10}),
        "data.draw_meshes": Call(data.draw_meshes, {"family": "superquadric", "count": 1, "resolution": 8}),
        "data.draw_shapes": Call(data.draw_shapes, {"family": "chair", "count": 1, **drawn_sizes}, use=vars),
        "data.drawn_scan": Call(data.drawn_scan, {"solid": drawn, "count": 5}, use=vars),
        "data.drawn_solid": Call(data.drawn_solid, {}, use=vars),
        "data.find_outliers": Call(data.find_outliers, {"points": CLOUD}),
        "data.icosphere": Call(data.icosphere, {"subdivisions": 1}),
        "data.procedural_object": Call(data.procedural_object, {"name": "box"}),
        "data.read_landmark_folder": Call(data.read_landmark_folder, {"folder": "marks", "size": (32, 32)}, use=vars),
        "data.read_mesh": Call(data.read_mesh, {"path": "ball.ply"}),
        "data.read_mesh_folder": Call(data.read_mesh_folder, {"folder": "meshes"}),
        "data.read_shape": Call(data.read_shape, {"path": "points.ply"}, use=vars),
        "data.read_shapes": Call(
            data.read_shapes, {"folder": "meshes", "points": 5, "volume_points": 5, "near_points": 5}, use=vars
        ),
        "data.read_points": Call(data.read_points, {"path": "points.ply"}, use=vars),
        "data.shape_family": Call(data.shape_family, {"name": "box", "count": 2}, use=vars),
        "data.simulate_scan": Call(data.simulate_scan, {"mesh": BALL, "count": 10}),
        "data.skeleton_of": Call(data.skeleton_of, {"landmarks": 8}),
        "data.spine_phantoms": Call(
            data.spine_phantoms, {"count": 1, "config": data.SpinePhantomConfig(height=32, width=32)}, use=vars
        ),
        "data.torus_mesh": Call(data.torus_mesh, {"ring_segments": 4, "tube_segments": 4}),
        "data.train_test_split": Call(data.train_test_split, {"count": 5}),
        "data.write_mesh": Call(data.write_mesh, {"path": "out.ply", "vertices": BALL.vertices, "faces": BALL.faces}),
        "data.write_shapes": Call(data.write_shapes, {"folder": "shapes", "shapes": drawn_set[:1]}),
        "data.write_points": Call(data.write_points, {"path": "out.csv", "points": CLOUD}),
        "fields.DistanceGrid": Call(fields.DistanceGrid, {"config": fields.DistanceGridConfig(cell=0.1)}),
        "fields.FeatureGrid": Call(fields.FeatureGrid, {}),
        "fields.HashGrid": Call(fields.HashGrid, {"config": GRID}),
        "fields.MLP": Call(fields.MLP, {}),
        "fields.Siren": Call(fields.Siren, {}),
        "fields.LatentMLP": Call(fields.LatentMLP, {"config": LATENT}),
        "fields.FramedField": Call(fields.FramedField, {"inner": grid}),
        "fields.FramedField.to_inner": Call(fields.FramedField(grid).to_inner, {"points": x}),
        "fields.ShapeField": Call(fields.ShapeField, {"decoder": latent.decoder, "code": torch.rand(2)}),
        "fields.HashGridStack": Call(fields.HashGridStack, {"fields": [grid]}),
        "fields.HashGridStack.forward": Call(fields.HashGridStack([grid]).forward, {"points": x[None]}),
        "fields.LatentMLP.lookup": Call(latent.lookup, {"shapes": torch.tensor([0, 1])}),
        "fields.LatentMLP.decode": Call(latent.decode, {"x": x[None], "codes": torch.rand(1, 2)}),
        "fields.LatentMLP.at": Call(latent.at, {"code": torch.rand(2)}),
        "fields.LatentMLP.shape": Call(latent.shape, {"index": 1}),
        "fields.SoftplusNetwork": Call(fields.SoftplusNetwork, {"inputs": 2, "hidden_layers": 1, "width": 4}),
        "fields.SoftplusNetwork.forward": Call(network.forward, {"x": flat}),
        "fields.SoftplusNetwork.hidden": Call(network.hidden, {"x": flat}),
        "fields.SoftplusNetwork.value_and_gradient": Call(network.value_and_gradient, {"x": flat}),
        "fields.build_field": Call(fields.build_field, {"config": GRID}),
        "fields.export": Call(fields.export, {"field": grid, "path": "out.safetensors"}),
        "fields.load_field": Call(fields.load_field, {"path": "field.safetensors"}),
        "fitting.FitResult.mesh": Call(result.mesh, {"resolution": 8, "open": False}),
        "fitting.FitResult.query": Call(result.query, {"points": CLOUD}),
        "fitting.FitResult.export": Call(result.export, {"path": "out.safetensors"}),
        "fitting.FitResult.save": Call(result.save, {"folder": "saved"}),
        "fitting.StopRule": Call(fitting.StopRule, {"error": 0.1}, use=vars),
        "fitting.Snapshots": Call(
            fitting.Snapshots, {"mesh_every": 2, "eval_every": 2, "truth": BALL, "resolution": 16}, use=vars
        ),
        "fitting.clean_scan": Call(fitting.clean_scan, {"points": CLOUD}, use=vars),
        "fitting.fit_mesh": Call(
            fitting.fit_mesh, {"mesh": BALL, "method": supervised, "field": GRID, "resolution": 16, **quick}, use=vars
        ),
        "fitting.fit_meshes": Call(
            fitting.fit_meshes, {"meshes": [BALL], "method": supervised, "field": GRID, **quick}, use=len
        ),
        "fitting.fit_points": Call(
            fitting.fit_points, {"points": CLOUD, "method": method, "field": GRID, "resolution": 16, **quick}, use=vars
        ),
        "fitting.load": Call(fitting.load, {"folder": "run"}),
        "fitting.mesh_preset": Call(fitting.mesh_preset, {"name": "quick"}),
        "fitting.prepare_scan": Call(
            fitting.prepare_scan,
            {"points": torch.from_numpy(CLOUD) / 2, "config": scan, "normals": torch.from_numpy(CLOUD)},
        ),
        "fitting.preset": Call(fitting.preset, {"name": "quick", "method": "diffcd"}),
        "fitting.FitSettings": Call(fitting.FitSettings, {"method": fitting.DiffCD(), "steps": 3}, use=vars),
        "fitting.FitSettings.from_dict": Call(
            fitting.FitSettings.from_dict, {"plain": fitting.preset("quick").to_dict()}, use=vars
        ),
        "fitting.resume_fit": Call(fitting.resume_fit, {"folder": "run", "device": "cpu", "progress": False}),
        "fitting.train_scan_prior": Call(
            fitting.train_scan_prior, {"config": fitting.PriorConfig(batch=8), "scans": 1, **quick}, use=str
        ),
        "fitting.score_field": Call(fitting.score_field, {"result": result, "samples": 20, "resolution": 8}, use=str),
        "fitting.tabulate_fits": Call(
            fitting.tabulate_fits, {"results": [result], "samples": 20, "queries": 20}, use=str
        ),
        "models.DeepSDF.observe": Call(deep.observe, {"mesh": BALL, "count": 5}),
        "models.DeepSDF.infer": Call(deep.infer, {"points": x, "distances": torch.rand(5), "steps": 1}),
        "models.DeepSDF.interpolate": Call(
            deep.interpolate, {"first": torch.rand(2), "last": torch.rand(2), "count": 2}
        ),
        "models.DeepSDF.mesh": Call(deep.mesh, {"code": torch.rand(2), "resolution": 8}),
        "models.DeepSDF.complete": Call(deep.complete, {"points": x, "resolution": 8, "steps": 1}),
        "models.DeepSDF.codes_of": Call(deep.codes_of, {"shapes": NEAR, "steps": 1}),
        "models.DeepSDF.decode_codes": Call(deep.decode_codes, {"codes": torch.rand(2, 2), "resolution": 8}),
        "models.DeepSDF.sample": Call(deep.sample, {"count": 2, "resolution": 8}),
        "models.DeepSDF.save": Call(deep.save, {"folder": "saved"}),
        "models.OccupancyNetwork": Call(models.OccupancyNetwork, {"config": OCCUPANCY}),
        "models.OccupancyNetwork.codes_of": Call(occupancy.codes_of, {"shapes": drawn_set}),
        "models.OccupancyNetwork.complete": Call(occupancy.complete, {"points": x, "resolution": 8}),
        "models.OccupancyNetwork.decode_codes": Call(
            occupancy.decode_codes, {"codes": torch.rand(1, 2), "resolution": 8}
        ),
        "models.OccupancyNetwork.encode": Call(occupancy.encode, {"inputs": torch.rand(2, 5, 3)}),
        "models.OccupancyNetwork.field_of": Call(occupancy.field_of, {"code": torch.rand(2)}),
        "models.OccupancyNetwork.interpolate": Call(
            occupancy.interpolate, {"first": torch.rand(2), "last": torch.rand(2), "count": 2}
        ),
        "models.OccupancyNetwork.mesh": Call(occupancy.mesh, {"code": torch.rand(2), "resolution": 8}),
        "models.OccupancyNetwork.occupancy_logits": Call(
            occupancy.occupancy_logits, {"points": torch.rand(2, 5, 3), "codes": torch.rand(2, 2)}
        ),
        "models.OccupancyNetwork.occupied": Call(
            occupancy.occupied, {"points": torch.rand(2, 5, 3), "codes": torch.rand(2, 2)}
        ),
        "models.OccupancyNetwork.values": Call(
            occupancy.values, {"points": torch.rand(2, 5, 3), "codes": torch.rand(2, 2)}
        ),
        "models.OccupancyNetwork.sample": Call(variational.sample, {"count": 1, "resolution": 8}),
        "models.OccupancyNetwork.save": Call(occupancy.save, {"folder": "saved"}),
        "models.OccupancySettings.from_dict": Call(
            models.OccupancySettings.from_dict, {"plain": models.OccupancySettings().to_dict()}, use=vars
        ),
        "models.score_occupancy": Call(
            models.score_occupancy, {"model": occupancy, "shapes": drawn_set, "meshed": 1, "resolution": 8}, use=str
        ),
        "models.train_occupancy": Call(models.train_occupancy, {"shapes": drawn_set, "config": OCCUPANCY, **quick}),
        **{name: call for kind, parts in surface_nets.items() for name, call in surface_calls(kind, *parts).items()},
        "models.ImNet": Call(models.ImNet, {"config": IMNET}),
        "models.ImNetFromImages": Call(models.ImNetFromImages, {"autoencoder": voxel_net, "config": image_config}),
        "models.VecSet": Call(models.VecSet, {"config": VECSET}),
        "models.ImNet.occupancies": Call(
            voxel_net.occupancies, {"points": torch.rand(2, 5, 3), "codes": torch.rand(2, 2)}
        ),
        "models.VecSet.occupancy_logits": Call(
            vector_net.occupancy_logits, {"points": torch.rand(2, 5, 3), "codes": torch.rand(2, 2)}
        ),
        "models.VecSet.posterior": Call(vector_net.posterior, {"clouds": torch.rand(2, 5, 3)}),
        "models.VecSet.complete": Call(vector_net.complete, {"points": x, "resolution": 8}),
        "models.ImNetSettings.from_dict": Call(
            models.ImNetSettings.from_dict, {"plain": models.ImNetSettings().to_dict()}, use=vars
        ),
        "models.ImNetImagesSettings.from_dict": Call(
            models.ImNetImagesSettings.from_dict, {"plain": models.ImNetImagesSettings().to_dict()}, use=vars
        ),
        "models.VecSetSettings.from_dict": Call(
            models.VecSetSettings.from_dict, {"plain": models.VecSetSettings().to_dict()}, use=vars
        ),
        "models.train_imnet": Call(models.train_imnet, {"shapes": seen_set, "config": IMNET, **quick}),
        "models.train_imnet_images": Call(
            models.train_imnet_images, {"autoencoder": voxel_net, "shapes": seen_set, "config": image_config, **quick}
        ),
        "models.train_vecset": Call(models.train_vecset, {"shapes": drawn_set, "config": VECSET, **quick}),
        "models.FolderData": Call(models.FolderData, {"folder": "marks"}, use=vars),
        "models.ShapeFolder": Call(models.ShapeFolder, {"folder": "meshes"}, use=vars),
        "models.DeepSDFSettings.from_dict": Call(
            models.DeepSDFSettings.from_dict, {"plain": models.DeepSDFSettings().to_dict()}, use=vars
        ),
        **{
            f"models.{kind.__name__}.from_dict": Call(kind.from_dict, {"plain": kind().to_dict()}, use=vars)
            for kind in (
                models.AutoencoderSettings,
                models.FlowSettings,
                models.LatentGANSettings,
                models.MixtureSettings,
                models.RawGANSettings,
            )
        },
        "models.RawGAN": Call(models.RawGAN, {"config": models.RawGANConfig(points=8)}),
        "models.TrainedAutoencoder": Call(models.TrainedAutoencoder, {"folder": "model"}, use=vars),
        "models.LandmarkSettings.from_dict": Call(
            models.LandmarkSettings.from_dict, {"plain": models.LandmarkSettings().to_dict()}, use=vars
        ),
        "models.LandmarkDetector": Call(models.LandmarkDetector, {"skeleton": SKELETON, "network": UNET}),
        "models.LandmarkDetector.forward": Call(detector.forward, {"images": marks.images}),
        "models.LandmarkDetector.save": Call(detector.save, {"folder": "saved"}),
        "models.LandmarkDetector.detect": Call(detector.detect, {"images": marks.images}),
        "models.LandmarkUNet": Call(models.LandmarkUNet, {"count": 4, "config": UNET}),
        "models.LandmarkUNet.forward": Call(models.LandmarkUNet(4, UNET).forward, {"images": marks.images}),
        "models.PSGN": Call(models.PSGN, {"config": ANSWERS}),
        "models.PSGN.encode": Call(answering.encode, {"images": seen.images[:1]}),
        "models.PSGN.decode": Call(
            answering.decode, {"features": answering.encode(seen.images[:1]), "noise": torch.rand(1, 2)}
        ),
        "models.PSGN.forward": Call(answering.forward, {"images": seen.images[:1], "noise": torch.rand(1, 2)}),
        "models.PSGN.predict": Call(answering.predict, {"images": seen.images[:1], "count": 2}),
        "models.PSGN.save": Call(answering.save, {"folder": "saved"}),
        "models.PSGNSettings.from_dict": Call(
            models.PSGNSettings.from_dict, {"plain": models.PSGNSettings().to_dict()}, use=vars
        ),
        "models.Reconstruction": Call(models.Reconstruction, {"model": points_model, "samples": torch.rand(2, 8, 3)}),
        "models.Reconstruction.load_state": Call(
            reconstruction.load_state, {"state": reconstruction.state()},
        ),
        "models.build_model": Call(models.build_model, {"config": SMALL["MeshModel"]}),
        "models.deep_sdf_shapes": Call(
            models.deep_sdf_shapes, {"data": models.DrawnShapes(family="box", shapes=1, test_shapes=1)}
        ),
        "models.ShapeFiles": Call(models.ShapeFiles, {"folder": "meshes"}, use=vars),
        "models.training_shapes": Call(
            models.training_shapes, {"source": models.DrawnFamily(shapes=1, test_shapes=1), "points": 4}, use=str
        ),
        "models.find_codes": Call(models.find_codes, {"model": deep, "meshes": [BALL], "observed": 16, "steps": 1}),
        "models.landmark_data": Call(
            models.landmark_data, {"data": models.FolderData(folder="marks", size=(32, 32), holdout=0.5)}
        ),
        "models.load": Call(models.load, {"folder": "model"}),
        "models.reconstruction_error": Call(
            models.reconstruction_error, {"model": points_model, "samples": torch.rand(2, 8, 3)}
        ),
        "models.sample_family": Call(models.sample_family, {"shapes": [BALL], "config": DEEP}, use=str),
        "models.score_deep_sdf": Call(
            models.score_deep_sdf,
            {"model": deep, "known": [BALL, BALL], "held_out": [BALL], "found": found, "samples": 10, "resolution": 8},
            use=str,
        ),
        "models.score_landmarks": Call(
            models.score_landmarks, {"prediction": detector.detect(marks.images), "data": marks}, use=str
        ),
        "models.score_psgn": Call(models.score_psgn, {"model": answering, "shapes": seen, "count": 2}, use=str),
        "models.train_psgn": Call(models.train_psgn, {"shapes": seen, "config": ANSWERS, **quick}),
        "models.train_deep_sdf": Call(models.train_deep_sdf, {"shapes": [BALL], "config": DEEP, **quick}),
        "models.resume_training": Call(
            models.resume_training, {"folder": "marks run", "data": marks, "device": "cpu", "progress": False}, use=str
        ),
        "models.TrainingResult.save": Call(learnt.save, {"folder": "saved"}),
        "models.train_detector": Call(
            models.train_detector, {"detector": detector, "data": marks, "steps": 1, "progress": False}
        ),
        "models.train_landmarks": Call(models.train_landmarks, {"data": marks, "network": UNET, **quick}),
        "training.Checkpoint.section": Call(checkpoint.section, {"name": "modules/net"}),
        "training.CheckpointFolder": Call(training.CheckpointFolder, {"folder": Path("saves")}, use=vars),
        "training.CheckpointFolder.path": Call(kept.path, {"step": 3}),
        "training.CheckpointFolder.save": Call(kept.save, {"checkpoint": checkpoint}),
        "training.CsvLog": Call(training.CsvLog, {"path": "log.csv"}),
        "training.Halving": Call(training.Halving, {"every": 0.5}, use=vars),
        "training.Progress": Call(training.Progress, {"description": "fit"}),
        "training.Seconds": Call(training.Seconds, {"count": 1.0}, use=vars),
        "training.Steps": Call(training.Steps, {"count": 1}, use=vars),
        "training.only_here": Call(entered, {"folder": "here", "function": training.only_here}),
        "training.own_randomness": Call(entered, {"device": "cpu", "seed": 0, "function": training.own_randomness}),
        "training.read_checkpoint": Call(training.read_checkpoint, {"path": kept.path(1)}, use=vars),
        "training.read_log": Call(training.read_log, {"path": "log.csv"}),
        "training.train": Call(training.train, {"task": Line(), "budget": training.Steps(1)}, use=str),
        "training.write_tensors": Call(training.write_tensors, {"path": "out.safetensors", "tensors": tensors}),
        "report.answer_grid": Call(
            report.answer_grid,
            {"images": seen.images[:1], "answers": torch.rand(1, 2, 5, 3), "truths": torch.rand(1, 6, 3)},
        ),
        "report.cleaning_strip": Call(
            report.cleaning_strip, {"points": CLOUD, "cleaned": fitting.clean_scan(CLOUD), "size": 120}
        ),
        "report.ComparisonTable.from_csv": Call(
            report.ComparisonTable.from_csv, {"text": report.ComparisonTable(()).to_csv()}, use=str
        ),
        "report.comparison_grid": Call(
            report.comparison_grid,
            {"rows": [report.ComparisonRow(scan="a", method="b", error="c")], "points": CLOUD, "truth": BALL},
        ),
        "report.error_mesh": Call(report.error_mesh, {"mesh": BALL, "truth": BALL, "largest": 1.0}),
        "report.error_strip": Call(report.error_strip, {"shapes": [("ball", BALL)], "truth": BALL, "size": 120}),
        "report.level_set_figure": Call(report.level_set_figure, {"fields": grid, "size": 120}),
        "report.read_comparison": Call(report.read_comparison, {"folder": "compared"}, use=str),
        "report.training_curves": Call(report.training_curves, {"logs": {"run": "curves.csv"}, "size": 160}),
        "report.completion_strip": Call(
            report.completion_strip,
            {"model": deep, "truth": BALL, "seen": found.seen, "code": torch.rand(2), "near": 0.1, "resolution": 8,
             "size": 150},
        ),
        "report.encode_png": Call(report.encode_png, {"image": picture}),
        "report.gallery": Call(report.gallery, {"rows": [[("one", picture)]]}),
        "report.interpolation_strip": Call(report.interpolation_strip, {"model": deep, "resolution": 8, "size": 110}),
        "report.landmark_overlay": Call(
            report.landmark_overlay,
            {**overlay, "deviations": torch.ones(2, 4, 2), "skeleton": SKELETON, "side": 32, "columns": 2},
        ),
        "report.preview": Call(report.preview, {"vertices": BALL.vertices, "faces": BALL.faces, "size": 8}),
        "report.shape_strip": Call(report.shape_strip, {"shapes": [("ball", BALL)], "columns": 1, "size": 60}),
        "report.turntable": Call(
            report.turntable, {"vertices": BALL.vertices, "faces": BALL.faces, "frames": 2, "size": 8}
        ),
        "report.write_png": Call(report.write_png, {"path": "out.png", "image": picture}),
        "report.write_report": Call(report.write_report, {"folder": "run"}, use=str),
    }  # fmt: skip
    for name, field in field_points.items():
        calls |= {f"{name}{method}": Call(getattr(field, method[1:]), {"x": x}) for method in FIELD_METHODS[:3]}
        calls[f"{name}.query"] = Call(field.query, {"points": x})
        calls[f"{name}.fade_in"] = Call(field.fade_in, {"progress": 0.5})
        calls[f"{name}.fit_surface"] = Call(field.fit_surface, {"surface": surface}, use=str)
    for name, model in autoencoders.items():
        codes = model.encode(samples[name]).detach()
        made = model.decode(codes).detach()
        calls |= {
            f"models.{name}": Call(type(model), {"config": SMALL[name]}),
            f"models.{name}.encode": Call(model.encode, {"samples": samples[name]}),
            f"models.{name}.forward": Call(model.forward, {"samples": samples[name]}),
            f"models.{name}.decode": Call(model.decode, {"codes": codes}),
            f"models.{name}.codes_of": Call(model.codes_of, {"shapes": known}),
            f"models.{name}.decode_codes": Call(model.decode_codes, {"codes": codes}),
            f"models.{name}.interpolate": Call(model.interpolate, between(codes)),
            f"models.{name}.check_codes": Call(model.check_codes, {"codes": codes}),
            f"models.{name}.save": Call(model.save, {"folder": "saved"}),
            f"models.{name}.loss": Call(model.loss, {"pred": made, "target": samples[name]}),
        }
    for name, trained_by in generators.items():
        call = trainings[trained_by]
        model = call.function(**call.arguments).model
        calls |= {
            f"models.{name}.draw_codes": Call(model.draw_codes, {"count": 3}),
            f"models.{name}.sample": Call(model.sample, {"count": 3}),
            f"models.{name}.decode_codes": Call(model.decode_codes, {"codes": model.draw_codes(2)}),
            f"models.{name}.interpolate": Call(model.interpolate, between(model.draw_codes(2))),
            f"models.{name}.save": Call(model.save, {"folder": "saved"}),
        }
        if name != "RawGAN":
            calls[f"models.{name}.codes_of"] = Call(model.codes_of, {"shapes": known})
    return settings() | calls | trainings


def surface_calls(kind: str, model: Any, shapes: data.ShapeSet, inputs: torch.Tensor) -> dict[str, Call]:
    """Calls of what all models of surfaces have."""
    points, codes = torch.rand(2, 5, 3), torch.rand(2, 2)
    calls = {
        "codes_of": {"shapes": shapes},
        "decode_codes": {"codes": codes[:1], "resolution": 8},
        "encode": {"inputs": inputs},
        "field_of": {"code": codes[0]},
        "interpolate": between(codes),
        "mesh": {"code": codes[0], "resolution": 8},
        "occupied": {"points": points, "codes": codes},
        "save": {"folder": "saved"},
        "values": {"points": points, "codes": codes},
    }
    return {f"models.{kind}.{name}": Call(getattr(model, name), arguments) for name, arguments in calls.items()}


def between(codes: torch.Tensor) -> dict[str, Any]:
    """Arguments of a blend of the first two codes."""
    return {"first": codes[0], "last": codes[1], "count": 3}


@pytest.fixture(scope="module")
def calls(tmp_path_factory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("work"))
        patch.setattr(
            "diffshape.data.synthetic.scans.procedural_object", lambda name: SimpleNamespace(mesh=lambda fineness: BALL)
        )
        yield good_calls()


@pytest.fixture(scope="module")
def values(calls) -> list[Awkward]:
    return everything(Path.cwd())


ARGUMENTS = [(name, argument) for name, thing in public().items() for argument in arguments_of(thing)]


def test_everything_public_has_a_good_call(calls):
    assert public().keys() == calls.keys()


def test_what_is_exempt_is_there():
    assert all(operator.attrgetter(name)(diffshape) for name in RESULTS | EXEMPT.keys())


@pytest.mark.parametrize("name", public())
def test_the_good_call_is_good(calls, name):
    run(calls[name])


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_an_awkward_argument_is_taken_right_or_refused_by_name(calls, values, name, argument):
    nan = name in NAN_STAYS or (name.startswith("fields.") and name.endswith(FIELD_METHODS))
    taken = [each for each in values if each.value is not None or (name, argument) not in SLOW]
    wrong = [complaint(calls[name], argument, value, NAMES.get(argument, ()), nan=nan) for value in taken]
    assert not list(filter(None, wrong))
