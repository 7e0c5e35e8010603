"""A stack of fields is held to the fields by themselves."""

import math

import pytest
import torch

from diffshape.fields import HashGrid, HashGridStack

SMALL = {"levels": 3, "base": 4, "finest": 16, "log2_entries": 9, "width": 12}
RELU = {"beta": math.inf, "reads_point": False}


def generator(seed):
    return torch.Generator().manual_seed(seed)


def rough_fields(count=3, dtype=torch.float32, **options):
    """Fields that differ, with tables and first weights large enough to matter and one level faded."""
    fields = []
    for seed in range(count):
        field = HashGrid(**{**SMALL, **RELU, **options}, generator=generator(seed)).to(dtype)
        torch.nn.init.normal_(field.tables, std=0.3, generator=generator(10 + seed))
        torch.nn.init.normal_(field.network.weights[0], std=0.3, generator=generator(20 + seed))
        field.fade.copy_(torch.tensor([1.0, 0.5, 0.1 * seed]))
        fields.append(field)
    return fields


def points_of(count, each=700, dtype=torch.float32):
    """More than a block, not whole tiles, and a third of them beyond the box of 0.8."""
    return torch.rand(count, each, 3, generator=generator(99), dtype=dtype) * 2 - 1


def gradients_of(values, fields):
    parameters = [each for field in fields for each in field.parameters()]
    return torch.autograd.grad(values.sin().sum(), parameters)


@pytest.mark.parametrize("options", [{}, {"hidden_layers": 2}, {"reads_point": True}, {"beta": 50.0}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_same_bits_as_the_fields_by_themselves(options, dtype):
    fields = rough_fields(dtype=dtype, **options)
    points = points_of(3, dtype=dtype)
    values = HashGridStack(fields)(points)
    alone = torch.stack([field(x) for field, x in zip(fields, points)])
    assert torch.equal(values, alone)
    assert values.std() > 0.01
    together, apart = gradients_of(values, fields), gradients_of(alone, fields)
    assert all(each.abs().sum() > 0 for each in together)
    assert all(torch.equal(left, right) for left, right in zip(together, apart))


@pytest.mark.parametrize("options", [{}, {"hidden_layers": 2}, {"reads_point": True}])
def test_batched_products_equal_the_kernel(options):
    """Where the points want a gradient, batched products run, as they do on other devices."""
    fields = rough_fields(dtype=torch.float64, **options)
    stack, points = HashGridStack(fields), points_of(3, dtype=torch.float64)
    kernel, batched = stack(points), stack(points.clone().requires_grad_())
    torch.testing.assert_close(batched, kernel, rtol=1e-10, atol=1e-12)
    for left, right in zip(gradients_of(batched, fields), gradients_of(kernel, fields)):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-11)


def test_gradients_of_the_points_equal_those_of_the_fields():
    fields = rough_fields(dtype=torch.float64)
    points = points_of(3, dtype=torch.float64).requires_grad_()
    (gradients,) = torch.autograd.grad(HashGridStack(fields)(points).sum(), points)
    alone = torch.stack([field.value_and_gradient(x.detach())[1] for field, x in zip(fields, points)])
    torch.testing.assert_close(gradients, alone, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("active", [[0, 2], [2], [1, 0]])
def test_only_the_active_fields_are_evaluated(active):
    fields = rough_fields()
    points = points_of(len(active))
    values = HashGridStack(fields)(points, active)
    assert torch.equal(values, torch.stack([fields[place](x) for place, x in zip(active, points)]))
    values.sum().backward()
    reached = [place for place, field in enumerate(fields) if field.tables.grad is not None]
    assert reached == sorted(active)


def test_a_thread_more_changes_no_bit():
    fields, points = rough_fields(), points_of(3)
    stack, threads = HashGridStack(fields), torch.get_num_threads()
    one = [(values := stack(points)), *gradients_of(values, fields)]
    try:
        torch.set_num_threads(2)
        two = [(values := stack(points)), *gradients_of(values, fields)]
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(left, right) for left, right in zip(one, two))


def test_a_stack_holds_the_fields_themselves():
    fields = rough_fields()
    stack = HashGridStack(fields)
    assert len(stack) == 3
    assert list(stack) == fields
    assert stack[1] is fields[1]
    assert len(list(stack.parameters())) == 3 * len(list(fields[0].parameters()))


def test_no_points_have_no_values():
    stack = HashGridStack(rough_fields())
    values = stack(torch.zeros(3, 0, 3))
    assert values.shape == (3, 0)
    values.sum().backward()
    assert all(not each.grad.any() for each in stack.parameters())


def test_compiles():
    stack, points = HashGridStack(rough_fields()), points_of(3)
    values = stack(points)
    assert torch.equal(torch.compile(stack, fullgraph=True, backend="eager")(points), values)


@pytest.mark.parametrize("fields", [[], [HashGrid(**SMALL), HashGrid(**{**SMALL, "width": 8})]])
def test_wants_fields_of_one_config(fields):
    with pytest.raises(ValueError, match="all of one config"):
        HashGridStack(fields)


@pytest.mark.parametrize("shape", [(2, 5, 3), (3, 5, 2), (3, 3), (1, 3, 5, 3)])
def test_wants_points_for_each_field(shape):
    with pytest.raises(ValueError, match=r"points must have shape \(3, N, 3\)"):
        HashGridStack(rough_fields())(torch.zeros(shape))


def test_wants_a_field_that_is_active_and_points_of_its_dtype():
    stack = HashGridStack(rough_fields())
    with pytest.raises(ValueError, match="one active field or more"):
        stack(torch.zeros(0, 5, 3), [])
    with pytest.raises(ValueError, match="float64 but the fields are"):
        stack(torch.zeros(3, 5, 3, dtype=torch.float64))
