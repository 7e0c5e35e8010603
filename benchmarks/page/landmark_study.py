"""The section of docs/benchmarks.md on the losses of landmark networks."""

import statistics
from collections.abc import Sequence

from scipy.stats import t as student

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

TEXT = """
## Losses for landmarks

Which loss a landmark network learns best with, by `benchmarks/quality/landmark_study.py`: a U-Net of 620,000 parameters
on drawn lateral spines of 128 x 128 pixels, half of them with one occluder, {steps} steps of 8 images on one thread;
then 200 other images, without and with two occluders. Means over {seeds} seeds and their standard deviation, in pixels
of the image; s is the processor time of a training. "Literal" is MAHT-Net's loss document word for word: its inverted
focal weight, means of different size, absolute cosine and clamped sigma. It does not say how coordinates are read in
training; here by the softmax that ours uses. DARK is the mean error of the peaks of the same maps, which is how that
design reads them once trained. "With structure" adds the anatomical term to our loss; the lines below are with minus
without, seed by seed, and "null" where Student's 95 % interval of the mean holds 0. SDR is the share of landmarks
within so many pixels, order that of neighbouring end-plates the wrong way round, held that of errors within one
predicted deviation (68.3 for true Gaussian ones); all three in percent.
"""
HEAD = ["loss", "images", "occluders", "MRE", "SDR@2", "SDR@4", "order", "held", "DARK", "s"]
OCCLUDERS = (0, 2)


def spread(values: Sequence[float], digits: int = 2, factor: float = 1.0) -> str:
    """Mean and standard deviation over the seeds."""
    values = [factor * value for value in values]
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):.{digits}f} ± {deviation:.{digits}f}"


def landmark_study(rows: Sequence[Row]) -> str:
    """The section: one line for each loss, size of training set and difficulty, and paired differences below."""
    latest = {(row["images"], row["loss"], row["seed"]): row for row in rows}
    rows = [latest[key] for key in sorted(latest, key=lambda key: (-key[0], key[1], key[2]))]
    sizes, losses = (list(dict.fromkeys(row[name] for row in rows)) for name in ("images", "loss"))
    lines = [
        line(loss, images, occluders, [row for row in rows if (row["loss"], row["images"]) == (loss, images)])
        for images in sizes
        for occluders in OCCLUDERS
        for loss in losses
        if any((row["loss"], row["images"]) == (loss, images) for row in rows)
    ]
    pairs = [paired(latest, images, occluders) for images in sizes for occluders in OCCLUDERS]
    steps, seeds = (sorted({row[name] for row in rows}) for name in ("steps", "seed"))
    text = TEXT.format(steps=" or ".join(map(str, steps)), seeds=len(seeds))
    return text + machines(rows) + table(HEAD, lines) + "".join(pairs)


def line(loss: str, images: int, occluders: int, rows: Sequence[Row]) -> list[str]:
    """Means and deviations of one loss."""
    scores = [row[f"occluders_{occluders}"] for row in rows]
    return [
        loss,
        str(images),
        str(occluders),
        spread([score["mre"] for score in scores]),
        *(spread([score["sdr"][t] for score in scores], 1, 100) for t in ("2", "4")),
        spread([score["order"] for score in scores], 2, 100),
        spread([score["within_one_deviation"] for score in scores], 1, 100),
        spread([score["dark_mre"] for score in scores]),
        f"{statistics.fmean(row['cpu_seconds'] for row in rows):.0f}",
    ]


def paired(latest: dict[tuple[int, str, int], Row], images: int, occluders: int) -> str:
    """Change of the mean radial error by the structure term, seed by seed."""
    errors = [
        {seed: row[f"occluders_{occluders}"]["mre"] for (n, name, seed), row in latest.items() if (n, name) == wanted}
        for wanted in ((images, "with structure"), (images, "without structure"))
    ]
    changes = [errors[0][seed] - errors[1][seed] for seed in sorted(errors[0].keys() & errors[1].keys())]
    if len(changes) < 2:
        return ""
    mean, error = statistics.fmean(changes), statistics.stdev(changes) / len(changes) ** 0.5
    reach = float(student.ppf(0.975, len(changes) - 1)) * error
    verdict = "null" if abs(mean) <= reach else "better" if mean < 0 else "worse"
    return (
        f"\nStructure, {images} images, {occluders} occluders: {mean:+.4f} ± {reach:.4f} px, "
        f"{len(changes)} pairs: {verdict}.\n"
    )
