"""The section on generators of clouds has both distances of each, and the last row of a generator counts; and what the
autoencoders do by themselves."""

from benchmarks.page.point_generators import point_generators


def row(generator, seconds, accuracy):
    machine = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")
    errors = {"mmd_error": 0.0002, "coverage_error": 0.07, "accuracy_error": 0.05}
    nearest = {"mmd": 0.0051, "coverage": 0.5, "accuracy": accuracy, **errors}
    score = {"jsd": 0.25, "chamfer": nearest, "earth_mover": {**nearest, "mmd": 0.1}}
    sizes = {"test": 50, "points": 128, "family": "lamp", "shapes": 200}
    return {"generator": generator, "seconds": seconds, **sizes, "score": score, "environment": machine}


def test_a_line_for_each_generator():
    text = point_generators([row("real", 0.0, 0.5), row("flow", 8.4, 0.9), row("flow", 8.6, 0.75)])
    assert (
        "| real | – | 0.250 | 5.1 ± 0.2 | 0.50 ± 0.07 | 0.50 ± 0.05 | 100.0 ± 0.2 | 0.50 ± 0.07 | 0.50 ± 0.05 |" in text
    )
    assert (
        "| flow | 9 | 0.250 | 5.1 ± 0.2 | 0.50 ± 0.07 | 0.75 ± 0.05 | 100.0 ± 0.2 | 0.50 ± 0.07 | 0.75 ± 0.05 |" in text
    )
    assert "0.90" not in text


def test_an_autoencoder_has_its_distances_beside_those_of_the_nearest_shapes():
    autoencoder = row("reconstructed (chamfer)", 4.0, 0.5) | {"distances": {"held_out": 0.00612, "nearest": 0.00754}}
    text = point_generators([row("real", 0.0, 0.5), autoencoder])
    assert "\n\n| autoencoder | reconstructed | nearest |\n" in text
    assert "| chamfer | 6.12 | 7.54 |" in text
    assert "| real | 6" not in text
