"""The pictures and the numbers of docs/learn-a-family.md; some ten minutes on one thread.

python docs/pictures/deep_sdf.py
"""

from pathlib import Path

from diffshape import data, models
from diffshape.report import completion_strip, interpolation_strip

IMAGES = Path(__file__).resolve().parents[1] / "images"
SHAPES, HELD_OUT = 16, 8


def mean(numbers):
    """To a tenth."""
    return f"{sum(numbers) / len(numbers):.1f}"


def main():
    """A row of the table for each family."""
    for name in ("rounded_box", "torus", "ellipsoid"):
        settings = models.DrawnShapes(family=name, shapes=SHAPES, test_shapes=HELD_OUT)
        known, held_out = (list(shapes.values()) for shapes in models.deep_sdf_shapes(settings))
        result = models.train_deep_sdf(known)
        model = result.model
        found = models.find_codes(model, held_out)
        if name == "rounded_box":
            interpolation_strip(model, path=IMAGES / "deep-sdf-interpolation.png")
        if name == "torus":
            seen = data.DistanceSamples(*(part[0] for part in found.seen))
            path = IMAGES / "deep-sdf-completion.png"
            completion_strip(model, held_out[0], seen, found.half[0], near=0.01, path=path)
        score = models.score_deep_sdf(model, known, held_out, found)
        means = [mean(numbers) for numbers in (score.recalled, score.whole, score.half, score.nearest)]
        print(f"| {' | '.join([name, *means, f'{result.seconds:.0f} s'])} |", flush=True)


if __name__ == "__main__":
    main()
