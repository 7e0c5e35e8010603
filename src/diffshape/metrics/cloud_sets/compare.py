"""How a set of generated shapes differs from a set of real ones: JSD, MMD, coverage and 1-NNA."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_number, check_seed, check_whole
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.metrics.cloud_sets.divergence import NODES, set_divergence
from diffshape.metrics.cloud_sets.nearest_table import chamfer_table, earth_mover_table
from diffshape.metrics.cloud_sets.read_clouds import read_set, thinned
from diffshape.ops.cloud_sets.nearest_means import all_nearest_means
from diffshape.ops.cloud_sets.set_distances import SetDistance

OUTSIDE = 0.01
"""Share of points outside of the grid from which a score has a note."""


@dataclass(frozen=True, kw_only=True)
class NearestScore:
    """Differences of two sets of clouds that rest on nearest clouds, in one distance d, each with a standard error.

    Attributes:
        mmd: Minimum matching distance: mean over the references r of min_s d(s, r) over the samples s; lower is
            better. In the unit of d.
        mmd_error: Standard deviation of these minima over the square root of the number of references.
        coverage: Number of different references argmin_r d(s, r), s from the samples, over the number of references;
            0 to 1, higher is better, and well below 1 even for samples of the same law.
        coverage_error: Standard error by leaving out a sample at a time.
        accuracy: 1-NNA: share of all clouds of both sets whose nearest other cloud is of their own set. 1/2 for two
            sets of one law, 1 for sets that can be told apart, 0 for copies. A tie counts as the other set.
        accuracy_error: sqrt(p (1 - p) / n), n clouds in all, as if they were independent.
    """

    mmd: float
    mmd_error: float
    coverage: float
    coverage_error: float
    accuracy: float
    accuracy_error: float

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        return (
            f"MMD {self.mmd:.4g} +- {self.mmd_error:.2g}, COV {self.coverage:.3f} +- {self.coverage_error:.3f}, "
            f"1-NNA {self.accuracy:.3f} +- {self.accuracy_error:.3f}"
        )


@dataclass(frozen=True, kw_only=True)
class SetScore:
    """Differences of a set of samples from a set of references.

    Attributes:
        jsd: Jensen-Shannon divergence, in bits, between where the points of all samples and those of all references
            lie; 0 to 1, lower is better. It does not see which points belong together.
        jsd_error: Standard error by leaving out a cloud at a time.
        chamfer: Scores by d = mean a^2 + mean b^2 of two clouds, in the square of the unit of the points; ``None`` if
            it was not asked for.
        earth_mover: Scores by d = mean distance of the best bijection, in the unit of the points; ``None`` if it was
            not asked for.
        samples: Number of samples.
        references: Number of references.
        points: Number of points of every cloud that were compared.
        notes: What to know about this score, a sentence each.
    """

    jsd: float
    jsd_error: float
    chamfer: NearestScore | None
    earth_mover: NearestScore | None
    samples: int
    references: int
    points: int
    notes: tuple[str, ...] = ()

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        parts = [f"JSD {self.jsd:.4f} +- {self.jsd_error:.4f}"]
        for title, score in (("Chamfer", self.chamfer), ("earth mover", self.earth_mover)):
            parts += [f"{title}: {score}"] * (score is not None)
        return "; ".join(parts)


@checked
def compare_sets(
    samples: Any,
    references: Any,
    *,
    distances: Sequence[SetDistance] = ("chamfer", "earth_mover"),
    points: int | None = None,
    epsilon: float = 0.01,
    seed: int = 0,
) -> SetScore:
    """Score a set of generated clouds against a set of real ones, by the definitions that papers use.

        MMD    = mean over references r of min over samples s of d(s, r)
        COV    = |{argmin over r of d(s, r): s a sample}| / number of references
        1-NNA  = share of the pooled clouds whose nearest other cloud is of the same set
        JSD    = H((P + Q) / 2) - (H(P) + H(Q)) / 2, base 2, of all points counted on the 28^3 grid k / 27 - 1/2

    with d(x, y) = mean_p min_t |p - t|^2 + mean_t min_p |p - t|^2 ("chamfer": squared, means, no factor 1/2) or
    d(x, y) = min over bijections a of mean_p |p - a(p)| ("earth_mover": not squared, a mean).

    Print all of them: MMD does not see that shapes are missing and can be lower than that of real shapes, COV rewards
    noise, JSD sees only where points lie; 1-NNA sees all of it. Compare the training shapes with the test shapes, too:
    that is what a perfect model scores.

    Args:
        samples: Generated clouds: shape (S, N, 3), NumPy or torch, or a list of clouds (N, 3) of any size, of files, or
            of meshes, on each of which points are drawn. Two or more, in coordinates in which shapes lie within the
            ball of radius 1/2, if JSD is to mean anything.
        references: Real clouds, in any of these forms, in the same coordinates. Published scores have as many
            references as samples in 1-NNA.
        distances: Which distances d. That of the earth mover takes almost all of the time.
        points: Points to which each cloud is thinned at random, without replacement; those of the smallest cloud if
            ``None``. All clouds get one number, as distances between samples of surfaces depend on it.
        epsilon: Largest excess of an earth mover's distance over the optimum, as a share of it.
        seed: Seed of the thinning.

    Returns:
        See :class:`SetScore`. ``None`` stands for a distance that was not asked for.

    Raises:
        ValueError: A set has fewer than two clouds, a cloud is not (N, 3), empty or not finite or has fewer points than
            ``points``, or an option is out of range.
        TypeError: The clouds are not real numbers.

    Computed in float64, shared by the threads, with the same numbers for any number of them. For 200 samples and 200
    references of 2,048 points, Chamfer distances take about a minute of one core. Only those earth mover's distances
    are computed that a lower bound cannot rule out: a sixth of the pairs in two sets of 40 chairs, a smaller share in
    larger sets, more with fewer points. They take 0.1 to 0.2 s each, 20 minutes of one core in all; ``points=512``
    takes a tenth of it.
    Sources: Achlioptas et al., Learning Representations and Generative Models for 3D Point Clouds, ICML 2018 (JSD,
    MMD, COV); Yang et al., PointFlow, ICCV 2019 (1-NNA), by their released code.

    >>> generator = torch.Generator().manual_seed(0)
    >>> shapes = 0.2 * torch.rand(8, 50, 3, generator=generator)
    >>> score = compare_sets(shapes, shapes.flip(1), distances=["chamfer"])  # copies, their points in another order
    >>> score.jsd, score.chamfer.mmd, score.chamfer.coverage, score.chamfer.accuracy
    (0.0, 0.0, 1.0, 0.0)
    """
    check_number("compare_sets: epsilon", epsilon, 0, 1, above=True)
    check_seed("compare_sets: seed", seed)
    generated, real = (read_set("compare_sets", *each) for each in (("samples", samples), ("references", references)))
    least = min(map(len, generated + real))
    if points is not None:
        check_whole("compare_sets: points", points, 1, least)
    count = points or least
    clouds = thinned(generated + real, count, torch.Generator().manual_seed(seed))
    jsd = set_divergence(clouds[: len(generated)], clouds[len(generated) :])
    scores = _scores(clouds, len(generated), distances, epsilon)
    return SetScore(
        jsd=jsd.value,
        jsd_error=jsd.error,
        chamfer=scores.get("chamfer"),
        earth_mover=scores.get("earth_mover"),
        samples=len(generated),
        references=len(real),
        points=count,
        notes=tuple(_notes(jsd.outside)),
    )


def _scores(
    clouds: Float[Tensor, "m n 3"], samples: int, distances: Sequence[SetDistance], epsilon: float
) -> dict[SetDistance, NearestScore]:
    """The scores by each distance; what the tables of both rest on is computed once."""
    if not distances:
        return {}
    means = all_nearest_means(clouds, clouds)
    tables = {
        "chamfer": lambda: chamfer_table(means),
        "earth_mover": lambda: earth_mover_table(clouds, means, samples, epsilon),
    }
    return {name: nearest_score(tables[name](), samples) for name in dict.fromkeys(distances)}


def nearest_score(table: Float[Tensor, "m m"], samples: int) -> NearestScore:
    """The scores of a table of distances between all clouds, the samples first.

    Args:
        table: Symmetric, infinity on the diagonal and wherever a distance does not matter.
        samples: How many of the clouds are samples.

    >>> table = torch.tensor([[0.0, 1, 2, 3], [1, 0, 5, 6], [2, 5, 0, 4], [3, 6, 4, 0]]).fill_diagonal_(torch.inf)
    >>> score = nearest_score(table, 2)  # between samples 1, between references 4, across 2, 3, 5, 6
    >>> score.mmd, score.coverage, score.accuracy
    (2.5, 0.5, 0.5)
    """
    references = len(table) - samples
    across = table[:samples, samples:]
    matched = across.amin(0)
    holders = across.argmin(1).bincount(minlength=references)
    lone = int((holders == 1).sum()) / samples
    own = torch.cat([table[:samples, :samples].amin(1), table[samples:, samples:].amin(1)])
    right = (own < torch.cat([across.amin(1), matched])).double()
    return NearestScore(
        mmd=matched.mean().item(),
        mmd_error=matched.std().item() / math.sqrt(references),
        coverage=int((holders > 0).sum()) / references,
        coverage_error=math.sqrt((samples - 1) * lone * (1 - lone)) / references,
        accuracy=right.mean().item(),
        accuracy_error=right.std(correction=0).item() / math.sqrt(len(right)),
    )


def _notes(outside: tuple[float, float]) -> list[str]:
    """A sentence for each set of which many points lie outside of the grid."""
    return [
        f"{share:.1%} of the points of the {name} lie more than 1/{NODES - 1} outside of the ball of radius 1/2 and "
        "count at its rim in the JSD; divide all clouds by a length first"
        for name, share in zip(("samples", "references"), outside)
        if share > OUTSIDE
    ]
