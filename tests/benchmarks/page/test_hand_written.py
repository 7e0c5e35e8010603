"""The sections on what is written by hand show where it loses."""

from benchmarks.page.hand_written import hash_perceptron, sines, softplus

MACHINE = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")


def test_the_ratio_is_that_of_autograd_through_the_network():
    times = {"by hand": 4.0, "autograd": 2.0, "autograd, torch's softplus": 3.0}
    row = {"field": "MLP", "points": 1000, "threads": 2, "milliseconds": times, "environment": MACHINE}
    assert "| MLP | 1,000 | 2 | 4.0 | – | **2.0** | 3.0 | – | 0.50 |" in softplus([row])


def test_the_kernel_is_held_to_the_faster_peer():
    times = {"kernel": 4.0, "plain": 6.0, "batched": 2.0}
    row = {"fields": 20, "points": 1000, "threads": 1, "milliseconds": times, "environment": MACHINE}
    assert "| 20 | 1,000 | 1 | 4.0 | 6.0 | **2.0** | 0.50 |" in hash_perceptron([row])


def test_one_pass_is_held_to_autograd():
    times = {"in one pass": 4.0, "autograd": 3.0}
    row = {"network": "4 x 128", "derivative": "Laplacian", "threads": 1, "milliseconds": times, "environment": MACHINE}
    assert "| 4 x 128 | Laplacian | 1 | 4.0 | **3.0** | 0.75 |" in sines([row])
