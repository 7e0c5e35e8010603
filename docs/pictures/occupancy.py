"""The pictures and the score of docs/families/occupancy-networks.md; some five minutes on one idle thread.

python docs/pictures/occupancy.py
"""

from pathlib import Path

from diffshape import models
from diffshape.models.occupancy.batches import inputs_of
from diffshape.models.occupancy.training import OCCUPANCY_TRAINING
from diffshape.report import shape_strip

IMAGES = Path(__file__).resolve().parents[1] / "images"
SHOWN, SIZE, RESOLUTION = 4, 180, 96


def main():
    """Train on 800 chairs; draw new ones from 128 of their points, and the way from one to another."""
    learn, test = OCCUPANCY_TRAINING.examples(models.DrawnFamily(family="chair", shapes=800, test_shapes=40))
    result = models.train_occupancy(learn, steps=10_000)
    model = result.model
    print(result, models.score_occupancy(model, test), sep="\n", flush=True)
    codes = model.codes_of(test)
    seen = inputs_of(test[:SHOWN], model.config, by="occupancy")
    pairs = zip(seen, model.decode_codes(codes[:SHOWN], RESOLUTION))
    panels = [panel for cloud, mesh in pairs for panel in (("128 points", cloud), ("decoded", tuple(mesh)))]
    shape_strip(panels, path=IMAGES / "occupancy-decoded.png", size=SIZE, up="y")
    first, last = divmod(int((codes[:, None] - codes).norm(dim=-1).argmax()), len(codes))
    between = model.decode_codes(model.interpolate(codes[first], codes[last], 2 * SHOWN), RESOLUTION)
    captions = ["one chair", *(f"{100 * n // 7} %" for n in range(1, 7)), "another"]
    shapes = [(caption, tuple(mesh)) for caption, mesh in zip(captions, between)]
    shape_strip(shapes, path=IMAGES / "occupancy-interpolation.png", size=SIZE, up="y")


if __name__ == "__main__":
    main()
