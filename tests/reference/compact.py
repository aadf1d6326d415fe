"""Rule sets as the golden cases write them: the shape of `rules.yaml`, cut to what a case needs.

A parser of its own, so that a mistake in the product's loader cannot hide one in the rules. Kinds
follow the literals: text, number, truth value. Days are whole numbers, with or without a `d`.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.accounts import KINDS
from connector.rules.conditions import (
    All,
    AnyOf,
    Condition,
    Kind,
    Literal,
    Not,
    Test,
    names,
)
from connector.rules.decay import EXPIRE_AFTER, IN_DAYS, Constant, Curve, Decay, Steps
from connector.rules.model import (
    Account,
    ActivityRule,
    AtMost,
    Blocker,
    Bucket,
    Budget,
    ContactRule,
    Content,
    Criterion,
    Each,
    Ever,
    Fit,
    Group,
    HandOff,
    Interests,
    Nurture,
    Opportunities,
    OpportunityRule,
    PerAttribute,
    PerDays,
    Persona,
    Pressure,
    Repeated,
    RuleSet,
    SalesWork,
    Score,
    Share,
    Sla,
    Stages,
    Topic,
    Track,
    WorkingHours,
)
from connector.rules.operators import OPERATORS, Op
from connector.rules.opportunities import OPPORTUNITY_FIELDS
from connector.rules.quarantine import SECOND_US, Quarantine, Sign
from tests.reference.conditions import MEANINGS

Node = Mapping[str, object]
Settings = TypeVar("Settings", Stages, HandOff, SalesWork)

BUCKETS: Mapping[object, Bucket] = {
    "each": Each(),
    "day": PerDays(1),
    "week": PerDays(7),
    "ever": Ever(),
}


def rule_set(base: RuleSet, node: Node) -> RuleSet:
    """Return `base` with the parts that a case states in place of its own."""
    parts = point_rules(node)
    if "personas" in node:
        parts["fit"] = fit(items(node["personas"]))
    if "stages" in node:
        parts["stages"] = with_settings(base.stages, node["stages"])
    if "hand_off" in node:
        parts["hand_off"] = with_settings(base.hand_off, node["hand_off"])
    if "sales" in node:
        parts["sales"] = with_settings(base.sales, node["sales"])
    parts |= {name: micro(node[name]) for name in ("lowest", "highest") if name in node}
    if "account" in node:
        parts["account"] = account(mapping(node["account"]))
    if "further" in node:
        parts["further"] = tuple(further(name, each) for name, each in items(node["further"]))
    robots = quarantine(mapping(node.get("quarantine", {})))
    parts |= {
        name: told(mapping(node[name])) if name in node else None for name, told in ASKED.items()
    }
    return dataclasses.replace(base, quarantine=robots, **parts)  # type: ignore[arg-type]  # each part by its name


def point_rules(node: Node) -> dict[str, object]:
    """Return what gives points; where a case states rules of activities, groups are its own too."""
    parts: dict[str, object] = {}
    if "rules" in node:
        parts["rules"] = tuple(activity_rule(each) for each in nodes(node["rules"]))
        parts["groups"] = ()
    if "contact_rules" in node:
        parts["contact_rules"] = tuple(contact_rule(each) for each in nodes(node["contact_rules"]))
    if "groups" in node:
        parts["groups"] = tuple(group(name, each) for name, each in items(node["groups"]))
    return parts


def account(node: Node) -> Account:
    """Return `{by: company, role: seniority, engaged_from: 10, sum_cap: 100}`."""
    return Account(
        by=str(node["by"]),
        role=str(node["role"]) if "role" in node else None,
        engaged_from=micro(node.get("engaged_from", 10)),
        sum_cap=micro(node["sum_cap"]) if "sum_cap" in node else None,
    )


def further(name: str, node: Node) -> Score:
    """Return a score beside the leading one: `{lowest: 0, highest: 50}`."""
    return Score(name, micro(node.get("lowest", 0)), micro(node.get("highest", 100)))


def activity_rule(node: Node) -> ActivityRule:
    """Return a rule of `rules`."""
    repeated = mapping(node["repeated"]) if "repeated" in node else None
    replaced_by = node.get("replaced_by")
    return ActivityRule(
        id=RuleId(str(node["id"])),
        label={"en": str(node["id"])},
        activities=tuple(texts(node["activity"])),
        points=micro(node["points"]),
        where=where(mapping(node.get("where", {}))),
        once_per=bucket(node.get("once_per", "each")),
        at_most=at_most(node["at_most"]) if "at_most" in node else None,
        repeated=Repeated(whole(repeated["count"]), days(repeated["within"])) if repeated else None,
        replaced_by=RuleId(str(replaced_by)) if replaced_by else None,
        decay=decay(mapping(node.get("decay", {}))),
        group=str(node["group"]) if "group" in node else None,
        family=str(node.get("family", "")),
        is_need=bool(node.get("need", False)),
        score=str(node["score"]) if "score" in node else None,
        contact=where(mapping(node.get("contact", {}))),
    )


def contact_rule(node: Node) -> ContactRule:
    """Return a rule of `contact_rules`."""
    return ContactRule(
        id=RuleId(str(node["id"])),
        label={"en": str(node["id"])},
        points=micro(node["points"]),
        where=where(mapping(node["where"])),
        group=str(node["group"]) if "group" in node else None,
        score=str(node["score"]) if "score" in node else None,
    )


def bucket(node: object) -> Bucket:
    """Return `day`, `week`, `each`, `ever`, a number of days, or the name of an attribute."""
    if node in BUCKETS:
        return BUCKETS[node]
    text = str(node)
    return PerDays(days(text)) if text.rstrip("d").isdigit() else PerAttribute(text)


def at_most(node: object) -> AtMost:
    """Return `5` or `{count: 3, per: 7d}`."""
    if isinstance(node, int):
        return AtMost(node)
    parts = mapping(node)
    return AtMost(whole(parts["count"]), days(parts["per"]))


def decay(node: Node) -> Decay:
    """Return `{half_life: 60d, hold: 30d, expire_after: 365d}` and its like."""
    expire = node.get("expire_after", EXPIRE_AFTER)
    expire_after = None if expire == "never" else days(expire)
    return Decay(curve(node), days(node.get("hold", 0)), expire_after)


def curve(node: Node) -> Curve:
    """Return how points fade."""
    for kind in IN_DAYS:
        if kind.key in node:
            told = node[kind.key]
            spans = mapping(told).values() if isinstance(told, Mapping) else (told,)
            return kind(*map(days, spans))
    if "steps" in node:
        steps = ((days(age), percent(share)) for age, share in mapping(node["steps"]).items())
        return Steps(tuple(steps))
    return Constant()


def group(name: str, node: Node) -> Group:
    """Return `{cap: 25, floor: -20}`."""
    cap, floor = node.get("cap"), node.get("floor")
    return Group(
        name,
        {"en": name},
        cap=None if cap is None else micro(cap),
        floor=None if floor is None else micro(floor),
        score=str(node["score"]) if "score" in node else None,
    )


def fit(personas: Iterator[tuple[str, Node]]) -> Fit:
    """Return personas: `{buyer: {job_title: {matches: head, weight: 3}}}`."""
    return Fit(tuple(Persona(name, {"en": name}, criteria(node)) for name, node in personas))


def criteria(persona: Node) -> tuple[Criterion, ...]:
    """Return the criteria of a persona, in the order they stand."""
    found = []
    for name, node in items(persona):
        comparison = {op: each for op, each in node.items() if op != "weight"}
        condition = comparisons(name, comparison)
        (_, kind), *_ = names(condition)
        found.append(Criterion(name, kind, condition, whole(node["weight"])))
    return tuple(found)


def where(node: Node) -> Condition:
    """Return `{minutes: {gte: 10}, not: {…}, any: [{…}, {…}]}`; all must hold."""
    return All(tuple(part(name, each) for name, each in node.items()))


def part(name: str, node: object) -> Condition:
    """Return one entry of a condition."""
    if name == "not":
        return Not(where(mapping(node)))
    if name in ("all", "any"):
        parts = tuple(where(each) for each in nodes(node))
        return All(parts) if name == "all" else AnyOf(parts)
    if isinstance(node, Mapping):
        return comparisons(name, node)
    return comparisons(name, {"in" if isinstance(node, list) else "equals": node})


def comparisons(name: str, node: Node) -> All:
    """Return `{gte: 10, lt: 60}`, all of which must hold; `exact: true` speaks of all of them."""
    exact = bool(node.get("exact", False))
    return All(tuple(test(name, op, each, exact) for op, each in node.items() if op != "exact"))


def test(name: str, op: str, wanted: object, exact: bool) -> Test:
    """Return one comparison with a literal or a list of them."""
    (operator,) = (each for each in OPERATORS if each.key == op)
    if MEANINGS[op].is_relative:
        return Test(name, Kind.MOMENT, operator, (days(wanted),), exact)
    literals = wanted if isinstance(wanted, list) else [wanted]
    values = tuple(value(each) for each in literals)
    told = {**KINDS, **OPPORTUNITY_FIELDS}
    kind = told.get(name, Kind.TEXT) if op == "exists" else kind_of(values[0])
    return Test(name, kind, operator, values, exact)


def kind_of(literal: Literal) -> Kind:
    """Return the kind that a literal tells."""
    if isinstance(literal, bool):
        return Kind.BOOLEAN
    return Kind.NUMBER if isinstance(literal, int) else Kind.TEXT


def value(literal: object) -> Literal:
    """Return a literal as the product keeps it: numbers in millionths."""
    if isinstance(literal, bool | str):
        return literal
    if isinstance(literal, datetime):
        utc = literal if literal.tzinfo else literal.replace(tzinfo=UTC)
        return (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return micro(literal)


def quarantine(node: Node) -> Quarantine:
    """Return `{many_links: {links: 3, within: 10}, at_once: 2, gateway: [a], hidden_link: [b]}`."""
    signs = frozenset(Sign(name) for name in node if name != "alone")
    many = mapping(node.get("many_links", {}))
    recipients = whole(node.get("whole_domain", 2))
    return Quarantine(
        signs=signs if node.get("alone", True) else signs - {Sign.MANY_LINKS},
        links=whole(many.get("links", 3)),
        links_within_us=whole(many.get("within", 10)) * SECOND_US,
        at_once_us=whole(node.get("at_once", 2)) * SECOND_US,
        recipients=recipients,
        hidden_link=one_of("url", node.get("hidden_link", [])),
        gateway=one_of("user_agent", node.get("gateway", [])),
    )


def interests(node: Node) -> Interests:
    """Return `{top: 3, topics: {security: {url: {contains: a}}, cloud: {}}}`."""
    topics = (
        Topic(name, {"en": name}, where(each) if each else None)
        for name, each in items(node.get("topics", {}))
    )
    return Interests(topics=tuple(topics), top=whole(node.get("top", 3)))


def opportunities(node: Node) -> Opportunities:
    """Return `{lowest: 0, groups: {people: {cap: 40}}, rules: [{id: a, contact: {…}}]}`."""
    return Opportunities(
        rules=tuple(opportunity_rule(each) for each in nodes(node["rules"])),
        groups=tuple(group(name, each) for name, each in items(node.get("groups", {}))),
        lowest=micro(node.get("lowest", 0)),
        highest=micro(node.get("highest", 100)),
    )


def opportunity_rule(node: Node) -> OpportunityRule:
    """Return a rule of `opportunities`."""
    return OpportunityRule(
        id=RuleId(str(node["id"])),
        label={"en": str(node["id"])},
        points=micro(node.get("points", 0)),
        where=where(mapping(node.get("where", {}))),
        contact=where(mapping(node["contact"])) if "contact" in node else None,
        people=whole(node.get("people", 1)),
        share=share(mapping(node["share"])) if "share" in node else None,
        group=str(node["group"]) if "group" in node else None,
    )


def share(node: Node) -> Share:
    """Return `{of: best, percent: 40%, score: risk}`."""
    return Share(
        of_sum=node["of"] == "sum",
        percent=int(str(node["percent"]).rstrip("%")),
        score=str(node["score"]) if "score" in node else None,
    )


def pressure(node: Node) -> Pressure:
    """Return `{touches: [mail, call], budget: [{touches: mail, at_most: 1, within: 7d}]}`."""
    touches = frozenset(texts(node["touches"]))
    return Pressure(
        touches,
        tuple(
            Budget(
                frozenset(texts(each["touches"])) if "touches" in each else touches,
                whole(each["at_most"]),
                days(each["within"]),
            )
            for each in nodes(node.get("budget", []))
        ),
    )


def nurture(node: Node) -> Nurture:
    """Return `{where: {…}, tracks: {welcome: {stages: lead}}, content: {guide: {topics: a}}}`."""
    return Nurture(
        tracks=tuple(track(name, each) for name, each in items(node["tracks"])),
        content=tuple(content(name, each) for name, each in items(node.get("content", {}))),
        where=where(mapping(node.get("where", {}))),
    )


def track(name: str, node: Node) -> Track:
    """Return `{stages: [lead], temperatures: cold, personas: [], where: {…}}`."""
    return Track(
        name,
        {"en": name},
        stages=frozenset(texts(node.get("stages", []))),
        temperatures=frozenset(texts(node.get("temperatures", []))),
        personas=frozenset(texts(node.get("personas", []))),
        where=where(mapping(node.get("where", {}))),
    )


def content(name: str, node: Node) -> Content:
    """Return `{label: A guide, topics: [a], tracks: welcome, seen: {url: {contains: a}}}`."""
    return Content(
        name,
        {"en": str(node.get("label", name))},
        topics=tuple(texts(node.get("topics", []))),
        tracks=tuple(texts(node.get("tracks", []))),
        where=where(mapping(node["seen"])) if "seen" in node else None,
    )


def sla(node: Node) -> Sla:
    """Return `{need: 60, points: 540, warned: 75%, escalated: 200%}`, times in minutes."""
    shares = {name: percent(node[name]) for name in ("warned", "escalated") if name in node}
    minutes = {name: whole(node[name]) for name in ("need", "points") if name in node}
    return dataclasses.replace(Sla(), **minutes, **shares)  # type: ignore[arg-type]  # each by its name


def working(node: Node) -> WorkingHours:
    """Return `{days: [1, 2], hours: [9:00-12:00], holidays: [2026-05-01], zone: Asia/Tokyo}`."""
    weekdays = node.get("days", [1, 2, 3, 4, 5])
    return WorkingHours(
        weekdays=frozenset(int(each) for each in texts(weekdays)),
        spans=tuple(span(each) for each in texts(node.get("hours", "9:00-18:00"))),
        holidays=frozenset(day_number(each) for each in texts(node.get("holidays", []))),
        zone=str(node["zone"]) if "zone" in node else None,
    )


def span(text: str) -> tuple[int, int]:
    """Return `9:00-12:30` in minutes after midnight."""
    start, end = (part.split(":") for part in text.split("-"))
    return 60 * int(start[0]) + int(start[1]), 60 * int(end[0]) + int(end[1])


def day_number(node: object) -> int:
    """Return `2026-05-01` as the number of days since 1970."""
    return (date.fromisoformat(str(node)) - date(1970, 1, 1)).days


def one_of(name: str, node: object) -> AnyOf:
    """Return that an attribute contains one of some texts."""
    return AnyOf(tuple(Test(name, Kind.TEXT, Op.CONTAINS, (each,)) for each in texts(node)))


def with_settings(base: Settings, node: object) -> Settings:
    """Return settings with those that a case names in place of the usual ones."""
    changes = {name: setting(name, each) for name, each in mapping(node).items()}
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]  # each by its name


def setting(name: str, node: object) -> object:
    """Return one setting: points and chances in millionths, lists as the model has them."""
    if name == "blockers":
        return tuple(blocker(key, each) for key, each in items(node))
    if name in ("sla", "working"):
        return sla(mapping(node)) if name == "sla" else working(mapping(node))
    if name in ("name_fields", "reach_fields"):
        return tuple(texts(node))
    if isinstance(node, list):
        return frozenset(texts(node))
    if name.endswith("probability"):
        return percent(node)
    if name.endswith(("enter", "leave", "threshold")):
        return micro(node)
    return days(node)


def blocker(name: str, node: Node) -> Blocker:
    """Return `{country: xx, unless_need: true}`: conditions on fields, and one word of ours."""
    conditions = {key: each for key, each in node.items() if key != "unless_need"}
    return Blocker(name, {"en": name}, where(conditions), bool(node.get("unless_need", False)))


ASKED = {
    "interests": interests,
    "pressure": pressure,
    "nurture": nurture,
    "opportunities": opportunities,
}
"""Sections that rules may be without: a case that states rules has those that it names."""


def micro(node: object) -> int:
    """Return a number in millionths."""
    return int(Decimal(str(node)) * MILLION)


def percent(node: object) -> int:
    """Return `60` or `60%` in millionths."""
    return micro(Decimal(str(node).rstrip("%")) / 100)


def days(node: object) -> int:
    """Return `60` or `60d`."""
    return int(str(node).removesuffix("d"))


def whole(node: object) -> int:
    """Return a whole number."""
    return int(str(node))


def texts(node: object) -> list[str]:
    """Return one text or several as a list."""
    return [str(each) for each in node] if isinstance(node, list) else [str(node)]


def mapping(node: object) -> Node:
    """Return a node that must be a mapping."""
    if not isinstance(node, Mapping):
        raise TypeError(f"a mapping was expected, not {node!r}")
    return node


def nodes(node: object) -> Sequence[Node]:
    """Return a node that must be a list of mappings."""
    if not isinstance(node, list):
        raise TypeError(f"a list was expected, not {node!r}")
    return [mapping(each) for each in node]


def items(node: object) -> Iterator[tuple[str, Node]]:
    """Yield the named parts of a node."""
    for name, each in mapping(node).items():
        yield name, mapping(each or {})
