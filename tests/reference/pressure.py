"""Section 11: how much a contact is pressed."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from connector.rules import model
from connector.rules.model import OPEN_TASK, Budget, RuleSet
from tests.reference.clock import HandedOff
from tests.reference.story import Activity, Instant

Touch = tuple[str, int]
"""The type and the local day of a touch."""


@dataclass(frozen=True, slots=True)
class Pressure:
    """How many touches there were, and from which day on every budget has room again.

    `untold_…`: the same without the task of a hand-off of this evaluation, where it presses.
    """

    touches_7d: int
    touches_30d: int
    until_day: int | None
    untold_touches_7d: int | None = None
    untold_touches_30d: int | None = None
    untold_until_day: int | None = None


def pressure(
    rules: RuleSet, activities: Sequence[Activity], as_of: Instant, last: HandedOff
) -> Pressure | None:
    """Return the pressure on a contact; None where nothing presses it."""
    settings = rules.pressure
    if settings is None:
        return None
    touches = [(each.type, each.day) for each in activities]
    task = [(OPEN_TASK, as_of.day)] if last.is_open else []
    if not is_pressed(settings, [*touches, *task], as_of):
        return None
    told = pressed_by(settings, [*touches, *task], as_of)
    has_new = last.is_new and is_pressed(settings, task, as_of)
    return Pressure(*told, *(pressed_by(settings, touches, as_of) if has_new else ()))


def is_pressed(settings: model.Pressure, touches: Sequence[Touch], as_of: Instant) -> bool:
    """Tell whether anything counts for the month or for a budget."""
    counted = [within(touches, as_of, 30, settings.touches)]
    counted += [within(touches, as_of, each.within, each.touches) for each in settings.budgets]
    return any(counted)


def pressed_by(
    settings: model.Pressure, touches: Sequence[Touch], as_of: Instant
) -> tuple[int, int, int | None]:
    """Return the touches of a week and of a month, and until when a budget is used up."""
    days = [room_again(each, touches, as_of) for each in settings.budgets]
    return (
        len(within(touches, as_of, 7, settings.touches)),
        len(within(touches, as_of, 30, settings.touches)),
        max((day for day in days if day is not None), default=None),
    )


def room_again(budget: Budget, touches: Sequence[Touch], as_of: Instant) -> int | None:
    """Return the day from which on a budget that is used up has room; None if it has now."""
    latest = sorted(within(touches, as_of, budget.within, budget.touches), reverse=True)
    return latest[budget.most - 1] + budget.within if len(latest) >= budget.most else None


def within(touches: Sequence[Touch], as_of: Instant, days: int, types: Set[str]) -> list[int]:
    """Return the days of the touches of some types in so many days."""
    return [day for kind, day in touches if kind in types and as_of.day - day < days]
