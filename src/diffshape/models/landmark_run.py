"""The folder of a landmark training: settings as YAML, weights as safetensors, a log; nothing that is executed.

config.yaml          the settings, complete and versioned
log.csv              loss and parts along the way
checkpoints/         enough to resume to the same bits
network.safetensors  the final weights, and the number of landmarks
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from diffshape.data import LandmarkImages, atomic_path, read_landmark_folder, skeleton_of, spine_phantoms
from diffshape.models.landmark_config import FolderData, LandmarkSettings, LandmarkTransformerConfig, PhantomData
from diffshape.models.landmark_detector import LandmarkDetector
from diffshape.training import CheckpointFolder, Seconds, write_tensors


@dataclass(frozen=True)
class LandmarkRun:
    """A landmark training on disk."""

    path: Path

    @property
    def checkpoints(self) -> CheckpointFolder:
        """Where the training saves itself."""
        return CheckpointFolder(self.path / "checkpoints", every=Seconds(20))

    @property
    def log(self) -> Path:
        """The CSV log."""
        return self.path / "log.csv"

    def begin(self, settings: LandmarkSettings) -> None:
        """Write the settings.

        Raises:
            ValueError: The folder already holds a run.
        """
        config = self.path / "config.yaml"
        if config.is_file():
            raise ValueError(f"{self.path} already holds a run; resume it, or choose another folder")
        with atomic_path(config) as temporary:
            temporary.write_text(yaml.safe_dump(settings.to_dict(), sort_keys=False))

    def settings(self) -> LandmarkSettings:
        """What ``begin`` wrote.

        Raises:
            ValueError: This is not the folder of a landmark training, or its settings are damaged.
        """
        config = self.path / "config.yaml"
        if not config.is_file():
            raise ValueError(f"{self.path} is not the folder of a landmark training: it has no config.yaml")
        try:
            plain = yaml.safe_load(config.read_text(encoding="utf-8"))
            if not isinstance(plain, dict):
                raise ValueError("it holds no settings")
            return LandmarkSettings.from_dict(plain)
        except (TypeError, ValueError, yaml.YAMLError) as error:
            raise ValueError(f"{config} is not the config.yaml of a landmark training: {error}") from error

    def save(self, detector: LandmarkDetector, step: int) -> None:
        """Write the weights."""
        header = {"step": str(step), "landmarks": str(detector.skeleton.count)}
        write_tensors(self._weights, detector.state_dict(), header)

    def load(self) -> LandmarkDetector:
        """The trained detector, on the CPU.

        Raises:
            ValueError: There are no final weights, or they are not those of the settings.
        """
        settings = self.settings()
        try:
            with safe_open(self._weights, framework="pt") as file:
                count = int((file.metadata() or {})["landmarks"])
            network = settings.network
            if isinstance(network, LandmarkTransformerConfig):
                network = replace(network, pretrained=False)  # all weights are in the file
            detector = LandmarkDetector(skeleton_of(count), network, settings.objective)
            detector.load_state_dict(load_file(self._weights))
        except FileNotFoundError as error:
            raise ValueError(f"the training in {self.path} is not finished: it has no network.safetensors") from error
        except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
            raise ValueError(f"the weights {self._weights} cannot be read: {error}") from error
        return detector.eval()

    @property
    def _weights(self) -> Path:
        return self.path / "network.safetensors"


def load_landmark_detector(folder: str | Path) -> LandmarkDetector:
    """The detector that ``diffshape train landmarks`` left in a folder, ready to ``detect``.

    Raises:
        ValueError: It is not the folder of a finished landmark training, or damaged.
    """
    return LandmarkRun(Path(folder)).load()


def landmark_data(data: PhantomData | FolderData, *, seed: int = 0) -> tuple[LandmarkImages, LandmarkImages]:
    """Images to learn from, and others to be tested on; the seed draws the phantoms, or who is held out.

    Raises:
        ValueError, OSError: As ``data.read_landmark_folder``; or a folder has fewer than two images.
    """
    if isinstance(data, PhantomData):
        return (
            spine_phantoms(data.images, data.phantom, seed=2 * seed),
            spine_phantoms(data.test_images, data.phantom, seed=2 * seed + 1),
        )
    images = read_landmark_folder(data.folder, size=data.size, spacing=data.spacing)
    if len(images) < 2:
        raise ValueError(f"{data.folder}: one image is too few to learn from and be tested on; give at least two")
    held_out = min(max(1, round(data.holdout * len(images))), len(images) - 1)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    return images[order[held_out:]], images[order[:held_out]]
