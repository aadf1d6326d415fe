"""The part of a rules file that looks at contacts as what they are, and at whole accounts."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator

from connector.config.points import Label, Points
from connector.config.section import Name, Number, Section, refuse
from connector.config.where import Where
from connector.domain.numbers import MILLION

_MOST_SUM = 1_000_000


def _sum(points: Decimal) -> Decimal:
    if not 0 < points <= _MOST_SUM or points * MILLION % 1:
        raise refuse("sum_cap", f"must be more than 0 and at most {_MOST_SUM}; {points} was found")
    return points


class ContactRuleSection(Section):
    """Points for what a contact is, or for what is known of its account."""

    id: Name
    """Stable: reasons, reports and tests refer to it."""
    label: Label | None = None
    """What a rep reads; by default the id."""
    where: Where
    """Conditions on the contact's fields, and on `account_best` and its like."""
    points: Points
    """What it is worth while the conditions hold; may be negative."""
    group: Name | None = None
    """The group whose cap it shares."""
    score: Name | None = None
    """The score that it gives points to; by default the first."""


class AccountSection(Section):
    """Which contacts belong together, and which of them count: facts for conditions."""

    by: Name
    """The contact field that says which: contacts with the same value are of one account."""
    role: Name | None = None
    """The contact field by which roles are told apart, such as seniority."""
    engaged_from: Points = Decimal(10)
    """The points of its own activities from which a person counts as engaged."""
    sum_cap: Annotated[Number, AfterValidator(_sum)] | None = None
    """The most that `account_sum` comes to."""
