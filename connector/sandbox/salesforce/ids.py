"""Record ids: 15 characters that tell case, and three more that tell it without."""

import re
from functools import cache, lru_cache

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # also the sort order
CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
POD = "5g0"
SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


PLAIN_PREFIX = 62**5  # ids below have zeros before their last five characters


def make_id(prefix: str, number: int) -> str:
    """Return the id of the `number`-th record of a kind; later ones sort behind earlier ones."""
    if number < PLAIN_PREFIX:
        rest, low = divmod(number, len(_PAIRS))
        high, mid = divmod(rest, len(_PAIRS))
        (last, low_bits), (middle, mid_bits) = _PAIRS[low], _PAIRS[mid]
        first = DIGITS[high]
        check = CHECKS[("A" <= first <= "Z") | mid_bits << 1 | low_bits << 3]
        return f"{prefix}{POD}0000{first}{middle}{last}{_head_check(prefix)}A{check}"
    tail = ""
    for _ in range(9):
        number, rest = divmod(number, 62)
        tail = DIGITS[rest] + tail
    short = prefix + POD + tail
    return short + _checks(short)


@lru_cache(maxsize=65_536)
def full_id(text: str) -> str | None:
    """Return the 18 characters of an id of 15 or 18; None for what cannot be one."""
    if not SHAPE.fullmatch(text):
        return None
    short = text[:15]
    full = short + _checks(short)
    return full if len(text) == 15 or text[15:].upper() == full[15:] else None


def _checks(short: str) -> str:
    pairs = (0, 1), (2, 3), (5, 6), (7, 8), (10, 11), (12, 13)
    low1, mid1, low2, mid2, low3, mid3 = (_BITS[short[a] + short[b]] for a, b in pairs)
    tops = (16 if "A" <= short[at] <= "Z" else 0 for at in (4, 9, 14))
    lows = (low1 | mid1 << 2, low2 | mid2 << 2, low3 | mid3 << 2)
    return "".join(CHECKS[low | top] for low, top in zip(lows, tops, strict=True))


@cache
def _head_check(prefix: str) -> str:
    return _checks(prefix + POD + "0" * 9)[0]


# Two characters, and which of them are capitals: bit by bit, the first one's first.
_PAIRS = [
    (first + second, ("A" <= first <= "Z") | ("A" <= second <= "Z") << 1)
    for first in DIGITS
    for second in DIGITS
]
_BITS = dict(_PAIRS)
