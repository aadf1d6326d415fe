"""`leadripe rules test`: holds the rules against an admin's own cases."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from connector.app import show
from connector.app.cases_held import Outcome, Row, Scored, told
from connector.app.rules_chosen import choose
from connector.columns import (
    OPPORTUNITY_SCHEMA,
    STATE_SCHEMA,
    activity_schema,
    contact_table,
    opportunity_table,
    schema_of,
    table_of,
    value_column,
    with_derived,
)
from connector.config.cases import Case, Step, known
from connector.config.cases_file import load_cases
from connector.domain.contact import Opportunity
from connector.domain.moment import Moment, micros
from connector.domain.text import fold
from connector.engine.embedded import EmbeddedEngine
from connector.errors import UsageError
from connector.ports import Evaluation, Facts
from connector.report import terminal
from connector.report.cases import CasesReport, ToldCase, ToldStep
from connector.report.cases import cases as cases_told
from connector.rules.opportunities import fields_of
from connector.rules.plan import CompiledRules
from connector.rules.tables import ATTRIBUTE, MEMORY, ROBOT_DOMAIN, TAKING_PART


def run_cases(config: Path, rules: Path | None, files: Sequence[Path]) -> CasesReport:
    """Evaluate the cases of `files`, by default those in the folder `cases` beside the rules.

    Raises ConfigError with every mistake in all of the files.
    """
    chosen = choose(config, rules, command="leadripe rules test")
    paths = files or _beside(chosen.path)
    cases = load_cases(paths, known(chosen.rules, chosen.compiled, chosen.mapping))
    engine = EmbeddedEngine()
    try:
        return CasesReport(
            chosen.compiled.hash, _Runner(engine, chosen.compiled, chosen.rules.score).told(cases)
        )
    finally:
        engine.close()


def tell(report: CasesReport, *, as_json: bool) -> None:
    """Print the report on stdout."""
    if as_json:
        show.json(report.as_json())
    else:
        terminal.show(show.console(), cases_told(report))


def _beside(rules: Path) -> Sequence[Path]:
    folder = rules.parent / "cases"
    found = sorted(folder.glob("*.yaml"))
    if not found:
        raise UsageError(
            what=f"there are no cases in {folder}",
            where="leadripe rules test",
            do="Write some there, as docs/rules.md shows, or name a file; "
            "`leadripe init` writes an example into a new folder.",
        )
    return found


@dataclass(frozen=True, slots=True)
class _Runner:
    """Evaluates cases, those of the same moment and zone together, one step after the other.

    `leading`: the name of the score that moves stages.
    """

    engine: EmbeddedEngine
    compiled: CompiledRules
    leading: str

    def told(self, cases: Sequence[Case]) -> list[ToldCase]:
        steps: list[list[ToldStep]] = [[] for _ in cases]
        memory: dict[int, Row] = {}
        for place in range(max((len(case.steps) for case in cases), default=0)):
            for (at, zone, _), numbers in _together(cases, place).items():
                at_step = {number: cases[number].steps[place] for number in numbers}
                outcomes = self._evaluate(at_step, memory, at, zone)
                for number, outcome in outcomes.items():
                    memory[number] = outcome.score
                    steps[number].append(told(at_step[number], outcome, zone))
        return [
            ToldCase(case.name, case.file, case.line, own)
            for case, own in zip(cases, steps, strict=True)
        ]

    def _evaluate(
        self, steps: Mapping[int, Step], memory: Mapping[int, Row], at: datetime, zone: ZoneInfo
    ) -> dict[int, Outcome]:
        evaluation = self.engine.evaluate(
            self.compiled,
            self._facts(steps, memory, zone),
            at=Moment.at(at, zone),
        )
        reasons = _by_contact(evaluation.reason, evaluation.other_reason)
        interests, flags = _by_contact(evaluation.interest), _by_contact(evaluation.flag)
        pressed, nurtured = _by_contact(evaluation.pressure), _by_contact(evaluation.nurture)
        deals = self._deals(steps, evaluation, at, zone)
        rows = evaluation.score.to_pylist()
        scores = {row["contact"]: {self.leading: row["points"]} for row in rows}
        for contact, others in _by_contact(evaluation.other_score).items():
            scores[contact] |= {str(row["score"]): row["points"] for row in others}
        return {
            no: Outcome(
                row,
                reasons[no],
                scores[no],
                interests[no],
                flags[no],
                pressed[no],
                nurtured[no],
                deals.get(no, {}),
            )
            for no, row in ((row["contact"], row) for row in rows)
        }

    def _deals(
        self, steps: Mapping[int, Step], evaluation: Evaluation, at: datetime, zone: ZoneInfo
    ) -> Mapping[int, Mapping[str, Scored]]:
        """Return {contact: {opportunity: its score}} of those that are open."""
        second = self.compiled.opportunities
        if second is None:
            return {}
        open_ones = [
            (_deal_name(number, each), number, each)
            for number, step in steps.items()
            for each in step.opportunities
            if not each.is_closed and each.created_us <= micros(at)
        ]
        people = evaluation.taking_part
        answer = self.engine.score_opportunities(
            self.compiled,
            opportunity_table(
                [name for name, _, _ in open_ones],
                [fields_of(each) for _, _, each in open_ones],
                second.fields,
            ),
            schema_of(TAKING_PART).empty_table() if people is None else people,
            at=Moment.at(at, zone),
        )
        points = {row["opportunity"]: row["points"] for row in answer.score.to_pylist()}
        reasons: dict[str, list[Row]] = defaultdict(list)
        for row in answer.reason.to_pylist():
            reasons[row["opportunity"]].append(row)
        found: dict[int, dict[str, Scored]] = defaultdict(dict)
        for name, number, each in open_ones:
            found[number][each.id] = Scored(points[name], reasons[name])
        return found

    def _facts(self, steps: Mapping[int, Step], memory: Mapping[int, Row], zone: ZoneInfo) -> Facts:
        compiled = self.compiled
        fields = [step.fields for step in steps.values()]
        return Facts(
            contact=contact_table(list(steps), fields, compiled.fields),
            activity=_activities(steps, compiled, zone),
            opportunity=table_of(OPPORTUNITY_SCHEMA, list(_opportunities(steps))),
            state=pa.Table.from_pylist(list(_states(steps, memory)), schema=STATE_SCHEMA),
            robot_domain=_robot_domains(steps.values()),
        )


def _by_contact(*tables: pa.Table | None) -> dict[int, list[Row]]:
    """Return the rows of tables by their contact, in order; none for a contact without."""
    found: dict[int, list[Row]] = defaultdict(list)
    for table in tables:
        for row in table.to_pylist() if table is not None else ():
            found[row["contact"]].append(row)
    return found


def _together(
    cases: Sequence[Case], place: int
) -> Mapping[tuple[datetime, ZoneInfo, Sequence[str]], Sequence[int]]:
    """Return the cases that have a step at this place, by what one evaluation has in common.

    Its moment, its zone, and the mails that whole domains clicked: one case must not say that of
    another whose contact has an address in the same domain.
    """
    found: dict[tuple[datetime, ZoneInfo, Sequence[str]], list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        if place < len(case.steps):
            step = case.steps[place]
            found[step.at, case.zone, step.whole_domain].append(number)
    return found


# ---------------------------------------------------------------------- facts


def _activities(steps: Mapping[int, Step], compiled: CompiledRules, zone: ZoneInfo) -> pa.Table:
    """Return what the contacts did, as the table that an evaluation reads."""
    deeds = [(number, deed) for number, step in steps.items() for deed in step.activities]
    columns = {
        "contact": pa.array([number for number, _ in deeds], pa.int64()),
        "activity": pa.array([deed.id for _, deed in deeds], pa.string()),
        "type": pa.array([deed.type for _, deed in deeds], pa.string()),
        "occurred_us": pa.array([deed.occurred_us for _, deed in deeds], pa.int64()),
        "is_outbound": pa.array([deed.is_outbound for _, deed in deeds], pa.bool_()),
    }
    for name, kind in compiled.attributes.items():
        values = [deed.attributes.get(name) for _, deed in deeds]
        columns[ATTRIBUTE + name] = value_column(values, kind)
    return with_derived(pa.table(columns), activity_schema(compiled.attributes), zone.key)


def _robot_domains(steps: Iterable[Step]) -> pa.Table:
    """Return each mail that a step says whole domains clicked, with its contact's domain."""
    domains = [
        (mail, fold(str(step.fields.get("email") or "")).partition("@")[2])
        for step in steps
        for mail in step.whole_domain
    ]
    return table_of(schema_of(ROBOT_DOMAIN), [each for each in dict.fromkeys(domains) if each[1]])


def _deal_name(number: int, deal: Opportunity) -> str:
    """Return what tells an opportunity from one of another case that is called like it."""
    return f"{number}:{deal.id}"


def _opportunities(steps: Mapping[int, Step]) -> Iterator[Sequence[object]]:
    for number, step in steps.items():
        for each in step.opportunities:
            yield (
                number, _deal_name(number, each), each.created_us, each.changed_us, each.amount,
                each.probability, each.close_us, each.is_closed, each.is_won,
            )  # fmt: skip


def _states(steps: Mapping[int, Step], memory: Mapping[int, Row]) -> Iterator[Row]:
    """Yield what is remembered of contacts, and what people said of them."""
    for number, step in steps.items():
        before, people = memory.get(number, {}), step.people
        yield {
            "contact": number,
            **{name: before.get(name) for name in MEMORY},
            "task_done": people.task_done,
            "verdict": people.verdict,
            "verdict_us": people.verdict_us,
            "human_stage": people.stage,
            "not_before_day": people.not_before_day,
        }
