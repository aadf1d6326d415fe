"""Scores every contact that was pulled, as the next plan would see it; asks the CRM nothing."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from connector.app.account import Opened, open_account, zone_of_store
from connector.app.score import (
    NOWHERE,
    OpportunitiesOut,
    ScoreResult,
    refuse_without_scores,
)
from connector.app.score_output import Form, writer_for, written
from connector.app.score_rows import OPPORTUNITY_ROW, Rows
from connector.app.then import sources_of
from connector.domain.moment import Moment
from connector.ports import Evaluation
from connector.store import EmbeddedStore
from connector.sync.batches import batches
from connector.sync.opportunities import open_opportunities, together
from connector.sync.progress import Progress
from connector.sync.robots import parts_of, robot_domains, with_robots
from connector.sync.some_contacts import of_contacts

_WRITTEN = 5_000
"""So many contacts become rows together: texts for people take more memory than what they say."""


def score_store(
    config: Path,
    *,
    as_of: datetime | None,
    out: Path | BinaryIO | None,
    form: Form,
    opportunities_out: OpportunitiesOut = NOWHERE,
    progress: Progress,
    shown: int = 20,
) -> ScoreResult:
    """Score the mirror, bucket by bucket; the result and the rows are as those of files."""
    opened = open_account(config)
    refuse_without_scores(opportunities_out, opened.loaded.rules)
    at = as_of or opened.clock.now()
    result = ScoreResult(at, opened.compiled.hash)
    with (
        opened.store(read_only=True) as store,
        written(out) as stream,
        writer_for(stream, form, opened.words) as writer,
        written(opportunities_out.file) as deals_stream,
        writer_for(
            deals_stream, opportunities_out.form, opened.words, OPPORTUNITY_ROW
        ) as deals_writer,
    ):
        taking_part: list[pa.Table] = []
        for table in _tables(opened, store, at, progress, as_of, taking_part):
            result.add(table, shown)
            result.contacts += len(table)
            writer.write(table)
        if opened.compiled.opportunities is not None:
            result.scored = 0
        for table in _opportunities(opened, store, at, as_of, taking_part):
            result.add_opportunities(table)
            deals_writer.write(table)
        told = sources_of(opened, store, as_of, language="en")
        result.notes = told.sentences if told else ()
        counts = store.count()
        result.activities = counts.get("activities", 0)
        result.opportunities = counts.get("opportunities", 0)
    return result


def _tables(
    opened: Opened,
    store: EmbeddedStore,
    at: datetime,
    progress: Progress,
    as_of: datetime | None,
    taking_part: list[pa.Table],
) -> Iterator[pa.Table]:
    """Yield the rows of contacts; `taking_part` gets who takes part in opportunities."""
    _, zone = zone_of_store(store)
    rows = Rows(opened.words, zone.key)
    moment = Moment.at(at, zone)
    compiled = opened.compiled
    domains = robot_domains(opened.engine, compiled, parts_of(store), as_of_us=moment.us)
    accounts = opened.engine.gather(
        compiled,
        (with_robots(batch.facts, domains) for batch in batches(store, compiled, as_of=as_of)),
        at=moment,
    )
    every = (
        (len(batch.buckets), replace(with_robots(batch.facts, domains), accounts=accounts))
        for batch in batches(store, compiled, as_of=as_of)
    )
    done, total = 0, len(store.buckets())
    with closing(opened.engine.evaluate_each(compiled, every, at=moment)) as evaluated:
        for buckets, evaluation in evaluated:
            if evaluation.taking_part is not None:
                taking_part.append(evaluation.taking_part)
            for some in _divided(evaluation):
                numbers = some.score["contact"].to_pylist()
                known = store.load_contacts(numbers)
                ids = pa.chunked_array([[known[number].id for number in numbers]], pa.string())
                yield rows.table(ids, _counted_from_zero(some))
            done += buckets
            progress.step("scoring", done=done, total=total)


def _opportunities(
    opened: Opened,
    store: EmbeddedStore,
    at: datetime,
    as_of: datetime | None,
    taking_part: list[pa.Table],
) -> Iterator[pa.Table]:
    """Yield the rows of open opportunities, if the rules give them a score."""
    compiled = opened.compiled
    if compiled.opportunities is None:
        return
    _, zone = zone_of_store(store)
    rows, people = Rows(opened.words, zone.key), together(taking_part)
    pages = open_opportunities(store, compiled.opportunities.fields, at, is_past=as_of is not None)
    for facts in pages:
        yield rows.opportunities(
            opened.engine.score_opportunities(
                compiled, facts.opportunity, people, at=Moment.at(at, zone)
            )
        )


def _divided(evaluation: Evaluation) -> Iterator[Evaluation]:
    """Yield an evaluation in parts of some thousand contacts."""
    for start in range(0, len(evaluation.score), _WRITTEN):
        numbers = evaluation.score["contact"].slice(start, _WRITTEN).combine_chunks()
        yield of_contacts(evaluation, numbers)


def _counted_from_zero(evaluation: Evaluation) -> Evaluation:
    """Return the evaluation with contacts numbered by their place in it."""
    numbers = evaluation.score["contact"].combine_chunks()

    def placed(table: pa.Table) -> pa.Table:
        place = pc.cast(pc.index_in(table["contact"], value_set=numbers), pa.int64())
        return table.set_column(table.schema.get_field_index("contact"), "contact", place)

    tables = {each.name: getattr(evaluation, each.name) for each in fields(evaluation)}
    return Evaluation(
        **{name: table if table is None else placed(table) for name, table in tables.items()}
    )
