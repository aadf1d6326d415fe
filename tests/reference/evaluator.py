"""`docs/semantics.md`, line by line, for one contact: slow, and meant to be read.

The product runs the same meaning as one compiled plan over all contacts; the tests hold the two
against each other. Rows have the columns of `connector.rules.tables`.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.rules.model import RuleSet
from connector.rules.quarantine import Sign
from tests.reference.accounts import with_accounts
from tests.reference.clock import Clock, HandedOff, answered, clock
from tests.reference.counting import Counted, count
from tests.reference.facts import Facts, gather
from tests.reference.hand_off import Gates, cause, closing, gates, ripe_since
from tests.reference.interests import interests
from tests.reference.moments import asked_at
from tests.reference.nurture import Next, Place, Sales, is_with_sales, nurture
from tests.reference.pressure import Pressure, pressure
from tests.reference.robots import Decision, MailDomain, flags, whole_domains
from tests.reference.scoring import Match, Points, fit, judged, score
from tests.reference.stages import Evidence, Standing, stand
from tests.reference.story import Instant, State, Story

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Result:
    """What the rules say of one contact: its row of SCORE, those of the other tables in order.

    `other_scores`, `other_reasons`: its rows of OTHER_SCORE and OTHER_REASON, scores by name.
    """

    score: Row
    reasons: tuple[Row, ...]
    moves: tuple[Row, ...]
    other_scores: tuple[Row, ...] = ()
    other_reasons: tuple[Row, ...] = ()
    flags: tuple[Row, ...] = ()
    interests: tuple[Row, ...] = ()
    pressure: tuple[Row, ...] = ()
    nurture: tuple[Row, ...] = ()


def evaluate_all(
    rules: RuleSet,
    stories: Sequence[Story],
    as_of: Instant,
    decisions: Sequence[Decision] = (),
) -> dict[int, Result]:
    """Evaluate contacts, which are everybody there is, one by one: {contact: result}."""
    domains = whole_domains(rules, stories, as_of)
    everybody = with_accounts(rules, stories, as_of, domains, decisions)
    return {story.contact: evaluate(rules, story, as_of, domains, decisions) for story in everybody}


def evaluate(
    rules: RuleSet,
    story: Story,
    as_of: Instant,
    domains: frozenset[MailDomain] = frozenset(),
    decisions: Sequence[Decision] = (),
) -> Result:
    """Evaluate one contact at an instant. What is known of its account stands in its fields."""
    rules = asked_at(rules, as_of)
    flagged = flags(rules, story, as_of, domains, decisions)
    activities = [
        each for each in story.activities if each.occurred_us <= as_of.us and each.id not in flagged
    ]
    opportunities = [each for each in story.opportunities if each.created_us <= as_of.us]
    state = story.state or State()

    match = fit(rules.fit, story.fields)
    counted = count(rules, activities, judged(story.fields, match), as_of)
    points = score(rules, counted, story.fields)
    facts = gather(rules, activities, opportunities, state, counted, as_of)

    closed = closing(state, facts)
    still_open = bool(state.hand_off_open) and closed is None
    evidence = Evidence(
        rules.stages, facts, match, points.total, state, hand_off_open=still_open, as_of=as_of
    )
    standing = stand(evidence)
    open_gates = gates(
        rules,
        story.fields,
        facts,
        match,
        points.total,
        stage=standing.stage,
        is_handed_off=still_open,
        as_of=as_of,
    )
    ripe_us = ripe_since(rules, points.total, state.ripe_since_us, as_of)
    why = cause(rules, facts, points.total, ripe_us, state.handed_off_us)
    handed_off = open_gates.all_hold and why is not None
    answered_us = state.answered_us if closed is None else answered(rules, state, activities, as_of)
    last = HandedOff(
        us=as_of.us if handed_off else state.handed_off_us,
        reason=why[0] if handed_off and why else state.hand_off_reason,
        is_open=handed_off or still_open,
        answered_us=None if handed_off else answered_us,
        is_new=handed_off,
    )
    before = HandedOff(state.handed_off_us, state.hand_off_reason, still_open, answered_us)
    read = clock(rules, last, as_of)
    escalated_us = None if handed_off else state.escalated_us
    former = clock(rules, before, as_of) if handed_off else Clock(None, None)
    escalates = read.sla == "escalated" and escalated_us is None
    memory: Row = {
        "stage": str(standing.stage),
        "temperature": str(standing.temperature),
        "stage_since_us": standing.stage_since_us,
        "lower_since_us": standing.lower_since_us,
        "ripe_since_us": ripe_us,
        "handed_off_us": last.us,
        "hand_off_reason": last.reason,
        "hand_off_open": last.is_open,
        "answered_us": last.answered_us,
        "escalated_us": as_of.us if escalates else escalated_us,
    }
    pressed = pressure(rules, activities, as_of, last)
    place = Place(standing.stage, standing.temperature, match.persona)
    following = nurture(
        rules,
        story.fields,
        activities,
        place,
        interests(rules, counted),
        Sales(
            has=is_with_sales(rules, standing.stage, last, facts, state, as_of),
            had=is_with_sales(rules, standing.stage, before, facts, state, as_of),
            is_new=handed_off,
        ),
    )
    return Result(
        score={
            "contact": story.contact,
            **numbers(points, match, facts),
            **memory,
            **gate_columns(open_gates),
            "handed_off": handed_off,
            "hand_off_closed": closed,
            "episode_us": why[1] if handed_off and why else None,
            "due_us": read.due_us,
            "sla": read.sla,
            "escalates": escalates,
            "untold_answered_us": before.answered_us if handed_off else None,
            "untold_due_us": former.due_us,
            "untold_sla": former.sla,
        },
        reasons=reason_rows(story.contact, points),
        moves=move_rows(story.contact, standing),
        **others(rules, story, counted),
        flags=flag_rows(story, flagged),
        interests=interest_rows(rules, story.contact, counted),
        pressure=rows_of(story.contact, pressed),
        nurture=rows_of(story.contact, following),
    )


def rows_of(contact: int, told: Pressure | Next | None) -> tuple[Row, ...]:
    """Return what is told of a contact, if anything is, as its row."""
    return () if told is None else ({"contact": contact, **dataclasses.asdict(told)},)


def others(rules: RuleSet, story: Story, counted: Sequence[Counted]) -> dict[str, tuple[Row, ...]]:
    """Return the rows of the scores beside the leading one."""
    scores: list[Row] = []
    reasons: list[Row] = []
    for further in sorted(rules.further, key=lambda each: each.id):
        points = score(rules, counted, story.fields, further)
        contact, name = story.contact, {"score": further.id}
        scores.append({"contact": contact, **name, "raw": points.raw, "points": points.total})
        reasons += [{**row, **name} for row in reason_rows(contact, points)]
    return {"other_scores": tuple(scores), "other_reasons": tuple(reasons)}


def numbers(points: Points, match: Match, facts: Facts) -> Row:
    """Return the columns of sections 3 to 5."""
    return {
        "raw": points.raw,
        "points": points.total,
        "fit": match.fit,
        "grade": match.grade,
        "persona": match.persona,
        "missing": match.missing,
        "need_us": facts.need.occurred_us if facts.need else None,
        "families": facts.families,
        "engaged_us": facts.engaged.occurred_us if facts.engaged else None,
        "touch_us": facts.touch.occurred_us if facts.touch else None,
    }


def gate_columns(held: Gates) -> Row:
    """Return the columns of the gates."""
    return {
        "gate_points": held.points,
        "gate_fit": held.fit,
        "gate_families": held.families,
        "gate_reachable": held.reachable,
        "gate_free": held.free,
        "gate_unblocked": held.unblocked,
        "blocker": held.blocker,
    }


def reason_rows(contact: int, points: Points) -> tuple[Row, ...]:
    """Return the lines of a score, ranked."""
    return tuple(
        {
            "contact": contact,
            "kind": line.kind,
            "rule": line.rule,
            "points": line.points,
            "count": line.count,
            "latest_us": line.latest_us,
            "rank": rank,
        }
        for rank, line in enumerate(points.lines, start=1)
    )


def move_rows(contact: int, standing: Standing) -> tuple[Row, ...]:
    """Return the moves, numbered."""
    return tuple(
        {
            "contact": contact,
            "position": position,
            "from_stage": str(move.start[0]),
            "from_temperature": str(move.start[1]),
            "to_stage": str(move.end[0]),
            "to_temperature": str(move.end[1]),
            "reason": move.reason,
        }
        for position, move in enumerate(standing.moves, start=1)
    )


def interest_rows(rules: RuleSet, contact: int, counted: Sequence[Counted]) -> tuple[Row, ...]:
    """Return the interests, ranked."""
    return tuple(
        {"contact": contact, "topic": topic, "spelling": spelling, "points": points, "rank": rank}
        for rank, (topic, spelling, points) in enumerate(interests(rules, counted), start=1)
    )


def flag_rows(story: Story, flagged: Mapping[str, set[Sign]]) -> tuple[Row, ...]:
    """Return what is in quarantine and why, in time, then by id and sign."""
    return tuple(
        {
            "contact": story.contact,
            "activity": each.id,
            "type": each.type,
            "occurred_us": each.occurred_us,
            "sign": str(sign),
        }
        for each in sorted(story.activities, key=lambda each: each.recency)
        for sign in sorted(flagged.get(each.id, ()))
    )
