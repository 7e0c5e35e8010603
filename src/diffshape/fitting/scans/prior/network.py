"""The network of the scan prior: what its neighbours say about where the surface is at a point.

A pass looks at every neighbour on a ladder of ranks with a small perceptron, and at the whole neighbourhood by the mean
and the maximum of what it saw. From that it weighs all neighbours, raw and as the pass before left them, and fits a
quadric to them by weighted least squares; it may move the result by at most the noise and tilt it a little. At first
all weights are those of a plain Gaussian window: the untrained network is a classical local quadric.

Related: Guerrero et al., PCPNet, 2018; Ben-Shabat and Gould, DeepFit, ECCV 2020; Zhu et al., AdaFit, ICCV 2021.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize, silu

from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.ops.neighborhoods.definition import FEATURES, SUMMARY, Neighborhoods
from diffshape.ops.neighborhoods.quadric_fit import fit_windowed

DENSE = 32
"""Number of nearest neighbours that are all on the ladder; beyond them every second, beyond twice as many every
fourth..."""
WEIGHTS = 8.0
"""Largest logarithm of a weight beside the window."""
WINDOW = 0.25
"""Fall f of the window exp(-f r^2) of the untrained network, with r in radii of the neighbourhood."""
WIDENING = 1.5
"""Largest logarithm of the factor by which the network changes that fall."""
TILT = 0.5
"""Largest slope that is added to those of the quadric."""
LEAST_ERROR = 1e-3
"""Length that is added to the noise, in radii, where an expected error is told in units of it."""
USUAL_ERROR = -1.5
"""Logarithm of the expected error of the untrained network, in units of the noise."""


class Estimate(NamedTuple):
    """The surface at N points, in their frames and in units of their radius."""

    offset: Float[Tensor, "n"]
    """Height of the surface above the point."""
    normal: Float[Tensor, "n 3"]
    """Unit normal."""
    log_error: Float[Tensor, "n"]
    """Logarithm of the expected distance to the true surface."""
    outlier: Float[Tensor, "n"]
    """Logit of being an outlier."""


class CleaningPass(nn.Module):
    """One pass: a surface for every neighbourhood."""

    def __init__(self, config: PriorConfig) -> None:
        super().__init__()
        width, wide, narrow = config.width, config.wide, config.narrow
        self.look = nn.Sequential(nn.Linear(FEATURES, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.judge = nn.Sequential(nn.Linear(2 * width + SUMMARY, wide), nn.SiLU(), nn.Linear(wide, wide), nn.SiLU())
        self.weigh, self.told = nn.Linear(FEATURES, narrow), nn.Linear(wide, narrow)
        self.weights, self.windows = nn.Linear(narrow, 2), nn.Linear(wide, 2)
        self.surface = nn.Linear(wide, 5)
        for layer in (self.weights, self.windows, self.surface):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, around: Neighborhoods, ladder: Tensor) -> Estimate:
        """The surface at the point of each neighbourhood; ``ladder`` has the ranks of the neighbours to look at."""
        seen = self.look(around.features[:, ladder])
        whole = self.judge(torch.cat([seen.mean(1), seen.amax(1), around.summary], dim=-1))
        hidden = silu(self.weigh(around.features) + self.told(whole)[:, None])
        logits = WEIGHTS * torch.tanh(self.weights(hidden) / WEIGHTS)
        windows = WINDOW * torch.exp(WIDENING * torch.tanh(self.windows(whole)))
        fit = fit_windowed(around.raw, around.smooth, logits, windows)
        move, tilt_x, tilt_y, error, outlier = self.surface(whole).unbind(-1)
        slopes = fit[:, 1:3] + TILT * torch.tanh(torch.stack([tilt_x, tilt_y], dim=-1))
        normal = normalize(torch.cat([-slopes, torch.ones_like(slopes[:, :1])], dim=-1), dim=-1)
        return Estimate(
            offset=fit[:, 0] + torch.tanh(move) * around.noise,
            normal=normal,
            log_error=torch.log(around.noise + LEAST_ERROR) + USUAL_ERROR + error.clamp(-8, 4),
            outlier=outlier,
        )


def ladder_ranks(neighbors: int) -> list[int]:
    """Ranks of neighbours that get sparser outwards: all of the nearest, then every second, every fourth...

    >>> len(ladder_ranks(256)), ladder_ranks(256)[-2:], ladder_ranks(8)
    (80, [247, 255], [0, 1, 2, 3, 4, 5, 6, 7])
    """
    ranks, stride, low = list(range(min(DENSE, neighbors))), 2, DENSE
    while low < neighbors:
        ranks += range(low + stride - 1, min(2 * low, neighbors), stride)
        stride, low = 2 * stride, 2 * low
    return ranks
