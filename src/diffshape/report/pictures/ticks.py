"""Round numbers along an axis, and how they are written."""

import math


def round_ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """Numbers from ``low`` to ``high`` in steps of 1, 2 or 5 times a power of ten, at most ``most`` of them.

    >>> round_ticks(0, 1), round_ticks(-0.3, 0.31, most=3)
    ([0.0, 0.5, 1.0], [-0.2, 0.0, 0.2])
    """
    if not high > low:
        return [low]
    least = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1, 2, 5, 10, 20) if _count(low, high, factor * power) <= most)
    return [round(number * step, 12) + 0.0 for number in range(_first(low, step), _last(high, step) + 1)]


def logarithmic_ticks(low: float, high: float) -> list[float]:
    """Round numbers from ``low`` to ``high``, both positive, for a logarithmic scale.

    Powers of ten, every second or third one if there are many; 2 and 5 times them as well if there are one or two.

    >>> logarithmic_ticks(0.002, 20), logarithmic_ticks(0.007, 0.25)
    ([0.01, 0.1, 1.0, 10.0], [0.01, 0.02, 0.05, 0.1, 0.2])
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    powers = [10.0**power for power in range(first, last + 1, max(1, math.ceil((last - first) / 5)))]
    if len(powers) > 2:
        return powers
    multiples = [float(f"{factor}e{power}") for power in range(first - 1, last + 1) for factor in (1, 2, 5)]
    between = [number for number in multiples if low <= number <= high]
    return between if len(between) > 1 else round_ticks(low, high)


def tick_text(number: float) -> str:
    """A number in few letters.

    >>> tick_text(0.05), tick_text(20000), tick_text(1e-5)
    ('0.05', '20000', '1e-5')
    """
    text = f"{number:.5g}"
    return text.replace("e-0", "e-").replace("e+0", "e") if "e" in text else text


def _first(low: float, step: float) -> int:
    return math.ceil(low / step - 1e-9)


def _last(high: float, step: float) -> int:
    return math.floor(high / step + 1e-9)


def _count(low: float, high: float, step: float) -> int:
    return _last(high, step) - _first(low, step) + 1
