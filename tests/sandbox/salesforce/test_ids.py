from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox.salesforce.ids import CHECKS, full_id, make_id


def check_of(five: str) -> str:
    """Return the character that tells which of five are capitals, the first one in the low bit."""
    return CHECKS[int("".join("1" if char.isupper() else "0" for char in reversed(five)), 2)]


@given(st.sampled_from(["00Q", "003", "0BI"]), st.integers(0, 62**9 - 1) | st.integers(0, 99_999))
def test_an_id_tells_its_case_in_its_last_three(prefix: str, number: int) -> None:
    made = make_id(prefix, number)
    assert made[:3] == prefix
    assert made[15:] == check_of(made[:5]) + check_of(made[5:10]) + check_of(made[10:15])
    assert full_id(made[:15]) == full_id(made[:15] + made[15:].lower()) == made


@given(st.lists(st.integers(0, 62**9 - 1), min_size=2, max_size=5))
def test_later_ids_sort_behind_earlier_ones(numbers: list[int]) -> None:
    made = [make_id("00Q", number) for number in sorted(numbers)]
    assert made == sorted(made)
