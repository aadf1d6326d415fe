"""Reads the golden cases of `tests/cases/`. What may stand in one is explained in its README."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from connector.domain.contact import Value
from connector.rules.model import RuleSet
from connector.rules.tables import MEMORY
from tests.reference.compact import (
    day_number,
    mapping,
    micro,
    nodes,
    percent,
    rule_set,
    texts,
    value,
)
from tests.reference.evaluator import Result, Row
from tests.reference.opportunities import open_deals
from tests.reference.story import Activity, Instant, Opportunity, State, Story

CASES = Path(__file__).parent.parent / "cases"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CONTACT = 7
ANA: Mapping[str, object] = {"first_name": "Ana", "email": "ana@example.org"}

Node = Mapping[str, object]
OF_STEP = {"at", "activities", "opportunities", "people", "expect"}
OF_CASE = {"case", "zone", "given", "contact", "colleagues", "previously", "evaluations", *OF_STEP}
OF_OPPORTUNITY = {
    *("id", "age", "changed", "amount", "probability", "closes_in", "closed", "won"),
    "fields",
}
OF_STATE = {
    *("stage", "since", "lower_since", "ripe_since"),
    *("handed_off", "because", "open", "answered", "escalated"),
}
Evaluate = Callable[[RuleSet, Sequence[Story], Instant], Result]
"""Evaluates everybody there is, and returns what is said of the first."""
Scored = Mapping[str, tuple[Row, tuple[Row, ...]]]
"""Opportunities by id: the score, and the reasons."""
Score = Callable[[RuleSet, Sequence[Story], Mapping[str, Opportunity], Instant], Scored]
"""Scores opportunities, given everybody there is."""


@dataclass(frozen=True, slots=True)
class Case:
    """A contact's story, told in one evaluation or several."""

    name: str
    rules: RuleSet
    zone: ZoneInfo
    fields: Mapping[str, Value]
    colleagues: tuple[Node, ...]
    previously: State | None
    evaluations: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What one evaluation of a case said, and what its writer expects."""

    at: Instant
    rules: RuleSet
    result: Result
    opportunities: Scored
    expected: Node


def load_cases(shipped: RuleSet) -> list[Case]:
    """Load every case. One that states no rules of its own is told under the shipped ones."""
    return [
        case(node, shipped)
        for path in sorted(CASES.glob("*.yaml"))
        for node in nodes(YAML(typ="safe").load(path))
    ]


def case(node: Node, shipped: RuleSet) -> Case:
    """Return a case. The first evaluation stands in the case itself where there is only one."""
    refuse_unknown(node, OF_CASE)
    zone = ZoneInfo(str(node.get("zone", "UTC")))
    evaluations = nodes(node.get("evaluations", [{key: node[key] for key in OF_STEP & set(node)}]))
    for step in evaluations:
        refuse_unknown(step, OF_STEP)
    first = {"at": node.get("at", "2026-03-02T12:00Z"), **evaluations[0]}
    fields = {**ANA, **mapping(node.get("contact", {}))}
    previously = None
    if "previously" in node:
        previously = remembered(mapping(node["previously"]), moment(first["at"], zone, None))
    return Case(
        name=str(node["case"]),
        rules=rule_set(shipped, mapping(node["given"])) if "given" in node else shipped,
        zone=zone,
        fields={name: known(each) for name, each in fields.items()},
        colleagues=tuple(nodes(node.get("colleagues", []))),
        previously=previously,
        evaluations=(first, *evaluations[1:]),
    )


def refuse_unknown(node: Node, known_keys: set[str]) -> None:
    """Raise ValueError for a key that nothing reads: a case with a slip would prove nothing."""
    if unknown := node.keys() - known_keys:
        raise ValueError(f"unknown keys in a case: {sorted(unknown)}")


def tell(case: Case, evaluate: Evaluate, score: Score) -> Iterator[Told]:
    """Evaluate a case step by step; what one step remembers is the next one's previous state."""
    state, before = case.previously, None
    activities: list[Activity] = []
    deals: dict[str, Opportunity] = {}
    for step in case.evaluations:
        as_of = moment(step["at"], case.zone, before)
        for each in nodes(step.get("activities", [])):
            activities.append(activity(each, as_of, case.zone, no=len(activities)))
        for no, each in enumerate(nodes(step.get("opportunities", []))):
            deal = opportunity(each, as_of, no)
            deals[deal.id] = deal
        if "people" in step:
            state = heard(state or State(), mapping(step["people"]), as_of)
        story = Story(CONTACT, case.fields, tuple(activities), tuple(deals.values()), state)
        now = instant(as_of, case.zone)
        everybody = [story, *colleagues(case, as_of, deals)]
        result = evaluate(case.rules, everybody, now)
        scored = score(case.rules, everybody, open_deals(everybody, now), now)
        yield Told(now, case.rules, result, scored, mapping(step["expect"]))
        state, before = carried(state or State(), result), as_of


def colleagues(case: Case, as_of: datetime, deals: Mapping[str, Opportunity]) -> Iterator[Story]:
    """Yield the others of whom a case tells: `{contact: {…}, activities: [{…}], takes_part: [o0]}`.

    `deals`: those of the contact.
    """
    for no, node in enumerate(case.colleagues, start=CONTACT + 1):
        refuse_unknown(node, {"contact", "activities", "takes_part"})
        fields = {name: known(each) for name, each in mapping(node.get("contact", {})).items()}
        deeds = nodes(node.get("activities", []))
        did = (activity(each, as_of, case.zone, no=place) for place, each in enumerate(deeds))
        parts = (deals[name] for name in texts(node.get("takes_part", [])))
        yield Story(no, fields, tuple(did), tuple(parts))


def carried(state: State, result: Result) -> State:
    """Return what the next evaluation starts from: the new memory, and what people had said."""
    people = {
        "verdict": state.verdict,
        "verdict_us": state.verdict_us,
        "not_before_day": state.not_before_day,
    }
    memory = {name: result.score[name] for name in MEMORY}
    return State(**memory, **people, human_stage=state.human_stage)  # type: ignore[arg-type]  # columns by name


# ---------------------------------------------------------------- moments


def moment(node: object, zone: ZoneInfo, before: datetime | None) -> datetime:
    """Return `2026-03-02T12:00Z`, or `+3d` and `+25h` after the evaluation before."""
    text = str(node)
    if text.startswith("+") and before is not None:
        return earlier(before, "-" + text[1:], zone)
    at = node if isinstance(node, datetime) else datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def earlier(at: datetime, span: object, zone: ZoneInfo) -> datetime:
    """Return the moment `3` or `3d` calendar days, `25h` hours or `30s` seconds before."""
    text = str(span)
    if text.endswith("h"):
        return at - timedelta(hours=float(text[:-1]))
    if text.endswith("s"):
        return at - timedelta(seconds=float(text[:-1]))
    local = at.astimezone(zone) - timedelta(days=int(text.removesuffix("d")))
    return local.astimezone(UTC)


def micros(at: datetime) -> int:
    """Return a moment in microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def instant(at: datetime, zone: ZoneInfo) -> Instant:
    """Return a moment with its calendar day in the account's zone."""
    return Instant(micros(at), (at.astimezone(zone).date() - date(1970, 1, 1)).days, zone.key)


# ---------------------------------------------------------------- parts of a story


def known(node: object) -> Value:
    """Return a value; `null` is unknown."""
    return None if node is None else value(node)


def activity(node: Node, as_of: datetime, zone: ZoneInfo, no: int) -> Activity:
    """Return `{type: …, age: 3, asset: …}`; what is no word of ours is an attribute."""
    at = moment(node["at"], zone, None) if "at" in node else earlier(as_of, node["age"], zone)
    when = instant(at, zone)
    own = {"type", "age", "at", "id", "outbound"}
    return Activity(
        id=str(node.get("id", f"a{no:03}")),
        type=str(node["type"]),
        occurred_us=when.us,
        day=when.day,
        is_outbound=bool(node.get("outbound", False)),
        attributes={name: known(each) for name, each in node.items() if name not in own},
    )


def opportunity(node: Node, as_of: datetime, no: int) -> Opportunity:
    """Return `{age: 10, changed: 2, probability: 60%, amount: 12000, closes_in: 30}`."""

    def ago(name: str, usual: object) -> int:
        return micros(earlier(as_of, node.get(name, usual), ZoneInfo("UTC")))

    refuse_unknown(node, OF_OPPORTUNITY)
    closes_in = node.get("closes_in")
    return Opportunity(
        id=str(node.get("id", f"o{no}")),
        created_us=ago("age", 0),
        changed_us=ago("changed", node.get("age", 0)),
        amount=micro(node["amount"]) if "amount" in node else None,
        probability=percent(node["probability"]) if "probability" in node else None,
        close_us=None if closes_in is None else micros(as_of + timedelta(days=int(str(closes_in)))),
        is_closed=bool(node.get("closed", node.get("won", False))),
        is_won=bool(node.get("won", False)),
        fields={name: known(each) for name, each in mapping(node.get("fields", {})).items()},
    )


def remembered(node: Node, as_of: datetime) -> State:
    """Return `{stage: lead hot, lower_since: 25h, ripe_since: 3d, handed_off: 3d, open: true}`."""

    def ago(name: str) -> int | None:
        return micros(earlier(as_of, node[name], ZoneInfo("UTC"))) if name in node else None

    refuse_unknown(node, OF_STATE)
    stage, _, temperature = str(node["stage"]).partition(" ")
    return State(
        stage=stage,
        temperature=temperature,
        stage_since_us=ago("since") or micros(as_of - timedelta(days=30)),
        lower_since_us=ago("lower_since"),
        ripe_since_us=ago("ripe_since"),
        handed_off_us=ago("handed_off"),
        hand_off_reason=str(node["because"]) if "because" in node else None,
        hand_off_open=bool(node.get("open", False)),
        answered_us=ago("answered"),
        escalated_us=ago("escalated"),
    )


def heard(state: State, node: Node, as_of: datetime) -> State:
    """Return a state with `{verdict: rejected 10d, stage: client, task: done}` said by people.

    `not_before: 2026-04-01` comes with a verdict.
    """
    refuse_unknown(node, {"verdict", "not_before", "stage", "task"})
    verdict, _, since = str(node.get("verdict", "")).partition(" ")
    memory = {name: getattr(state, name) for name in MEMORY}
    return State(
        **memory,
        verdict=verdict or None,
        verdict_us=micros(earlier(as_of, since or "0", ZoneInfo("UTC"))) if verdict else None,
        human_stage=str(node["stage"]) if "stage" in node else None,
        task_done=node.get("task") == "done",
        not_before_day=day_number(node["not_before"]) if "not_before" in node else None,
    )
