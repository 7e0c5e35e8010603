import pytest

from diffshape.kernels.compiled import compiled
from diffshape.kernels.parts import Part


@compiled
def halved(number) -> float:
    if number < 0:
        raise ValueError("a negative number")
    return number / 2


@compiled
def quartered(number) -> float:
    return halved(halved(number))


def test_a_function_that_a_kernel_calls_is_a_part_and_python_calls_its_own_machine_code():
    assert quartered(8.0) == 2.0
    (code,) = halved.part.overloads.values()
    assert isinstance(code.library, Part)
    assert not halved.overloads
    assert halved(8.0) == 4.0
    assert not isinstance(next(iter(halved.overloads.values())).library, Part)
    assert len(halved.part.overloads) == 1


def test_parts_of_parts_are_taken_in():
    sixteenth = compiled(lambda number: quartered(quartered(number)))
    assert sixteenth(8.0) == 0.5


def test_an_error_of_a_part_is_raised():
    with pytest.raises(ValueError, match="a negative number"):
        quartered(-1.0)
