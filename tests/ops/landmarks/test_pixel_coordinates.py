import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.ops import denormalize_landmarks, normalize_landmarks, resize_landmarks


def test_hand_values():
    point = torch.tensor([3.0, 2.0], dtype=torch.float64)
    assert normalize_landmarks(point, (5, 5)).tolist() == pytest.approx([0.4, 0])
    assert normalize_landmarks(point, (5, 5), align_corners=True).tolist() == pytest.approx([0.5, 0])
    edges = torch.tensor([[-0.5, -0.5], [7.5, 3.5]], dtype=torch.float64)
    assert normalize_landmarks(edges, (4, 8)).tolist() == [[-1, -1], [1, 1]]


@given(
    x=st.floats(-20, 20),
    y=st.floats(-20, 20),
    height=st.integers(2, 50),
    width=st.integers(2, 50),
    corners=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_there_and_back(x, y, height, width, corners):
    point, size = torch.tensor([x, y], dtype=torch.float64), (height, width)
    there = normalize_landmarks(point, size, align_corners=corners)
    torch.testing.assert_close(denormalize_landmarks(there, size, align_corners=corners), point)
    assert torch.autograd.gradcheck(lambda p: normalize_landmarks(p, size), point.requires_grad_())


@pytest.mark.parametrize("align_corners", [False, True])
def test_agrees_with_grid_sample(align_corners):
    """An image of its own columns, sampled at a landmark, gives x."""
    image = torch.arange(8.0).expand(1, 1, 6, 8)
    points = torch.tensor([[[[2.25, 3.0], [6.5, 1.5]]]])
    grid = normalize_landmarks(points, (6, 8), align_corners=align_corners)
    found = torch.nn.functional.grid_sample(image, grid, align_corners=align_corners)
    torch.testing.assert_close(found.flatten(), points[..., 0].flatten())


def test_resizing_keeps_pixel_centres():
    """The centre of pixel 0 of a map of stride 4 is 1.5 pixels into the image, not 0."""
    assert resize_landmarks(torch.zeros(2), 4.0).tolist() == [1.5, 1.5]
    points = torch.rand(5, 2, dtype=torch.float64)
    torch.testing.assert_close(resize_landmarks(resize_landmarks(points, 4.0), 0.25), points)
    torch.testing.assert_close(
        normalize_landmarks(resize_landmarks(points, 4), (40, 80)), normalize_landmarks(points, (10, 20))
    )


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"normalize_landmarks: landmarks must be floating point, shape \(\.\.\., 2\)"):
        normalize_landmarks(torch.zeros(3), (5, 5))
    with pytest.raises(ValueError, match="denormalize_landmarks: landmarks must be"):
        denormalize_landmarks(torch.zeros(2).long(), (5, 5))
    with pytest.raises(ValueError, match="size must be at least 2 pixels a side"):
        normalize_landmarks(torch.zeros(2), (1, 5), align_corners=True)
    with pytest.raises(ValueError, match="scale must be positive"):
        resize_landmarks(torch.zeros(2), 0)
