import torch

from diffshape.models.generative.code_scale import CodeScale

CODES = 3 + torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 2.0, 0.0, 0.1])


def test_codes_come_to_mean_zero_and_deviation_one_and_back():
    scale = CodeScale(4)
    scale.measure(CODES)
    found = scale.standardized(CODES)
    varying = found[:, [0, 1, 3]]
    assert varying.mean(0).abs().max() < 1e-5
    assert torch.allclose(varying.std(0, correction=0), torch.ones(3), atol=1e-5)
    assert torch.allclose(scale.restored(found), CODES, atol=1e-6)


def test_a_number_that_never_varies_stays_finite():
    scale = CodeScale(4)
    scale.measure(CODES)
    assert (scale.standardized(CODES)[:, 2] == 0).all()


def test_before_measuring_codes_stay_as_they_are():
    assert torch.equal(CodeScale(4).restored(CODES), CODES)
