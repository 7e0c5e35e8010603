"""Titles and meanings of the numbers in a metrics.json."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple


class Words(NamedTuple):
    """What a number is called, what it is, and which of two is better."""

    title: str
    meaning: str = ""
    better: Literal["less", "more"] | None = None
    """None: neither is better by itself."""


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        # surfaces against the truth, and models of surfaces
        "iou": Words("IoU", "volume of the intersection over that of the union with the true shape; 1 is best", "more"),
        "chamfer": Words("Chamfer distance", "mean distance between the surfaces, both ways", "less"),
        "hausdorff": Words("Hausdorff distance", "largest distance found in either direction", "less"),
        "normal_deg": Words("normals, degrees", "mean angle between the normals of matched points", "less"),
        "f_score": Words("F-score", "harmonic mean of precision and recall, 0 to 1", "more"),
        "normals": Words(
            "normal consistency", "mean |cosine| between the normals of nearest points; 1 is best", "more"
        ),
        "threshold": Words("threshold", "probability from which a point counts as inside, or distance of the F-score"),
        "without_surface": Words("samples without a surface", "they are left out of the scores", "less"),
        # reconstructions of new shapes
        "recalled": Words("training shapes", "Chamfer distance x1e3 from their own codes", "less"),
        "whole": Words("new shapes, from all points", "Chamfer distance x1e3", "less"),
        "half": Words("new shapes, from half the points", "Chamfer distance x1e3", "less"),
        "known": Words("training shapes", "Chamfer distance, mean a^2 + mean b^2, of their reconstructions", "less"),
        "held_out": Words("new shapes", "Chamfer distance, mean a^2 + mean b^2, of their reconstructions", "less"),
        "nearest": Words("nearest training shape", "its distance from each new shape: what remembering alone gives"),
        # several answers to an image
        "best": Words("best answer", "Chamfer distance x1e3 of the nearest of several answers to the truth", "less"),
        "mean": Words("mean answer", "Chamfer distance x1e3 to the truth, mean over the answers", "less"),
        "diversity": Words("diversity", "Chamfer distance x1e3 from one answer to another"),
        # generated sets
        "jsd": Words("Jensen-Shannon divergence", "in bits, between where the points of both sets lie; 0 to 1", "less"),
        "chamfer.mmd": Words("minimum matching distance", "from each test shape to the nearest sample", "less"),
        "chamfer.coverage": Words("coverage", "share of test shapes that are nearest to some sample", "more"),
        "chamfer.accuracy": Words("1-NNA", "1/2: sets of one law; 1: told apart at once; 0: copies"),
        # landmarks
        "error.mean": Words("mean radial error", "distance of a landmark from the truth", "less"),
        "error.median": Words("median radial error", "", "less"),
        "error.deviation": Words("deviation of the radial error"),
        "error.detection_rates": Words("found within", "share of landmarks within this distance of the truth", "more"),
        "violations.order": Words(
            "wrong order", "share of neighbouring end-plates that are the wrong way round", "less"
        ),
        "violations.orientation": Words(
            "wrong orientation", "share of vertebrae whose corners run the wrong way round", "less"
        ),
        "violations.sides": Words("swapped sides", "share of end-plates whose right end is not on the right", "less"),
        "calibration.coverage": Words("errors within deviations", "share within this many predicted deviations"),
        "calibration.expected_calibration_error": Words("ECE", "calibration error of the deviations, 0 to 1", "less"),
        "calibration.normalized_error": Words("ENCE", "relative error of the predicted deviations", "less"),
        "calibration.sharpness": Words("sharpness", "root mean square of the predicted deviations"),
        # scans that were cleaned
        "raw_distance": Words("distance of the scan", "from the true surface, in its noise, or spacings without noise"),
        "distance": Words("distance when cleaned", "from the true surface, in the same unit", "less"),
        "raw_angle": Words("plane normals, degrees", "mean angle of normals of planes through neighbours"),
        "angle": Words("cleaned normals, degrees", "mean angle from the true normals", "less"),
        "found": Words("outliers found", "share of the true outliers that were marked", "more"),
        "marked": Words("good points marked", "share of the good points that were marked", "less"),
        # every run
        "steps": Words("steps", "optimiser steps"),
        "seconds": Words("seconds", "time of the optimiser steps"),
        "faces": Words("faces", "triangles of the surface"),
        "bodies": Words("bodies", "connected parts of the surface"),
        "watertight": Words("watertight", "whether every edge has two faces"),
    }
)
"""Words of the numbers by their names in the file, of which the parts "score" and those of groups are left out."""


def words_of(name: str) -> Words:
    """Words of a number; those of the longest beginning of its name that has some, with the rest of the name after it.

    >>> words_of("error.detection_rates.2.0").title, words_of("something_else.k").title
    ('found within 2', 'something else k')
    """
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        if words := WORDS.get(".".join(parts[:count])):
            rest = ".".join(parts[count:]).removesuffix(".0")
            return words._replace(title=f"{words.title} {rest}".strip())
    return Words(name.replace("_", " ").replace(".", " "))
