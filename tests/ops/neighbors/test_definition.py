"""The reference of neighbour search; the engines are held to it in test_index."""

import torch

from diffshape.ops.neighbors.definition import reference_search


def cloud(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_reference_does_not_depend_on_its_chunks(monkeypatch):
    x, y = cloud(2, 40, 3, seed=0), cloud(2, 30, 3, seed=1)
    whole = reference_search(y, x, 3)
    monkeypatch.setattr("diffshape.ops.neighbors.definition.REFERENCE_PAIRS", 70)
    parts = reference_search(y, x, 3)
    assert torch.equal(parts.indices, whole.indices)
    assert torch.equal(parts.squared_distances, whole.squared_distances)
