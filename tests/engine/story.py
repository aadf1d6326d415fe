"""A small world to evaluate: rules, and what happened to contacts, in few words."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from connector.domain.ids import RuleId
from connector.domain.moment import Moment
from connector.domain.numbers import MILLION
from connector.domain.text import fold
from connector.engine.embedded import EmbeddedEngine
from connector.ports import Evaluation, Facts
from connector.rules.compile import compile_rules
from connector.rules.decay import Constant, Decay
from connector.rules.model import ActivityRule, Each, RuleSet

DAY_US = 86_400_000_000
TODAY = 20_000
NOW = TODAY * DAY_US + 12 * 3_600_000_000
ENGINE = EmbeddedEngine(threads=1)

FOR_EVER = Decay(Constant(), expire_after=None)

Row = dict[str, object]


def rule(name: str = "rule", points: int = 1, **settings: object) -> ActivityRule:
    """Return a rule that counts each activity of the type `click`, without decay."""
    given: dict[str, object] = {
        "activities": ("click",),
        "once_per": Each(),
        "decay": FOR_EVER,
        **settings,
    }
    return ActivityRule(
        id=RuleId(name),
        label={"en": name},
        points=points * MILLION,
        **given,  # type: ignore[arg-type]  # settings are ActivityRule's own, checked when it runs
    )


def did(
    kind: str = "click",
    *,
    ago: int = 0,
    contact: int = 1,
    name: str = "",
    second: int = 0,
    outbound: bool = False,
    **attributes: object,
) -> Row:
    """Return an activity `ago` days before today's noon."""
    occurred = NOW - ago * DAY_US + second * 1_000_000
    return {
        "contact": contact,
        "activity": name or f"{kind}-{contact}-{ago}-{second}",
        "type": kind,
        "occurred_us": occurred,
        "day": TODAY - ago,
        "is_outbound": outbound,
        **with_folded("a_", attributes),
    }


def with_folded(prefix: str, values: Mapping[str, object]) -> Row:
    """Return columns of values, texts also folded."""
    columns: dict[str, object] = {}
    for name, value in values.items():
        columns[prefix + name] = value
        if isinstance(value, str):
            columns[f"{prefix}{name}_folded"] = fold(value)
    return columns


def person(number: int = 1, **fields: object) -> Row:
    """Return a contact."""
    return {"contact": number, **with_folded("f_", fields)}


def deal(**settings: object) -> Row:
    """Return an open opportunity of contact 1, made ten days ago."""
    made: Row = {"contact": 1, "opportunity": "o", "created_us": NOW - 10 * DAY_US}
    changed: Row = {"changed_us": NOW - 10 * DAY_US, "is_closed": False, "is_won": False}
    return {**made, **changed, **settings}


def was(stage: str, temperature: str = "", **settings: object) -> Row:
    """Return the previous state of contact 1."""
    return {"contact": 1, "stage": stage, "temperature": temperature, **settings}


def table(rows: Sequence[Row]) -> pa.Table:
    """Return an Arrow table with every column that any row has."""
    names = dict.fromkeys(["contact", *(name for row in rows for name in row)])
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pa.table({name: _array(values) for name, values in columns.items()})


def _array(values: list[object]) -> pa.Array:
    """Return a column; of nothing, one of numbers."""
    return pa.array(values, None if any(value is not None for value in values) else pa.int64())


def evaluate(
    rules: RuleSet,
    activities: Sequence[Row] = (),
    *,
    people: Sequence[Row] = ({"contact": 1},),
    deals: Sequence[Row] = (),
    states: Sequence[Row] = (),
    as_of_us: int = NOW,
) -> Evaluation:
    """Evaluate at noon of day 20,000."""
    facts = Facts(
        contact=table(people),
        activity=table(activities),
        opportunity=table(deals),
        state=table(states),
    )
    compiled = compile_rules(rules)
    return ENGINE.evaluate(compiled, facts, at=Moment(as_of_us, TODAY + (as_of_us - NOW) // DAY_US))


def score_of(evaluation: Evaluation) -> Mapping[str, object]:
    """Return the score of the only contact."""
    (row,) = evaluation.score.to_pylist()
    return dict(row)


def lines_of(evaluation: Evaluation) -> list[tuple[object, ...]]:
    """Return (kind, rule, points in whole or parts, count) of each reason, in order."""
    return [
        (row["kind"], row["rule"], row["points"] / MILLION, row["count"])
        for row in evaluation.reason.to_pylist()
    ]


def moves_of(evaluation: Evaluation) -> list[str]:
    """Return the moves in words."""
    return [
        f"{row['from_stage']} {row['from_temperature']} > "
        f"{row['to_stage']} {row['to_temperature']}: {row['reason']}"
        for row in evaluation.move.to_pylist()
    ]
