"""What is in quarantine, as tables for a terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from connector.ports import DecisionRecord
from connector.rules.quarantine import SIGN_LABELS, Sign

_SHOWN = 50


class Row(Protocol):
    """An activity in quarantine."""

    @property
    def contact(self) -> str:
        """The CRM's id."""
        ...

    @property
    def activity(self) -> str:
        """Its id."""
        ...

    @property
    def type(self) -> str:
        """Its type."""
        ...

    @property
    def at(self) -> datetime:
        """When it happened."""
        ...

    @property
    def signs(self) -> Sequence[str]:
        """Why it is there."""
        ...


def quarantine(rows: Sequence[Row]) -> RenderableType:
    """Return the counts by sign, and the first activities."""
    if not rows:
        return "Nothing is in quarantine."
    counts = Counter(sign for row in rows for sign in row.signs)
    table = Table(box=None, pad_edge=False)
    for column in ("contact", "activity", "type", "at (UTC)", "signs"):
        table.add_column(column, overflow="fold")
    for row in rows[:_SHOWN]:
        at = row.at.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(row.contact, escape(row.activity), row.type, at, ", ".join(row.signs))
    contacts = len({row.contact for row in rows})
    head = f"{len(rows):,} activities of {contacts:,} contacts are in quarantine."
    more = [f"… and {len(rows) - _SHOWN:,} more; --json lists all."] if len(rows) > _SHOWN else []
    return Group(head, _signs(counts), "", table, *more)


def _signs(counts: Mapping[str, int]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for sign in Sign:
        if counts.get(sign):
            table.add_row(f"  {sign}", f"{counts[sign]:,}", SIGN_LABELS[sign]["en"])
    return table


def decisions(records: Sequence[DecisionRecord]) -> RenderableType:
    """Return what people said of quarantine."""
    if not records:
        return "Nobody has decided anything about quarantine."
    table = Table(box=None, pad_edge=False)
    for column in ("no", "made at (UTC)", "decision", "of", "sign", "until (UTC)"):
        table.add_column(column, overflow="fold")
    for each in records:
        said = each.decision
        of = said.activity or each.contact or said.domain or "everybody"
        until = said.until.strftime("%Y-%m-%d %H:%M") if said.until else "always"
        table.add_row(
            str(each.id),
            each.made_at.strftime("%Y-%m-%d %H:%M"),
            "released" if said.is_release else "quarantined",
            escape(of),
            said.sign or "every one",
            until,
        )
    return table
