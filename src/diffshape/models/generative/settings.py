"""Source of the codes that a generator learns: a plain frozen dataclass without torch."""

from dataclasses import dataclass

from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class TrainedAutoencoder:
    """A finished training of an autoencoder; the codes of the shapes that it learnt from are what is learnt."""

    folder: str
    """Path of its run folder."""

    def __post_init__(self) -> None:
        check_settings(self)
