"""Imports the CSV set of a B2B funnel: accounts, contacts, leads, their events and opportunities.

A lead of the set becomes a person: the set follows leads, and one contact may stand behind several.
Whatever the set leaves out (names, addresses, the hour of the day) is derived from the ids, so that
loading again gives the same world.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zlib import crc32

from connector.errors import ConfigError
from connector.sandbox.csv_rows import Mistakes, Row, read_rows
from connector.sandbox.load_deeds import Told, sales_activity, session, touch
from connector.sandbox.load_people import company, person, rep
from connector.sandbox.world import DEAL_PROBABILITY, Company, Deal, Happening, Person, World

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "accounts.csv": ("account_id", "company_name", "industry", "region", "employee_band",
                     "estimated_revenue_band"),
    "contacts.csv": ("contact_id", "job_title", "seniority", "buyer_role", "email_domain_type"),
    "leads.csv": ("lead_id", "lead_created_at", "contact_id", "account_id", "lead_source",
                  "owner_rep_id"),
    "touches.csv": ("touch_id", "touch_timestamp", "lead_id", "touch_type", "touch_direction"),
    "sessions.csv": ("session_id", "session_timestamp", "lead_id", "session_type", "page_views",
                     "pricing_page_views", "demo_page_views"),
    "sales_activities.csv": ("activity_id", "activity_timestamp", "lead_id", "rep_id",
                             "activity_type", "activity_outcome"),
    "opportunities.csv": ("opportunity_id", "created_at", "lead_id", "stage", "estimated_acv"),
}  # fmt: skip

_EVENTS: Mapping[str, Callable[[Row], tuple[Told, ...]]] = {
    "touches.csv": touch,
    "sessions.csv": session,
    "sales_activities.csv": sales_activity,
}
_DATED = ("leads.csv", *_EVENTS, "opportunities.csv")

# A demo that is scheduled has not been held yet: the deal still stands before it.
_DEAL_STAGES: Mapping[str, str] = {
    "demo_scheduled": "qualification",
    "demo_completed": "demo",
    "proposal_sent": "proposal",
    "negotiation": "negotiation",
    "closed_won": "won",
    "closed_lost": "lost",
}
_CLOSED_WITHIN = timedelta(days=90)  # of the lead's beginning: the set's own horizon

_OPENS_AT = 8 * 3600
_CLOSES_AT = 18 * 3600


def load(folder: Path, *, ends_at: datetime | None = None) -> World:
    """Return the world that the folder's seven CSV files tell of.

    With `ends_at`, everything moves by whole days until the latest day of the files is that of
    `ends_at` (in UTC), so that scores have not decayed away; without it, the dates stay. The files
    know days only: an event's hour is derived from its id, within working hours and before the end.

    Raises ConfigError with every mistake found (the first 20 in full): a missing file or column, a
    bad date or number, an unknown word, an id that does not stand where it should or stands twice.
    """
    if not folder.is_dir():
        raise ConfigError(
            what="the folder to load does not exist",
            where=str(folder),
            do=f"name a folder that holds {', '.join(_COLUMNS)}; nothing was loaded",
        )
    mistakes = Mistakes(folder)
    files = _Files(folder, mistakes, ends_at)
    # Without one of the files, every id that points into it would count as a mistake of its own.
    mistakes.raise_if_unreadable()
    world = files.world()
    mistakes.raise_if_any()
    return world


class _Calendar:
    """Turns the set's days into instants."""

    def __init__(self, last: date, ends_at: datetime | None) -> None:
        closing = datetime.combine(last, time(_CLOSES_AT // 3600), UTC)
        self.ends_at = ends_at.astimezone(UTC) if ends_at else closing
        self._shift = self.ends_at.date() - last

    def instant(self, day: date, key: str) -> datetime:
        """Return a moment of the day's working hours, the same for the same key."""
        return self._at(day, _OPENS_AT + crc32(key.encode()) % (_CLOSES_AT - _OPENS_AT))

    def opening(self, day: date) -> datetime:
        """Return the beginning of the day's working hours."""
        return self._at(day, _OPENS_AT)

    def _at(self, day: date, seconds: int) -> datetime:
        midnight = datetime.combine(day + self._shift, time(), UTC)
        # A world that ends at ten in the morning has had its last day's events by then.
        until = min(_CLOSES_AT, int((self.ends_at - midnight).total_seconds()))
        return midnight + timedelta(seconds=seconds * until // _CLOSES_AT)


class _Files:
    """The seven files while they are turned into a world; mistakes are noted on the way."""

    def __init__(self, folder: Path, mistakes: Mistakes, ends_at: datetime | None) -> None:
        self._rows = {
            name: _without_repeats(read_rows(folder / name, columns, mistakes), columns[0])
            for name, columns in _COLUMNS.items()
        }
        self._days = {
            name: {key: row.day(_COLUMNS[name][1]) for key, row in self._rows[name].items()}
            for name in _DATED
        }
        days = [day for by_key in self._days.values() for day in by_key.values()]
        self._calendar = _Calendar(max(days, default=date(1970, 1, 1)), ends_at)

    def world(self) -> World:
        """Return what the files tell of; not to be used if there were mistakes."""
        reps = {row["owner_rep_id"] for row in self._rows["leads.csv"].values()}
        reps |= {row["rep_id"] for row in self._rows["sales_activities.csv"].values()}
        companies = {key: company(row) for key, row in self._rows["accounts.csv"].items()}
        return World(
            reps=[rep(key) for key in sorted(reps - {""})],
            companies=list(companies.values()),
            people=list(self._people(companies)),
            happenings=[
                happening
                for name, read in _EVENTS.items()
                for happening in self._events(name, read)
            ],
            deals=list(self._deals(companies)),
            ends_at=self._calendar.ends_at,
        )

    def _people(self, companies: Mapping[str, Company]) -> Iterator[Person]:
        contacts = self._rows["contacts.csv"]
        for key, row in self._rows["leads.csv"].items():
            # Both are asked before leaving, so that one unknown id does not hide the other.
            known = [
                row.known("contact_id", contacts, "contacts.csv"),
                row.known("account_id", companies, "accounts.csv"),
            ]
            if all(known):
                yield person(
                    row,
                    contacts[row["contact_id"]],
                    companies[row["account_id"]],
                    created_at=self._calendar.opening(self._days["leads.csv"][key]),
                )

    def _events(self, name: str, read: Callable[[Row], tuple[Told, ...]]) -> Iterator[Happening]:
        leads = self._rows["leads.csv"]
        for key, row in self._rows[name].items():
            told = read(row)
            if not row.known("lead_id", leads, "leads.csv"):
                continue
            at = self._calendar.instant(self._days[name][key], key)
            owner = row.values.get("rep_id", "") or leads[row["lead_id"]]["owner_rep_id"]
            for number, one in enumerate(told, start=1):
                yield Happening(
                    key=key if number == 1 else f"{key}-{number}",
                    person=row["lead_id"],
                    deed=one.deed,
                    at=min(at + one.after, self._calendar.ends_at),
                    details=one.details,
                    rep=owner,
                )

    def _deals(self, companies: Mapping[str, Company]) -> Iterator[Deal]:
        leads = self._rows["leads.csv"]
        for key, row in self._rows["opportunities.csv"].items():
            amount = row.number("estimated_acv")
            stage = _DEAL_STAGES.get(row["stage"], "")
            if not stage:
                row.reject(f"stage {row.quoted('stage')} is not one of {', '.join(_DEAL_STAGES)}")
            if not row.known("lead_id", leads, "leads.csv") or not stage:
                continue
            lead = leads[row["lead_id"]]
            account = companies.get(lead["account_id"])
            created_at = self._calendar.instant(self._days["opportunities.csv"][key], key)
            yield Deal(
                key=key,
                person=row["lead_id"],
                name=f"Licence for {account.name if account else lead['account_id']}",
                stage=stage,
                amount=amount,
                probability=DEAL_PROBABILITY[stage],
                created_at=created_at,
                close_at=self._close_at(key, stage, created_at, lead["lead_id"]),
                rep=lead["owner_rep_id"],
            )

    def _close_at(self, key: str, stage: str, created_at: datetime, lead: str) -> datetime:
        """Return when a deal was closed, or is meant to be; the set knows only the horizon."""
        days = timedelta(days=14 + crc32(key.encode()) % 45)
        if stage not in ("won", "lost"):
            return self._calendar.ends_at + days
        horizon = self._calendar.opening(self._days["leads.csv"][lead]) + _CLOSED_WITHIN
        return max(created_at, min(created_at + days, horizon, self._calendar.ends_at))


def _without_repeats(rows: Iterator[Row], column: str) -> dict[str, Row]:
    """Return the rows by their id; a second row of the same id is a mistake."""
    by_id: dict[str, Row] = {}
    for row in rows:
        if not row[column]:
            row.reject(f"{column} is empty")
        first = by_id.setdefault(row[column], row)
        if first is not row:
            row.reject(f"{column} {row.quoted(column)} already stands in line {first.line}")
    return by_id
