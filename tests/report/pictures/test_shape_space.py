import numpy as np
import pytest

from diffshape.data import shape_family
from diffshape.models import DeepSDFConfig, find_codes, train_deep_sdf
from diffshape.report import completion_strip, interpolation_strip, shape_strip
from diffshape.report.pictures.gallery import GAP

SIZE = 140


@pytest.fixture(scope="module")
def model():
    """Of a small ball, a larger one and one between, learnt for seconds."""
    vertices, faces = shape_family("ellipsoid", 1).meshes(2)
    balls = [(scale * vertices[0], faces) for scale in (0.5, 1.0, 0.75)]
    return train_deep_sdf(balls, DeepSDFConfig(points=128, samples=2000), steps=150).model


def widths(image):
    """Pixels across the shape in each panel: background and shadow have no colour."""
    panels = [image[GAP : GAP + SIZE, left : left + SIZE] for left in range(GAP, image.shape[1], SIZE + GAP)]
    return [int((np.ptp(panel.astype(int), axis=-1) > 12).any(0).sum()) for panel in panels]


def test_shapes_grow_from_one_end_to_the_other(model, tmp_path):
    image = interpolation_strip(model, path=tmp_path / "strip.png", resolution=24, size=SIZE)
    across = widths(image)
    assert len(across) == 6
    assert across in (sorted(across), sorted(across, reverse=True))
    assert max(across) > 1.5 * min(across) > 0
    assert (tmp_path / "strip.png").read_bytes().startswith(b"\x89PNG")


def test_a_completion_shows_truth_points_and_surface(model, tmp_path):
    vertices, faces = shape_family("ellipsoid", 1).meshes(2)
    truth = (0.9 * vertices[0], faces)
    found = find_codes(model, [truth], observed=400, steps=20)
    seen = type(found.seen)(*(part[0] for part in found.seen))
    path = tmp_path / "completion.png"
    image = completion_strip(model, truth, seen, found.half[0], near=0.02, path=path, resolution=24, size=SIZE)
    near = seen.points[seen.distances.abs() < 0.02]
    assert 0 < len(near) < len(seen.points)
    panels = [("true", truth), ("seen points", near), ("completed", tuple(model.mesh(found.half[0], 24)))]
    assert np.array_equal(image, shape_strip(panels, up="z", azimuth=-65.0, elevation=35.0, size=SIZE))
    assert path.is_file()
