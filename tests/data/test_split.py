import pytest

from diffshape.data import train_test_split


@pytest.mark.parametrize(
    ("count", "holdout", "tested"), [(10, 0.3, 3), (10, 0.01, 1), (10, 0.99, 9), (2, 0.5, 1), (7, 0.2, 1)]
)
def test_everyone_is_on_one_side_and_none_is_empty(count, holdout, tested):
    learn, test = train_test_split(count, holdout)
    assert len(test) == tested
    assert sorted([*learn.tolist(), *test.tolist()]) == list(range(count))


def test_the_seed_decides():
    one, again, other = (train_test_split(50, 0.5, seed=seed)[1].tolist() for seed in (1, 1, 2))
    assert one == again != other


@pytest.mark.parametrize(
    ("count", "holdout", "message"),
    [(1, 0.2, "count must be at least 2"), (9, 0.0, "holdout must be a positive"), (9, 1.0, "holdout must be a share")],
)
def test_what_cannot_be_split_is_refused(count, holdout, message):
    with pytest.raises(ValueError, match=f"train_test_split: {message}"):
        train_test_split(count, holdout)
