"""The multilayer perceptron of IGR and DiffCD, initialised as a sphere.

Eight hidden layers of 256 softplus units, the point joined in again at the fifth. Geometric initialisation: hidden
weights N(0, 2 / outputs) and biases 0 keep |h| near |x|, and a last layer of equal weights sqrt(pi / width) averages
that back into a length, so the field starts near f(x) = |x| - radius; the wider the layers and the sharper the
softplus, the nearer. Weight normalisation (Salimans and Kingma, NeurIPS 2016) writes every row of a weight as g v / |v|
and learns g and v, which changes how the field learns, not what it starts as.
Sources: Atzmon and Lipman, SAL, CVPR 2020, theorem 1; Gropp et al., IGR, ICML 2020; settings of Haerenstam-Nielsen
et al., DiffCD, ECCV 2024; ReLU and weight normalisation: the released code of Ma et al., Neural-Pull, ICML 2021.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.utils.parametrizations import weight_norm

from diffshape._arguments import checked
from diffshape.fields.config import MLPConfig, one_config
from diffshape.fields.field import Field
from diffshape.fields.softplus_network import SoftplusNetwork
from diffshape.ops.transforms import is_transformed


class MLP(Field):
    """Softplus perceptron field, negative inside a sphere when made.

    Args:
        config: Config of the field; or give its fields as options, ``MLP(width=64)``.
        generator: CPU generator of the weights; ``None`` is a fresh one with seed 0.
        **options: Fields of ``MLPConfig``.

    Raises:
        TypeError: A config and options are both given, or an option is unknown.
        ValueError: A setting is out of range.

    >>> field = MLP(width=64)
    >>> inside, outside = field(torch.tensor([[0.1, 0.0, 0.0], [0.0, 0.0, 2.0]]))
    >>> bool(inside < 0 < outside)
    True
    """

    @checked
    def __init__(
        self,
        config: MLPConfig | None = None,
        *,
        generator: torch.Generator | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.config = config = one_config(MLPConfig, config, options)
        generator = generator if generator is not None else torch.Generator().manual_seed(0)
        self.network = SoftplusNetwork(
            3,
            hidden_layers=config.hidden_layers,
            width=config.width,
            skip=config.skip,
            beta=config.beta,
            generator=generator,
        )
        with torch.no_grad():
            self.network.weights[-1].normal_(math.sqrt(math.pi / config.width), 1e-5, generator=generator)
            self.network.biases[-1].fill_(-config.radius)
        for layer in range(len(self.network.weights) if config.weight_norm else 0):
            weight_norm(self.network.weights, str(layer))

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        return self.network(points)

    def plain(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points by operations that TorchScript and ONNX know."""
        return self.network.plain(points)

    def evaluate_with_gradient(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
        """Values and gradients at (N, 3) points in one pass up and down the network."""
        if is_transformed(points, *self.parameters()):
            return super().evaluate_with_gradient(points)
        return self.network.value_and_gradient(points)
