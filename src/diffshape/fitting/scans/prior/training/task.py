"""The task of a training of the scan prior."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor, nn

from diffshape.fitting.scans.prior.clean import Cleaned, clean_cloud
from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.fitting.scans.prior.training.drawn_crops import DrawnCrop
from diffshape.losses import LossTerms
from diffshape.training.checkpoint import write_tensors
from diffshape.training.models.task import ModelTask
from diffshape.training.schedule import Schedule, WarmupCosine
from diffshape.training.update import Adam


class ScanPrior(nn.Module):
    """A stand-in for the networks of the prior."""

    def __init__(self, config: PriorConfig) -> None:
        super().__init__()
        self.config = config
        self.layer = nn.Linear(3, 1)

    def save(self, folder: str | PathLike[str]) -> None:
        """Write the weights to a folder, which is made if it is missing.

        Raises:
            OSError: The folder cannot be written.
        """
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        header = {"config": json.dumps(asdict(self.config))}
        write_tensors(path / "model.safetensors", self.state_dict(), header)


def cleaned(prior: ScanPrior, points: Tensor) -> Cleaned:
    """The points of a scan as a prior cleans them: a stand-in, which does not ask the prior."""
    return clean_cloud(points, noise=None, device=next(prior.parameters()).device)


class ScanPriorTask(ModelTask[ScanPrior]):
    """Training of a prior on crops of drawn scans."""

    def __init__(self, prior: ScanPrior, crops: Sequence[DrawnCrop], *, seed: int) -> None:
        super().__init__(torch.stack([crop.points.mean(dim=0) for crop in crops]), seed=seed)
        self.prior, self.crops = prior, crops
        self.modules = {"prior": prior.train()}

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on points of one crop."""
        crop = self.crops[int(torch.randint(len(self.crops), (), generator=self.generator))]
        drawn = torch.randint(len(crop.points), (self.prior.config.batch,), generator=self.generator)
        points = crop.points[drawn].to(self.prior.layer.weight)
        error = (self.prior.layer(points)[:, 0] - points.norm(dim=1)).abs().mean()
        return LossTerms(error, {"point": error})

    def optimizer(self) -> Adam:
        """Adam with a little weight decay."""
        return Adam(lr=self.prior.config.lr, weight_decay=1e-4)

    def schedule(self) -> Schedule:
        """A short warm-up, then half a cosine down to 0."""
        return WarmupCosine()

    def trained(self) -> ScanPrior:
        """The prior as it stands."""
        return self.prior.eval()
