"""Drawn radiographs of the lumbar spine with exact landmarks, to train and to test landmark networks without patients.

Bodies have a soft edge, a bright rim (cortical bone) and a grain (trabecular bone); around them lie soft tissue that
brightens towards the spine, ribs at T12, pelvic bones at S1, and pedicles (from the front) or spinous processes (from
the side). Ribs and pelvis tell which level is which. Occluders, a shutter, blur and noise come last.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_seed
from diffshape.data.landmarks.anatomy import SpineBones, spine_bones, turned, uniform
from diffshape.data.landmarks.images import LandmarkImages
from diffshape.data.landmarks.phantom_config import SpinePhantomConfig
from diffshape.ops.landmarks.skeleton import Skeleton

EDGE = 0.6  # pixels over which a border fades
PIECE = 32  # images drawn at once
_Grid = tuple[Float[Tensor, "w"], Float[Tensor, "h 1"]]


@checked
def spine_phantoms(count: int, config: SpinePhantomConfig | None = None, *, seed: int = 0) -> LandmarkImages:
    """Draw lumbar spines, each different.

    Args:
        count: Number of images, at least 1.
        config: View, size and difficulties; ``SpinePhantomConfig()`` if ``None``.
        seed: Seed of all draws; the same seed gives the same bits.

    Returns:
        ``LandmarkImages`` in pixels: 20 landmarks of L1 to L5 from the front, 22 from the side, where S1's end-plate is
        added. Masked are landmarks outside the image or behind the shutter, not those under an occluder.

    Raises:
        ValueError: ``count`` is below 1.

    >>> phantoms = spine_phantoms(2, SpinePhantomConfig(view="ap", height=96, width=64))
    >>> phantoms.images.shape, phantoms.landmarks.shape, bool(phantoms.mask.all())
    (torch.Size([2, 1, 96, 64]), torch.Size([2, 20, 2]), True)
    """
    config = config or SpinePhantomConfig()
    check_fits("spine_phantoms: count", count, 4 * config.height * config.width)
    check_seed("spine_phantoms: seed", seed)
    generator = torch.Generator().manual_seed(seed)
    pieces = [_piece(min(PIECE, count - start), config, generator) for start in range(0, count, PIECE)]
    images, landmarks, mask = (torch.cat(parts) for parts in zip(*pieces))
    return LandmarkImages(
        images=images,
        landmarks=landmarks,
        mask=mask,
        spacing=torch.ones(count),
        unit="px",
        skeleton=Skeleton.anteroposterior() if config.view == "ap" else Skeleton.lateral(),
    )


def _piece(count: int, config: SpinePhantomConfig, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    bones = spine_bones(count, config, generator)
    landmarks, mask = bones.corners[:, 1:6].flatten(1, 2), ~bones.shut[:, 1:6].repeat_interleave(4, dim=1)
    if config.view == "lateral":
        landmarks = torch.cat([landmarks, bones.corners[:, 6, :2]], dim=1)
        mask = torch.cat([mask, ~bones.shut[:, 6:].expand(-1, 2)], dim=1)
    edge = torch.tensor([config.width, config.height]) - 0.5
    mask = mask & ((landmarks >= -0.5) & (landmarks < edge)).all(-1)
    return _image(bones, config, generator), landmarks, mask


def _image(bones: SpineBones, config: SpinePhantomConfig, generator: torch.Generator) -> Float[Tensor, "n 1 h w"]:
    grid = torch.arange(config.width, dtype=torch.float32), torch.arange(config.height, dtype=torch.float32)[:, None]
    count = len(bones.corners)
    contrast = uniform(0.16, 0.26, (count, 1, 1), generator)
    image = _soft_tissue(bones, grid, generator)
    image = image + contrast * (_other_bones(bones, grid, config.view) + _bodies(bones, grid, generator))
    for _ in range(config.occluders):
        level = torch.randint(1, 6, (count,), generator=generator)
        radius = uniform(0.6, 0.9, (count, 1, 2), generator) * bones.heights[torch.arange(count), level, None, None]
        center = bones.centers[torch.arange(count), level, None]
        center = center + radius * uniform(-0.5, 0.5, (count, 1, 2), generator)
        disc = 0.95 * _ellipses(grid, center, radius, center.new_tensor([1.0, 0.0]).expand_as(center))
        image = image + disc * (uniform(0.1, 0.9, (count, 1, 1), generator) - image)
    image = torch.where(_shutter(bones, grid), 0.02, image)
    image = torch.nn.functional.pad(image[:, None], (1, 1, 1, 1), mode="replicate")
    image = torch.nn.functional.avg_pool2d(image, 3, stride=1)
    return image + config.noise * torch.randn(image.shape, generator=generator)


def _soft_tissue(bones: SpineBones, grid: _Grid, generator: torch.Generator) -> Float[Tensor, "n h w"]:
    """A ramp, slow clouds, and a broad brightening along the spine."""
    count, (x, y) = len(bones.corners), grid
    ramp = uniform(-0.08, 0.08, (count, 2, 1, 1), generator)
    image = 0.3 + ramp[:, 0] * (2 * x / len(x) - 1) + ramp[:, 1] * (2 * y / len(y) - 1)
    clouds = 0.05 * torch.randn(count, 1, 5, 5, generator=generator)
    clouds = torch.nn.functional.interpolate(clouds, (len(y), len(x)), mode="bicubic", align_corners=True)
    middle = bones.centers[:, 3, 0, None, None]
    return image + clouds[:, 0] + 0.12 * torch.exp(-(((x - middle) / (0.25 * len(x))) ** 2) / 2)


def _bodies(bones: SpineBones, grid: _Grid, generator: torch.Generator) -> Float[Tensor, "n h w"]:
    """1 inside, brighter at the rim, with a grain; 0 outside."""
    depth = _depths(bones.corners, grid).amax(1)
    rim = 0.7 * torch.exp(-((depth - 1) ** 2) / 2)
    grain = torch.randn(len(depth), 1, *depth.shape[1:], generator=generator)
    grain = torch.nn.functional.avg_pool2d(grain, (5, 3), stride=1, padding=(2, 1))[:, 0]
    return torch.sigmoid(depth / EDGE) * (1 + rim + 0.8 * grain)


def _depths(corners: Float[Tensor, "n q 4 2"], grid: _Grid) -> Float[Tensor, "n q h w"]:
    """Depth of each pixel inside each convex quadrilateral: distance to the nearest side, negative outside."""
    starts = corners[:, :, [0, 1, 3, 2]]  # clockwise
    inward = torch.nn.functional.normalize(turned(starts.roll(-1, dims=2) - starts), dim=-1)
    x, y = grid
    offset = (inward * starts).sum(-1)[..., None, None]
    return (inward[..., 0, None, None] * x + (inward[..., 1, None, None] * y - offset)).amin(2)


def _ellipses(grid: _Grid, centers: Tensor, radii: Tensor, axes: Tensor) -> Float[Tensor, "n h w"]:
    """1 inside any of M ellipses, 0 outside, soft between; centres, radii and first axes have shape (N, M, 2)."""
    x, y = grid
    squares = []
    for axis, radius in ((axes, radii[..., :1]), (turned(axes), radii[..., 1:])):
        scaled = axis / radius
        offset = (scaled * centers).sum(-1)[..., None, None]
        squares.append((scaled[..., 0, None, None] * x + (scaled[..., 1, None, None] * y - offset)).square())
    depth = (1 - (squares[0] + squares[1]).sqrt()) * radii.amin(-1)[..., None, None]
    return torch.sigmoid(depth.amax(1) / EDGE)


def _other_bones(bones: SpineBones, grid: _Grid, view: str) -> Float[Tensor, "n h w"]:
    """Ribs at T12, pelvic bones at S1, and pedicles or spinous processes at each level, as ellipses."""
    centers, across, down = bones.centers, bones.across, bones.down
    widths, heights = bones.widths[..., None], bones.heights[..., None]
    sides = (-1, 1) if view == "ap" else (1,)  # from the side, what is behind the spine is on the right
    shapes = []  # of (centres, radii, axes, brightness)
    for side in sides:
        out = side * across
        rib = torch.nn.functional.normalize(out[:, :1] + 0.45 * down[:, :1], dim=-1)
        rib_size = torch.cat([1.3 * widths[:, :1], 0.14 * heights[:, :1]], dim=-1)
        shapes.append((centers[:, :1] + 1.5 * widths[:, :1] * rib, rib_size, rib, 0.5))
        small = torch.cat([0.16 * heights, 0.22 * heights], dim=-1)[:, :6]
        process = torch.nn.functional.normalize(out + 0.35 * down, dim=-1)[:, :6]
        long = torch.cat([0.42 * widths, 0.2 * heights], dim=-1)[:, :6]
        if view == "ap":
            shapes.append(((centers + 0.3 * widths * out - 0.1 * heights * down)[:, :6], small, across[:, :6], 0.5))
        else:
            shapes.append((centers[:, :6] + 1.1 * widths[:, :6] * process, long, process, 0.4))
        wing = torch.nn.functional.normalize(out[:, 6:] - 0.6 * down[:, 6:], dim=-1)
        wing_size = torch.cat([1.1 * widths[:, 6:], 0.9 * heights[:, 6:]], dim=-1)
        shapes.append((centers[:, 6:] + 1.3 * widths[:, 6:] * out + 0.3 * heights[:, 6:] * down, wing_size, wing, 0.6))
    layers = [brightness * _ellipses(grid, *shape) for *shape, brightness in shapes]
    return torch.stack(layers).amax(0)


def _shutter(bones: SpineBones, grid: _Grid) -> Bool[Tensor, "n h w"]:
    """True behind a line through the disc between the last body behind the shutter and the next."""
    x, y = grid
    behind = torch.zeros(len(bones.corners), len(y), len(x), dtype=torch.bool)
    shut = bones.shut
    for upper in range(1, 5):
        borders = shut[:, upper] != shut[:, upper + 1]
        point = (bones.corners[:, upper, 2:].mean(1) + bones.corners[:, upper + 1, :2].mean(1)) / 2
        down = bones.down[:, upper] + bones.down[:, upper + 1]
        below = (x - point[:, 0, None, None]) * down[:, 0, None, None] + (y - point[:, 1, None, None]) * down[
            :, 1, None, None
        ] > 0
        behind |= borders[:, None, None] & (below == shut[:, upper + 1, None, None])
    return behind
