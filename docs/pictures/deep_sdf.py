"""The pictures and the numbers of docs/learn-a-family.md; some ten minutes on one thread.

python docs/pictures/deep_sdf.py
"""

from pathlib import Path

from diffshape import data, models
from diffshape.report import completion_strip, interpolation_strip

IMAGES = Path(__file__).resolve().parents[1] / "images"
HELD_OUT = 8
FAMILIES = {"rounded_box": (16, 2000), "torus": (16, 2000), "ellipsoid": (16, 2000), "chair": (64, 6000)}
"""Shapes to learn from, and steps."""
INTERPOLATIONS = {"rounded_box": "deep-sdf-interpolation.png", "chair": "deep-sdf-chairs.png"}
COMPLETIONS = {"torus": "deep-sdf-completion.png", "chair": "deep-sdf-chair-completion.png"}
NEAR = 0.02
"""Distance from the surface up to which a seen point is shown, in the frame of the family."""


def mean(numbers):
    """To a tenth."""
    return f"{sum(numbers) / len(numbers):.1f}"


def main():
    """A row of the table for each family."""
    for name, (shapes, steps) in FAMILIES.items():
        settings = models.DrawnShapes(family=name, shapes=shapes, test_shapes=HELD_OUT)
        known, held_out = (list(part.values()) for part in models.deep_sdf_shapes(settings))
        result = models.train_deep_sdf(known, steps=steps)
        model = result.model
        found = models.find_codes(model, held_out)
        up = "y" if name == "chair" else "z"
        if name in INTERPOLATIONS:
            interpolation_strip(model, path=IMAGES / INTERPOLATIONS[name], up=up)
        if name in COMPLETIONS:
            seen, near = data.DistanceSamples(*(part[0] for part in found.seen)), NEAR * model.frame.scale
            completion_strip(model, held_out[0], seen, found.half[0], near=near, path=IMAGES / COMPLETIONS[name], up=up)
        score = models.score_deep_sdf(model, known, held_out, found)
        means = [mean(numbers) for numbers in (score.recalled, score.whole, score.half, score.nearest)]
        print(f"| {' | '.join([name, *means, f'{result.seconds:.0f} s'])} |", flush=True)


if __name__ == "__main__":
    main()
