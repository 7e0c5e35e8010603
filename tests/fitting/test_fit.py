from dataclasses import replace

import pytest
import torch

from diffshape.fitting.fit import Fit


def test_fresh_weights_are_those_of_the_seed(ball_fit):
    fit = ball_fit.fit
    first, again = fit.new_field().state_dict(), fit.new_field().state_dict()
    other = replace(fit, settings=replace(fit.settings, seed=1)).new_field().state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_a_field_that_is_left_open_is_not_made(ball_fit):
    fit: Fit = replace(ball_fit.fit, settings=replace(ball_fit.settings, field=None))
    with pytest.raises(ValueError, match="the settings of this fit have no field"):
        fit.new_field()
