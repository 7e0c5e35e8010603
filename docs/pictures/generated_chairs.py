"""The picture of docs/families/generate-shapes.md: chairs that a flow on codes of clouds draws; it takes minutes.

python docs/pictures/generated_chairs.py
"""

from pathlib import Path

from diffshape import data, metrics, models
from diffshape.report import shape_strip

IMAGES = Path(__file__).resolve().parents[1] / "images"
CHAIRS, TESTED, SHOWN, SIZE = 800, 100, 12, 150


def main() -> None:
    """Train the autoencoder and the flow, score the flow's samples, and draw some."""
    learn, test = (
        data.draw_shapes("chair", count, seed=seed, points=2048, volume_points=None, near_points=None)
        for count, seed in ((CHAIRS, 0), (TESTED, 1))
    )
    autoencoder = models.train_autoencoder(learn).model
    print(models.score_autoencoder(autoencoder, learn[:TESTED], test), flush=True)
    flow = models.train_flow(autoencoder, learn).model
    made = flow.sample(TESTED)
    for name, clouds in (("samples", made), ("learnt chairs", learn[:TESTED].points)):
        print(name, metrics.compare_sets(clouds, test.points, distances=["chamfer"], points=512), flush=True)
    shapes = [(f"sample {number}", cloud) for number, cloud in enumerate(made[:SHOWN])]
    shape_strip(shapes, path=IMAGES / "generated-chairs.png", columns=SHOWN // 2, size=SIZE, up="y")


if __name__ == "__main__":
    main()
