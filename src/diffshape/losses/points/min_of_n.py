"""Min-of-N: the loss of the best of several predictions, for inputs that leave the answer open.

    loss = reduce_b  min_j d(G(I_b, r_j), S_b),      j = 1..n,   r_j ~ N(0, I) drawn anew at every step

Only the best prediction of each sample gets a gradient, so the predictions spread over what the input leaves open,
where a plain loss would teach their mean. One that is never best never learns; ``relaxation`` gives each a share of the
weight.
Source: Fan, Su, Guibas, CVPR 2017, section 3.3 (there n = 2). Relaxation: Rupprecht et al., Learning in an Uncertain
World, ICCV 2017, equation 7.
"""

from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, reduce_elements
from diffshape.ops.checks import widened


@checked
def min_of_n(
    distances: Float[Tensor, "n b"], *, relaxation: float = 0.0, reduction: Reduction = "mean"
) -> Float[Tensor, "*out"]:
    """reduce_b min_j d_jb: the loss of the best of n candidates of each sample.

    Only the best one gets a gradient, so the candidates spread over what the input leaves open.

    Args:
        distances: Shape (n, B): of candidate j of sample b to the truth, for instance by ``chamfer_distance`` with
            ``reduction="none"``.
        relaxation: Weight in [0, 1) shared by the candidates that are not best; the best keeps the rest.
        reduction: Over the samples of the batch: "mean", "sum" or "none".

    Returns:
        A number, or (B,) for "none"; never more than the mean over candidates as long as ``relaxation`` <= 1 - 1/n.

    Raises:
        ValueError: ``distances`` is not (n, B) with n >= 1, or ``relaxation`` is out of range.

    A tie goes to the first candidate. To spend memory on one candidate only, find the best without gradient and run
    that one again. A low value says that some candidate was good, not that candidates follow the distribution: report
    their mean and their spread beside it.

    >>> import torch
    >>> min_of_n(torch.tensor([[1.0, 5.0], [3.0, 2.0]]))
    tensor(1.5000)
    """
    if distances.ndim != 2 or len(distances) == 0:
        raise ValueError(f"min_of_n: distances must have shape (n, B) with n >= 1, got {tuple(distances.shape)}")
    if not 0 <= relaxation < 1:
        raise ValueError(f"min_of_n: relaxation must lie in [0, 1), got {relaxation}")
    distances = widened(distances)
    best = distances.min(0).values
    if relaxation and len(distances) > 1:
        others = (distances.sum(0) - best) / (len(distances) - 1)
        best = (1 - relaxation) * best + relaxation * others
    return reduce_elements(best, None, reduction)
