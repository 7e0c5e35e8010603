"""What a signature says about its arguments: unions, tuples, and masks of points."""

import pytest
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape.ops import PackedFaces
from diffshape.ops.checks import checked, require_mask

POINTS, FACES = torch.zeros(4, 3), torch.tensor([[0, 1, 2]])


@checked
def call(
    faces: Int[Tensor, "f 3"] | PackedFaces = FACES,
    target: Float[Tensor, "*b"] | float | None = None,
    pair: tuple[Float[Tensor, "v 3"], Int[Tensor, "f 3"]] = (POINTS, FACES),
    sizes: tuple[int, ...] = (1, 2, 3),
) -> str:
    return "taken"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"faces": PackedFaces(FACES, (4,), (1,)), "target": 2},
        {"target": POINTS, "pair": [POINTS, FACES.int()], "sizes": []},
    ],
)
def test_what_fits_is_taken(arguments):
    assert call(**arguments) == "taken"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"faces": [[0, 1, 2]]}, TypeError, r"faces must be a torch\.Tensor or of the type PackedFaces, got list$"),
        ({"faces": POINTS}, ValueError, r"faces must be integers, shape \(F, 3\), got torch.float32, \(4, 3\)$"),
        (
            {"faces": FACES.numpy()},
            TypeError,
            r"faces must be a torch.Tensor or .* PackedFaces, got ndarray; torch\.from_numpy makes one$",
        ),
        ({"target": "far"}, TypeError, r"target must be a torch\.Tensor or a number, got 'far'$"),
        ({"pair": POINTS}, TypeError, r"pair must be a tuple or list, got Tensor$"),
        ({"pair": (POINTS,)}, ValueError, r"pair must be 2 values, got 1$"),
        ({"pair": (POINTS, POINTS)}, ValueError, r"pair must be a tuple or list whose item 1 is integers, .*float32"),
        ({"pair": (FACES, FACES)}, ValueError, r"pair must be a tuple or list whose item 0 is floating point, .*int64"),
        ({"sizes": (1, 2.5)}, TypeError, r"sizes must be a tuple or list whose item 1 is a whole number, got 2\.5$"),
    ],
)
def test_the_sentence_says_what_would_fit(arguments, error, message):
    with pytest.raises(error, match=f"^call: {message}"):
        call(**arguments)


@pytest.mark.parametrize("mask", [torch.ones(4), torch.ones(3, dtype=torch.bool), torch.ones(1, 4, dtype=torch.bool)])
def test_masks_have_one_truth_a_point(mask):
    require_mask("f", "mask", torch.ones(4, dtype=torch.bool), POINTS)
    require_mask("f", "mask", None, POINTS)
    with pytest.raises(ValueError, match=r"^f: mask must be boolean with shape \(4,\), got torch\.\w+ with shape \("):
        require_mask("f", "mask", mask, POINTS)
