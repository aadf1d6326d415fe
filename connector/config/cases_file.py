"""Reads files of cases: what an admin wrote, as `connector.config.cases` means it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.config import case_expected
from connector.config.case_values import Moment, Span, instant
from connector.config.cases import Case, Known, People, Step, unnamed
from connector.config.cases_document import (
    CasesDocument,
    CaseSection,
    DeedSection,
    ExpectSection,
    OpportunitySection,
    PeopleSection,
    StepSection,
)
from connector.config.document import DataPath, Document, config_error
from connector.config.found import Found
from connector.config.literals import EXAMPLE, SPOKEN, literal, spoken
from connector.config.section import Scalar
from connector.config.validate import validate
from connector.config.wording import likely, quoted
from connector.config.yaml_file import read_document
from connector.domain.contact import Activity, Opportunity, Value
from connector.domain.ids import ActivityId, OpportunityId
from connector.domain.moment import EPOCH, micros
from connector.domain.numbers import MILLION, to_millionths
from connector.errors import ConfigError, Problem
from connector.rules.conditions import Kind
from connector.rules.quarantine import Sign

_USUAL = datetime(2026, 3, 2, 12)  # noqa: DTZ001  local noon, in whatever zone a case has
_OF_DEEDS = ("type", "age", "at", "id", "outbound")
_OF_OPPORTUNITIES = tuple(OpportunitySection.model_fields)


def load_cases(paths: Sequence[Path], known: Known) -> list[Case]:
    """Read files of cases. Raises ConfigError with every mistake in all of them."""
    cases: list[Case] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found, mistakes = check_cases(read_document(path), known)
        except ConfigError as error:
            problems += error.problems
            continue
        cases += found
        problems += mistakes
    if problems:
        raise config_error(problems)
    return cases


def check_cases(document: Document, known: Known) -> tuple[list[Case], list[Problem]]:
    """Return the cases as far as they make sense, and every mistake in the file."""
    checked = validate(CasesDocument, document)
    if checked.model is None:
        return [], list(checked.problems)
    written, found = checked.model, list(_repeated(checked.model.cases))
    cases = []
    for position, section in enumerate(written.cases):
        path: DataPath = ("cases", position)
        line = checked.problem(path, "").line
        teller = _Teller(written, section, known, path, found)
        cases.append(Case(section.name, document.file, line, teller.zone, teller.steps()))
    told = (checked.problem(one.path, one.message, of_key=one.of_key) for one in found)
    return cases, [*checked.problems, *told]


def _repeated(cases: Iterable[CaseSection]) -> Iterator[Found]:
    seen: set[str] = set()
    for position, case in enumerate(cases):
        if case.name in seen:
            message = f"the name {quoted(case.name)} stands twice: give each case its own"
            yield Found(("cases", position, "name"), message)
        seen.add(case.name)


@dataclass
class _Teller:
    """Tells one case step by step, carrying on what became known; mistakes go to `found`."""

    file: CasesDocument
    case: CaseSection
    known: Known
    path: DataPath
    found: list[Found]
    fields: dict[str, Value] = field(default_factory=dict)
    activities: dict[str, Activity] = field(default_factory=dict)
    opportunities: dict[str, Opportunity] = field(default_factory=dict)
    people: People = field(default_factory=People)
    whole_domain: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.case.time_zone or self.file.time_zone)
        self.at = instant(self.case.as_of or self.file.as_of or _USUAL, self.zone)

    def steps(self) -> tuple[Step, ...]:
        """Return the case's steps."""
        case = self.case
        self._values(self.file.contact, ("contact",))
        steps = [self._step(case, self.path)]
        for position, step in enumerate(case.then):
            path = (*self.path, "then", position)
            self._go_on(step, path)
            steps.append(self._step(step, path))
        return tuple(steps)

    def _go_on(self, step: StepSection, path: DataPath) -> None:
        """Move on to the moment of a later step."""
        before = self.at
        if step.after:
            self.at = step.after.after(before, self.zone)
        elif step.at:
            self.at = self._instant(step.at, (*path, "at"))
        if self.at <= before:
            key = "after" if step.after else "at"
            self._note((*path, key), "a step must be later than the one before it")

    def _step(self, step: CaseSection | StepSection, path: DataPath) -> Step:
        self._values(step.contact, (*path, "contact"))
        for position, deed in enumerate(step.activities):
            self._deed(deed, (*path, "activities", position))
        for position, opportunity in enumerate(step.opportunities):
            self._opportunity(opportunity, (*path, "opportunities", position))
        self._people(step.people, (*path, "people"))
        self._mails(step.whole_domain, (*path, "whole_domain"))
        known = Step(
            at=self.at,
            fields=dict(self.fields),
            activities=tuple(self.activities.values()),
            opportunities=tuple(self.opportunities.values()),
            people=self.people,
            whole_domain=self.whole_domain,
        )
        return self._expecting(known, step.expect, (*path, "expect")) if step.expect else known

    def _expecting(self, step: Step, section: ExpectSection, path: DataPath) -> Step:
        """Return a step with what is expected of it."""
        rules = self.known.rules
        for key in ("due", "do_not_press_until"):
            if getattr(section, key) not in (None, "none"):
                self._hangs_on_as_of((*path, key))
        self.found += [
            Found((*path, *one.path), one.message, one.of_key)
            for one in case_expected.mistakes(section, rules, self.activities, self.opportunities)
        ]
        return replace(
            step,
            expected=case_expected.expected(section, self.zone),
            interests=case_expected.interests(section, rules),
            quarantine=case_expected.quarantine(section),
        )

    def _note(self, path: DataPath, message: str, *, of_key: bool = False) -> None:
        self.found.append(Found(path, message, of_key))

    # ------------------------------------------------------------------ time

    def _instant(self, moment: Moment, path: DataPath) -> datetime:
        self._hangs_on_as_of(path)
        return instant(moment, self.zone)

    def _hangs_on_as_of(self, path: DataPath) -> None:
        """Note that a moment is written where a case would hang on our default."""
        if self.case.as_of is None and self.file.as_of is None:
            message = f"«{path[-1]}» needs a fixed moment: give the case, or the file, an «as_of»"
            self._note(path, message)

    def _when(self, age: Span | None, at: Moment | None, path: DataPath) -> int:
        """Return microseconds since 1970."""
        if at is not None:
            return micros(self._instant(at, (*path, "at")))
        return micros(age.before(self.at, self.zone) if age else self.at)

    # ---------------------------------------------------------------- values

    def _values(self, values: Mapping[str, Scalar | None], path: DataPath) -> None:
        for name, value in values.items():
            kind = self.known.fields.get(name)
            if kind is None:
                self._unknown("contact field", name, self.known.fields, (*path, name))
            else:
                self.fields[name] = self._value(name, value, kind, (*path, name))

    def _value(self, name: str, value: Scalar | None, kind: Kind, path: DataPath) -> Value:
        if value is None or value == "":
            return None
        read = literal(value, kind)
        if read is None:
            message = f"«{name}» holds {SPOKEN[kind]}, and {spoken(value)} is none"
            self._note(path, f"{message}; {EXAMPLE[kind]}")
        return read

    def _unknown(self, what: str, name: str, words: Iterable[str], path: DataPath) -> None:
        who = "no rule asks for" if self.known.types is None else "neither rules nor mapping have"
        message = f"{who} the {what} {quoted(name)}{likely(name, words)}"
        self._note(path, message, of_key=True)

    # ----------------------------------------------------------------- facts

    def _deed(self, deed: DeedSection, path: DataPath) -> None:
        types = self.known.types
        if types is not None and deed.type not in types:
            message = f"no activity of the mapping is of the type {quoted(deed.type)}"
            self._note((*path, "type"), message + likely(deed.type, types))
        id_ = deed.id or unnamed(len(self.activities))
        if id_ in self.activities:
            self._note((*path, "id"), f"the id {quoted(id_)} stands twice: give each its own")
        self.activities[id_] = Activity(
            id=ActivityId(id_),
            type=deed.type,
            occurred_us=self._when(deed.age, deed.at, path),
            is_outbound=deed.outbound,
            attributes=dict(self._attributes(deed, path)),
        )

    def _attributes(self, deed: DeedSection, path: DataPath) -> Iterator[tuple[str, Value]]:
        for name, value in deed.__pydantic_extra__.items():
            kind = self.known.attributes.get(name)
            if kind is None:
                words = [*self.known.attributes, *_OF_DEEDS]
                self._unknown("attribute", name, words, (*path, name))
            else:
                yield name, self._value(name, value, kind, (*path, name))

    def _opportunity(self, written: OpportunitySection, path: DataPath) -> None:
        id_ = written.id or f"{len(self.opportunities):06}"
        created = self._when(written.age, written.at, path)
        changed = written.changed.before(self.at, self.zone) if written.changed else None
        amount = None if written.amount is None else to_millionths(str(written.amount))
        if written.amount is not None and amount is None:
            self._note((*path, "amount"), "the amount is too large")
        self.opportunities[id_] = Opportunity(
            id=OpportunityId(id_),
            contacts=(),
            created_us=created,
            changed_us=micros(changed) if changed else created,
            amount=amount,
            probability=None if written.probability is None else int(written.probability * MILLION),
            close_us=micros(instant(written.closes, self.zone)) if written.closes else None,
            is_closed=written.closed or written.won,
            is_won=written.won,
            fields=dict(self._fields_of_opportunity(written, path)),
        )

    def _fields_of_opportunity(
        self, written: OpportunitySection, path: DataPath
    ) -> Iterator[tuple[str, Value]]:
        known = self.known.of_opportunities
        for name, value in written.__pydantic_extra__.items():
            kind = known.get(name)
            if kind is None:
                words = [*known, *_OF_OPPORTUNITIES]
                self._unknown("field of opportunities", name, words, (*path, name))
            else:
                yield name, self._value(name, value, kind, (*path, name))

    def _mails(self, mails: Sequence[str], path: DataPath) -> None:
        if mails and Sign.WHOLE_DOMAIN not in self.known.rules.quarantine.signs:
            self._note(path, "the rules do not look for the sign «whole_domain»", of_key=True)
        self.whole_domain = (*self.whole_domain, *mails)

    def _people(self, people: PeopleSection, path: DataPath) -> None:
        before = self.people
        if people.not_before is not None:
            self._hangs_on_as_of((*path, "not_before"))
        self.people = People(
            verdict=people.verdict or before.verdict,
            verdict_us=micros(self.at) if people.verdict else before.verdict_us,
            task_done=people.task_done,
            stage=people.stage or before.stage,
            not_before_day=_day_number(people) if people.verdict else before.not_before_day,
        )


def _day_number(people: PeopleSection) -> int | None:
    return (people.not_before - EPOCH.date()).days if people.not_before else None
