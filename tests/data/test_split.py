import pytest

from diffshape.data.split import split_held_out


@pytest.mark.parametrize(
    ("count", "holdout", "tested"), [(10, 0.3, 3), (10, 0.01, 1), (10, 0.99, 9), (2, 0.5, 1), (7, 0.2, 1)]
)
def test_everyone_is_on_one_side_and_none_is_empty(count, holdout, tested):
    learn, test = split_held_out(count, holdout)
    assert len(test) == tested
    assert sorted([*learn.tolist(), *test.tolist()]) == list(range(count))


def test_the_seed_decides():
    one, again, other = (split_held_out(50, 0.5, seed=seed)[1].tolist() for seed in (1, 1, 2))
    assert one == again != other
