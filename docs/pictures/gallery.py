"""The pictures of docs/families/gallery.md: chairs that were sampled, blended and completed, in about ten minutes.

python docs/pictures/gallery.py [FOLDER]

FOLDER (outputs/gallery) is where the trainings are kept; those that are finished there are not made again.
"""

import sys
from pathlib import Path

import torch

from diffshape import data, metrics, models
from diffshape.cli.main import main as diffshape
from diffshape.report import shape_strip
from diffshape.report.training_report.made_shapes import seen_from_one_side

IMAGES = Path(__file__).resolve().parents[1] / "images"
TRAININGS = {
    "occupancy": "train occupancy --family chair --shapes 800 --steps 10000",
    "flow": "train flow --autoencoder {folder}/occupancy",
    "deep-sdf": "train deep-sdf --family chair --shapes 64 --test-shapes 8 --steps 6000",
}
"""The commands of docs/families/gallery.md, by the names of their run folders."""
TESTED, SAMPLES, BETWEEN, COMPLETED = 40, 12, 6, 4
RESOLUTION, SIZE = 96, 150
TEST_SEED = 1
"""Seed of chairs that no training with the seed 0 has learnt from."""
OUTWARD, INWARD = 0.02, 0.01
"""Steps along the normals of a scan to points whose distances are told."""


def main(folder: Path) -> None:
    """Train what is not trained yet, and draw."""
    for name, words in TRAININGS.items():
        if not (folder / name / "metrics.json").is_file():
            code = diffshape([*words.format(folder=folder).split(), "--threads", "1", "--out", str(folder / name)])
            assert code == 0, f"{name}: exit code {code}"
    torch.set_num_threads(1)
    draw_samples(models.load(folder / "flow"))
    draw_interpolation(models.load(folder / "flow"))
    draw_completions(*(models.load(folder / name) for name in ("occupancy", "deep-sdf")))


def draw_samples(flow: models.LatentFlow) -> None:
    """The first chairs that the flow draws, none left out."""
    meshes = flow.autoencoder.decode_codes(flow.draw_codes(SAMPLES), RESOLUTION)
    draw("samples", [(f"sample {number}", tuple(mesh)) for number, mesh in enumerate(meshes)])


def draw_interpolation(flow: models.LatentFlow) -> None:
    """From one test chair to the other one whose code is farthest from it, twice."""
    chairs = data.draw_shapes("chair", TESTED, seed=TEST_SEED)
    codes = flow.codes_of(chairs)
    panels = []
    for first in (0, 1):
        last = int((codes - codes[first]).norm(dim=-1).argmax())
        meshes = flow.autoencoder.decode_codes(flow.interpolate(codes[first], codes[last], BETWEEN), RESOLUTION)
        captions = ["one chair", *(f"{100 * step // (BETWEEN - 1)} %" for step in range(1, BETWEEN - 1)), "another"]
        panels += [(caption, tuple(mesh)) for caption, mesh in zip(captions, meshes)]
    draw("interpolation", panels)


def draw_completions(occupancy: models.OccupancyNetwork, deep_sdf: models.DeepSDF) -> None:
    """Test chairs: points that one camera sees, the wholes that two models make of them, the truth."""
    chairs = data.draw_shapes("chair", TESTED, seed=TEST_SEED, points=20_000, volume_points=None, near_points=None)
    truths = data.draw_meshes("chair", TESTED, seed=TEST_SEED)
    panels = []
    for points, normals, truth in list(zip(chairs.points, chairs.normals, truths))[:COMPLETED]:
        seen = seen_from_one_side(points, "y")
        ways = normals[torch.cdist(seen, points).argmin(1)]
        along = torch.cat([seen, seen + OUTWARD * ways, seen - INWARD * ways])
        told = torch.tensor([0.0, OUTWARD, -INWARD]).repeat_interleave(len(seen))
        made = {
            "occupancy": occupancy.complete(seen, RESOLUTION),
            "DeepSDF, points alone": deep_sdf.complete(seen, RESOLUTION),
            "DeepSDF": deep_sdf.mesh(deep_sdf.infer(along, told), RESOLUTION),
        }
        for name, mesh in made.items():
            print(f"{name}: chamfer x1e3 {1e3 * metrics.compare_surfaces(mesh, truth).chamfer:.1f}", flush=True)
        shown = [(name, tuple(made[name])) for name in ("occupancy", "DeepSDF")]
        panels += [("seen", seen), *shown, ("true", tuple(truth))]
    draw("completions", panels, columns=8)


def draw(name: str, panels: list, *, columns: int = 6) -> None:
    """The picture gallery-NAME.png."""
    shape_strip(panels, columns=columns, path=IMAGES / f"gallery-{name}.png", size=SIZE, up="y")


if __name__ == "__main__":
    main(Path(*sys.argv[1:2] or ["outputs/gallery"]))
