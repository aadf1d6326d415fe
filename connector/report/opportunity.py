"""Why an opportunity has its score: its lines, and the people who take part in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from connector.ports import LedgerRecord
from connector.report import terminal
from connector.report.explanation import Reason


@dataclass(frozen=True, slots=True)
class Person:
    """A contact who takes part, as the rules see it. `points`: decimal text, exact."""

    contact: str
    score: int
    points: str
    grade: str
    stage: str
    temperature: str


@dataclass(frozen=True, slots=True)
class OpportunityExplanation:
    """An open opportunity as the rules see it at an instant. Points are decimal texts, exact.

    `properties`: {what we write: its property}; `found`: {property: what the CRM showed last};
    `kept`: the properties that hold what a person set there.
    """

    opportunity: str
    as_of: datetime
    time_zone: str
    score: int
    points: str
    most: int
    reasons: Sequence[Reason]
    people: Sequence[Person]
    properties: Mapping[str, str]
    found: Mapping[str, str | None]
    kept: Sequence[str]
    written: Sequence[LedgerRecord]
    rules_hash: str

    def as_json(self) -> Mapping[str, object]:
        """Return everything as plain values; instants are ISO 8601 in UTC."""
        return asdict(self)


def explanation(told: OpportunityExplanation) -> RenderableType:
    """Return it as people read it on a terminal."""
    at = told.as_of.astimezone(ZoneInfo(told.time_zone)).isoformat(timespec="seconds")
    head = Text.assemble("Opportunity ", (told.opportunity, "bold"), f" as of {at}")
    score = Text.assemble(
        "Score ", (str(told.score), "bold"), f" of {told.most} ({told.points} points)"
    )
    lines = terminal.reasons("Reasons", told.reasons, told.points, told.most)
    return Group(head, score, Text(), lines, Text(), _people(told), *map(Text, _notes(told)))


def _people(told: OpportunityExplanation) -> RenderableType:
    if not told.people:
        return Text("Nobody takes part in it whom the CRM shows.")
    table = Table(title="Who takes part", title_justify="left", box=None, pad_edge=False)
    for column in ("contact", "score", "grade", "stage", "temperature"):
        table.add_column(column, justify="right" if column == "score" else "left")
    for person in told.people:
        told_of = (person.grade, person.stage, person.temperature)
        table.add_row(escape(person.contact), str(person.score), *told_of)
    return table


def _notes(told: OpportunityExplanation) -> Iterator[str]:
    """Yield what the CRM shows of it."""
    yield ""
    shown = told.properties.get("score")
    if not told.properties:
        yield "None of it is written to the CRM: the mapping's `opportunities.write` says where."
    elif shown is not None:
        found = told.found.get(shown)
        yield f"The CRM showed {found or 'nothing'} in «{shown}» when it was read last."
    for name in told.kept:
        yield f"«{name}» holds what a person set there, and is kept. Clear it to give it back."
