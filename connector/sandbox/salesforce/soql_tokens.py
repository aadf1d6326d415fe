"""Takes SOQL apart into words, signs and literals, and tells what a literal means."""

import re
from dataclasses import dataclass

from connector.sandbox.salesforce.refusals import malformed

LONGEST_LITERAL = 4_000
TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    | (?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.:-]))
    | (?P<range>[A-Za-z_]+:\d+)
    | (?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
ESCAPES = {
    "n": "\n", "N": "\n", "r": "\r", "R": "\r", "t": "\t", "T": "\t", "b": "\b", "B": "\b",
    "f": "\f", "F": "\f", '"': '"', "'": "'", "\\": "\\", "_": "_", "%": "%",
}  # fmt: skip
# Beyond the basic plane a character is written as a pair of surrogates, each of them escaped.
ESCAPE = re.compile(
    r"\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u([0-9a-f]{4})|(.))",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, sign or literal, and where it begins."""

    kind: str
    text: str
    at: int


def unescaped(text: str) -> str:
    """Return what a string literal means."""
    return ESCAPE.sub(_unescape, text)


def _unescape(found: re.Match[str]) -> str:
    if found[1]:
        pair = int(found[1] + found[2], 16).to_bytes(4, "big")
        return pair.decode("utf-16-be")
    meant = chr(int(found[3], 16)) if found[3] else ESCAPES.get(found[4])
    if meant is None or "\ud800" <= meant <= "\udfff":
        raise malformed(f"Invalid string literal. Illegal character sequence '{found[0]}' in it")
    return meant


def tokens(soql: str) -> list[Token]:
    """Return the words, signs and literals of a query, and its end."""
    found_all, at = [], 0
    end = len(soql.rstrip())
    while at < end:
        found = TOKEN.match(soql, at)
        if found is None or found.lastgroup is None:
            raise malformed(f"unexpected token: '{soql[at:].strip()[:1]}' at column {at + 1}")
        text = found[found.lastgroup]
        if found.lastgroup == "string" and len(text) > LONGEST_LITERAL + 2:
            raise malformed(f"a literal cannot be longer than {LONGEST_LITERAL:,} characters")
        found_all.append(Token(found.lastgroup, text, found.start(found.lastgroup)))
        at = found.end()
    found_all.append(Token("end", "<EOF>", len(soql)))
    return found_all
