import pytest
import torch

from diffshape.fitting.scans.prior import neighbors
from diffshape.fitting.scans.prior.neighbors import NeighborLists


@pytest.mark.parametrize("kept", [0, 1 << 20])
def test_blocks_hold_every_point_once_and_its_nearest_first(monkeypatch, kept):
    monkeypatch.setattr(neighbors, "BLOCK", 30)
    monkeypatch.setattr(neighbors, "KEPT", kept)
    points = torch.rand(100, 3, generator=torch.manual_seed(0))
    lists = NeighborLists(points, 7)
    for _ in range(2):
        rows, nearest = map(torch.cat, zip(*lists.blocks()))
        assert rows.tolist() == list(range(100))
        assert torch.equal(nearest.long(), torch.cdist(points, points).argsort(dim=1)[:, :7])


def test_a_small_cloud_has_as_many_neighbors_as_points():
    lists = NeighborLists(torch.eye(3), 256)
    assert lists.count == 3
    assert next(iter(lists.blocks()))[1].shape == (3, 3)


def test_one_neighbor_is_the_point_itself():
    assert next(iter(NeighborLists(torch.eye(3), 1).blocks()))[1].tolist() == [[0], [1], [2]]
