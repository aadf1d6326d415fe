"""How texts compare: without regard to case and accents, the same in every engine."""

import unicodedata


def fold(text: str) -> str:
    """Return `text` without case, accents and compatibility forms.

    «Étude» and «etude» fold alike.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFKC", bare.casefold())
