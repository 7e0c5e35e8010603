import pytest
import torch

from diffshape.losses import Skeleton
from diffshape.ops.landmarks.skeleton import check_landmarks


def test_anteroposterior_is_twenty_points():
    skeleton = Skeleton.anteroposterior()
    assert (skeleton.count, len(skeleton.quadrilaterals), skeleton.end_edge) == (20, 5, None)
    assert skeleton.quadrilaterals[4] == (16, 17, 18, 19)
    assert skeleton.rows[:3] == ((0, 1), (2, 3), (4, 5))
    assert len(skeleton.rows) == 10


def test_lateral_is_twenty_two_points_with_the_end_plate_of_s1():
    skeleton = Skeleton.lateral()
    assert (skeleton.count, skeleton.end_edge, len(skeleton.rows)) == (22, (20, 21), 11)


@pytest.mark.parametrize("vertebrae", [1, 4, 6, 11])
def test_any_count(vertebrae):
    assert Skeleton.anteroposterior(vertebrae).count == 4 * vertebrae
    assert Skeleton.lateral(vertebrae).count == 4 * vertebrae + 2


def test_wrong_skeletons():
    with pytest.raises(ValueError, match="landmarks must be different and within 0 to 3"):
        Skeleton(quadrilaterals=((0, 1, 2, 2),), count=4)
    with pytest.raises(ValueError, match="landmarks must be different and within 0 to 4"):
        Skeleton(quadrilaterals=((0, 1, 2, 3),), end_edge=(4, 5), count=5)
    with pytest.raises(ValueError, match="1 or more of 4 numbers"):
        Skeleton(quadrilaterals=(), count=4)
    with pytest.raises(ValueError, match="1 or more of 4 numbers"):
        Skeleton(quadrilaterals=((0, 1, 2),), count=4)


def test_trap_s7_a_wrong_number_of_landmarks_is_refused():
    for skeleton, count in ((Skeleton.lateral(), 20), (Skeleton.anteroposterior(), 22)):
        with pytest.raises(ValueError, match=rf"f: landmarks must be .* \(\.\.\., {skeleton.count}, 2\)"):
            check_landmarks("f", torch.zeros(3, count, 2), skeleton, None)
    with pytest.raises(ValueError, match=r"f: mask must be boolean, shape \(3, 20\)"):
        check_landmarks("f", torch.zeros(3, 20, 2), Skeleton.anteroposterior(), torch.ones(3, 5, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"got torch\.int64"):
        check_landmarks("f", torch.zeros(3, 20, 2).long(), Skeleton.anteroposterior(), None)
