"""Explains one contact, at an instant and over the days before it."""

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connector.app.account import Opened, find_contact, open_account, zone_of_store
from connector.app.then import sources_of
from connector.domain.contact import Owner
from connector.domain.moment import EPOCH, Moment, local_day, micros, moment
from connector.engine.daily import daily, deeds
from connector.errors import UsageError
from connector.ports import Evaluation, Facts, FormerContact, FormerFields, KnownContact
from connector.report.changes import PersonChange, Said, judged_fields, person_changes
from connector.report.explanation import Explanation, History, explanation
from connector.report.page import page
from connector.report.set_aside import Quarantined, quarantined
from connector.report.sources import Sources
from connector.report.timeline import Held, Remembered, Timeline, timeline
from connector.rules.compile import compile_rules
from connector.rules.quarantine import Quarantine
from connector.rules.timeline import Span
from connector.store import EmbeddedStore
from connector.sync.batches import joined
from connector.sync.capacity import WEEK, Candidates
from connector.sync.robots import is_suspect, parts_of, robot_domains, with_robots
from connector.sync.untold import not_yet

_PRIVATE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Explained:
    """A contact as read from the store at one commit, and what the rules say of it."""

    opened: Opened
    zone: ZoneInfo
    as_of: datetime
    known: KnownContact
    facts: Facts
    evaluation: Evaluation
    history: History
    changes: Sequence[PersonChange] = ()
    rests_on: Sources | None = None
    has_room: bool | None = None

    @cached_property
    def explanation(self) -> Explanation:
        """Why it has its score, stage and hand-off."""
        told = explanation(
            self.known,
            self.evaluation,
            self.history,
            words=self.opened.words,
            zone=self.zone,
            as_of=self.as_of,
            rules_hash=self.opened.compiled.hash,
            rests_on=self.rests_on,
            has_room=self.has_room,
        )
        return replace(told, quarantined=self._quarantined())

    def _quarantined(self) -> Quarantined | None:
        """Return what does not count, by an evaluation in which it does."""
        if self.evaluation.flag is None or not len(self.evaluation.flag):
            return None
        rules = replace(self.opened.loaded.rules, quarantine=Quarantine())
        trusting = self.opened.engine.evaluate(
            compile_rules(rules),
            replace(self.facts, decision=None, robot_domain=None),
            at=Moment.at(self.as_of, self.zone),
        )
        return quarantined(self.evaluation, trusting, words=self.opened.words)

    @property
    def most(self) -> int:
        """The most points a score can have."""
        return self.opened.loaded.rules.highest // 1_000_000

    def timeline(self, days: int) -> Timeline:
        """Return what became of it in the last `days` days before today, and today."""
        last = local_day(self.as_of, self.zone)
        span = Span(last - days, last, micros(self.as_of))
        happened = [
            *(each.at for each in self.history.moves),
            *(each.at for each in self.history.written),
            *(each.at for each in self.changes),
        ]
        scored = daily(
            self.opened.engine,
            self.opened.loaded.rules,
            self._counted,
            span,
            contact=self.facts.contact,
            eventful=[local_day(at, self.zone) for at in happened],
        )
        return timeline(
            scored,
            self._remembered(span),
            first=EPOCH.date() + timedelta(days=span.first),
            words=self.opened.words,
            zone=self.zone,
        )

    def page(self, told: Timeline) -> str:
        """Return everything as one HTML page."""
        return page(self.explanation, told, words=self.opened.words, zone=self.zone)

    @property
    def _activity(self) -> pa.Table:
        activity = self.facts.activity
        if isinstance(activity, Sequence):
            raise TypeError("the activities of one contact come as a table")
        return activity

    @property
    def _counted(self) -> pa.Table:
        """The activities without those in quarantine."""
        flag, activity = self.evaluation.flag, self._activity
        if flag is None or not len(flag):
            return activity
        is_flagged = pc.is_in(activity["activity"], value_set=flag["activity"])
        return activity.filter(pc.invert(is_flagged))

    def _remembered(self, span: Span) -> Remembered:
        return Remembered(
            deeds=deeds(self._activity, span),
            moves=self.history.moves,
            written=self.history.written,
            hand_offs=sorted(set(self._hand_offs())),
            changes=self.changes,
            held=[
                Held(name, self.known.wrote[name], self.known.found[name])
                for name in self.explanation.kept
                if any(name in each.values for each in self.history.written)
            ],
        )

    def _hand_offs(self) -> Iterator[datetime]:
        """Yield the hand-offs: those that were written to the CRM, and the one remembered last."""
        properties = self.opened.loaded.mapping.write.properties
        written = properties.get("handed_off_at", "")
        for each in self.history.written:
            if at := _instant(each.values.get(written)):
                yield at
        for row in self.facts.state.to_pylist():
            if row["handed_off_us"] is not None:
                at = moment(row["handed_off_us"]).replace(microsecond=0)
                if at <= self.as_of:
                    yield at


def explained(config: Path, contact: str, as_of: datetime | None) -> Explained:
    """Read one contact from the store and evaluate it; asks the CRM nothing."""
    opened = open_account(config)
    with opened.store(read_only=True) as store:
        _, zone = zone_of_store(store)
        known = find_contact(store, contact, where="leadripe explain")
        at = as_of or opened.clock.now()
        domains = domains_for(opened, store, known.no, micros(at))
        facts = facts_of(opened, store, known.no, at, as_of, zone, domains)
        evaluation = opened.engine.evaluate(opened.compiled, facts, at=Moment.at(at, zone))
        has_room = _has_room(opened, store, known, at)
        if has_room is False:
            evaluation = not_yet(evaluation, facts.state, [known.no])
        return Explained(
            opened,
            zone,
            at,
            known,
            facts,
            evaluation,
            _history(store, known.no, at),
            [each for each in _changes(opened, store, known) if each.at <= at],
            sources_of(opened, store, as_of, no=known.no),
            has_room,
        )


def _has_room(
    opened: Opened, store: EmbeddedStore, known: KnownContact, at: datetime
) -> bool | None:
    """Return whether who would act has room for one more contact this week; None: no limit."""
    hand_off = opened.loaded.rules.hand_off
    able = Candidates(store.load_owners(), hand_off.routes).of(known)
    if hand_off.weekly_limit is None or not able:
        return None
    had = store.count_given(at - WEEK, at)
    return min(had.get(each, 0) for each in able) < hand_off.weekly_limit


def ask_history(config: Path, contact: str) -> None:
    """Ask the CRM what stood in a contact's fields before, unless it was asked already.

    The answer is kept in the store; so it takes the lease, and counts as a run.
    """
    opened = open_account(config)
    with opened.store(read_only=True) as store:
        no = find_contact(store, contact, where="leadripe explain").no
    with opened.store(read_only=False) as store:
        opened.runner(opened.crm(), store).ask_history(no)


def domains_for(opened: Opened, store: EmbeddedStore, no: int, at_us: int) -> pa.Table | None:
    """Return the mail domains behind a gateway, if they may matter to a contact."""
    engine, compiled = opened.engine, opened.compiled
    own = store.load_facts_of(no, compiled).activity
    # The others are asked only if this one clicked like a robot, or points of colleagues matter: in
    # a large account it takes long.
    if compiled.account is None and not is_suspect(engine, compiled, own, as_of_us=at_us):
        return None
    return robot_domains(engine, compiled, parts_of(store), as_of_us=at_us)


def _changes(opened: Opened, store: EmbeddedStore, known: KnownContact) -> list[PersonChange]:
    """Return what changed about a contact in the CRM, and was not written by us."""
    rows = store.load_facts_of(known.no, opened.compiled).state.to_pylist()
    said = Said(rows[0]["human_stage"], rows[0]["verdict"]) if rows else Said()
    kinds = judged_fields(opened.loaded.rules)
    versions = store.load_versions(known.no)
    # Of the time before we read it only the CRM tells, and only of fields.
    first = Said(versions[0].human_stage, versions[0].verdict) if versions else said
    told = _named(store.load_former_values(known.no), store.load_owners())
    before = [
        FormerContact(each.until, each.was, first.human_stage, first.verdict)
        for each in told
        if each.is_before_ours
    ]
    return person_changes([*before, *versions], known.fields, said, kinds, told)


def _named(told: Sequence[FormerFields], owners: Sequence[Owner]) -> list[FormerFields]:
    """Return what was told with the names of users of whom the CRM gave the number."""
    names = {f"user:{each.user}": each.name or each.email for each in owners if each.user}
    return [replace(each, by=names.get(each.by or "", each.by)) for each in told]


def facts_of(
    opened: Opened,
    store: EmbeddedStore,
    no: int,
    at: datetime,
    as_of: datetime | None,
    zone: ZoneInfo,
    domains: pa.Table | None,
) -> Facts:
    """Return what a contact is evaluated from, with what is known of its account as fields."""
    facts = with_robots(store.load_facts_of(no, opened.compiled, as_of), domains)
    by = opened.loaded.rules.account
    if by is None or opened.compiled.account is None:
        return facts
    colleagues = [
        store.load_facts_of(each, opened.compiled, as_of)
        for each in store.load_colleagues(no, by.by)
    ]
    accounts = opened.engine.gather(
        opened.compiled,
        [with_robots(joined(colleagues), domains)] if colleagues else [],
        at=Moment.at(at, zone),
    )
    return replace(facts, contact=accounts.beside(facts.contact)) if accounts else facts


def _history(store: EmbeddedStore, no: int, as_of: datetime) -> History:
    """Return what is remembered of a contact up to an instant."""
    return History(
        [each for each in store.load_moves(no) if each.at <= as_of],
        [each for each in store.load_ledger(no) if each.at <= as_of],
    )


def _instant(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at.replace(microsecond=0) if at.tzinfo else None


def write_page(file: Path, text: str) -> None:
    """Write a page that only its owner may read, whole or not at all.

    A symbolic link that stands there is replaced, not followed. Raises UsageError where no file can
    be written.
    """
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    try:
        with os.fdopen(os.open(unfinished, _PRIVATE, 0o600), "wb") as sink:
            sink.write(text.encode())
            sink.flush()
            os.fsync(sink.fileno())
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UsageError(
            what=f"the page could not be written: {error.strerror}",
            where=f"--html {file}",
            do="Name a file in a folder that exists and that you may write to.",
        ) from error
