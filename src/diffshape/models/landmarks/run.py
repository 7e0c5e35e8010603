"""The folder of a landmark training: that of any training, and the final network; nothing in it is executed.

network.safetensors  the final weights, and the number of landmarks
"""

from dataclasses import replace
from pathlib import Path

from diffshape._arguments import checked
from diffshape._bounds import LARGEST_RUN_SEED, check_whole
from diffshape._sized_for import SizedFor
from diffshape._tensor_files import read_tensors
from diffshape.data import LandmarkImages, read_landmark_folder, skeleton_of, spine_phantoms, train_test_split
from diffshape.models.landmarks.config import FolderData, LandmarkSettings, LandmarkTransformerConfig, PhantomData
from diffshape.models.landmarks.detector import LandmarkDetector
from diffshape.training import write_tensors
from diffshape.training.run_folder import RunFolder


class LandmarkRun(RunFolder):
    """A landmark training on disk."""

    def save(self, detector: LandmarkDetector, step: int) -> None:
        """Write the weights."""
        header = {"step": str(step), "landmarks": str(detector.skeleton.count)}
        write_tensors(self._weights, detector.state_dict(), header)

    def load(self) -> LandmarkDetector:
        """The trained detector, on the CPU.

        Raises:
            ValueError: There are no final weights, or they are not those of the settings.
        """
        settings = self.read_settings(LandmarkSettings)
        try:
            header, tensors = read_tensors(self._weights)
            network = settings.network
            if isinstance(network, LandmarkTransformerConfig):
                network = replace(network, pretrained=False)  # all weights are in the file
            with SizedFor(tensors.values()):
                detector = LandmarkDetector(skeleton_of(int(header["landmarks"])), network, settings.objective)
            detector.load_state_dict(tensors)
        except FileNotFoundError as error:
            raise ValueError(f"the training in {self.path} is not finished: it has no network.safetensors") from error
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            raise ValueError(
                f"the weights {self._weights} cannot be read: {error}; remove the file and take those of the newest "
                f"checkpoint: diffshape train landmarks --resume {self.path}"
            ) from error
        return detector.eval()

    @property
    def _weights(self) -> Path:
        return self.path / "network.safetensors"


@checked
def load_landmark_detector(folder: str | Path) -> LandmarkDetector:
    """The detector that ``diffshape train landmarks`` left in a folder, ready to ``detect``.

    Raises:
        ValueError: It is not the folder of a finished landmark training, or damaged.
    """
    return LandmarkRun(Path(folder)).load()


@checked
def landmark_data(data: PhantomData | FolderData, *, seed: int = 0) -> tuple[LandmarkImages, LandmarkImages]:
    """Images to learn from, and others to be tested on; the seed draws the phantoms, or who is held out.

    Raises:
        ValueError, OSError: As ``data.read_landmark_folder``; or a folder has fewer than two images.
    """
    check_whole("landmark_data: seed", seed, 0, LARGEST_RUN_SEED)
    if isinstance(data, PhantomData):
        return (
            spine_phantoms(data.images, data.phantom, seed=2 * seed),
            spine_phantoms(data.test_images, data.phantom, seed=2 * seed + 1),
        )
    images = read_landmark_folder(data.folder, size=data.size, spacing=data.spacing)
    if len(images) < 2:
        raise ValueError(f"{data.folder}: one image is too few to learn from and be tested on; give at least two")
    learn, test = train_test_split(len(images), data.holdout, seed=seed)
    return images[learn], images[test]
