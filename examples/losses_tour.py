# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tour of the losses
#
# Points, meshes and voxels: what each loss measures, and what a network trained by it makes. About fifteen seconds on
# two cores; the first run takes longer, while Numba compiles. `python examples/losses_tour.py pictures` prints the
# numbers and writes five pictures to `pictures`.

# %%
import sys
from pathlib import Path

import numpy as np
import torch

from diffshape import data, losses, metrics, models, training
from diffshape.report import gallery, preview

SIZE = 216
torch.set_num_threads(1)  # the networks are small: a second thread would only be waited for
NOTEBOOK = "get_ipython" in globals()
FOLDER = Path("pictures" if NOTEBOOK or len(sys.argv) < 2 else sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
UNIT_CUBE = np.indices((2, 2, 2)).reshape(3, -1).T - 0.5  # corners that no face uses: they keep the scale of a picture


def say(what, value):
    print(f"{what:44} {float(value):9.4f}", flush=True)


def show(name, rows):
    gallery(rows, path=FOLDER / f"{name}.png")
    if NOTEBOOK:
        from IPython.display import Image, display

        display(Image(str(FOLDER / f"{name}.png")))


def draw_points(points):
    return preview(0.6 * UNIT_CUBE, [], points, size=SIZE, up="z")[:, :SIZE]


def draw_mesh(vertices, faces):
    return preview(np.concatenate([vertices, 0.75 * UNIT_CUBE]), faces, size=SIZE, up="z")


def draw_voxels(full):
    """One cube for each full voxel that has an empty neighbour."""
    padded = np.pad(full.numpy(), 1)
    inner = np.logical_and.reduce([np.roll(padded, step, axis) for axis in range(3) for step in (-1, 1)])
    cube, faces = data.box_mesh(1, sides=(0.97, 0.97, 0.97))
    places = np.argwhere(padded & ~inner) - 1
    vertices = (places[:, None] + cube).reshape(-1, 3)
    corners = (UNIT_CUBE + 0.5) * len(full) - 0.5
    return preview(
        np.concatenate([vertices, corners]),
        (len(cube) * np.arange(len(places))[:, None, None] + faces).reshape(-1, 3),
        size=SIZE,
        up="z",
    )


def train(config, samples, steps, rate):
    model = models.build_model(config)
    training.train(
        models.Reconstruction(model, samples, batch=8),
        budget=training.Steps(steps),
        optimizer=training.Adam(lr=rate),
        schedule=training.WarmupCosine(),
    )
    return model.eval()


# %% [markdown]
# ## Values you can check by hand
#
# Two points against the same two mixed up, three representations, one convention: `losses.f(pred, target)`.

# %%
diagonal, other = torch.tensor([[0.0, 0, 0], [1, 1, 0]]), torch.tensor([[0.0, 1, 0], [1, 0, 0]])
say("chamfer of the two diagonals of a square", losses.chamfer_distance(diagonal, other))
say("earth mover of the two diagonals", losses.earth_mover_distance(diagonal, other))
say("earth mover of one, reordered", losses.earth_mover_distance(diagonal, diagonal.flip(0)))

triangle, face = torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 4, 0]]), torch.tensor([[0, 1, 2]])
say("edges of a 3-4-5 triangle against its double", losses.edge_length_loss(2 * triangle, triangle, face))

undecided, shape = torch.zeros(4, 4, 4), torch.zeros(4, 4, 4)
shape[:2] = 1
say("cross-entropy of an undecided grid", losses.voxel_cross_entropy(undecided, shape))
say("focal, gamma 0: the same", losses.voxel_focal_loss(undecided, shape, gamma=0.0))
say("focal, gamma 2: a quarter", losses.voxel_focal_loss(undecided, shape, gamma=2.0))
say("Dice of half against all", losses.voxel_dice_loss(shape, torch.ones(4, 4, 4), from_logits=False))

# %% [markdown]
# ## 1. Chamfer against earth mover, on the same generation
#
# Three tori of 1024 points: a fair sample, a noisy one, and one with most of its points on one side. To Chamfer the
# lopsided one, whose points all lie on the surface, is nearly as good as the fair one. The earth mover has to carry the
# surplus across.

# %%
torus = data.shape_family("torus", 1)
target, fair, many = (torch.tensor(torus.points(count, seed=seed)[0]) for seed, count in enumerate((1024, 1024, 8192)))
noisy = fair + 0.01 * torch.randn(fair.shape, generator=torch.Generator().manual_seed(0))
left, right = many[many[:, 0] < 0], many[many[:, 0] >= 0]
lopsided = torch.cat([left[:850], right[:174]])
panels = [("target", draw_points(target))]
for name, cloud in {"fair": fair, "noisy": noisy, "lopsided": lopsided}.items():
    chamfer = losses.chamfer_distance(cloud, target, squared=False)
    mover = losses.earth_mover_distance(cloud, target)
    say(f"{name}: chamfer", chamfer)
    say(f"{name}: earth mover", mover)
    panels.append((f"{name}\nchamfer {chamfer:.3f}\nearth mover {mover:.3f}", draw_points(cloud)))
show("1-chamfer-and-earth-mover", [panels])

# %% [markdown]
# ## 2. The three weights of a mesh loss
#
# One network, one template, 120 steps; only the weights of vertex, normal and edge differ. Each term is learnt as far
# as it is paid for: without normals the boxes stay round, with mostly normals they are sharp and of the wrong size.

# %%
boxes, unseen = data.shape_family("rounded_box", 64), data.shape_family("rounded_box", 16, seed=1)
vertices, truth = (torch.tensor(family.meshes(2)[0]) for family in (boxes, unseen))
network = models.MeshNetwork(subdivisions=2, hidden=(64, 64), latent=16)
meshes = []
for name, weights in {
    "vertex only": (1.0, 0.0, 0.0),
    "smooth CAD": (0.5, 1.0, 0.1),
    "sharp furniture": (0.5, 0.1, 1.0),
}.items():
    settings = dict(zip(("vertex_weight", "normal_weight", "edge_weight"), weights))
    model = train(models.MeshConfig(**settings, network=network), vertices, steps=120, rate=5e-3)
    with torch.no_grad():
        made = model(truth)
    parts = losses.mesh_loss(made, truth, model.faces).parts
    for part, value in parts.items():
        say(f"{name}: held-out {part} (x 1000)", 1000 * value)
    numbers = "\n".join(f"{part} {1000 * value:.2f}" for part, value in parts.items())
    meshes.append((f"{name}\n{numbers}", draw_mesh(made[0], model.faces)))
meshes.insert(0, ("target\n(errors x 1000)", draw_mesh(truth[0], model.faces)))
show("2-mesh-weights", [meshes])

# %% [markdown]
# ## 3. Sparse voxels: why focal and Dice exist
#
# Ellipsoids anywhere in a grid of 12^3, of which they fill 1, 10 or 50 %. Same network, same hundred steps. Where
# little is full, "all empty" is nearly right for every voxel, and cross-entropy stays there. Dice compares sets, and
# empty space is in neither. Focal quietens the sure voxels, but all of them: at 1 % it needs a weight, alpha, too.


# %%
def ellipsoids(count, share, seed, resolution=12):
    """Grids (count, R, R, R) of which exactly ``share`` is full."""
    generator = torch.Generator().manual_seed(seed)
    axis = (torch.arange(resolution) + 0.5) / resolution - 0.5
    places = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1)
    centers = 0.5 * torch.rand(count, 1, 1, 1, 3, generator=generator) - 0.25
    sides = 0.5 + torch.rand(count, 1, 1, 1, 3, generator=generator)
    radii = ((places - centers) / sides).square().sum(-1)
    edges = radii.flatten(1).quantile(share, dim=1)
    return radii <= edges[:, None, None, None]


network = models.VoxelNetwork(resolution=12, base_channels=8, layers=2, latent=32)
objectives = {
    "cross-entropy": {"loss": "cross_entropy"},
    "focal": {"loss": "focal"},
    "dice": {"loss": "dice"},
    "focal, alpha": {"loss": "focal", "focal_alpha": 0.99},
}
grids, trained = [], {}
for share in (0.01, 0.1, 0.5):
    seen, held_out = ellipsoids(64, share, seed=0), ellipsoids(32, share, seed=1)
    row = [(f"{share:.0%} full", draw_voxels(held_out[0]))]
    for name, settings in objectives.items():
        if (name == "focal, alpha" and share > 0.01) or (name == "focal" and share == 0.5):
            continue
        model = train(models.VoxelConfig(**settings, network=network), seen, steps=100, rate=2e-2)
        with torch.no_grad():
            logits = model(held_out)
        iou = metrics.voxel_iou(logits, held_out).mean()
        say(f"{share:.0%} full, {name}: IoU", iou)
        row.append((f"{name}\nIoU {iou:.2f}", draw_voxels(logits[0] > 0)))
        trained[name, share] = logits
    grids.append(row)
show("3-voxel-sparsity", grids)

# %% [markdown]
# ## 4. What gamma does
#
# The same prediction, half-trained by cross-entropy at 10 %, seen by focal losses: who is asked to change? With gamma
# the share of the gradient on easy voxels (p of the truth above 0.9) falls. Pictures: gradient on the middle slice.

# %%
logits = trained["cross-entropy", 0.1].requires_grad_()
truth_at_10 = ellipsoids(32, 0.1, seed=1)
easy = torch.where(truth_at_10, logits, -logits).detach().sigmoid() > 0.9


def draw_slice(darkness):
    """The middle slice of the first grid, from 0, white, to 1, dark."""
    picture = 255 * (1 - darkness[0, 6].numpy()[..., None] * np.array([0.35, 0.7, 0.95]))
    return np.kron(picture, np.ones((SIZE // 12, SIZE // 12, 1))).astype(np.uint8)


slices = [("target", draw_slice(truth_at_10.float()))]
for gamma in (0.0, 0.5, 1.0, 2.0, 5.0):
    loss = losses.voxel_focal_loss(logits, truth_at_10, gamma=gamma)
    (gradient,) = torch.autograd.grad(loss, logits)
    pull = gradient.abs()
    share = pull[easy].sum() / pull.sum()
    say(f"gamma {gamma:g}: loss", loss.detach())
    say(f"gamma {gamma:g}: share of gradient on easy voxels", share)
    slices.append((f"gamma {gamma:g}\neasy voxels {share:.1%}", draw_slice((pull / pull[0].max()).clamp(max=1))))
show("4-focal-gamma", [slices])

# %% [markdown]
# ## 5. The shapes each loss generates
#
# Transformers trained on the same clouds, one by Chamfer, one by the earth mover, each scored by both distances on
# shapes they have not seen; under them, the meshes and voxels from above.

# %%
clouds, others = (torch.tensor(family.points(64)) for family in (boxes, unseen))
network = models.PointCloudNetwork(points=64, tokens=8, width=32, hidden=(64,), layers=1, latent=16)
panels = [("target", draw_points(others[0]))]
for name in ("chamfer", "earth_mover"):
    config = models.PointCloudConfig(loss=name, squared=False, network=network)
    model = train(config, clouds, steps=60, rate=1e-2)
    with torch.no_grad():
        made = model(others)
    chamfer = losses.chamfer_distance(made, others, squared=False)
    mover = losses.earth_mover_distance(made, others)
    say(f"trained by {name}: chamfer", chamfer)
    say(f"trained by {name}: earth mover", mover)
    title = name.replace("_", " ")
    panels.append((f"{title}\nchamfer {chamfer:.3f}\nearth mover {mover:.3f}", draw_points(made[0])))
show("5-what-each-loss-generates", [panels, meshes, grids[1]])
print(f"Pictures are in {FOLDER}")
