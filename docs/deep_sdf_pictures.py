"""The pictures and the numbers of docs/deep-sdf.md; some ten minutes on one thread.

python docs/deep_sdf_pictures.py
"""

from pathlib import Path

import torch

from diffshape import data, metrics, models
from diffshape.report import shape_strip

IMAGES = Path(__file__).with_name("images")
SHAPES, HELD_OUT, OBSERVED, SAMPLES = 16, 8, 1000, 5000


def family(name, count, seed):
    """The meshes of some shapes."""
    vertices, faces = data.shape_family(name, count, seed=seed).meshes()
    return [data.Mesh(each, faces) for each in vertices]


def chamfer(mesh, truth):
    """Mean distance between the surfaces, in thousandths of the truth's longest side."""
    return 1e3 * metrics.compare_surfaces(mesh, truth, samples=SAMPLES).chamfer


def observe(model, meshes):
    """Points about each shape with their distances, and the half of them with the smaller x."""
    points, distances = (torch.stack(part) for part in zip(*(model.observe(mesh, OBSERVED) for mesh in meshes)))
    half = points[..., 0].argsort(dim=1)[:, : OBSERVED // 2]
    return (points, distances), (points.take_along_dim(half[..., None], 1), distances.take_along_dim(half, 1))


def draw_interpolation(model):
    """From one shape of the training to the one farthest from it."""
    distances = torch.cdist(model.codes, model.codes)
    first, last = divmod(int(distances.argmax()), len(model.codes))
    captions = ["one shape", "20 %", "40 %", "60 %", "80 %", "another"]
    codes = model.interpolate(model.codes[first], model.codes[last], len(captions))
    between = [(caption, tuple(model.mesh(code))) for caption, code in zip(captions, codes)]
    shape_strip(between, path=IMAGES / "deep-sdf-interpolation.png", up="z", size=170)


def draw_completion(model, truth, seen, code):
    """What is true, the observed points near the surface, and what the model makes of all observed points."""
    points, distances = seen
    panels = [
        ("true", tuple(truth)),
        ("seen points", points[distances.abs() < 0.01]),
        ("completed", tuple(model.mesh(code))),
    ]
    shape_strip(panels, path=IMAGES / "deep-sdf-completion.png", up="z", azimuth=-65.0, elevation=35.0, size=220)


def main():
    """A row of the table for each family."""
    for name in ("rounded_box", "torus", "ellipsoid"):
        known, held_out = family(name, SHAPES, 0), family(name, HELD_OUT, 1)
        model, outcome = models.train_deep_sdf(known)
        everything, half = observe(model, held_out)
        codes = [model.infer(*everything), model.infer(*half)]
        if name == "rounded_box":
            draw_interpolation(model)
        if name == "torus":
            draw_completion(model, held_out[0], (half[0][0], half[1][0]), codes[1][0])
        found = [[chamfer(model.mesh(code), mesh) for code, mesh in zip(each, held_out)] for each in codes]
        nearest = [min(chamfer(each, truth) for each in known) for truth in held_out]
        recalled = [chamfer(model.mesh(code), mesh) for code, mesh in zip(model.codes, known)]
        means = [f"{sum(scores) / len(scores):.1f}" for scores in (recalled, *found, nearest)]
        print(f"| {' | '.join([name, *means, f'{outcome.seconds:.0f} s'])} |", flush=True)


if __name__ == "__main__":
    main()
