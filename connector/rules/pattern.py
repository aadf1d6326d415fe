"""Makes a pattern look at folded text: its non-ASCII literals are folded in their place."""

from connector.domain.text import fold

_IGNORE_CASE = "(?i)"


def folded_pattern(pattern: str) -> str:
    r"""Return an RE2 pattern that finds in folded text what `pattern` means, whatever the case.

    Escapes, classes and groups stay as they are: «[ÉÈ]tude\s» becomes «[ee]tude\s».
    """
    return _IGNORE_CASE + "".join(_pieces(pattern))


def _pieces(pattern: str) -> list[str]:
    """Return `pattern` in pieces, its non-ASCII characters folded."""
    pieces: list[str] = []
    in_class = quoted = False
    position = 0
    while position < len(pattern):
        char = pattern[position]
        pair = pattern[position : position + 2]
        if quoted or char == "\\":
            quoted = pair == "\\Q" or (quoted and pair != "\\E")
            piece = pair if char == "\\" and (not quoted or pair == "\\Q") else char
            pieces.append(piece if piece.isascii() else fold(piece))
            position += len(piece)
            continue
        if char == "[" and not in_class:
            in_class = True
            opening = _class_opening(pattern, position)
            pieces.append(opening)
            position += len(opening)
            continue
        in_class = in_class and char != "]"
        pieces.append(char if char.isascii() else _literal(char, in_class=in_class))
        position += 1
    return pieces


def _class_opening(pattern: str, start: int) -> str:
    """Return `[`, with the `^` and the literal `]` that may stand right behind it."""
    end = start + 1
    if pattern[end : end + 1] == "^":
        end += 1
    if pattern[end : end + 1] == "]":
        end += 1
    return pattern[start:end]


def _literal(char: str, *, in_class: bool) -> str:
    """Return one character folded; several stay one unit for a repetition behind them."""
    folded = fold(char)
    safe = "".join(f"\\{c}" if c.isascii() and not c.isalnum() else c for c in folded)
    if in_class:
        return safe or char
    return safe if len(folded) == 1 else f"(?:{safe})"
