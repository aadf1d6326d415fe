"""How messages quote what an admin wrote, and guess what was meant. No secret is ever repeated."""

import difflib
import re
from collections.abc import Iterable
from decimal import Decimal

_MOST = 60
_SECRET = re.compile(r"pat-|sk-|eyJ|(?=\S*[0-9])(?=\S*[A-Za-z])[A-Za-z0-9+/_\-=]{24,}")

_UNQUOTED = "a text that looks like a secret"


def looks_secret(text: str) -> bool:
    """Tell whether a text may be a token: better not quoted once too often."""
    return _SECRET.match(text.strip()) is not None


def quoted(text: str) -> str:
    """Return a text in quotation marks, cut to a reasonable length."""
    if looks_secret(text):
        return f"({_UNQUOTED})"
    line = " ".join(text.split())
    return f"«{line if len(line) <= _MOST else line[: _MOST - 1] + '…'}»"


def found(value: object) -> str:
    """Return what stands in the file, as a message says it: `the text «five»`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return f"the number {value}"
        case str():
            return _UNQUOTED if looks_secret(value) else f"the text {quoted(value)}"
        case tuple() | list():
            return "a list"
        case _:
            return "a section with keys"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant; None if none is near."""
    near = difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.7)
    return near[0] if near else None


def likely(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean «…»?` if a known word is near, else nothing."""
    near = nearest(word, known)
    return f"; did you mean «{near}»?" if near else ""


def listed(words: Iterable[str], joint: str = "or") -> str:
    """Return words as `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} {joint} {last}" if first else last
