"""Codes of any autoencoder, or coordinates, brought to mean 0 and standard deviation 1, number by number, and back."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class CodeScale(nn.Module):
    """Mean and standard deviation of each number of some codes; a number that never varies keeps its scale.

    >>> scale = CodeScale(2)
    >>> scale.measure(torch.tensor([[1.0, 0.0], [3.0, 0.0]]))
    >>> scale.standardized(torch.tensor([[1.0, 5.0]]))
    tensor([[-1.,  5.]])
    """

    mean: Float[Tensor, "c"]
    deviation: Float[Tensor, "c"]

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(latent))
        self.register_buffer("deviation", torch.ones(latent))

    def measure(self, codes: Float[Tensor, "s c"]) -> None:
        """Take mean and standard deviation from codes."""
        deviation = codes.std(0, correction=0)
        self.mean.copy_(codes.mean(0))
        self.deviation.copy_(torch.where(deviation > 0, deviation, torch.ones_like(deviation)))

    def standardized(self, codes: Float[Tensor, "*b c"]) -> Float[Tensor, "*b c"]:
        """(codes - mean) / deviation."""
        return (codes - self.mean) / self.deviation

    def restored(self, codes: Float[Tensor, "*b c"]) -> Float[Tensor, "*b c"]:
        """codes * deviation + mean."""
        return codes * self.deviation + self.mean
