import dataclasses

import pytest
import torch

from diffshape.fields import LatentMLP, LatentMLPConfig
from diffshape.ops import isosurface

SMALL = LatentMLPConfig(hidden_layers=3, width=16, latent=4, skip=(1,))


def points(count=40, seed=0, dtype=torch.float32):
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(seed), dtype=dtype) / 2


def test_published_size():
    decoder = LatentMLP().decoder
    shapes = [tuple(weight.shape) for weight in decoder.weights()]
    wide = (512, 512)
    assert shapes == [(512, 259), wide, wide, (253, 512), wide, wide, wide, wide, (1, 512)]
    assert sum(weight.numel() for weight in (*decoder.weights(), *decoder.biases)) == 1_839_358
    assert sum(length.numel() for length in decoder.lengths) == 7 * 512 + 253  # the last layer has no weight norm


@pytest.mark.parametrize("config", [SMALL, dataclasses.replace(SMALL, skip=(), weight_norm=False, tanh=False)])
def test_the_network_is_the_one_of_the_paper(config):
    """Code and point joined to one vector at each point, layer by layer."""
    field = LatentMLP(config, shapes=2).double().eval()
    x, codes = points(10, dtype=torch.float64).reshape(2, 5, 3), field.codes
    joined = torch.cat([codes[:, None].expand(2, 5, 4), x], dim=-1)
    h, (*hidden, last) = joined, zip(field.decoder.weights(), field.decoder.biases)
    for layer, (weight, bias) in enumerate(hidden):
        h = torch.relu((torch.cat([h, joined], -1) if layer in config.skip else h) @ weight.t() + bias)
    values = (h @ last[0].t() + last[1])[..., 0]
    expected = values.tanh() if config.tanh else values
    torch.testing.assert_close(field.decode(x, codes), expected, rtol=1e-12, atol=1e-12)


def test_weight_norm_keeps_length_and_direction_apart():
    decoder = LatentMLP(SMALL).decoder
    for direction, length, weight in zip(decoder.directions, decoder.lengths, decoder.weights()):
        torch.testing.assert_close(weight, direction)  # as it begins
        direction.data *= 7
        length.data.fill_(2.0)
    for direction, weight in zip(decoder.directions, decoder.weights()[:-1]):
        torch.testing.assert_close(weight.norm(dim=1), torch.full((len(weight),), 2.0))
        torch.testing.assert_close(weight / 2, direction / direction.norm(dim=1, keepdim=True))


def test_every_setting_acts():
    changes = {"hidden_layers": 2, "width": 20, "latent": 5, "skip": (2,), "dropout": 0.5, "tanh": False}
    changes["weight_norm"] = False
    assert changes.keys() == {entry.name for entry in dataclasses.fields(LatentMLPConfig)}

    def trained(config):
        torch.manual_seed(0)
        field = LatentMLP(config)
        optimizer = torch.optim.SGD(field.parameters(), lr=0.1)
        field(points()).square().sum().backward()
        optimizer.step()
        return field.eval()(points())

    assert torch.equal(trained(SMALL), trained(SMALL))
    for name, value in changes.items():
        assert not torch.equal(trained(dataclasses.replace(SMALL, **{name: value})), trained(SMALL)), name


def test_codes_begin_near_the_unit_sphere():
    """N(0, 1 / latent) in each entry."""
    codes = LatentMLP(hidden_layers=1, width=2, latent=256, skip=(), shapes=200).codes
    assert codes.shape == (200, 256)
    assert codes.std().item() == pytest.approx(1 / 16, rel=0.02)
    assert codes.mean().item() == pytest.approx(0, abs=0.002)


def test_a_code_that_is_looked_up_is_cut_as_an_embedding_cuts_it():
    field = LatentMLP(SMALL, shapes=3)
    field.codes.data = torch.tensor([[3.0, 0, 4, 0], [0.1, 0, 0, 0], [9.0, 9, 9, 9]])
    reference = torch.nn.Embedding(3, 4, max_norm=1.0)
    reference.weight.data = field.codes.detach().clone()
    rows = torch.tensor([1, 0])
    assert torch.equal(field.lookup(rows), reference(rows))
    assert torch.equal(field.codes, reference.weight)
    torch.testing.assert_close(field.codes[0], torch.tensor([0.6, 0.0, 0.8, 0.0]))
    assert field.codes[2].tolist() == [9.0] * 4  # not looked up
    field.lookup(rows).sum().backward()
    assert field.codes.grad.sum(1).tolist() == [4.0, 4.0, 0.0]


def test_a_call_is_the_first_shape_and_views_are_any():
    field = LatentMLP(SMALL, shapes=2).eval()
    x = points()
    both = field.decode(x.expand(2, *x.shape), field.lookup(torch.arange(2)))
    torch.testing.assert_close(field(x), both[0])
    for index in range(2):
        torch.testing.assert_close(field.shape(index)(x), both[index])
        torch.testing.assert_close(field.at(field.codes[index].detach())(x), both[index])
    assert (both[0] - both[1]).abs().max() > 1e-3


def test_a_view_shares_the_network_and_is_a_field():
    field = LatentMLP(SMALL).eval()
    view = field.shape(0)
    before = view(points())
    field.decoder.biases[-1].data += 0.1
    assert not torch.equal(before, view(points()))
    values, gradients = view.value_and_gradient(points())
    assert values.shape == (40,)
    assert gradients.abs().sum() > 0
    level = view(points()).median().item()
    vertices, _ = isosurface(view, resolution=16, bounds=(-1.0, 1.0), level=level)
    assert len(vertices)


def test_derivatives():
    field = LatentMLP(SMALL, shapes=2).double().eval()
    x = points(6, dtype=torch.float64).reshape(2, 3, 3)
    given = (x.requires_grad_(), field.codes.detach().clone().requires_grad_())
    assert torch.autograd.gradcheck(field.decode, given)
    assert torch.autograd.gradgradcheck(field.decode, given)
    code = field.codes[1].detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda each: field.at(each).value_and_gradient(x[0].detach()), code)


def test_dropout_is_random_in_training_only_and_follows_torch_s_seed():
    field = LatentMLP(SMALL)

    def drawn(seed):
        torch.manual_seed(seed)
        return field(points())

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    field.eval()
    assert torch.equal(drawn(1), drawn(2))


def test_dropout_leaves_out_the_share_it_says():
    field = LatentMLP(hidden_layers=1, width=1000, latent=4, skip=(), dropout=0.2, tanh=False)
    field.decoder.biases[0].data.fill_(100.0)  # no unit is off by itself
    field.decoder.directions[-1].data.fill_(1e-3)
    kept = field(torch.zeros(50, 3)).mean() / field.eval()(torch.zeros(50, 3)).mean()
    assert kept.item() == pytest.approx(1, abs=0.02)  # units kept count 1 / 0.8


def test_many_points_are_evaluated_in_pieces_with_the_same_values():
    field = LatentMLP(SMALL, shapes=2).double().eval()
    x = points(40_000, dtype=torch.float64).reshape(2, 20_000, 3)
    whole = field.decode(x, field.codes)
    with torch.no_grad():
        torch.testing.assert_close(field.decode(x, field.codes), whole, rtol=1e-12, atol=1e-12)


def test_float32_agrees_with_float64():
    field = LatentMLP(SMALL).eval()
    single = field(points())
    torch.testing.assert_close(field.double()(points().double()).float(), single, rtol=1e-5, atol=1e-6)


def test_decode_compiles():
    field = LatentMLP(SMALL, shapes=2).eval()
    x = points().reshape(2, 20, 3)
    compiled = torch.compile(field.decode, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x, field.codes), field.decode(x, field.codes))


def test_one_shape_learns_a_box_like_any_field():
    field = LatentMLP(hidden_layers=3, width=64, latent=4, skip=(), dropout=0.0)
    optimizer = torch.optim.Adam(field.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)

    def box(x):
        return (x.abs() - torch.tensor([0.2, 0.3, 0.4])).amax(dim=-1)

    held_out = torch.rand(500, 3, generator=generator) * 1.2 - 0.6
    for _ in range(200):
        x = torch.rand(512, 3, generator=generator) * 1.2 - 0.6
        optimizer.zero_grad()
        (field(x) - box(x)).abs().mean().backward()
        optimizer.step()
    assert (field(held_out) - box(held_out)).abs().mean() < 0.02


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LatentMLP(shapes=0), "shapes must be at least 1, got 0"),
        (lambda: LatentMLP(latent=0), "latent must be 1 or more, got 0"),
        (lambda: LatentMLP(skip=(8,)), r"skip layers must lie in 1 to 7, got \(8,\)"),
        (lambda: LatentMLP(width=259), "width must exceed latent \\+ 3 = 259 where"),
        (lambda: LatentMLP(dropout=1.0), r"dropout must be a share in \[0, 1\), got 1.0"),
        (lambda: LatentMLP(SMALL).shape(1), "index must lie in 0 to 0, got 1"),
        (lambda: LatentMLP(SMALL).at(torch.zeros(1, 4)), r"at: code must have shape \(4,\).*got \(1, 4\)"),
        (lambda: LatentMLP(SMALL).decode(points(), torch.zeros(1, 4)), r"x must have shape \(B, N, 3\), got \(40, 3\)"),
        (lambda: LatentMLP(SMALL).decode(points()[None], torch.zeros(2, 4)), r"codes must have shape \(1, 4\)"),
        (lambda: LatentMLP(SMALL).decode(points()[None], torch.zeros(1, 4).double()), "got .* torch.float64"),
        (lambda: LatentMLP(SMALL)(points().double()), "x is torch.float64 but the field is torch.float32"),
    ],
)
def test_what_is_wrong_is_said(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_config_or_options():
    with pytest.raises(TypeError, match="not both"):
        LatentMLP(SMALL, width=3)
