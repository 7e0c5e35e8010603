"""Score of an autoencoder of clouds on the shapes of its training and on new ones."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.data import ShapeSet
from diffshape.losses import chamfer_distance
from diffshape.models.autoencoders.point_net import PointNetModel
from diffshape.ops.cloud_sets.set_distances import set_distances

Numbers = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class AutoencoderScore:
    """Chamfer distances mean a^2 + mean b^2, one a shape, between clouds of as many points as the network makes.

    Attributes:
        known: Of reconstructions from shapes of the training.
        held_out: Of reconstructions from new shapes.
        nearest: Of the training shape that is nearest to each new one.
    """

    known: Numbers
    held_out: Numbers
    nearest: Numbers

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        rows = {
            "training shapes, from their codes": self.known,
            "new shapes, from their codes": self.held_out,
            "training shape nearest to each new one": self.nearest,
        }
        lines = [f"{title:40}{1e3 * sum(row) / len(row):7.2f}{1e3 * max(row):8.2f}" for title, row in rows.items()]
        return "\n".join([f"{'Chamfer x1e3, mean a^2 + mean b^2':40}{'mean':>7}{'worst':>8}", *lines])


@checked
def score_autoencoder(model: PointNetModel, known: ShapeSet, held_out: ShapeSet) -> AutoencoderScore:
    """Score an autoencoder of point clouds on shapes of its training and on new ones.

    All points of a shape are encoded; its first ``config.network.points`` are what its reconstruction is compared with.
    An autoencoder is of use where it brings new shapes nearer than the nearest training shape is.

    Args:
        model: A trained autoencoder.
        known: Shapes of its training, with points.
        held_out: New shapes, with points.

    Returns:
        An ``AutoencoderScore``, with a number for each shape.

    Raises:
        ValueError: There is no shape, or shapes have no points.

    >>> from diffshape.models import PointNetConfig, PointNetNetwork
    >>> model = PointNetModel(PointNetConfig(network=PointNetNetwork(points=50, latent=8)))
    >>> shapes = ShapeSet(names=("a", "b", "c"), points=torch.rand(3, 100, 3) - 0.5)
    >>> score = score_autoencoder(model, shapes[:2], shapes[2:])
    >>> len(score.known), len(score.held_out)
    (2, 1)
    """
    learnt, new = (_clouds(model, shapes) for shapes in (known, held_out))
    between = set_distances(new, learnt)
    return AutoencoderScore(
        known=_errors(model, known, learnt), held_out=_errors(model, held_out, new), nearest=_row(between.amin(1))
    )


def _clouds(model: PointNetModel, shapes: ShapeSet) -> Float[Tensor, "s n 3"]:
    (points,) = shapes.require("points", by="score_autoencoder")
    return points[:, : model.config.network.points].cpu()


def _errors(model: PointNetModel, shapes: ShapeSet, clouds: Float[Tensor, "s n 3"]) -> Numbers:
    made = model.decode_codes(model.codes_of(shapes)).cpu()
    return _row(
        torch.cat([chamfer_distance(*pair, reduction="none") for pair in zip(made.split(64), clouds.split(64))])
    )


def _row(values: Tensor) -> Numbers:
    return tuple(values.tolist())
