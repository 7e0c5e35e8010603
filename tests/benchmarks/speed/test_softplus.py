"""The ways that are timed do the same."""

import pytest
import torch

from benchmarks.speed.softplus import FIELD_WAYS, GRID_WAYS, base_way, step, torch_softplus
from benchmarks.ways import disturb, largest_difference
from diffshape.fields import MLP, HashGrid, softplus_derivatives


@pytest.mark.parametrize(
    ("field", "ways"),
    [(HashGrid(levels=2, base=4, finest=8), GRID_WAYS), (MLP(hidden_layers=2, width=16, skip=()), FIELD_WAYS)],
    ids=["HashGrid", "MLP"],
)
def test_every_way_has_the_gradients_of_the_pass_by_hand(field, ways):
    disturb(field)
    points = torch.rand(200, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1  # some beyond the grid's box
    by_hand = step(ways["by hand"], field, points)
    assert all(gradient.abs().max() > 0 for gradient in by_hand)
    for name, way in ways.items():
        assert largest_difference(by_hand, step(way, field, points)) < 1e-4, name


def test_torch_softplus_takes_the_place_of_the_library_s_for_a_call(monkeypatch):
    calls, original, own = [], torch.nn.functional.softplus, softplus_derivatives.softplus
    monkeypatch.setattr(torch.nn.functional, "softplus", lambda u: calls.append(u) or original(u))
    torch_softplus(base_way)(MLP(hidden_layers=1, width=4, skip=()), torch.zeros(2, 3))
    assert len(calls) == 1
    assert softplus_derivatives.softplus is own
