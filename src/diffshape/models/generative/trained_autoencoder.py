"""The autoencoder and the shapes of a finished training, as generators of codes learn from them."""

from pathlib import Path

from diffshape.data import ShapeSet
from diffshape.models.generative.codes_to_learn import CodedShapes, is_autoencoder
from diffshape.models.generative.settings import TrainedAutoencoder
from diffshape.models.load import load
from diffshape.models.trainings import TRAININGS, training_of
from diffshape.training.run_folder import RunFolder


def coded_shapes(data: TrainedAutoencoder, *, seed: int = 0) -> tuple[CodedShapes, CodedShapes]:
    """The autoencoder with the shapes that it learnt from, and with those it was tested on.

    Args:
        data: Run folder of the autoencoder, whose own seed draws the shapes again.
        seed: Not used, as the shapes are those of the autoencoder.

    Raises:
        ValueError: The folder holds no finished training, one whose shapes were given in Python, or one of no
            autoencoder.
        OSError: The shapes cannot be read again.
    """
    autoencoder = load(data.folder)
    run = RunFolder(Path(data.folder))
    kind = run.kind or ""
    if kind not in TRAININGS:
        raise ValueError(f"{data.folder} is not the folder of a training, by its config.yaml")
    training = training_of(kind)
    settings = run.read_settings(training.settings)
    shapes = getattr(settings, "data", None)
    if shapes is None:
        raise ValueError(
            f"the autoencoder in {data.folder} was trained on shapes that are in no file; train the generator in "
            "Python: diffshape.models.train_flow(models.load(folder), shapes)"
        )
    learn, test = training.examples(shapes, seed=settings.seed)
    if not isinstance(learn, ShapeSet) or not is_autoencoder(autoencoder):
        raise ValueError(
            f"{data.folder} is the folder of diffshape {kind}; give that of an autoencoder, such as diffshape train "
            "autoencoder makes"
        )
    return CodedShapes(autoencoder, learn), CodedShapes(autoencoder, test)
