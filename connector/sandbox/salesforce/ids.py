"""Record ids: 15 characters that tell case, and three more that tell it without."""

import re
from functools import lru_cache

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # also the sort order
CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
POD = "5g0"
SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def make_id(prefix: str, number: int) -> str:
    """Return the id of the `number`-th record of a kind; later ones sort behind earlier ones."""
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
    checks = ""
    for start in (0, 5, 10):
        chunk = short[start : start + 5]
        checks += CHECKS[sum(1 << place for place, char in enumerate(chunk) if "A" <= char <= "Z")]
    return checks
