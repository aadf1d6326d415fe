"""A compiled rule set: named steps of portable SQL and the small tables they join."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.domain.moment import Moment
from connector.rules.conditions import Kind
from connector.rules.model import WorkingHours
from connector.rules.working import working


@dataclass(frozen=True, slots=True)
class Step:
    """One SELECT, whose result later steps read by its name.

    `needs`: inputs and earlier steps without which, if one of them is empty, it yields nothing: an
    engine may then leave it out.
    """

    name: str
    sql: str
    needs: tuple[str, ...] = ()

    def has_work(self, rows: Mapping[str, int]) -> bool:
        """Return whether it may yield anything, by how many rows inputs and steps hold."""
        return all(rows.get(name) != 0 for name in self.needs)


@dataclass(frozen=True, slots=True)
class Constants:
    """A small table that comes with the rules. `columns`: {name: SQL type}."""

    name: str
    columns: Mapping[str, str]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Robots:
    """What tells robots from people: see `connector.rules.robots`.

    `flag`: from the inputs of an evaluation, `decision` and `robot_domain` to `flag`. `suspect`,
    `recipient`: what is asked of all contacts first; empty unless a sign looks across contacts.
    `has_signs`: whether `flag` can find anything of which no person spoke. `least_recipients`: of
    how many recipients a mail domain has to consist.
    """

    flag: tuple[Step, ...] = ()
    suspect: tuple[Step, ...] = ()
    recipient: tuple[Step, ...] = ()
    has_signs: bool = False
    least_recipients: int = 0


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """How contacts of one account are put together (`connector.rules.accounts`).

    `own`: the plan that gives contacts their own points. `key`, `role`: columns of `contact`; no
    `role` where roles are not told apart. `summary`: a row for each account, read from `own`.
    """

    own: "CompiledRules"
    key: str
    role: str | None
    summary: Step


@dataclass(frozen=True, slots=True)
class OpportunityPlan:
    """How opportunities are scored, once all contacts are (`connector.rules.opportunities`).

    The steps read `opportunity` (the column of that name, and `f_` columns of `fields`, text ones
    also folded), `taking_part`, the constants and `moment`; `opportunity_score` and
    `opportunity_reason` among them are the results.
    """

    constants: tuple[Constants, ...]
    steps: tuple[Step, ...]
    fields: Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """One plan, for any engine that speaks the portable subset (DESIGN, decision 2).

    The steps read `contact`, `activity`, `opportunity`, `state` (`connector.rules.tables`), the
    constants, the one-row table `moment` with `as_of_us` and `as_of_day`, and `working` (see
    `tables.WORKING`), which is made from `hours` for each moment, for clocks of `longest_clock`
    minutes. Before them come
    those of `robots`; what these flag is no part of `activity` any more.

    `hash`: SHA-256 of the canonical form of the rule set and of the plan; the same rules give the
    same hash. `fields`, `attributes`: what the plan needs as `f_` and `a_` columns; text ones also
    folded. `account`: the turn that goes before, where conditions look at accounts.
    `opportunities`: the one that comes after, where opportunities have a score; then one of the
    steps is `taking_part`, a result.
    """

    hash: str
    constants: tuple[Constants, ...]
    steps: tuple[Step, ...]
    fields: Mapping[str, Kind]
    attributes: Mapping[str, Kind]
    robots: Robots = field(default_factory=Robots)
    account: AccountPlan | None = None
    opportunities: OpportunityPlan | None = None
    hours: WorkingHours = field(default_factory=WorkingHours)
    longest_clock: int = 0

    def working(self, at: Moment) -> tuple[tuple[int, ...], ...]:
        """Return the rows of `working` for an evaluation as of a moment."""
        return working(self.hours, at.day, at.zone, self.longest_clock)
