"""Fixed-point numbers: scores and measured values are integers in millionths.

So that sums are exact.
"""

from decimal import Decimal, InvalidOperation

MILLION = 1_000_000
_LARGEST = 9_000_000_000_000 * MILLION  # stays inside a signed 64-bit integer


def to_millionths(text: str) -> int | None:
    """Return a decimal text as millionths, rounded half to even.

    None if it is no finite number in range.
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value) > _LARGEST // MILLION:
        return None
    return int((value * MILLION).to_integral_value())


def divided(number: int, by: int) -> int:
    """Return a quotient as a whole number, rounded half to even. `by` is above zero."""
    whole, rest = divmod(number, by)
    return whole + (2 * rest > by or (2 * rest == by and whole % 2 == 1))


def from_millionths(value: int) -> str:
    """Return millionths as the shortest decimal text."""
    text = format(Decimal(value) / MILLION, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(micro_points: int) -> int:
    """Return micro-points as the whole points that people see: rounded half up."""
    return (micro_points + MILLION // 2) // MILLION
