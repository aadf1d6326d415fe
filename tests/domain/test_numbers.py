from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.numbers import MILLION, divided, from_millionths, shown, to_millionths

LARGEST = 9_000_000_000_000 * MILLION
MILLIONTHS = st.integers(-LARGEST, LARGEST)


@given(MILLIONTHS)
def test_millionths_survive_the_way_to_text_and_back(value: int) -> None:
    assert to_millionths(from_millionths(value)) == value


@given(MILLIONTHS)
def test_the_text_is_plain_and_exact(value: int) -> None:
    text = from_millionths(value)
    assert "E" not in text
    assert Decimal(text) * MILLION == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1, "0.000001"), (-2_500_000, "-2.5"), (10_000_000, "10"), (100 * MILLION, "100")],
)
def test_the_text_is_the_shortest(value: int, text: str) -> None:
    assert from_millionths(value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" 12.5 ", 12_500_000),
        ("1e3", 1_000_000_000),
        ("0.0000005", 0),  # half to even
        ("0.0000015", 2),
        ("9000000000000", LARGEST),
        ("-9000000000000", -LARGEST),
    ],
)
def test_decimal_texts_become_millionths(text: str, value: int) -> None:
    assert to_millionths(text) == value


@pytest.mark.parametrize("text", ["", "twelve", "NaN", "-inf", "9000000000001", "1e400", "1,5"])
def test_what_is_no_number_in_range_is_none(text: str) -> None:
    assert to_millionths(text) is None


@pytest.mark.parametrize(
    ("micro_points", "points"),
    [
        (2_500_000, 3),
        (2_499_999, 2),
        (499_999, 0),
        (500_000, 1),
        (0, 0),
        (-500_000, 0),  # half up is towards the greater number
        (-500_001, -1),
        (-2_500_000, -2),
        (-2_500_001, -3),
    ],
)
def test_shown_points_are_rounded_half_up(micro_points: int, points: int) -> None:
    assert shown(micro_points) == points


@given(st.integers(-(10**18), 10**18))
def test_shown_points_are_the_floor_of_a_half_more(micro_points: int) -> None:
    assert shown(micro_points) == floor(Fraction(micro_points, MILLION) + Fraction(1, 2))


@given(MILLIONTHS, st.integers(1, 2 * MILLION))
def test_a_quotient_is_the_nearest_whole_number(number: int, by: int) -> None:
    assert divided(number, by) == round(Fraction(number, by))


@pytest.mark.parametrize(
    ("number", "by", "quotient"),
    [(1, 2, 0), (3, 2, 2), (5, 2, 2), (-1, 2, 0), (-3, 2, -2), (-5, 2, -2), (7, 4, 2), (0, 3, 0)],
)
def test_a_half_goes_to_the_even_neighbour(number: int, by: int, quotient: int) -> None:
    assert divided(number, by) == quotient
