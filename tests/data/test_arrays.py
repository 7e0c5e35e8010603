import numpy as np
import pytest
import torch

from diffshape.data.arrays import host_array, real_rows


def test_takes_tensors_with_gradient_and_integers():
    tensor = torch.ones(2, 3, dtype=torch.float32, requires_grad=True)
    assert real_rows(tensor, name="x").dtype == np.float64
    assert real_rows([[1, 2, 3]], name="x").tolist() == [[1.0, 2.0, 3.0]]


def test_returns_a_copy():
    array = np.zeros((2, 3))
    real_rows(array, name="x")[0, 0] = 5
    assert array[0, 0] == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((4, 2)), r"clouds must have shape \(N, 3\), got \(4, 2\)"),
        (np.zeros(3), r"got \(3,\)"),
        (np.zeros((3, 7)), "transpose it"),
        (np.zeros((4, 3), complex), "real numbers, got complex128"),
        (np.array([["a", "b", "c"]]), "real numbers"),
        ([[1, 2, 3], [1, 2]], "rows of different lengths"),
    ],
)
def test_refuses(values, message):
    with pytest.raises(ValueError, match=message):
        real_rows(values, name="clouds")


def test_masked_places_are_nan():
    masked = np.ma.masked_array([[1, 2, 3], [4, 5, 6]], [[0, 1, 0], [0, 0, 0]])
    assert np.array_equal(real_rows(masked, name="x"), [[1, np.nan, 3], [4, 5, 6]], equal_nan=True)
    assert host_array(np.ma.masked_array([1, 2]), name="x").dtype == np.array([1]).dtype


@pytest.mark.parametrize("tensor", [torch.ones(4, 3, device="meta"), torch.eye(3).to_sparse()])
def test_tensors_without_plain_values_are_named(tensor):
    with pytest.raises(ValueError, match="faces must be a dense tensor with values, got torch"):
        host_array(tensor, name="faces")


def test_host_array_keeps_the_type():
    assert host_array(torch.zeros(2, dtype=torch.int32), name="x").dtype == np.int32
