"""Training of a DeepSDF: one network and a code for each shape, found together (an "auto-decoder").

    loss = mean |clamp(f(z_i, x)) - clamp(s_i(x))| + code_weight min(1, progress / code_ramp) mean |z_i|

over the points of a step, clamped to +-0.1, half of them inside the shape and half outside. |z| is the norm itself, as
in the released code; the paper has its square. Source: Park et al., DeepSDF, CVPR 2019, equations 9 and 10.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._bounds import check_budget
from diffshape._pictures import picture_of
from diffshape._reprs import one_line
from diffshape.fields import LatentMLP
from diffshape.losses import LossTerms, clamped_l1_loss
from diffshape.models.deep_sdf.config import STEPS, DeepSDFConfig
from diffshape.models.deep_sdf.model import DeepSDF
from diffshape.models.deep_sdf.samples import FamilySamples, Shapes, SidedPool, sample_family
from diffshape.training import Adam, CheckpointFolder, Outcome, Seconds, StepReport, Steps, Task, own_randomness, train
from diffshape.training.device import chosen_device
from diffshape.training.progress import with_progress


class DeepSDFTask(Task):
    """A field with a code for each shape of a pool, and the state of the draws.

    Dropout draws from torch's global generator, which a checkpoint keeps.
    """

    def __init__(self, field: LatentMLP, pool: SidedPool, config: DeepSDFConfig, *, seed: int = 0) -> None:
        self.field, self.pool, self.config = field.train(), pool, config
        self.modules = {"decoder": field.decoder, "codes": nn.ParameterDict({"codes": field.codes})}
        self.generator = torch.Generator().manual_seed(seed)

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on a batch of shapes."""
        config = self.config
        shapes = torch.randperm(len(self.field.codes), generator=self.generator)[: config.batch]
        shapes = shapes.to(self.pool.points.device)
        points, distances = self.pool.draw(shapes, config.points, self.generator)
        codes = self.field.lookup(shapes)
        error = clamped_l1_loss(self.field.decode(points, codes), distances, limit=config.clamp)
        norm = torch.linalg.vector_norm(codes, dim=1).mean()
        ramp = min(1.0, progress / config.code_ramp) if config.code_ramp else 1.0
        return LossTerms(error + config.code_weight * ramp * norm, {"distance": error, "code_norm": norm})

    def state(self) -> dict[str, Tensor]:
        """Where the random draws stand."""
        return {"generator": self.generator.get_state()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take the draws up again."""
        self.generator.set_state(state["generator"])


class DeepSDFResult(NamedTuple):
    """A trained model, and how its training ended."""

    model: DeepSDF
    outcome: Outcome

    __repr__ = one_line
    _repr_png_ = picture_of


@checked
def train_deep_sdf(
    shapes: Shapes | FamilySamples,
    config: DeepSDFConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    device: torch.device | str = "auto",
    checkpoints: CheckpointFolder | None = None,
    resume: bool = False,
    progress: bool | None = None,
    observers: Sequence[Callable[[StepReport], None]] = (),
) -> DeepSDFResult:
    """Learn a family of shapes: one network f, and a code z_i for each shape, found together (an "auto-decoder").

        loss = mean |clamp(f(z_i, x)) - clamp(s_i(x))| + code_weight min(1, progress / code_ramp) mean |z_i|

    over points x about the shapes, half of them inside, with s_i the exact signed distance and clamp to +-0.1. On the
    CPU, the same shapes, settings and ``steps`` give the same bits.

    Args:
        shapes: Closed meshes, placed and oriented alike, as paths, ``trimesh.Trimesh`` or (vertices, faces); or a
            ``data.shape_family``, or a dictionary by names, which errors then call them by. Their sizes are part of
            what is learnt: nothing is scaled to fit. Or what ``sample_family`` made of them, with this config and seed.
        config: ``DeepSDFConfig()`` if ``None``.
        steps, seconds: How long to train, one of them; 2000 steps if neither is given.
        seed: Of points, weights, batches and dropout; torch's global generator stands afterwards where it stood.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        checkpoints: Where the training saves itself; nowhere if ``None``.
        resume: Go on with the training in ``checkpoints`` if there is one; the points are drawn anew from the seed.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Raises:
        ValueError: There is no shape, one has no inside or is no mesh, steps and seconds are both given, or the
            device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Park et al., DeepSDF, CVPR 2019, equations 9 and 10, with the norm of the released code, not its square.

    >>> from diffshape import data, models
    >>> model, outcome = train_deep_sdf(data.shape_family("ellipsoid", 3), models.DeepSDFConfig(samples=500), steps=2)
    >>> model.codes.shape, list(outcome.terms.parts)
    (torch.Size([3, 16]), ['distance', 'code_norm'])
    """
    check_budget("train_deep_sdf", steps=steps, seconds=seconds, seed=seed)
    device = chosen_device(device, argument="train_deep_sdf: device")
    config = config or DeepSDFConfig()
    samples = shapes if isinstance(shapes, FamilySamples) else sample_family(shapes, config, seed=seed)
    pool = SidedPool(*(part.to(device) for part in (samples.pool.points, samples.pool.distances, samples.pool.inside)))
    generator = torch.Generator()
    generator.set_state(samples.generator_state)
    field = LatentMLP(config.network, shapes=len(pool.inside), generator=generator).to(device)
    with (
        with_progress(f"train_deep_sdf on {device}", progress, observers) as heard,
        own_randomness(device, seed=seed),  # for dropout
    ):
        outcome = train(
            DeepSDFTask(field, pool, config, seed=seed),
            budget=Seconds(seconds) if seconds is not None else Steps(STEPS if steps is None else steps),
            optimizer={"decoder": Adam(lr=config.lr), "codes": Adam(lr=config.code_lr)},
            schedule=lambda progress: 0.5 ** int(progress / config.halve),
            checkpoints=checkpoints,
            resume=resume,
            observers=heard,
        )
    return DeepSDFResult(DeepSDF(field.eval(), samples.frame, config), outcome)
