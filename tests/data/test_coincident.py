import numpy as np

from diffshape.data.coincident import distinct_rows


def test_distinct_rows_are_the_first_of_each():
    rows = np.random.default_rng(0).integers(0, 3, (200, 3)).astype(float)
    rows[5] = -0.0, 0.0, 0.0
    first, place = distinct_rows(rows)
    assert sorted(first) == sorted(np.unique(rows + 0.0, axis=0, return_index=True)[1])
    assert np.array_equal(rows[first[place]], rows)
    assert len(distinct_rows(np.empty((0, 3))).first) == 0


def test_rows_that_are_no_numbers_equal_nothing():
    assert len(distinct_rows(np.full((3, 2), np.nan)).first) == 3
