import math

import pytest
import torch
from torch.nn.functional import gelu, layer_norm

from diffshape.models import PUBLISHED_VECSET, VecSet, VecSetNetwork
from diffshape.models.vecset.networks import (
    Attention,
    CrossAttention,
    GatedPerceptron,
    Posterior,
    SelfAttentionLayer,
    VecSetDecoder,
    VecSetEncoder,
    point_features,
)
from diffshape.ops import farthest_points

NETWORK = VecSetNetwork(vectors=6, width=8, layers=2, heads=2)


def test_parameters_as_published():
    """Those of the released kl_d512_m512_l64, counted from its source."""
    attention = 512 * 512 + 512 * 1024 + 512 * 512 + 512
    perceptron = 512 * 4096 + 4096 + 2048 * 512 + 512
    norm = 2 * 512
    layer = attention + perceptron + 2 * norm
    crossing = attention + 2 * norm
    rest = (51 * 512 + 512) + (perceptron + norm) + (512 + 1) + 2 * (512 * 64 + 64) + (64 * 512 + 512)
    with torch.device("meta"):
        model = VecSet(PUBLISHED_VECSET)
    assert sum(each.numel() for each in model.parameters()) == 24 * layer + 2 * crossing + rest == 106_215_041


def test_features_of_a_point():
    """51 numbers: the coordinates in [-1, 1], then sines and cosines of eight octaves of each."""
    found = point_features(torch.tensor([[0.1, -0.2, 0.3]], dtype=torch.float64))[0]
    wanted = [0.2, -0.4, 0.6]
    for each in wanted[:3]:
        turns = [math.pi * 2**octave * each for octave in range(8)]
        wanted += [*map(math.sin, turns), *map(math.cos, turns)]
    assert found.tolist() == pytest.approx(wanted, abs=1e-12)


def test_attention_by_its_formula():
    attention = Attention(8, 2)
    queries, context = torch.randn(1, 3, 8), torch.randn(1, 5, 8)
    asked = attention.to_queries(queries)[0]
    keys, values = attention.to_keys_and_values(context)[0].chunk(2, -1)
    heads = [
        torch.softmax(asked[:, part] @ keys[:, part].T / math.sqrt(4), -1) @ values[:, part]
        for part in (slice(0, 4), slice(4, 8))
    ]
    torch.testing.assert_close(attention(queries, context)[0], attention.to_features(torch.cat(heads, -1)))


def test_the_gated_perceptron_by_its_formula():
    perceptron, features = GatedPerceptron(4), torch.randn(1, 2, 4)
    wide = perceptron.wide(layer_norm(features, (4,)))
    wanted = perceptron.narrow(wide[..., :16] * gelu(wide[..., 16:]))
    torch.testing.assert_close(perceptron(features), wanted)


def test_a_layer_adds_what_it_finds():
    layer, vectors = SelfAttentionLayer(NETWORK).eval(), torch.randn(2, 6, 8)
    for last in (layer.attention.to_features, layer.perceptron.narrow):
        torch.nn.init.zeros_(last.weight)
        torch.nn.init.zeros_(last.bias)
    assert torch.equal(layer(vectors), vectors)


def test_sums_are_left_out_for_some_shapes_in_training_only():
    layer = SelfAttentionLayer(VecSetNetwork(width=8, heads=2, drop_path=0.5))
    update = torch.ones(400, 6, 8)
    kept = layer._kept(update)[:, 0, 0]
    assert set(kept.tolist()) == {0.0, 2.0}
    assert kept.mean().item() == pytest.approx(1, abs=0.3)
    assert torch.equal(layer.eval()._kept(update), update)


def test_vectors_are_of_points_far_from_one_another_and_keep_what_these_are():
    """Both sums of the encoder: with nothing found, the vectors are the features of the chosen points."""
    encoder, clouds = VecSetEncoder(NETWORK), torch.randn(2, 20, 3)
    features = torch.randn(2, 20, 8)
    for last in (encoder.look.attention.to_features, encoder.perceptron.narrow):
        torch.nn.init.zeros_(last.weight)
        torch.nn.init.zeros_(last.bias)
    start = (clouds - clouds.mean(1, keepdim=True)).norm(dim=-1).argmax(1)
    chosen = farthest_points(clouds, 6, start=start)
    vectors = encoder(clouds, features, None).mean
    assert torch.equal(vectors, features.gather(1, chosen[..., None].expand(-1, -1, 8)))


def test_the_decoder_does_not_add_the_point_to_what_it_finds():
    """With nothing found every point has the same logit."""
    decoder = VecSetDecoder(NETWORK)
    torch.nn.init.zeros_(decoder.look.attention.to_features.weight)
    logits = decoder(torch.randn(1, 9, 8), torch.randn(1, 6, 8))
    assert logits.shape == (1, 9)
    torch.testing.assert_close(logits, logits[:, :1].expand(-1, 9))


def test_queries_and_context_are_normalised():
    look, queries, context = CrossAttention(8), torch.randn(1, 3, 8), torch.randn(1, 5, 8)
    torch.testing.assert_close(look(queries, context), look(3 * queries + 1, 7 * context - 2), rtol=1e-3, atol=1e-4)


def test_the_divergence_by_hand():
    posterior = Posterior(torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.0, math.log(4.0)]]]))
    assert posterior.divergence().item() == pytest.approx(0.5 * (1 + (4 - 1 - math.log(4))) / 2)
    assert Posterior(torch.ones(1, 2, 3), None).divergence().item() == 0


def test_a_sample_has_the_mean_and_the_spread():
    posterior = Posterior(torch.full((1, 1, 4000), 3.0), torch.full((1, 1, 4000), math.log(0.25)))
    drawn = posterior.sample(torch.Generator().manual_seed(0))
    assert (drawn.mean().item(), drawn.std().item()) == pytest.approx((3.0, 0.5), abs=0.05)
    assert torch.equal(Posterior(drawn, None).sample(torch.Generator()), drawn)
