"""How texts compare: without regard to case and accents, the same in every engine."""

import unicodedata
from datetime import datetime
from decimal import Decimal, InvalidOperation


def fold(text: str) -> str:
    """Return `text` without case, accents and compatibility forms.

    «Étude» and «etude» fold alike.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFKC", bare.casefold())


def same_value(one: str | None, other: str | None) -> bool:
    """Tell whether two texts mean the same to a CRM.

    `45` and `45.0`, an instant in two spellings.
    """
    if (one or None) == (other or None):
        return True
    if not one or not other:
        return False
    return _meaning(one) == _meaning(other)


def _meaning(text: str) -> object:
    try:
        return Decimal(text)
    except InvalidOperation:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text.strip()
    return at if at.tzinfo is not None else text.strip()
