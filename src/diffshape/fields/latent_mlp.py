"""One network for many shapes: the decoder of DeepSDF, f(z, x) with a code z for each shape.

    h_0 = (z, x),   h_{l+1} = dropout(relu(W_l h_l + b_l)),   f = tanh(w . h + b)

where the skip layers read (h_l, z, x). Weight normalisation (Salimans and Kingma, NeurIPS 2016) writes every row of a
hidden W as g v / |v|. The product of W and the code is one vector a shape, computed once for all its points.
Weights start as torch.nn.Linear's, U(-1, 1) / sqrt(inputs), codes as N(0, 1 / latent).
Source: Park, Florence, Straub, Newcombe, Lovegrove, DeepSDF, CVPR 2019, and its released code.
"""

import math
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import Parameter, ParameterList
from torch.nn.functional import dropout, embedding, linear, normalize

from diffshape._arguments import checked
from diffshape._bounds import check_fits
from diffshape.fields.config import LatentMLPConfig, one_config
from diffshape.fields.field import Field
from diffshape.ops.transforms import is_transformed

LARGEST_NORM = 1.0
"""Largest norm of a code."""
_CHUNK = 2**14
"""Points a shape evaluated at a time where no graph is kept, which bounds memory."""


class LatentDecoder(torch.nn.Module):
    """f(z, x) without codes of its own; dropout, in training mode only, draws from torch's global generator."""

    def __init__(self, config: LatentMLPConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.config = config
        read = config.latent + 3
        outs = [config.width - read * (layer + 1 in config.skip) for layer in range(config.hidden_layers)] + [1]
        ins = [read] + [config.width] * config.hidden_layers
        bounds = [1 / math.sqrt(n_in) for n_in in ins]

        def uniform(bound: float, *shape: int) -> Tensor:
            return (2 * torch.rand(shape, generator=generator) - 1) * bound

        self.directions = ParameterList(uniform(bound, *shape) for bound, *shape in zip(bounds, outs, ins))
        self.biases = ParameterList(uniform(bound, n_out) for bound, n_out in zip(bounds, outs))
        hidden = [each.detach() for each in self.directions[:-1]] if config.weight_norm else []
        self.lengths = ParameterList(each.norm(dim=1, keepdim=True) for each in hidden)

    def weights(self) -> list[Float[Tensor, "out in"]]:
        """W of each layer, the first one first."""
        lengths = list(self.lengths)
        normed = [normalize(v, dim=1) * g for v, g in zip(self.directions, lengths)]
        return [*normed, *list(self.directions)[len(lengths) :]]

    def forward(self, x: Float[Tensor, "b n 3"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b n"]:
        """Values at the points of each shape."""
        if torch.is_grad_enabled() or x.shape[1] <= _CHUNK:
            return self._values(x, codes)
        return torch.cat([self._values(part, codes) for part in x.split(_CHUNK, dim=1)], dim=1)

    def _values(self, x: Float[Tensor, "b n 3"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b n"]:
        *hidden, (last, offset) = zip(self.weights(), self.biases)
        h = x[..., :0]
        for layer, (weight, bias) in enumerate(hidden):
            if layer == 0 or layer in self.config.skip:
                of_hidden, of_code, of_point = weight.split([h.shape[-1], self.config.latent, 3], dim=1)
                shared = linear(codes, of_code, bias)[:, None]
                h = shared + linear(torch.cat([h, x], dim=-1), torch.cat([of_hidden, of_point], dim=1))
            else:
                h = linear(h, weight, bias)
            h = dropout(h.relu(), self.config.dropout, self.training)
        values = linear(h, last, offset)[..., 0]
        return values.tanh() if self.config.tanh else values


class LatentMLP(Field):
    """A decoder and the codes of some shapes; called with points, it gives the values of the first shape.

    A code that is looked up, by ``lookup``, ``shape`` or a call, and longer than 1, is first scaled back to length 1,
    in place, as ``torch.nn.Embedding(max_norm=1)`` does; codes handed to ``decode`` and ``at`` are taken as they are.

    Args:
        config: Config of the field; or give its fields as options, ``LatentMLP(width=128)``.
        shapes: Number of codes.
        generator: CPU generator of weights and codes; ``None`` is a fresh one with seed 0.
        **options: Fields of ``LatentMLPConfig``.

    Attributes:
        decoder: The network.
        codes: The codes of the shapes, (shapes, latent), a parameter.

    Raises:
        TypeError: A config and options are both given, or an option is unknown.
        ValueError: A setting is out of range.

    >>> field = LatentMLP(hidden_layers=2, width=32, latent=4, skip=(), shapes=3).eval()
    >>> x = torch.zeros(5, 3)
    >>> bool((field(x) == field.shape(0)(x)).all()), bool((field(x) == field.shape(1)(x)).any())
    (True, False)
    >>> field.decode(x.expand(2, 5, 3), field.codes[1:]).shape
    torch.Size([2, 5])
    """

    @checked
    def __init__(
        self,
        config: LatentMLPConfig | None = None,
        *,
        shapes: int = 1,
        generator: torch.Generator | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.config = config = one_config(LatentMLPConfig, config, options)
        check_fits("LatentMLP: shapes", shapes, 4 * config.latent)
        generator = generator if generator is not None else torch.Generator().manual_seed(0)
        self.decoder = LatentDecoder(config, generator)
        self.codes = Parameter(torch.randn(shapes, config.latent, generator=generator) / math.sqrt(config.latent))

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values of the first shape at (N, 3) points."""
        first = self.lookup(torch.zeros(1, dtype=torch.int64, device=points.device))
        return self.decoder(points[None], first)[0]

    @checked
    def lookup(self, shapes: Int[Tensor, "b"]) -> Float[Tensor, "b c"]:
        """The codes of some of the shapes, differentiable; those longer than 1 are cut to 1 first, in place.

        Raises:
            ValueError: There is no such shape; on a GPU, PyTorch raises this later.
        """
        try:
            if is_transformed(self.codes):  # which cannot write in place
                codes = self.codes[shapes]
                return codes * (LARGEST_NORM / codes.detach().norm(dim=-1, keepdim=True)).clamp(max=1)
            return embedding(shapes, self.codes, max_norm=LARGEST_NORM)
        except IndexError as error:
            raise ValueError(
                f"LatentMLP.lookup: shapes must lie in 0 to {len(self.codes) - 1}, got {shapes.flatten().tolist()[:9]}"
            ) from error

    @checked
    def decode(self, x: Float[Tensor, "b n 3"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b n"]:
        """Values at the points ``x`` (B, N, 3) of the shapes that have the codes (B, latent), differentiable in both.

        Raises:
            ValueError: A shape or a dtype is wrong.
        """
        x = self._read(x)
        if x.ndim != 3:
            raise ValueError(f"LatentMLP.decode: x must have shape (B, N, 3), got {tuple(x.shape)}")
        self._check_codes("decode: codes", codes, (len(x), self.config.latent))
        return self.decoder(x, codes)

    @checked
    def at(self, code: Float[Tensor, "c"]) -> "ShapeField":
        """The shape of one code (latent,) as a field of its own, differentiable in the code.

        Raises:
            ValueError: The shape or the dtype of ``code`` is wrong.
        """
        self._check_codes("at: code", code, (self.config.latent,))
        return ShapeField(self.decoder, code)

    @checked
    def shape(self, index: int) -> "ShapeField":
        """Shape ``index`` as a field of its own, with its code as it is now.

        Raises:
            ValueError: There is no such shape.
        """
        if not 0 <= index < len(self.codes):
            raise ValueError(f"LatentMLP.shape: index must lie in 0 to {len(self.codes) - 1}, got {index}")
        return self.at(self.lookup(torch.tensor([index], device=self.codes.device))[0].detach())

    def _check_codes(self, name: str, codes: Tensor, wanted: tuple[int, ...]) -> None:
        if codes.shape != wanted or codes.dtype != self.codes.dtype:
            raise ValueError(
                f"LatentMLP.{name} must have shape {wanted} and be {self.codes.dtype}, "
                f"got {tuple(codes.shape)}, {codes.dtype}"
            )


class ShapeField(Field):
    """One shape of a ``LatentMLP``, made by ``at`` or ``shape``; it shares the network, and its training mode."""

    code: Tensor

    @checked
    def __init__(self, decoder: LatentDecoder, code: Float[Tensor, "c"]) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("code", code)

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        return self.decoder(points[None], self.code[None])[0]
