"""Farthest-point sampling: a few points of a cloud that cover it evenly."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape.kernels.numba_farthest import choose_farthest
from diffshape.kernels.numba_kdtree import build_tree
from diffshape.kernels.threads import run_tasks
from diffshape.ops.checks import coordinate_limit, require_finite
from diffshape.ops.engines import has_numba
from diffshape.ops.neighbors.arguments import Missing, as_searched, read_missing
from diffshape.ops.neighbors.definition import three_columns

LEAF = 64
"""Points in a leaf of the tree: large leaves skip many points at once, small ones look at few in vain."""


@checked
def farthest_points(
    points: Float[Tensor, "*b n d"],
    count: int,
    *,
    start: int | Int[Tensor, "*b"] | None = None,
    generator: torch.Generator | None = None,
    missing: Missing = "raise",
    mask: Bool[Tensor, "*b n"] | None = None,
) -> Int[Tensor, "*b k"]:
    """Indices of ``count`` points, each the farthest from all those chosen before it.

    i_1 = start,    i_k = argmax_i min_{l < k} |p_i - p_{i_l}|    over the points that are not chosen yet

    Args:
        points: Shape (B, N, D) or (N, D).
        count: Points to choose in each cloud, >= 1.
        start: Index of the first point of every cloud, or one a cloud, shape (B,); a real point. By default the first
            real one.
        generator: Draws the first point among the real ones in place of ``start``.
        missing: What happens where a cloud has fewer than ``count`` real points: "raise" is an error, "pad" fills up
            with index -1.
        mask: Which points are real, shape (B, N) or (N,). Masked points may hold anything and are never chosen.

    Returns:
        int64 indices, shape (B, count) or (count,), no real one twice: `ops.gather_points` turns them into points. Of
        equally far points the one of lowest index is chosen, so the same cloud gives the same points everywhere.

    Raises:
        ValueError: A shape, dtype or option does not fit, a coordinate of a real point is not finite, ``start`` is not
            a real point, or a cloud has too few points.

    Exact: the greedy choice itself, not an approximation. The indices have no gradient. On the CPU in up to three
    dimensions a k-d tree spares most of the O(N count) distances; elsewhere all are computed, one choice at a time. The
    chosen points cover the cloud within twice the least radius that ``count`` points can have (Gonzalez, 1985). Source:
    Eldar, Lindenbaum, Porat, Zeevi, The Farthest Point Strategy for Progressive Image Sampling, IEEE TIP 1997.

    >>> line = torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [9.0, 0.0]])
    >>> farthest_points(line, 3)
    tensor([0, 3, 2])
    """
    name = "farthest_points"
    pad = read_missing(name, missing)
    if points.ndim not in (2, 3) or points.shape[-1] == 0 or points.is_complex():
        raise ValueError(
            f"{name}: points must be real, shape (B, N, D) or (N, D), got {points.dtype}, {tuple(points.shape)}"
        )
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"{name}: count must be an integer of 1 or more, got {count!r}")
    if start is not None and generator is not None:
        raise ValueError(f"{name}: start names the first point and generator draws it; give one of them")
    batch = points.shape[:-2]
    clouds, real = as_searched(name, "mask", points.detach(), mask)
    require_finite(name, "points", clouds, coordinate_limit(clouds.dtype, clouds.shape[-1]))
    real = clouds.new_ones(clouds.shape[:2], dtype=torch.bool) if real is None else real
    numbers = real.sum(-1)
    if len(numbers) and not pad and int(numbers.min()) < count:
        raise ValueError(
            f"{name}: count must be at most the number of real points, {int(numbers.min())}, got {count}; "
            f'missing="pad" fills up with -1'
        )
    chosen = clouds.new_full((len(clouds), count), -1, dtype=torch.int64)
    if clouds.numel():
        starts = _first_points(real, batch, start, generator)
        choose = _choose_kernel if has_numba(clouds) else choose_reference
        choose(clouds, real, starts, numbers.clamp(max=count), chosen)
    return chosen.reshape(*batch, count)


def choose_reference(
    clouds: Float[Tensor, "b n d"],
    real: Bool[Tensor, "b n"],
    starts: Int[Tensor, "b"],
    counts: Int[Tensor, "b"],
    chosen: Int[Tensor, "b k"],
) -> None:
    """The definition in PyTorch: every distance to every choice, all clouds at once."""
    distances = torch.where(real, torch.inf, -1).to(clouds)  # -1 for points that cannot be chosen
    current = starts[:, None]
    for slot in range(chosen.shape[1]):
        chosen[:, slot] = torch.where(slot < counts, current[:, 0], -1)
        distances.scatter_(1, current, -1)
        center = clouds.gather(1, current[..., None].expand(-1, -1, clouds.shape[-1]))
        squared = torch.zeros_like(distances)
        for column, middle in zip(clouds.unbind(-1), center.unbind(-1)):
            squared += (column - middle).square_()
        distances = torch.minimum(distances, squared)
        current = distances.argmax(1, keepdim=True)


def _choose_kernel(clouds: Tensor, real: Tensor, starts: Tensor, counts: Tensor, chosen: Tensor) -> None:
    """Each cloud's real points as a tree; clouds are shared among threads."""
    if real.all():
        tree = build_tree(three_columns(clouds).numpy(), leaf=LEAF)
        run_tasks(choose_farthest, len(clouds), tree, starts.numpy(), counts.numpy(), chosen.numpy())
        return

    def choose(b: int) -> None:
        rows = real[b].nonzero()[:, 0]
        if len(rows) == 0:
            return
        first = (rows == starts[b]).nonzero()[0]
        found = chosen.new_empty(1, int(counts[b]))
        tree = build_tree(three_columns(clouds[b, rows][None]).numpy(), 1, LEAF)
        choose_farthest(0, tree, first.numpy(), counts[b : b + 1].numpy(), found.numpy())
        chosen[b, : found.shape[1]] = rows[found[0]]

    run_tasks(choose, len(clouds))


def _first_points(
    real: Tensor, batch: torch.Size, start: int | Tensor | None, generator: torch.Generator | None
) -> Tensor:
    """First point to choose in each cloud; 0 where it has no real point."""
    if start is None:
        weights = real.to(torch.uint8)
        if generator is None:
            return weights.argmax(-1)
        draws = torch.rand(real.shape, generator=generator, device=generator.device).to(real.device)
        return torch.where(real, draws, -1).argmax(-1)
    starts = torch.as_tensor(start, device=real.device)
    if starts.is_floating_point() or starts.shape not in (torch.Size(), batch):
        raise ValueError(
            f"farthest_points: start must be an integer or integers of shape {tuple(batch)}, got {starts.dtype}, "
            f"{tuple(starts.shape)}"
        )
    starts = starts.long().expand(len(real)).contiguous()
    inside = (starts >= 0) & (starts < real.shape[1])
    fits = inside & real.gather(1, torch.where(inside, starts, 0)[:, None])[:, 0]
    if not (fits | ~real.any(-1)).all():
        raise ValueError(
            f"farthest_points: start must be the index of a real point, 0 to {real.shape[1] - 1}, got {starts.tolist()}"
        )
    return torch.where(fits, starts, 0)
