from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from box_clouds import box_clouds
from diffshape.cli.train.set_score import score_samples
from diffshape.data import Mesh, icosphere

LEARN, TEST = box_clouds(6, 50), box_clouds(4, 50, seed=1)
NOTHING = Mesh(np.zeros((0, 3)), np.zeros((0, 3), int))


def scored(made):
    model = SimpleNamespace(sample=lambda count, seed: made)
    return score_samples(Path(), model, SimpleNamespace(seed=0), LEARN, TEST)


def test_samples_and_training_shapes_have_a_row_each():
    text, facts = scored(TEST.points)
    assert [line.partition(" against")[0] for line in text.splitlines()] == ["samples", "training shapes"]
    assert facts["without_surface"] == 0
    assert facts["score"]["samples"]["chamfer"]["mmd"] == 0  # copies of the test shapes
    assert facts["score"]["training_shapes"]["chamfer"]["mmd"] > 0


def test_meshes_without_a_surface_are_counted_and_left_out():
    ball = Mesh(*icosphere(1))
    text, facts = scored([ball, NOTHING, ball, NOTHING])
    assert "2 of 4 samples have no surface" in text
    assert (facts["without_surface"], facts["score"]["samples"]["samples"]) == (2, 2)
    text, facts = scored([NOTHING] * 4)
    assert "4 of 4 samples have no surface" in text
    assert set(facts["score"]) == {"training_shapes"}


def test_the_seed_is_that_of_the_training():
    heard = []
    model = SimpleNamespace(sample=lambda count, seed: heard.append((count, seed)) or torch.rand(count, 20, 3))
    score_samples(Path(), model, SimpleNamespace(seed=7), LEARN, TEST)
    assert heard == [(4, 7)]
