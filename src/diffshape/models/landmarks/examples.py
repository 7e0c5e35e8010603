"""The images of a landmark training, drawn or read from a folder, to learn from and to be tested on."""

from diffshape._arguments import checked
from diffshape._bounds import LARGEST_RUN_SEED, check_whole
from diffshape.data import LandmarkImages, read_landmark_folder, spine_phantoms, train_test_split
from diffshape.models.landmarks.settings import FolderData, PhantomData


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
