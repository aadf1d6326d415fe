"""Scores contacts in files, without a CRM and without a store: for trying rules on an export."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connector.app.robots import parts_of_files, quarantine_notes
from connector.app.score_output import Form, writer_for, written
from connector.app.score_rows import OPPORTUNITY_ROW, Rows, rows_of
from connector.config.rules_file import load_rules
from connector.domain.moment import Moment
from connector.engine.embedded import EmbeddedEngine
from connector.engine.offline import Inputs, read_files
from connector.engine.offline_parts import Offline
from connector.errors import UsageError
from connector.rules.compile import compile_rules
from connector.rules.explain import Words
from connector.rules.model import RuleSet
from connector.sync.opportunities import together
from connector.sync.progress import Progress
from connector.sync.robots import by_sign, robot_domains, with_robots

_MEMORY = "700MB"  # of the engine, for parts that are evaluated at once: `offline.PART_ACTIVITIES`


@dataclass(slots=True)
class ScoreResult:
    """What a score found. `rows`: the highest scores as plain values, keys as in the JSON lines.

    `funnel`: {(stage, temperature; empty for none): contacts}. `hand_offs`: contacts that would be
    handed to sales. `scored`: open opportunities with a score, None where the rules give none;
    `scored_points`: their points together, in micro-points. `notes`: what was left out of the
    files, in sentences.
    """

    as_of: datetime
    rules_hash: str
    contacts: int = 0
    activities: int = 0
    opportunities: int = 0
    hand_offs: int = 0
    scored: int | None = None
    scored_points: int = 0
    funnel: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: Sequence[str] = ()
    rows: list[Mapping[str, object]] = field(default_factory=list)

    def add(self, table: pa.Table, shown: int) -> None:
        """Count the rows of one part, and keep the highest that are to be shown."""
        stages = table.group_by(["stage", "temperature"]).aggregate([([], "count_all")])
        for row in stages.to_pylist():
            self.funnel[row["stage"], row["temperature"] or ""] += row["count_all"]
        self.hand_offs += int(table["hand_off"].combine_chunks().true_count)
        self.rows = _highest([*self.rows, *_top(table, shown)], shown)

    def add_opportunities(self, table: pa.Table) -> None:
        """Count opportunities that have a score, and their points."""
        self.scored = (self.scored or 0) + len(table)
        self.scored_points += pc.sum(table["points"]).as_py() or 0

    @property
    def average(self) -> int:
        """The average of the points of opportunities, in micro-points."""
        count = self.scored or 1
        return (self.scored_points + count // 2) // count


@dataclass(frozen=True, slots=True)
class OpportunitiesOut:
    """Where the rows of opportunities go: into a file, in a form."""

    file: Path | None = None
    form: Form = "table"


NOWHERE = OpportunitiesOut()


def score_files(
    rules: Path,
    contacts: str,
    activities: str | None = None,
    opportunities: str | None = None,
    *,
    as_of: datetime | None = None,
    zone: str = "UTC",
    language: str = "en",
    out: Path | BinaryIO | None = None,
    form: Form = "table",
    opportunities_out: OpportunitiesOut = NOWHERE,
    progress: Progress,
    shown: int = 20,
) -> ScoreResult:
    """Score the contacts in files; see `docs/score.md` for what these hold.

    `out`: where all rows go in the form `json` (a line each), `csv` or `parquet`, sorted by id; a
    file appears only when it is complete; `opportunities_out`: likewise for the rows of open
    opportunities. `shown`: how many of the highest the result carries.
    Raises ConfigError with what is wrong in the rules or the files; then nothing was written.
    """
    if out is not None and form == "table":
        raise UsageError(
            what="A table is for the terminal", where="score", do="Choose json, csv or parquet."
        )
    check_zone(zone)
    return score_rules(
        load_rules(rules),
        Inputs(contacts, activities, opportunities),
        as_of=as_of or datetime.now(UTC),
        zone=zone,
        language=language,
        out=out,
        form=form,
        opportunities_out=opportunities_out,
        progress=progress,
        shown=shown,
    )


def refuse_without_scores(out: OpportunitiesOut, rules: RuleSet) -> None:
    """Raise UsageError if opportunities are to be written, and the rules give them no score."""
    if out.file is not None and rules.opportunities is None:
        raise UsageError(
            what="the rules have no section «opportunities», so no opportunity has a score",
            where="leadripe score --opportunities-out",
            do="Add one, as docs/rules.md shows, or leave --opportunities-out out.",
        )


def check_zone(zone: str) -> None:
    """Raise UsageError unless a zone exists."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name is that of a folder
        raise UsageError(
            what=f"«{zone}» is no time zone",
            where="score",
            do="Write it like Europe/Paris or America/New_York.",
        ) from error


def score_rules(
    rules: RuleSet,
    inputs: Inputs,
    *,
    as_of: datetime,
    zone: str,
    language: str,
    out: Path | BinaryIO | None,
    form: Form,
    opportunities_out: OpportunitiesOut = NOWHERE,
    progress: Progress,
    shown: int,
) -> ScoreResult:
    """Do the same with rules that are read already."""
    refuse_without_scores(opportunities_out, rules)
    compiled = compile_rules(rules)
    result = ScoreResult(as_of, compiled.hash)
    words = Words(rules, language)

    def told(name: str) -> None:
        progress.step(f"read {name}", done=0, total=None)

    with (
        read_files(compiled, inputs, zone=zone, told=told) as offline,
        written(out) as stream,
        writer_for(stream, form, words) as writer,
        written(opportunities_out.file) as deals_stream,
        writer_for(deals_stream, opportunities_out.form, words, OPPORTUNITY_ROW) as deals_writer,
    ):
        quarantined: Counter[str] = Counter()
        deals: list[pa.Table] = []
        for table in _tables(offline, Rows(words, zone), as_of, progress, quarantined, deals):
            result.add(table, shown)
            writer.write(table)
        for table in deals:
            result.add_opportunities(table)
            deals_writer.write(table)
        result.contacts, result.activities = offline.contacts, offline.activities
        result.opportunities = offline.opportunities
        result.notes = [*offline.notes, *quarantine_notes(quarantined)]
    return result


def _tables(
    offline: Offline,
    rows: Rows,
    as_of: datetime,
    progress: Progress,
    quarantined: Counter[str],
    deals: list[pa.Table],
) -> Iterator[pa.Table]:
    """Yield the rows of each part, and count what is in quarantine.

    `deals`: gets the rows of opportunities at the end, if the rules give them a score.
    """
    engine = EmbeddedEngine(memory_limit=_MEMORY, temp_folder=offline.folder.parent / "engine")
    done = 0
    taking_part: list[pa.Table] = []
    at = Moment.at(as_of, ZoneInfo(offline.zone))
    try:
        domains = robot_domains(engine, offline.compiled, parts_of_files(offline), as_of_us=at.us)
        accounts = engine.gather(
            offline.compiled,
            (with_robots(part.facts, domains) for part in offline.parts(again=True)),
            at=at,
        )
        every = (
            (part.ids, replace(with_robots(part.facts, domains), accounts=accounts))
            for part in offline.parts()
        )
        with closing(engine.evaluate_each(offline.compiled, every, at=at)) as evaluated:
            for ids, evaluation in evaluated:
                quarantined += by_sign(evaluation.flag)
                if evaluation.taking_part is not None:
                    taking_part.append(evaluation.taking_part)
                yield rows.table(ids, evaluation)
                done += len(ids)
                progress.step("score", done=done, total=offline.contacts)
        if offline.compiled.opportunities is not None:
            opportunity = offline.open_opportunities(at.us)
            people = together(taking_part)
            scored = engine.score_opportunities(offline.compiled, opportunity, people, at=at)
            deals.append(rows.opportunities(scored))
    finally:
        engine.close()


def _top(table: pa.Table, shown: int) -> Iterator[Mapping[str, object]]:
    order = [("points", "descending"), ("id", "ascending")]
    columns = table.select(["points", "id"]).append_column(
        "row", pa.array(range(len(table)), pa.int64())
    )
    best = columns.sort_by(order)["row"][:shown]
    return rows_of(table.take(best))


def _highest(rows: list[Mapping[str, object]], shown: int) -> list[Mapping[str, object]]:
    return sorted(rows, key=lambda row: (-int(str(row["points"])), str(row["id"])))[:shown]
