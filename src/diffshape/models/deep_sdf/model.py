"""A trained DeepSDF: from codes to surfaces, and from distances of a shape, wholly or partly seen, to its code.

A code is found with the network frozen: the same loss as in training on the observed points, with the prior
0.0001 mean(z^2), by Adam from N(0, 0.01^2). Source: Park et al., DeepSDF, CVPR 2019, section 4, and its released code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import MOST_STEPS, check_fits, check_number, check_seed, check_whole
from diffshape._config import from_plain, to_plain
from diffshape._pictures import picture_of
from diffshape._reprs import one_line
from diffshape.data import DistanceSamples, Frame, Mesh, ShapeSet, as_mesh
from diffshape.fields import LatentMLP
from diffshape.losses import clamped_l1_loss
from diffshape.models.codes import interpolated_codes
from diffshape.models.deep_sdf.config import DeepSDFConfig
from diffshape.models.deep_sdf.samples import SidedPool, distance_samples
from diffshape.models.files import write_model
from diffshape.ops import isosurface
from diffshape.ops.eval_mode import eval_mode

_FIRST_SPREAD = 0.01
_BATCH = 8000


@dataclass(frozen=True)
class DeepSDF:
    """A family of shapes. Points, distances and meshes are in the coordinates of the meshes it was trained on."""

    field: LatentMLP
    """Network and codes of the training shapes, in ``frame``."""
    frame: Frame
    """The one frame of all shapes, in which they lie within the unit ball."""
    config: DeepSDFConfig
    """Config that it was trained with."""

    KIND: ClassVar[str] = "deep-sdf"
    """Name of such a model in its config.yaml."""

    __repr__ = one_line
    _repr_png_ = picture_of

    @property
    def codes(self) -> Float[Tensor, "s c"]:
        """The codes of the training shapes, (S, latent)."""
        return self.field.lookup(torch.arange(len(self.field.codes), device=self.field.codes.device)).detach()

    @checked
    def observe(self, mesh: Any, count: int = 8000, *, seed: int = 0) -> DistanceSamples:
        """Points about a shape and their exact signed distances, drawn as those of the training were.

        Leave some out to see what the model makes of the rest.

        Raises:
            ValueError: ``mesh`` is not a mesh, or ``count`` below 1.
        """
        check_fits("DeepSDF.observe: count", count, 200)
        check_seed("DeepSDF.observe: seed", seed)
        generator = torch.Generator().manual_seed(seed)
        points, distances = distance_samples(as_mesh(mesh), self.frame, self.config, count, generator=generator)
        return DistanceSamples(self.frame.from_unit(points), self.frame.distances_from_unit(distances))

    def infer(
        self,
        points: Float[Tensor, "*b n 3"],
        distances: Float[Tensor, "*b n"],
        *,
        steps: int = 800,
        lr: float = 5e-3,
        prior: float = 1e-4,
        seed: int = 0,
    ) -> Float[Tensor, "*b c"]:
        """The code of the shape that has these signed distances, (latent,), or those (B, latent) of several.

        With the network frozen, Adam minimises mean |clamp(f(z, x)) - clamp(s(x))| + prior mean(z^2) from N(0, 0.01^2).

        Args:
            points: (N, 3) or (B, N, 3), anywhere: all around the shape or where it was seen.
            distances: (N,) or (B, N), negative inside. Of points seen on a surface with normals, move each a little
                along its normal and back, and give that step as distance.
            steps: Steps of Adam; the learning rate is a tenth in the second half.
            lr: Learning rate.
            prior: Weight of the mean square of the code: the fewer points, the more it counts for.
            seed: Seed of the first code and, where there are more than 8,000 points, of the 8,000 drawn in each step,
                half of them inside.

        Neither the network nor the codes of the training change.

        Raises:
            ValueError: A shape is wrong, there is no point, a number is not finite, or an option is out of range.
        """
        points, distances = self._observed(points, distances)
        check_whole("DeepSDF.infer: steps", steps, 1, MOST_STEPS)
        check_number("DeepSDF.infer: lr", lr, 0, 1e6, above=True)
        check_number("DeepSDF.infer: prior", prior, 0, 1e6)
        check_seed("DeepSDF.infer: seed", seed)
        pool = SidedPool.of(points.reshape(-1, *points.shape[-2:]), distances.reshape(-1, distances.shape[-1]))
        with eval_mode(self.field):
            codes = self._inferred(pool, steps, lr, prior, torch.Generator().manual_seed(seed))
        return codes.reshape(*points.shape[:-2], -1)

    @torch.enable_grad()
    def _inferred(
        self, pool: SidedPool, steps: int, lr: float, prior: float, generator: torch.Generator
    ) -> Float[Tensor, "b c"]:
        first = _FIRST_SPREAD * torch.randn(self.config.network.latent, generator=generator)
        codes = first.to(pool.points).repeat(len(pool.points), 1).requires_grad_()
        shapes = torch.arange(len(codes), device=codes.device)
        optimizer = torch.optim.Adam([codes], lr=lr)
        for step in range(steps):
            if step == steps // 2:
                optimizer.param_groups[0]["lr"] = lr / 10
            few = pool.points.shape[1] <= _BATCH
            points, distances = (pool.points, pool.distances) if few else pool.draw(shapes, _BATCH, generator)
            values = self.field.decode(points, codes)
            error = clamped_l1_loss(values, distances, limit=self.config.clamp, reduction="none")
            loss = (error.mean(1) + prior * codes.square().mean(1)).sum()  # a sum: each code has its own
            (codes.grad,) = torch.autograd.grad(loss, codes)
            optimizer.step()
        return codes.detach()

    @checked
    def interpolate(self, first: Float[Tensor, "c"], last: Float[Tensor, "c"], count: int) -> Float[Tensor, "n c"]:
        """``count`` codes at equal steps on the line from one code to another, both ends included.

        Raises:
            ValueError: The codes are not of one shape (latent,), or ``count`` is below 2.
        """
        return interpolated_codes("DeepSDF.interpolate", first, last, count, self.codes.shape[1])

    @checked
    def mesh(self, code: Float[Tensor, "c"], resolution: int = 128) -> Mesh:
        """The surface of a code as a closed mesh, normals outward; empty, (0, 3) and (0, 3), if it has none.

        Args:
            code: (latent,): one of ``codes``, of ``infer`` or of ``interpolate``.
            resolution: Grid nodes along the side of the cube about the frame's unit ball.
        """
        shape = self.field.at(code.to(self.field.codes))
        vertices, faces = isosurface(shape, resolution=resolution, bounds=(-1.0, 1.0), closed=True)
        return Mesh(self.frame.from_unit(vertices.cpu().numpy()), faces.cpu().numpy())

    @checked
    def complete(self, points: Float[Tensor, "n 3"], resolution: int = 128, *, steps: int = 800, seed: int = 0) -> Mesh:
        """The whole surface of a shape of which points (N, 3) on the surface are known: ``mesh(infer(points, 0))``.

        Where the inside is need not be known; with normals, ``infer`` finds more of it.

        Raises:
            ValueError: As ``infer`` and ``mesh``.
        """
        return self.mesh(self.infer(points, points.new_zeros(points.shape[:-1]), steps=steps, seed=seed), resolution)

    @checked
    def codes_of(self, shapes: ShapeSet, *, steps: int = 800, seed: int = 0) -> Float[Tensor, "s c"]:
        """Codes (S, latent) of shapes, from the distances of the points near them, by ``infer``.

        Raises:
            ValueError: The shapes have no ``near_points`` and ``near_distances``.
        """
        points, distances = shapes.require("near_points", "near_distances", by="DeepSDF.codes_of")
        return self.infer(points, distances, steps=steps, seed=seed)

    @checked
    def decode_codes(self, codes: Float[Tensor, "b c"], resolution: int = 128) -> list[Mesh]:
        """The surface of each code (B, latent), as ``mesh`` gives it.

        Raises:
            ValueError: The shape of ``codes`` is wrong or ``resolution`` out of range.
        """
        latent = self.config.network.latent
        if codes.ndim != 2 or codes.shape[1] != latent:
            raise ValueError(f"DeepSDF.decode_codes: codes must have shape (B, {latent}), got {tuple(codes.shape)}")
        return [self.mesh(code, resolution) for code in codes]

    @checked
    def sample(self, count: int, *, seed: int = 0, resolution: int = 128) -> list[Mesh]:
        """``count`` new shapes, of codes drawn from the normal distribution that the codes of the training have.

        Its mean and covariance are theirs. With more codes than a few, a generator of codes such as a mixture or a
        flow is nearer to how they lie.

        Raises:
            ValueError: ``count`` is below 1, or a number is out of range.
        """
        check_fits("DeepSDF.sample: count", count, 4 * self.codes.shape[1])
        check_seed("DeepSDF.sample: seed", seed)
        weights = torch.randn(count, len(self.codes), generator=torch.Generator().manual_seed(seed)).to(self.codes)
        mean = self.codes.mean(0)
        spread = weights @ (self.codes - mean) / max(len(self.codes) - 1, 1) ** 0.5
        return self.decode_codes(mean + spread, resolution)

    @checked
    def save(self, folder: str | PathLike[str]) -> None:
        """Write settings and weights to ``folder``, which is made if it is missing; ``models.load`` reads them.

        Raises:
            OSError: The folder cannot be written.
        """
        settings = {"frame": self.frame.to_dict(), "config": to_plain(self.config)}
        write_model(folder, self.KIND, settings, self.field.state_dict())

    def _observed(self, points: Any, distances: Any) -> tuple[Tensor, Tensor]:
        """Both in the frame, on the field's device."""
        try:
            points, distances = torch.as_tensor(points), torch.as_tensor(distances)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"DeepSDF.infer: points and distances must be arrays of numbers: {error}") from error
        if points.ndim not in (2, 3) or points.shape[-1] != 3 or distances.shape != points.shape[:-1]:
            raise ValueError(
                "DeepSDF.infer: points must have shape (N, 3) or (B, N, 3) and distances (N,) or (B, N), "
                f"got {tuple(points.shape)} and {tuple(distances.shape)}"
            )
        if not points.numel() or not bool(points.isfinite().all() and distances.isfinite().all()):
            raise ValueError("DeepSDF.infer: points and distances must be finite and at least one, got none or others")
        unit = self.frame.to_unit(points.double()), self.frame.distances_to_unit(distances.double())
        return unit[0].to(self.field.codes), unit[1].to(self.field.codes)


def saved_deep_sdf(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> DeepSDF:
    """The model of the settings and weights that ``save`` wrote."""
    config = from_plain(DeepSDFConfig, settings["config"])
    field = LatentMLP(config.network, shapes=len(tensors["codes"]))
    field.load_state_dict(tensors)
    return DeepSDF(field.eval(), Frame.from_dict(settings["frame"]), config)
