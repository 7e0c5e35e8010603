from dataclasses import replace

import pytest
import torch

from diffshape.data import spine_phantoms

DRAWN = spine_phantoms(3)


def test_rows_go_together():
    some = DRAWN[torch.tensor([2, 0])]
    assert len(some) == 2
    assert torch.equal(some.images[0], DRAWN.images[2])
    assert torch.equal(some.landmarks[1], DRAWN.landmarks[0])
    assert (some.unit, some.skeleton) == (DRAWN.unit, DRAWN.skeleton)
    assert len(DRAWN[:1]) == 1


@pytest.mark.parametrize("name", ["images", "landmarks", "mask", "spacing"])
def test_shapes_are_checked_by_name(name):
    wrong = getattr(DRAWN, name)[None]
    with pytest.raises(ValueError, match=f"LandmarkImages: {name} must have shape"):
        replace(DRAWN, **{name: wrong})
