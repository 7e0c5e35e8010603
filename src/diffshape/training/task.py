"""The task of a training loop: modules, a loss, and the state to keep beside them."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape.losses import LossTerms


class Task:
    """Base of what is trained: modules, and a loss of them.

    ``modules`` are trained and saved under their names, which also choose their optimiser settings; a parameter is in
    one only. Parameters that a loss does not reach are left alone in that step, so an adversarial task takes turns: in
    :meth:`loss` it sets ``requires_grad_`` on one network after the other.
    """

    modules: Mapping[str, nn.Module]

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective of update ``step`` (0, 1, ...), made at ``progress`` in [0, 1) of the budget."""
        raise NotImplementedError(f"{type(self).__name__} must define loss(step, progress)")

    @property
    def finished(self) -> bool:
        """Whether nothing is left to learn; training then ends before its budget is spent."""
        return False

    def state(self) -> dict[str, Tensor]:
        """Tensors that a checkpoint keeps beside the modules: sample pools, ``generator.get_state()``..."""
        return {}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore what :meth:`state` gave; the tensors are on the CPU."""


class ExampleTask(Task):
    """Base of tasks that draw batches of examples with a random generator of their own.

    A checkpoint keeps the state of the generator and the mean of each example, so that no run goes on with others.

    Args:
        examples: (N, ...) tensors of the same N examples.
        seed: Seed of the draws.
    """

    def __init__(self, *examples: Tensor, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self._means = torch.stack([each.detach().flatten(1).mean(1, dtype=torch.float32).cpu() for each in examples])

    def state(self) -> dict[str, Tensor]:
        """State of the random generator, and the mean of each example."""
        return {"generator": self.generator.get_state(), "examples": self._means}

    @checked
    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on with the draws from ``state``.

        Raises:
            ValueError: It is not what ``state()`` gave, or that of a task with other examples.
        """
        try:
            means, generator = state["examples"], state["generator"]
            same = means.shape == self._means.shape and torch.allclose(means, self._means, rtol=1e-4, atol=1e-6)
            if same:
                self.generator.set_state(generator)
        except (KeyError, TypeError, IndexError, RuntimeError, AttributeError) as error:
            raise ValueError(f"{type(self).__name__}.load_state: state must be what state() gave: {error}") from error
        if not same:
            raise ValueError(
                f"train: the run was begun with other examples than the {self._means.shape[1]} that were given; "
                "go on with the same data, or begin anew in another folder"
            )


def named_parameters(modules: Mapping[str, nn.Module]) -> dict[str, nn.Parameter]:
    """Every parameter once, as "module/parameter".

    Raises:
        ValueError: There is no parameter, one is in two modules, or a module's name holds a slash.
    """
    if slashed := [name for name in modules if "/" in name]:
        raise ValueError(f"train: a module's name must not hold a slash, got {slashed[0]!r}")
    named = {f"{name}/{key}": p for name, module in modules.items() for key, p in module.named_parameters()}
    if not named:
        raise ValueError(f"train: task.modules has no parameter to train, got modules {sorted(modules)}")
    if len({id(parameter) for parameter in named.values()}) < len(named):
        raise ValueError(f"train: a parameter is in two of the modules {sorted(modules)}; give each to one")
    return named
