"""The golden cases, told by the readable evaluator and by the compiled plan."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connector.config.rules_file import load_rules
from connector.domain.numbers import from_millionths, shown
from connector.engine.embedded import EmbeddedEngine
from connector.rules.model import RuleSet
from tests.reference.agreement import Plan
from tests.reference.compact import mapping
from tests.reference.evaluator import Result, Row, evaluate_all
from tests.reference.opportunities import rows, score_all
from tests.reference.story import US_PER_DAY, Instant, Opportunity, Story
from tests.rules.stories import EPOCH, Case, Scored, Told, load_cases, tell

SHIPPED = Path(__file__).parents[2] / "mappings" / "rules.yaml"
CASES = load_cases(load_rules(SHIPPED))


def by_reference(rules: RuleSet, everybody: Sequence[Story], as_of: Instant) -> Result:
    return evaluate_all(rules, everybody, as_of)[everybody[0].contact]


def by_plan(rules: RuleSet, everybody: Sequence[Story], as_of: Instant) -> Result:
    if id(rules) not in PLANS:  # compiling costs more than evaluating; many cases share their rules
        PLANS[id(rules)] = Plan(rules, ENGINE)
    parts = [[each] for each in everybody]
    return PLANS[id(rules)].evaluate_parts(parts, as_of)[everybody[0].contact]


ENGINE = EmbeddedEngine(threads=1)
PLANS: dict[int, Plan] = {}


def scored_by_reference(
    rules: RuleSet, everybody: Sequence[Story], deals: Mapping[str, Opportunity], as_of: Instant
) -> Scored:
    told = score_all(rules, everybody, deals, as_of)
    return {name: rows(name, points) for name, points in told.items()}


def scored_by_plan(
    rules: RuleSet, everybody: Sequence[Story], deals: Mapping[str, Opportunity], as_of: Instant
) -> Scored:
    if rules.opportunities is None:
        return {}
    parts = [[each] for each in everybody]
    return PLANS[id(rules)].score_opportunities(parts, deals, as_of)


EVALUATORS = {
    "reference": (by_reference, scored_by_reference),
    "compiled": (by_plan, scored_by_plan),
}


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_out_as_its_writer_expects(case: Case, evaluator: str) -> None:
    for no, told in enumerate(tell(case, *EVALUATORS[evaluator]), start=1):
        answer = summary(told)
        unknown = told.expected.keys() - answer.keys()
        assert not unknown, f"a case cannot expect {unknown}"
        found = {name: answer[name] for name in told.expected}
        assert found == dict(told.expected), f"evaluation {no} of «{case.name}»"
        for deal, expected in mapping(told.expected.get("opportunities", {})).items():
            ranked = mapping(mapping(expected)["reasons"])
            assert list(reasons(told.opportunities[deal][1])) == list(ranked)
        for row, lines in told.opportunities.values():
            assert sum(points(line) for line in lines) == row["points"]
        if "interests" in told.expected:
            assert list(mapping(answer["interests"])) == list(mapping(told.expected["interests"]))
        if "reasons" in told.expected:  # they are ranked: their order is part of what is expected
            assert list(reasons(told.result.reasons)) == list(mapping(told.expected["reasons"]))
        assert sum(points(row) for row in told.result.reasons) == told.result.score["points"]


def test_names_of_cases_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


def summary(told: Told) -> Mapping[str, object]:
    """Return a result in the words in which cases expect it."""
    score, result = told.result.score, told.result
    return {
        "score": shown(micro(score["points"])),
        "points": number(score["points"]),
        "raw": number(score["raw"]),
        "reasons": reasons(result.reasons),
        "others": {str(row["score"]): number(row["points"]) for row in result.other_scores},
        "other_reasons": {
            str(row["score"]): reasons(
                [line for line in result.other_reasons if line["score"] == row["score"]]
            )
            for row in result.other_scores
        },
        "stage": f"{score['stage']} {score['temperature']}".strip(),
        "moves": moves(result),
        "hand_off": score["hand_off_reason"] if score["handed_off"] else "none",
        "is_handed_off": score["hand_off_open"],
        "closed": score["hand_off_closed"] or "none",
        "closed_gates": [
            name.removeprefix("gate_")
            for name, holds in score.items()
            if name.startswith("gate_") and not holds
        ],
        "blocker": score["blocker"] or "none",
        "grade": score["grade"],
        "fit": None if score["fit"] is None else shown(micro(score["fit"])),
        "persona": score["persona"],
        "missing": score["missing"],
        "families": score["families"],
        "need": score["need_us"] is not None,
        "episode_age": None
        if score["episode_us"] is None
        else (told.at.us - micro(score["episode_us"])) // US_PER_DAY,
        "stage_is_new": score["stage_since_us"] == told.at.us,
        "falling": score["lower_since_us"] is not None,
        "interests": {str(row["spelling"]): number(row["points"]) for row in told.result.interests},
        "quarantined": flags(told.result),
        "ripe": score["ripe_since_us"] is not None,
        "opportunities": {
            name: {
                "score": shown(micro(row["points"])),
                "points": number(row["points"]),
                "reasons": reasons(lines),
            }
            for name, (row, lines) in told.opportunities.items()
        },
        "people": {
            name: {str(line["rule"]): line["count"] for line in lines if line["count"] is not None}
            for name, (_, lines) in told.opportunities.items()
        },
        **clock(score, told.at),
        **marketing(result),
    }


def clock(score: Row, at: Instant) -> Mapping[str, object]:
    """Return what the clock of the hand-off says; moments as the account's clocks show them."""

    def local(us: object) -> str:
        if us is None:
            return "none"
        shown_at = (EPOCH + timedelta(microseconds=micro(us))).astimezone(ZoneInfo(at.zone))
        return shown_at.strftime("%Y-%m-%dT%H:%M")

    return {
        "sla": score["sla"] or "none",
        "due": local(score["due_us"]),
        "answered": local(score["answered_us"]),
        "escalates": score["escalates"],
        "escalated": local(score["escalated_us"]),
    }


def marketing(result: Result) -> Mapping[str, object]:
    """Return pressure and nurture."""
    pressed: Row = next(iter(result.pressure), {})
    nurtured: Row = next(iter(result.nurture), {})
    until = pressed.get("until_day")
    return {
        "touches_7d": pressed.get("touches_7d", 0),
        "touches_30d": pressed.get("touches_30d", 0),
        "do_not_press_until": "none"
        if until is None
        else EPOCH.date() + timedelta(days=micro(until)),
        "track": nurtured.get("track", "none"),
        "next_content": nurtured.get("content") or "none",
    }


def reasons(lines: Iterable[Row]) -> Mapping[str, object]:
    """Return {rule: points}, a clamp's line as `cap content`."""
    return {
        f"{row['kind']} {row['rule']}".removeprefix("rule "): number(row["points"]) for row in lines
    }


def flags(result: Result) -> Mapping[str, str]:
    """Return {activity: signs} of what is in quarantine."""
    found: dict[str, list[str]] = {}
    for row in result.flags:
        found.setdefault(str(row["activity"]), []).append(str(row["sign"]))
    return {activity: " ".join(signs) for activity, signs in found.items()}


def moves(result: Result) -> list[str]:
    """Return `suspect > lead cold: first_activity` for each move."""
    return [
        " ".join(
            f"{row['from_stage']} {row['from_temperature']} > "
            f"{row['to_stage']} {row['to_temperature']} : {row['reason']}".split()
        ).replace(" :", ":")
        for row in result.moves
    ]


def number(value: object) -> int | float:
    """Return micro-points as the number that a case would write."""
    text = from_millionths(micro(value))
    return float(text) if "." in text else int(text)


def micro(value: object) -> int:
    """Return a column that holds a whole number."""
    assert isinstance(value, int)
    return value


def points(row: Mapping[str, object]) -> int:
    """Return the points of a line."""
    return micro(row["points"])
