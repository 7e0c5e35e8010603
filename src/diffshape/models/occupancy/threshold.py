"""Choice of the probability from which a point counts as occupied.

0.5 is right where probabilities are; a network that was trained on few shapes, or mostly near their surfaces, is better
with another one. Occupancy Networks have 0.2 in all published configs.
"""

from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.metrics import occupancy_iou

CANDIDATES = tuple(n / 20 for n in range(1, 20))
"""Probabilities that are tried: 0.05 to 0.95."""


def best_threshold(logits: Float[Tensor, "s p"], occupied: Bool[Tensor, "s p"]) -> float:
    """The candidate with the greatest mean intersection over union on S shapes; of equal ones that nearest to 0.5.

    >>> import torch
    >>> best_threshold(torch.tensor([[-1.0, -1.0, -3.0]]), torch.tensor([[True, True, False]]))
    0.25
    """
    means = {t: occupancy_iou(logits, occupied, threshold=t).mean().item() for t in CANDIDATES}
    best = max(means.values())
    return min((t for t, mean in means.items() if mean == best), key=lambda t: abs(t - 0.5))
