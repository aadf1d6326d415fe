"""Stories as the tables that an engine reads, and an answer as the rows of the evaluator."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pyarrow as pa

from connector.domain.contact import Value
from connector.domain.text import fold
from connector.ports import Evaluation, Facts
from connector.rules.conditions import Kind
from connector.rules.plan import CompiledRules
from connector.rules.tables import (
    ACTIVITY,
    ATTRIBUTE,
    CONTACT,
    DECISION,
    FIELD,
    FOLDED,
    OPPORTUNITY,
    SQL_TYPE,
    STATE,
)
from tests.reference.evaluator import Result, Row
from tests.reference.robots import Decision
from tests.reference.story import Activity, Opportunity, State, Story

ARROW = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
}


def facts(
    stories: Iterable[Story], compiled: CompiledRules, decisions: Iterable[Decision] = ()
) -> Facts:
    """Return the tables of some contacts, with the columns that a plan needs."""
    contacts: list[Row] = []
    activities: list[Row] = []
    opportunities: list[Row] = []
    states: list[Row] = []
    for story in stories:
        who = {"contact": story.contact}
        contacts.append({**who, **columns(FIELD, compiled.fields, story.fields)})
        activities += [
            {
                **who,
                **row(each, "activity"),
                **columns(ATTRIBUTE, compiled.attributes, each.attributes),
            }
            for each in story.activities
        ]
        opportunities += [{**who, **row(each, "opportunity")} for each in story.opportunities]
        states += [{**who, **row(each)} for each in (story.state,) if each is not None]
    return Facts(
        contact=table(CONTACT | types(FIELD, compiled.fields), contacts),
        activity=table(ACTIVITY | types(ATTRIBUTE, compiled.attributes), activities),
        opportunity=table(OPPORTUNITY, opportunities),
        state=table(STATE, states),
        decision=table(DECISION, [vars_of(each) for each in decisions]),
    )


def vars_of(decision: Decision) -> Row:
    """Return what a person said as a row."""
    return {field.name: getattr(decision, field.name) for field in dataclasses.fields(decision)}


def row(value: Activity | Opportunity | State, key: str = "") -> Row:
    """Return a value's parts by column, its id as `key`."""
    parts = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {**parts, key: parts["id"]} if key else parts


def columns(prefix: str, kinds: Mapping[str, Kind], values: Mapping[str, Value]) -> Row:
    """Return values by column; an empty text is unknown, a text has its folded twin."""
    cells: dict[str, object] = {}
    for name, kind in kinds.items():
        value = values.get(name)
        value = None if value == "" else value
        cells[prefix + name] = value
        if kind is Kind.TEXT:
            cells[prefix + name + FOLDED] = fold(value) if isinstance(value, str) else None
    return cells


def types(prefix: str, kinds: Mapping[str, Kind]) -> dict[str, str]:
    """Return the SQL types of such columns."""
    found = {}
    for name, kind in kinds.items():
        found[prefix + name] = SQL_TYPE[kind]
        if kind is Kind.TEXT:
            found[prefix + name + FOLDED] = SQL_TYPE[kind]
    return found


def table(shape: Mapping[str, str], rows: list[Row]) -> pa.Table:
    """Return rows as a table of this shape."""
    return pa.table(
        {
            name: pa.array([each.get(name) for each in rows], ARROW[sql_type])
            for name, sql_type in shape.items()
        }
    )


def deals_table(deals: Mapping[str, Opportunity], kinds: Mapping[str, Kind]) -> pa.Table:
    """Return the table of opportunities to score, with the columns that a plan needs."""
    told: list[Row] = []
    for name, deal in deals.items():
        own = {"amount": deal.amount, "probability": deal.probability}
        own |= {"created": deal.created_us, "closes": deal.close_us}
        told.append({"opportunity": name, **columns(FIELD, kinds, {**deal.fields, **own})})
    return table({"opportunity": "VARCHAR"} | types(FIELD, kinds), told)


def results(evaluation: Evaluation) -> dict[int, Result]:
    """Return an engine's tables as the evaluator's results: {contact: result}."""
    reasons = rows_by_contact(evaluation.reason, "rank")
    moves = rows_by_contact(evaluation.move, "position")
    # Both come sorted by contact, score and rank; sorting keeps the order of equals.
    scores = rows_by_contact(evaluation.other_score, "contact")
    others = rows_by_contact(evaluation.other_reason, "contact")
    topics = rows_by_contact(evaluation.interest, "rank")
    flags = rows_by_contact(evaluation.flag, "contact")
    pressures = rows_by_contact(evaluation.pressure, "contact")
    tracks = rows_by_contact(evaluation.nurture, "contact")
    return {
        contact: Result(
            score,
            tuple(reasons[contact]),
            tuple(moves[contact]),
            tuple(scores[contact]),
            tuple(others[contact]),
            tuple(flags[contact]),
            tuple(topics[contact]),
            tuple(pressures[contact]),
            tuple(tracks[contact]),
        )
        for contact, (score,) in rows_by_contact(evaluation.score, "contact").items()
    }


def rows_by_contact(rows: pa.Table | None, order: str) -> defaultdict[int, list[Row]]:
    """Return the rows of each contact in an order."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    if rows is None:
        return found
    for each in sorted(rows.to_pylist(), key=lambda each: int(each[order])):
        found[each["contact"]].append(each)
    return found
