"""The steps and fields that are timed on a GPU, on the CPU."""

import torch

from benchmarks.gpu.fields import GuardedStep, PlainField, encode_eagerly, library_field, sphere
from diffshape.ops import GridLayout, hash_encode
from diffshape.ops.hash_grid.query import query_hash_grid


def two_fields_and_their_steps():
    """The definition and the library's encoding of one field, which starts alike, and a guarded step of each."""
    grid = GridLayout(levels=2, base=4, finest=8, features=2, interpolation="linear", log2_entries=8)
    fields = [PlainField(encode, grid) for encode in (encode_eagerly, hash_encode)]
    return fields, [GuardedStep(field, 256, "cpu") for field in fields]


def test_the_guarded_step_has_one_gradient_and_learns_with_either_encoding():
    fields, steps = two_fields_and_their_steps()
    points, distances = sphere(256, 0, "cpu")
    before = (fields[0](points) - distances).abs().mean()
    for step in steps:
        step.load(points, distances)
        step()
    for one, other in zip(steps[0].parameters, steps[1].parameters):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-5)
        assert one.grad.abs().max() > 0
    for field, step in zip(fields, steps):
        for _ in range(59):
            step()
        assert (field(points) - distances).abs().mean() < before / 2


def test_the_guarded_step_skips_what_is_not_finite_without_a_look():
    (field, _), (step, _) = two_fields_and_their_steps()
    kept = [parameter.detach().clone() for parameter in field.parameters()]
    points, distances = sphere(256, 0, "cpu")
    distances[7] = torch.nan
    step.load(points, distances)
    step()
    assert all(torch.equal(left, right) for left, right in zip(kept, field.parameters()))
    step.load(*sphere(256, 1, "cpu"))
    step()
    assert not any(torch.equal(left, right) for left, right in zip(kept, field.parameters()))


def test_the_plain_field_is_what_is_packed():
    field = PlainField(encode_eagerly, GridLayout(levels=2, base=4, finest=8, interpolation="linear", log2_entries=8))
    points = torch.rand(50, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = field(points).detach()
    assert expected.std() > 0.01
    torch.testing.assert_close(query_hash_grid(points, field.packed()), expected, rtol=0, atol=1e-3)
    torch.testing.assert_close(library_field(field)(points).detach(), expected, rtol=0, atol=1e-6)
