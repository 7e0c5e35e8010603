"""One guarded update: forward, backward, one fused check, Adam.

A loss or gradient that is not finite, or so large that Adam's second moment would overflow, skips the update: weights,
moments and running statistics of normalisation layers never become NaN. The check is the norm of all gradients, read
with the loss in a single transfer; clipping needs the same norm and so costs nothing more.

Adam: Kingma, Ba, ICLR 2015; decoupled weight decay: Loshchilov, Hutter, ICLR 2019.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from diffshape._typed import check_settings
from diffshape.losses import LossTerms
from diffshape.training.parallel import average, processes
from diffshape.training.task import Task, named_parameters

PATIENCE = 10
"""Updates skipped in a row before training stops."""


class TrainingError(RuntimeError):
    """Training cannot go on; the message says at which step, why, and what to try."""


@dataclass(frozen=True)
class Adam:
    """Settings of the optimiser; ``weight_decay`` is decoupled: each step takes ``lr * weight_decay`` off a weight."""

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_settings(self)
        for name, fits, wanted in (
            ("lr", self.lr > 0 and math.isfinite(self.lr), "positive"),
            ("betas", len(self.betas) == 2 and all(0 <= beta < 1 for beta in self.betas), "two numbers in [0, 1)"),
            ("eps", self.eps > 0, "positive"),
            ("weight_decay", self.weight_decay >= 0, "at least 0"),
        ):
            if not fits:
                raise ValueError(f"Adam: {name} must be {wanted}, got {getattr(self, name)}")


class Updater:
    """Adam over named modules with the guard around it; ``skipped`` counts the updates that were not made."""

    def __init__(
        self, modules: Mapping[str, nn.Module], settings: Adam | Mapping[str, Adam], *, clip: float | None = None
    ) -> None:
        if clip is not None and not clip > 0:
            raise ValueError(f"train: clip must be a positive gradient norm or None, got {clip}")
        self.parameters = named_parameters(modules)
        groups = [
            {"params": list(module.parameters()), "rate": chosen.lr, **asdict(chosen)}
            for module, chosen in zip(modules.values(), _settings_of_each(modules, settings))
        ]
        self.optimizer = torch.optim.AdamW(groups, fused=True)
        self.clip = clip
        self.skipped = 0
        self._in_a_row = 0
        self._statistics = [
            buffer
            for module in modules.values()
            for name, buffer in module.named_buffers()
            if name.rpartition(".")[2] in ("running_mean", "running_var")
        ]

    def scale_learning_rate(self, factor: float) -> float:
        """Set every learning rate to ``factor`` times its own; returns that of the first module."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * factor
        return self.optimizer.param_groups[0]["lr"]

    def __call__(self, task: Task, step: int, progress: float) -> LossTerms:
        """Evaluate the loss and update the parameters, or skip; returns the terms, detached.

        Raises:
            ValueError: The loss is not one number or reaches no parameter.
        """
        self.optimizer.zero_grad(set_to_none=True)
        statistics = [buffer.clone() for buffer in self._statistics]
        terms = task.loss(step, progress)
        if terms.total.numel() != 1 or not terms.total.requires_grad:
            raise ValueError(
                f"train: the loss at step {step + 1} must be one number that depends on the trained parameters, "
                f"got shape {tuple(terms.total.shape)}, requires_grad={terms.total.requires_grad}"
            )
        terms.backward()
        average([p.grad for p in self.parameters.values() if p.grad is not None])
        terms = LossTerms(terms.total.detach(), terms.parts)
        if processes().count > 1:
            terms = LossTerms(terms.total.clone(), {name: part.clone() for name, part in terms.parts.items()})
            average([terms.total, *terms.parts.values()])
        if self._is_safe(terms.total):
            self.optimizer.step()
            self._in_a_row = 0
        else:
            self.skipped += 1
            self._in_a_row += 1
            for buffer, kept in zip(self._statistics, statistics):
                buffer.copy_(kept)
        return terms

    def _is_safe(self, total: Tensor) -> bool:
        """Whether loss and squared gradient norm are finite; clips on the way."""
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        if not gradients:
            raise ValueError("train: the loss reaches no parameter of task.modules; was it made from detached values?")
        norms = [norm.to(total) for norm in torch._foreach_norm(gradients)]
        norm = torch.linalg.vector_norm(torch.stack(norms))
        loss, size, squared = torch.stack([total.detach().reshape(()), norm, norm.square()]).tolist()
        safe = math.isfinite(loss) and math.isfinite(squared)
        if safe and self.clip is not None and size > self.clip:
            torch._foreach_mul_(gradients, self.clip / size)
        return safe

    @property
    def is_stuck(self) -> bool:
        """Whether the last ``PATIENCE`` updates were all skipped."""
        return self._in_a_row >= PATIENCE

    def error(self, terms: LossTerms, step: int) -> TrainingError:
        """The error of a training that is stuck after ``step`` steps, of which the last gave ``terms``."""
        good = step - self._in_a_row
        rate = self.optimizer.param_groups[0]["lr"]
        return TrainingError(
            f"train: {self._in_a_row} updates in a row were not finite, steps {good + 1} to {step}: "
            f"{self._culprit(terms)}. The weights are those of step {good}. Look for NaN or coincident points in "
            f"the input, or try a lower learning rate (now {rate:.3g}) or gradient clipping (now {self.clip})"
        )

    def _culprit(self, terms: LossTerms) -> str:
        values = {name: part.item() for name, part in terms.parts.items()}
        broken = [f"{name!r} = {value}" for name, value in values.items() if not math.isfinite(value)]
        if broken:
            return f"the loss has {', '.join(broken)}"
        if not math.isfinite(terms.total.item()):
            return f"the loss is {terms.total.item()} although each of its parts is finite"
        gradients = {name: p.grad for name, p in self.parameters.items() if p.grad is not None}
        broken = [name for name, gradient in gradients.items() if not gradient.square().sum().isfinite()]
        return f"the loss is finite, its gradient is not or overflows in {', '.join(broken[:3]) or 'all together'}"

    def state(self) -> dict[str, Tensor]:
        """The moments and step counts of Adam, as "module/parameter/moment"."""
        states = ((name, self.optimizer.state.get(p, {})) for name, p in self.parameters.items())
        return {f"{name}/{moment}": value for name, state in states for moment, value in state.items()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state` gave.

        Raises:
            ValueError: It belongs to other parameters.
        """
        for key, value in state.items():
            name, _, moment = key.rpartition("/")
            parameter = self.parameters.get(name)
            if parameter is None or value.shape not in (parameter.shape, torch.Size([])):
                raise ValueError(
                    f"train: the checkpoint's {key!r} of shape {tuple(value.shape)} fits no parameter here"
                )
            self.optimizer.state[parameter][moment] = value.to(parameter.device, copy=True)


def _settings_of_each(modules: Mapping[str, nn.Module], settings: Adam | Mapping[str, Adam]) -> list[Adam]:
    if isinstance(settings, Adam):
        return [settings] * len(modules)
    if set(settings) != set(modules):
        raise ValueError(f"train: optimizer must name the modules {sorted(modules)}, got {sorted(settings)}")
    return [settings[name] for name in modules]
