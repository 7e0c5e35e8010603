"""Laws of all losses, asked of every row of the table, or exempted there with a reason."""

import inspect

import pytest
import torch
from torch import Tensor

from diffshape import losses
from losses.laws.row import Argument, Arguments, Row
from losses.laws.table import NO_LOSSES, ROWS

CLOSE = {"rtol": 1e-6, "atol": 1e-7}
SCALE = 2.5


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def leaves(arguments: Arguments) -> tuple[Arguments, list[Tensor]]:
    """The arguments, those with derivatives as new leaves, and these."""
    made = {
        name: each._replace(values=each.values.detach().clone().requires_grad_(each.learned and each.is_float))
        for name, each in arguments.items()
    }
    return made, [each.values for each in made.values() if each.values.requires_grad]


def gradients_of(value: Tensor, tensors: list[Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad(value.sum(), tensors, allow_unused=True, materialize_grads=True))


def equal_in(row: Row, arguments: Arguments) -> Arguments:
    """Every argument with the values of that which it should equal."""
    return {name: each._replace(values=arguments[row.equal.get(name, name)].values) for name, each in arguments.items()}


def order(row: Row) -> None:
    """The order of points, vertices, faces, pixels changes nothing."""
    arguments = row.arguments
    for number, (elements, count) in enumerate(row.counts.items()):
        places = torch.randperm(count, generator=generator(number))
        arguments = Row(function=row.function, arguments=arguments).taken(elements, places)
    for each in arguments.values():
        if each.kind == "faces":
            each.values.copy_(each.values[torch.randperm(len(each.values), generator=generator())].roll(1, 1))
    torch.testing.assert_close(row(arguments), row(), **CLOSE)


def translation(row: Row) -> None:
    """A translation of all points changes nothing."""

    def moved(each: Argument) -> Tensor:
        return each.values + 3.5 if each.kind == "point" else each.values

    torch.testing.assert_close(row(row.changed(moved)), row(), **CLOSE)


def rotation(row: Row) -> None:
    """A rotation of all points and directions changes nothing."""

    def turned(each: Argument) -> Tensor:
        if each.kind not in ("point", "direction"):
            return each.values
        size = each.values.shape[-1]
        turn = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64, generator=generator())).Q
        turn[:, 0] *= torch.linalg.det(turn)
        return each.values @ turn

    torch.testing.assert_close(row(row.changed(turned)), row(), **CLOSE)


def scale(row: Row) -> None:
    """Another unit of length multiplies by its power."""
    arguments = row.changed(lambda each: each.values * SCALE**each.power if each.power else each.values)
    options = {name: row.options[name] * SCALE**power for name, power in row.lengths.items()}
    assert row.degree is not None, "no power"
    torch.testing.assert_close(row(arguments, **options), SCALE**row.degree * row(), **CLOSE)


def batch(row: Row) -> None:
    """A batch has the values of its samples, one by one."""
    alone = torch.stack([row.sample(index)(reduction="none") for index in range(row.batch)])
    torch.testing.assert_close(row(reduction="none"), alone, **CLOSE)


def reduction(row: Row) -> None:
    """The mean and the sum are those of the values."""
    values = row(reduction="none")
    assert len(values) == row.batch
    torch.testing.assert_close(row(reduction="sum"), values.sum(), **CLOSE)
    torch.testing.assert_close(row(reduction="mean"), values.mean(), **CLOSE)


def spoilt(row: Row, elements: str, kept: Tensor) -> Arguments:
    """The arguments with NaN where the elements are not kept."""

    def change(each: Argument) -> Tensor:
        if each.elements != elements or not each.is_float or each.shared:
            return each.values
        ordered = each.values.movedim(each.axis, kept.ndim - 1)
        real = kept.reshape(*kept.shape, *[1] * (ordered.ndim - kept.ndim))
        return ordered.where(real, torch.nan).movedim(kept.ndim - 1, each.axis)

    return row.changed(change)


def mask(row: Row) -> None:
    """Masked elements are as good as gone, whatever they hold, also where all are."""
    for name, elements in row.masks.items():
        count = row.counts[elements]
        kept = torch.stack([torch.arange(count) >= 0, torch.arange(count) != 1, torch.arange(count) % 3 != 2])
        gone = [row.sample(b)(row.sample(b).taken(elements, kept[b].nonzero()[:, 0])) for b in range(row.batch)]
        for b in range(row.batch):
            sample = row.sample(b)
            torch.testing.assert_close(sample(spoilt(sample, elements, kept[b]), **{name: kept[b]}), gone[b], **CLOSE)
        arguments, tensors = leaves(spoilt(row, elements, kept))
        gradients = gradients_of(row(arguments, **{name: kept}), tensors)
        assert all(gradient.isfinite().all() for gradient in gradients)
        assert all((gradient[tensor.isnan()] == 0).all() for gradient, tensor in zip(gradients, tensors))
        try:
            assert row(spoilt(row, elements, ~(kept | True)), **{name: ~(kept | True)}) == 0
        except ValueError as refusal:
            assert "needs a point" in str(refusal)  # noqa: PT017
        if "(reduction)" not in row.exempt:
            alone = [
                row.sample(b)(row.sample(b).taken(elements, kept[b].nonzero()[:, 0]), reduction="sum") for b in range(3)
            ]
            found = row(spoilt(row, elements, kept), **{name: kept}, reduction="sum")
            torch.testing.assert_close(found, torch.stack(alone).sum(), **CLOSE)


def weights(row: Row) -> None:
    """A whole weight is a repetition."""
    sample = row.sample(0)
    for name, elements in row.weights.items():
        times = torch.tensor([1, 3, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1])[: row.counts[elements]]
        places = torch.arange(row.counts[elements]).repeat_interleave(times)
        torch.testing.assert_close(
            sample(**{name: times.double()}), sample(sample.taken(elements, places)), rtol=1e-5, atol=1e-6
        )


def derivatives(row: Row) -> None:
    """First and second derivatives are those of the value."""
    sample = row.sample(0)
    names = sample.learned()
    arguments, tensors = leaves(sample.arguments)

    def value(*given: Tensor) -> Tensor:
        return sample(
            {**arguments, **{name: arguments[name]._replace(values=each) for name, each in zip(names, given)}}
        )

    assert torch.autograd.gradcheck(value, tensors, fast_mode=True)
    assert torch.autograd.gradgradcheck(value, tensors, fast_mode=True, atol=1e-4)


def precision(row: Row) -> None:
    """float32 has the digits of float64, and half precision is computed in float32."""

    def cast(dtype: torch.dtype) -> Arguments:
        return row.changed(lambda each: each.values.to(dtype) if each.is_float else each.values)

    single = row(cast(torch.float32))
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), row(), rtol=2e-4, atol=1e-5)
    arguments, tensors = leaves(cast(torch.float16))
    half = row(arguments)
    assert half.dtype == torch.float32
    rounded = row.changed(lambda each: each.values.half().float() if each.is_float else each.values)
    torch.testing.assert_close(half, row(rounded), rtol=1e-5, atol=1e-6)
    for tensor, gradient in zip(tensors, gradients_of(half, tensors)):
        assert gradient.dtype == tensor.dtype
        assert gradient.isfinite().all()


def equality(row: Row) -> None:
    """Where everything is as it should be the value is the least there is, and elsewhere it is larger."""
    torch.testing.assert_close(
        row(equal_in(row, row.arguments)), torch.as_tensor(row.least, dtype=torch.float64), rtol=0, atol=1e-6
    )
    assert row() > row.least + 1e-3


def awkward(row: Row) -> None:
    """Value and gradient are finite where things coincide, saturate, are one or none, or the call is refused."""
    single = row.changed(lambda each: each.values.float() if each.is_float else each.values)
    places = {
        "zero": lambda each: torch.zeros_like(each.values) if each.is_float else each.values,
        "huge": lambda each: 1e4 * each.values if each.is_float else each.values,
        "tiny": lambda each: 1e-12 * each.values if each.is_float else each.values,
        "far": lambda each: each.values + 1e5 if each.kind == "point" else each.values,
    }
    calls = [Row(function=row.function, arguments=single).changed(change) for change in places.values()]
    calls += [equal_in(row, single)]
    for elements in row.counts if all(each.kind != "faces" for each in single.values()) else ():
        small = Row(function=row.function, arguments=single)
        calls += [small.taken(elements, torch.arange(count)) for count in (0, 1)]
    for call in calls:
        arguments, tensors = leaves(call)
        try:
            value = row(arguments)
        except ValueError as refusal:
            assert str(refusal).partition(":")[0] in losses.__all__  # noqa: PT017
            continue
        assert value.isfinite().all()
        assert all(gradient.isfinite().all() for gradient in gradients_of(value, tensors))


def threads(row: Row) -> None:
    """Two threads find what one finds."""
    large = row.arguments
    for elements, count in row.counts.items():
        if all(each.kind != "faces" or each.elements != elements for each in large.values()):
            large = Row(function=row.function, arguments=large).taken(elements, torch.arange(count).repeat(row.tiles))
    arguments, tensors = leaves(large)
    before = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            value = row(arguments)
            found.append([value, *gradients_of(value, tensors)])
    finally:
        torch.set_num_threads(before)
    for one, two in zip(*found):
        torch.testing.assert_close(two, one, rtol=1e-10, atol=1e-12)


LAWS = {
    law.__name__: law
    for law in (
        order,
        translation,
        rotation,
        scale,
        batch,
        reduction,
        mask,
        weights,
        derivatives,
        precision,
        equality,
        awkward,
        threads,
    )
}


def asked(law: str) -> list[str]:
    """Names of the rows that are not exempt."""
    return [name for name, row in ROWS.items() if not {law, f"({law})"} & row.exempt.keys()]


@pytest.mark.filterwarnings("ignore:entropic transport")
@pytest.mark.parametrize(("law", "name"), [(law, name) for law in LAWS for name in asked(law)])
def test_the_law_holds(law: str, name: str) -> None:
    LAWS[law](ROWS[name])


@pytest.mark.filterwarnings("ignore:entropic transport")
@pytest.mark.parametrize(
    ("law", "name"), [(law, name) for name, row in ROWS.items() for law in row.exempt if not law.startswith("(")]
)
def test_an_exemption_is_needed(law: str, name: str) -> None:
    with pytest.raises((AssertionError, RuntimeError)):
        LAWS[law](ROWS[name])


def test_every_loss_has_a_row() -> None:
    rows = {name.partition(",")[0] for name in ROWS}
    assert rows | NO_LOSSES.keys() == set(losses.__all__)
    assert not rows & NO_LOSSES.keys()


def test_exemptions_are_of_laws_and_have_reasons() -> None:
    for name, row in ROWS.items():
        assert {law.strip("()") for law in row.exempt} <= LAWS.keys(), name
        assert all(row.exempt.values()), name


@pytest.mark.parametrize("name", ROWS)
def test_every_mask_and_weight_is_asked(name: str) -> None:
    public = getattr(losses, name.partition(",")[0])
    parameters = set(inspect.signature(public.forward if isinstance(public, type) else public).parameters)
    row = ROWS[name]
    assert "(mask)" in row.exempt or row.masks.keys() == parameters & {"mask", "x_mask", "y_mask"}
    assert "(weights)" in row.exempt or row.weights.keys() == parameters & {"weights", "x_weights", "y_weights"}
    assert row().isfinite().all()
