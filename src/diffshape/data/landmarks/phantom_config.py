"""Settings of the spine phantom, readable without torch."""

from dataclasses import dataclass
from typing import Literal

from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class SpinePhantomConfig:
    """A drawn lumbar radiograph from T12 to S1; landmarks are those of L1 to L5, and from the side S1's end-plate."""

    view: Literal["ap", "lateral"] = "lateral"
    """View from the front (20 landmarks) or from the side, facing left (22 landmarks)."""
    height: int = 128
    """Height of an image in pixels."""
    width: int = 128
    """Width of an image in pixels."""
    body_height: tuple[float, float] = (0.088, 0.108)
    """Least and largest height of L1, as a share of the image's height: the scale of the picture."""
    rotation: float = 8.0
    """Largest tilt of the whole spine, degrees to either side."""
    occluders: int = 0
    """Opaque discs on random lumbar levels, each about a vertebra wide."""
    missing: int = 0
    """Most lumbar levels, at the upper or the lower end, that lie behind a shutter and are masked; 0 to 3."""
    slip: float = 0.0
    """Share of images with a spondylolisthesis of 25 to 50 % at L4 or L5; from the side only."""
    noise: float = 0.05
    """Standard deviation of the noise in each pixel; a body is 0.16 to 0.26 brighter than its surroundings."""

    def __post_init__(self) -> None:
        check_settings(self)
        low, high = self.body_height
        for name, fits, wanted in (
            ("view", self.view in ("ap", "lateral"), "'ap' or 'lateral'"),
            ("height", self.height >= 32, "at least 32"),
            ("width", self.width >= 32, "at least 32"),
            ("body_height", 0 < low <= high <= 0.13, "two shares of the height, in order, at most 0.13"),
            ("rotation", 0 <= self.rotation <= 45, "0 to 45 degrees"),
            ("occluders", self.occluders >= 0, "0 or more"),
            ("missing", 0 <= self.missing <= 3, "0 to 3"),
            ("slip", 0 <= self.slip <= 1, "a share, 0 to 1"),
            ("noise", self.noise >= 0, "0 or more"),
        ):
            if not fits:
                raise ValueError(f"SpinePhantomConfig: {name} must be {wanted}, got {getattr(self, name)!r}")
        if self.slip > 0 and self.view == "ap":
            raise ValueError(
                f"SpinePhantomConfig: slip must be 0 with view 'ap', which cannot show it, got {self.slip}"
            )
