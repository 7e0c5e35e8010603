"""The sine network of SIREN, with its first and second derivatives in one pass, and its published starts.

    h_0 = x / s,    u_l = w0 (W_l h_{l-1} + b_l),    h_l = sin u_l,    y = w . h_L + b,    f = s out(y)

The gradient is the chain down the network, p_L = w, p_{l-1} = w0 W_l^T (p_l cos u_l), with p_l = dy/dh_l. A second
derivative along a direction v needs the tangents t_l = du_l/dx v beside it, as a sine bends by -h_l: v^T H v is the sum
over all units of -p_l h_l t_l^2. So the Laplacian takes five matrix products a layer and g^T H g three, where autograd
takes eight and four; all of it is plain PyTorch, and one backward pass reaches the parameters.
Sources: Sitzmann, Martel, Bergman, Lindell, Wetzstein, SIREN, NeurIPS 2020; starts as a sphere: Ben-Shabat,
Koneputugodage, Gould, DiGS, CVPR 2022.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.fields.config import SirenConfig, one_config
from diffshape.fields.field import Along, Field
from diffshape.fields.siren_start import start_weights

_RADIUS, _SLOPE = 1.6, 0.1
"""Numbers r and a of the output a (sign(y) sqrt|y| - r) of networks that start as a sphere, as DiGS has them."""
_SMOOTH = 1e-8
"""Number added to |y| below its root."""


class Siren(Field):
    """Sine network field, the SIREN of Sitzmann et al. (NeurIPS 2020): 198,657 parameters by default.

    f(x) = s out(y(x / s)) with y a perceptron of sin(w0 (W h + b)) units. ``start="siren"`` has out(y) = y and the
    published random weights, so the first zero set means nothing; "sphere" and "multi-frequency", the starts of DiGS,
    have out(y) = 0.1 (sign(y) sqrt|y| - 1.6) and begin as a sphere, negative inside.

    Args:
        config: Config of the field; or give its fields as options, ``Siren(width=64)``.
        generator: CPU generator of the weights; ``None`` is a fresh one with seed 0.
        **options: Fields of ``SirenConfig``.

    Raises:
        TypeError: A config and options are both given, or an option is unknown.
        ValueError: A setting is out of range.

    >>> field = Siren(width=64, start="multi-frequency")
    >>> inside, outside = field(torch.tensor([[0.1, 0.0, 0.0], [0.0, 0.0, 0.7]]))
    >>> bool(inside < 0 < outside)
    True
    """

    learning_rate = 1e-4

    @checked
    def __init__(
        self,
        config: SirenConfig | None = None,
        *,
        generator: torch.Generator | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.config = config = one_config(SirenConfig, config, options)
        self.box = config.box
        generator = generator if generator is not None else torch.Generator().manual_seed(0)
        layers = start_weights(config, generator)
        self.weights = torch.nn.ParameterList(weight for weight, _ in layers)
        self.biases = torch.nn.ParameterList(bias for _, bias in layers)

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        sines, _ = self._up(points, self._hidden(), slopes=False)
        return self._outside(self._last(sines[-1]))

    def evaluate_with_gradient(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
        """Values and gradients at (N, 3) points in one pass up and down the network."""
        hidden = self._hidden()
        sines, cosines = self._up(points, hidden)
        y = self._last(sines[-1])
        _, chained = self._down(cosines, hidden)
        return self._outside(y), self._slope(y)[:, None] * chained

    def evaluate_second_order(
        self, points: Float[Tensor, "n 3"], along: Along
    ) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"], Float[Tensor, "n"]]:
        """Values, gradients and second derivatives at (N, 3) points; the tangents pass up the network once more."""
        hidden = self._hidden()
        sines, cosines = self._up(points, hidden)
        y = self._last(sines[-1])
        adjoints, chained = self._down(cosines, hidden)
        slope = self._slope(y)
        gradients = slope[:, None] * chained
        tangents = torch.eye(3).to(points)[:, None] if along == "axes" else gradients[None]
        across = (tangents * chained).sum(-1).square().sum(0)
        second = self._bend(y) * across + slope * _curvature(tangents, hidden, sines, cosines, adjoints)
        return self._outside(y), gradients, second / self.config.scale

    def _hidden(self) -> list[tuple[Tensor, Tensor]]:
        """Weights and biases of the hidden layers, times w0."""
        return [(self.config.frequency * weight, self.config.frequency * bias) for weight, bias in self._layers[:-1]]

    @property
    def _layers(self) -> list[tuple[Tensor, Tensor]]:
        return list(zip(self.weights, self.biases))

    def _up(
        self, points: Tensor, hidden: list[tuple[Tensor, Tensor]], *, slopes: bool = True
    ) -> tuple[list[Tensor], list[Tensor]]:
        """sin u and cos u of every hidden layer."""
        h, sines, cosines = points / self.config.scale, [], []
        for weight, bias in hidden:
            u = torch.addmm(bias, h, weight.t())
            h = u.sin()
            sines.append(h)
            if slopes:
                cosines.append(u.cos())
        return sines, cosines

    def _down(self, cosines: list[Tensor], hidden: list[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], Tensor]:
        """dy/dh of every hidden layer, and dy/dx."""
        p, adjoints = self.weights[-1], []
        for cosine, (weight, _) in zip(reversed(cosines), reversed(hidden)):
            adjoints.append(p)
            p = (p * cosine) @ weight
        return adjoints[::-1], p

    def _last(self, h: Tensor) -> Tensor:
        return torch.addmm(self.biases[-1], h, self.weights[-1].t())[:, 0]

    @property
    def _rooted(self) -> bool:
        return self.config.start != "siren"

    def _outside(self, y: Tensor) -> Tensor:
        """f = s out(y)."""
        if self._rooted:
            y = _SLOPE * (y.sign() * (y.abs() + _SMOOTH).sqrt() - _RADIUS)
        return self.config.scale * y

    def _slope(self, y: Tensor) -> Tensor:
        """d out / dy."""
        return 0.5 * _SLOPE * (y.abs() + _SMOOTH).rsqrt() if self._rooted else torch.ones_like(y)

    def _bend(self, y: Tensor) -> Tensor:
        """d^2 out / dy^2."""
        return -0.25 * _SLOPE * y.sign() * (y.abs() + _SMOOTH).pow(-1.5) if self._rooted else torch.zeros_like(y)


def _curvature(
    tangents: Float[Tensor, "k n 3"],
    hidden: list[tuple[Tensor, Tensor]],
    sines: list[Tensor],
    cosines: list[Tensor],
    adjoints: list[Tensor],
) -> Float[Tensor, "n"]:
    """Sum of v^T H v over the tangents v of each point, H the second derivatives of y."""
    total = torch.zeros_like(sines[0][:, 0])
    for (weight, _), sine, cosine, adjoint in zip(hidden, sines, cosines, adjoints):
        turned = tangents @ weight.t()
        total = total - (adjoint * sine * turned.square().sum(0)).sum(-1)
        tangents = cosine * turned
    return total
