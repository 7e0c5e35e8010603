import torch

from benchmarks.ways import compared, largest_difference


def test_a_difference_is_a_share_of_the_largest_entry():
    ours, theirs = [torch.tensor([2.0, -4.0]), torch.tensor([1.0])], [torch.tensor([2.0, -3.0]), torch.tensor([1.0])]
    assert largest_difference(ours, theirs) == 0.25


def test_ways_are_compared_with_the_first():
    one, other = (torch.tensor([2.0]),), (torch.tensor([3.0]),)
    row = compared({"kernel": lambda: one, "plain": lambda: other}, 1)
    assert list(row["milliseconds"]) == ["kernel", "plain"]
    assert row["worst_difference"] == 0.5
