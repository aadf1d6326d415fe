"""Proves that a condition can never hold, or that one follows from another.

Sound, not complete: «never» is said only where it is certain, so that nobody is sent to mend a rule
that works. What cannot be decided in a few hundred steps counts as possible.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from connector.domain.text import fold
from connector.rules.conditions import All, AnyOf, Condition, Kind, Literal, Not, Test
from connector.rules.operators import Op
from connector.rules.predicate import predicate

_MOST_WAYS = 500
_ORDERED_KINDS = (Kind.NUMBER, Kind.MOMENT)
_FOLDS_TO_NOTHING = "\u0301"


@dataclass(frozen=True, slots=True)
class _Claim:
    """A comparison that must hold, or must not."""

    test: Test
    holds: bool

    @property
    def wants_value(self) -> bool:
        """Whether it is false of an unknown value."""
        if self.test.op is Op.EXISTS:
            return (self.test.values[0] is True) is self.holds
        return self.holds

    @property
    def wants_nothing(self) -> bool:
        """Whether it is false of every known value."""
        return self.test.op is Op.EXISTS and not self.wants_value


_Way = tuple[_Claim, ...]
"""Comparisons that all must hold: one of the ways in which a condition can."""


def never_holds(condition: Condition) -> bool:
    """Tell whether no values at all make the condition hold."""
    ways = list(islice(_ways(condition, holds=True), _MOST_WAYS + 1))
    return len(ways) <= _MOST_WAYS and all(_is_contradiction(way) for way in ways)


def always_holds(condition: Condition) -> bool:
    """Tell whether the condition holds whatever the values are."""
    return never_holds(Not(condition))


def follows(condition: Condition, other: Condition) -> bool:
    """Tell whether wherever `condition` holds `other` does too."""
    return never_holds(All((condition, Not(other))))


def exclude(condition: Condition, other: Condition) -> bool:
    """Tell whether no values make both hold."""
    return never_holds(All((condition, other)))


def _ways(condition: Condition, *, holds: bool) -> Iterator[_Way]:
    """Yield the ways in which a condition can hold, or can fail to."""
    match condition:
        case Test():
            yield (_Claim(condition, holds),)
        case Not(part=part):
            yield from _ways(part, holds=not holds)
        case All(parts=parts) | AnyOf(parts=parts):
            if isinstance(condition, All) is holds:
                yield from _together(parts, holds=holds)
            else:
                for part in parts:
                    yield from _ways(part, holds=holds)


def _together(parts: Sequence[Condition], *, holds: bool) -> Iterator[_Way]:
    if not parts:
        yield ()
        return
    for first in _ways(parts[0], holds=holds):
        for rest in _together(parts[1:], holds=holds):
            yield (*first, *rest)


def _is_contradiction(way: _Way) -> bool:
    by_name: dict[str, list[_Claim]] = {}
    for claim in way:
        by_name.setdefault(claim.test.name, []).append(claim)
    return any(_is_impossible(claims) for claims in by_name.values())


def _is_impossible(claims: Sequence[_Claim]) -> bool:
    """Tell whether no value of one name, an unknown one among them, meets all claims."""
    if not any(claim.wants_value for claim in claims):
        return False  # of an unknown value every comparison is false, as they are to be
    if any(claim.wants_nothing for claim in claims):
        return True
    kinds = {claim.test.kind for claim in claims}
    # What depends on the day of asking is possible as far as anybody knows.
    on_values = [
        claim
        for claim in claims
        if claim.test.op is not Op.EXISTS and not claim.test.op.is_relative
    ]
    if len(kinds) > 1 or not on_values:
        return False
    kind = kinds.pop()
    if kind is Kind.TEXT:
        return _no_text(on_values)
    if kind in _ORDERED_KINDS:
        return _no_number(on_values)
    return not any(_meets(value, on_values) for value in (True, False))


def _meets(value: Literal, claims: Iterable[_Claim]) -> bool:
    return all(predicate(claim.test)({claim.test.name: value}) is claim.holds for claim in claims)


def _no_number(claims: Sequence[_Claim]) -> bool:
    """Tell whether no whole number meets the claims.

    What holds changes only at a number that some claim names: if none of those and of their
    neighbours meets all of them, none does. Claims of which that is not known are left out.
    """
    claims = [claim for claim in claims if claim.test.op.turns_at_literals]
    named = {int(value) for claim in claims for value in claim.test.values}
    near = {number + step for number in named for step in (-1, 0, 1)}
    return not any(_meets(number, claims) for number in near or {0})


def _no_text(claims: Sequence[_Claim]) -> bool:
    exact = _candidates(claims, exact=True)
    if exact is not None:
        return not any(text and _meets(text, claims) for text in exact)
    folded = _candidates(claims, exact=False)
    if folded is not None:
        # What compares letter for letter is left out: nobody knows how the text was spelt.
        blind = [claim for claim in claims if not claim.test.exact]
        return not any(_meets(text or _FOLDS_TO_NOTHING, blind) for text in folded)
    return any(_excludes(one, other) for one in claims for other in claims)


def _candidates(claims: Sequence[_Claim], *, exact: bool) -> set[str] | None:
    """Return the only texts that the value can be, as far as claims of one sort name them."""
    found: set[str] | None = None
    for claim in claims:
        admitted = claim.test.op.admits(claim.test, holds=claim.holds)
        if claim.test.exact is not exact or admitted is None:
            continue
        values = {str(value) for value in admitted}
        values = values if exact else {fold(value) for value in values}
        found = values if found is None else found & values
    return found


def _excludes(one: _Claim, other: _Claim) -> bool:
    """Tell whether two claims on a text, no list of values among them, contradict each other."""
    if not one.holds or other.holds or one.test.exact is not other.test.exact:
        return False
    return one.test.op is other.test.op and one.test.op.implies(one.test, other.test)
