"""`leadripe quarantine`: what is in it, and what people say of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from connector.app.account import Opened, find_contact, open_account, zone_of_store
from connector.domain.moment import micros, moment
from connector.domain.text import fold
from connector.errors import UsageError
from connector.ports import Decision, DecisionRecord
from connector.rules.plan import Step
from connector.rules.quarantine import Sign
from connector.rules.tables import ROBOT_DOMAIN
from connector.store import EmbeddedStore
from connector.sync.robots import parts_of, robot_domains

_FIND = Step(
    "found", "SELECT a.contact FROM activity AS a JOIN named AS n ON n.activity = a.activity"
)
_NO_DOMAIN = pa.table({name: pa.array([], pa.string()) for name in ROBOT_DOMAIN})


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which activities are meant; what is None does not narrow. `contact`: id or address."""

    activity: str | None = None
    contact: str | None = None
    domain: str | None = None
    sign: str | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An activity in quarantine. `contact`: the CRM's id; `signs`: why, each by its name."""

    contact: str
    activity: str
    type: str
    at: datetime
    domain: str | None
    signs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision comes to. `number`: 0 if it was only looked at.

    `activities`: those in quarantine now that it speaks of, by the signs that it lifts.
    """

    number: int
    activities: int
    signs: Mapping[str, int] = field(default_factory=dict)


def listed(config: Path, chosen: Chosen, as_of: datetime | None = None) -> Sequence[Quarantined]:
    """Return what is in quarantine at an instant, by contact and time; asks the CRM nothing."""
    opened = open_account(config)
    with opened.store(read_only=True) as store:
        return list(_listed(opened, store, chosen, as_of or opened.clock.now()))


def decisions(config: Path) -> Sequence[DecisionRecord]:
    """Return what people said of quarantine, oldest first."""
    with open_account(config).store(read_only=True) as store:
        return store.load_decisions()


def release(config: Path, chosen: Chosen, *, always: bool, dry_run: bool) -> Decided:
    """Lift the signs of activities for good; with `always` of what is still to come, too.

    What is lifted counts again from the next evaluation on.
    """
    return _decide(config, chosen, is_release=True, always=always, dry_run=dry_run)


def put(config: Path, chosen: Chosen, *, always: bool, dry_run: bool) -> Decided:
    """Put activities into quarantine by hand; with `always` those still to come, too."""
    return _decide(config, chosen, is_release=False, always=always, dry_run=dry_run)


def _decide(
    config: Path, chosen: Chosen, *, is_release: bool, always: bool, dry_run: bool
) -> Decided:
    _check_one(chosen, is_release=is_release)
    opened = open_account(config)
    now = opened.clock.now()
    with opened.store(read_only=dry_run) as store:
        zone_of_store(store)  # nothing was read yet, if it raises
        if chosen.activity:
            _check_there(opened, store, chosen.activity, micros(now))
        decision = _decision(store, chosen, is_release=is_release, until=None if always else now)
        found = list(_listed(opened, store, chosen, now)) if is_release else []
        counts: dict[str, int] = {}
        for each in found:
            for sign in each.signs if chosen.sign is None else [chosen.sign]:
                counts[sign] = counts.get(sign, 0) + 1
        if dry_run:
            return Decided(0, len(found), counts)
        with store.lease():
            return Decided(store.add_decision(decision, now), len(found), counts)


def _check_one(chosen: Chosen, *, is_release: bool) -> None:
    subjects = [each for each in (chosen.activity, chosen.contact, chosen.domain) if each]
    if len(subjects) > 1:
        raise UsageError(
            what="--activity, --contact and --domain exclude each other",
            where="leadripe quarantine",
            do="Name one of them; decide as often as you like.",
        )
    if not subjects and not (is_release and chosen.sign):
        raise UsageError(
            what="nothing is named",
            where="leadripe quarantine",
            do="Name --activity, --contact or --domain"
            + (", or --sign for everybody's." if is_release else "."),
        )


def _check_there(opened: Opened, store: EmbeddedStore, activity: str, at_us: int) -> None:
    named = {"named": pa.table({"activity": [activity]})}
    for bucket in store.buckets():
        activities = store.load_activities(bucket)
        found = opened.engine.select(opened.compiled, activities, [_FIND], named, as_of_us=at_us)
        if len(found):
            return
    raise UsageError(
        what="no such activity in the store",
        where="leadripe quarantine --activity",
        do="Give its id as `leadripe quarantine list --json` or the CRM has it, for example "
        "email_events:7f2a…; run `leadripe pull` if it is new.",
    )


def _decision(
    store: EmbeddedStore, chosen: Chosen, *, is_release: bool, until: datetime | None
) -> Decision:
    return Decision(
        is_release=is_release,
        sign=(chosen.sign or "") if is_release else Sign.BY_HAND,
        activity=chosen.activity or None,
        no=_number(store, chosen.contact) if chosen.contact else None,
        domain=_domain(chosen.domain) if chosen.domain else None,
        until=until,
    )


def _number(store: EmbeddedStore, contact: str) -> int:
    return find_contact(store, contact, where="leadripe quarantine --contact").no


def _domain(text: str) -> str:
    """Return `@Acme.example` or `ana@acme.example` as `acme.example`."""
    return fold(text.strip()).rpartition("@")[2]


def _listed(
    opened: Opened, store: EmbeddedStore, chosen: Chosen, at: datetime
) -> Iterator[Quarantined]:
    robots, decided = opened.compiled.robots, store.load_decision_table()
    if not robots.has_signs and not len(decided):
        return
    at_us = micros(at)
    only = _number(store, chosen.contact) if chosen.contact else None
    domains = robot_domains(opened.engine, opened.compiled, parts_of(store), as_of_us=at_us)
    for bucket in store.buckets():
        people = store.load_people(bucket)
        if only is not None:
            people = people.filter(pa.compute.equal(people["contact"], only))
        if not len(people):
            continue
        flag = opened.engine.select(
            opened.compiled,
            store.load_activities(bucket),
            robots.flag,
            {
                "contact": people,
                "decision": decided,
                "robot_domain": _NO_DOMAIN if domains is None else domains,
            },
            as_of_us=at_us,
        )
        yield from _chosen(store, people, flag, chosen)


def _chosen(
    store: EmbeddedStore, people: pa.Table, flag: pa.Table, chosen: Chosen
) -> Iterator[Quarantined]:
    """Yield the flagged activities of a bucket that are meant."""
    by_activity: dict[tuple[int, str], list[Mapping[str, object]]] = {}
    for row in flag.to_pylist():
        by_activity.setdefault((row["contact"], row["activity"]), []).append(row)
    known = store.load_contacts({contact for contact, _ in by_activity})
    pairs = zip(people["contact"].to_pylist(), people["f_email_folded"].to_pylist(), strict=True)
    domains = {no: email.partition("@")[2] or None for no, email in pairs if email}
    wanted = _domain(chosen.domain) if chosen.domain else None
    for (contact, activity), rows in by_activity.items():
        signs = [sign.value for sign in Sign if any(row["sign"] == sign for row in rows)]
        is_meant = (
            contact in known
            and chosen.activity in (None, activity)
            and wanted in (None, domains.get(contact))
            and (chosen.sign is None or chosen.sign in signs)
        )
        if is_meant:
            yield Quarantined(
                contact=known[contact].id,
                activity=activity,
                type=str(rows[0]["type"]),
                at=moment(int(str(rows[0]["occurred_us"]))),
                domain=domains.get(contact),
                signs=signs,
            )
