"""Says conditions in words, in English or French."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from connector.domain.numbers import from_millionths
from connector.rules.conditions import All, AnyOf, Condition, Kind, Literal, Not, Test
from connector.rules.explain import say
from connector.rules.model import Label

_AND: Label = {"en": " and ", "fr": " et "}
_OR: Label = {"en": " or ", "fr": " ou "}
OR_ELSE: Label = {"en": ", or ", "fr": ", ou "}
"""Between parts of which each has an «and» or «or» of its own."""
_NOT: Label = {"en": "not ({part})", "fr": "pas ({part})"}
_YES: dict[bool, Label] = {True: {"en": "yes", "fr": "oui"}, False: {"en": "no", "fr": "non"}}
_EXACT: Label = {"en": " (letter for letter)", "fr": " (à la lettre)"}
_QUOTES: Label = {"en": "«{text}»", "fr": "« {text} »"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def condition_in_words(condition: Condition, language: str) -> str:
    """Return what a condition asks, as it stands behind «when» or «si»."""
    match condition:
        case Test():
            return _test(condition, language)
        case All(parts=parts):
            return say(_AND, language).join(condition_in_words(part, language) for part in parts)
        case AnyOf(parts=parts):
            listed = say(_OR, language).join(condition_in_words(part, language) for part in parts)
            return f"({listed})"
        case Not(part=part):
            return say(_NOT, language).format(part=condition_in_words(part, language))


def quoted(text: str, language: str) -> str:
    """Return a text in the quotation marks of a language."""
    return say(_QUOTES, language).format(text=text)


def listed(words: Iterable[str], language: str) -> str:
    """Return words as `a, b or c`; at least one."""
    return _joined(words, say(_OR, language))


def together(words: Iterable[str], language: str) -> str:
    """Return words as `a, b and c`; at least one."""
    return _joined(words, say(_AND, language))


def _joined(words: Iterable[str], joint: str) -> str:
    *first, last = words
    return f"{', '.join(first)}{joint}{last}" if first else last


def _test(test: Test, language: str) -> str:
    values = ", ".join(_value(test, value, language) for value in test.values)
    exact = say(_EXACT, language) if test.exact else ""
    sentence = say(test.op.sentence(test), language).format(values=values)
    return f"{test.name} {sentence}{exact}"


def _value(test: Test, value: Literal, language: str) -> str:
    match value:
        case bool():
            return say(_YES[value], language)
        case str():
            return quoted(value, language)
        case _ if not test.op.takes.is_of_the_kind:
            return str(value)
        case _ if test.kind is Kind.MOMENT:
            return _moment(value)
        case _:
            number = from_millionths(value)
            return number.replace(".", ",") if language == "fr" else number


def _moment(us: int) -> str:
    at = _EPOCH + timedelta(microseconds=us)
    return at.date().isoformat() if at.time() == _EPOCH.time() else at.isoformat()
