"""The CUDA kernel's bids equal the definition's; without a GPU it runs in Triton's interpreter."""

import os

import pytest
import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # read when Triton is imported
pytest.importorskip("triton")

from diffshape.kernels import triton_auction
from diffshape.ops.transport import auction as auction_module
from diffshape.ops.transport.auction import auction, bid_by_definition

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def cloud(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed)).to(DEVICE)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("count", "dimension"), [(1, 3), (2, 1), (37, 3), (40, 5)])
def test_bids(monkeypatch, count, dimension, dtype, squared):
    monkeypatch.setattr(triton_auction, "BLOCK", 16)  # several blocks, the last one part full
    x, y = cloud(2, count, dimension, dtype=dtype), cloud(2, count, dimension, seed=1, dtype=dtype)
    prices = cloud(2, count, seed=2, dtype=dtype).abs()
    prices[1, count // 2 + 1 :] = torch.inf
    bidders = torch.arange(2 * count, device=DEVICE).flip(0)[::2].contiguous()
    expected = bid_by_definition(x, y, prices, bidders, squared)
    exact = squared and DEVICE == "cpu"  # PyTorch's roots may be one rounding off, and CUDA contracts products
    tolerance = 0 if exact else 4 * torch.finfo(dtype).eps
    for actual, wanted in zip(triton_auction.bid(x, y, prices, bidders, squared), expected):
        torch.testing.assert_close(actual, wanted, rtol=tolerance, atol=0)


def test_equal_values_go_to_the_lowest_object(monkeypatch):
    monkeypatch.setattr(triton_auction, "BLOCK", 8)
    x = torch.zeros(1, 20, 3, device=DEVICE)
    best, second, choice = triton_auction.bid(x, x, x[..., 0].clone(), torch.tensor([4, 0], device=DEVICE), False)
    assert (best.tolist(), second.tolist(), choice.tolist()) == ([0, 0], [0, 0], [0, 0])


def test_nobody_bids():
    x = cloud(1, 5, 3)
    answers = triton_auction.bid(x, x, x[..., 0].clone(), torch.tensor([], dtype=torch.int64, device=DEVICE), False)
    assert [len(answer) for answer in answers] == [0, 0, 0]


def test_a_whole_auction_with_its_bids(monkeypatch):
    x, y = cloud(2, 20, 3), cloud(2, 20, 3, seed=1)
    real = torch.ones(2, 20, dtype=torch.bool, device=DEVICE)
    expected = auction(x, y, real, False, 0.05)
    monkeypatch.setattr(auction_module, "bid_by_definition", triton_auction.bid)
    actual = auction(x, y, real, False, 0.05)
    assert actual.settled.all()
    assert torch.equal(actual.match, expected.match)
