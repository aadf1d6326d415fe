"""Section 13: the score of an opportunity, rule by rule, person by person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from connector.domain.contact import Value
from connector.rules.model import Opportunities, OpportunityRule, RuleSet
from tests.reference.accounts import with_accounts
from tests.reference.conditions import holds
from tests.reference.evaluator import Result, Row, evaluate_all
from tests.reference.moments import absolute
from tests.reference.robots import Decision, whole_domains
from tests.reference.scoring import Line, Points, clamped
from tests.reference.story import Instant, Opportunity, Story


@dataclass(frozen=True, slots=True)
class Taker:
    """A contact who takes part: its fields and what the rules made of it; points by score."""

    known: Mapping[str, Value]
    points: Mapping[str | None, int]


def open_deals(stories: Iterable[Story], as_of: Instant) -> dict[str, Opportunity]:
    """Return the open opportunities by id, each as the first contact has it."""
    deals: dict[str, Opportunity] = {}
    for story in stories:
        for deal in story.opportunities:
            if is_open(deal, as_of):
                deals.setdefault(deal.id, deal)
    return deals


def is_open(deal: Opportunity, as_of: Instant) -> bool:
    """Tell whether an opportunity has a score."""
    return not deal.is_closed and deal.created_us <= as_of.us


def score_all(
    rules: RuleSet,
    stories: Sequence[Story],
    deals: Mapping[str, Opportunity],
    as_of: Instant,
    decisions: Sequence[Decision] = (),
) -> dict[str, Points]:
    """Score opportunities; `stories` are everybody there is."""
    told = rules.opportunities
    if told is None:
        return {}
    domains = whole_domains(rules, stories, as_of)
    everybody = with_accounts(rules, stories, as_of, domains, decisions)
    results = evaluate_all(rules, stories, as_of, decisions)
    people: dict[str, list[Taker]] = {name: [] for name in deals}
    for story in everybody:
        for deal in story.opportunities:
            if deal.id in people and is_open(deal, as_of):
                people[deal.id].append(taker(rules, story, results[story.contact]))
    return {name: score(told, deal, people[name], as_of) for name, deal in deals.items()}


def taker(rules: RuleSet, story: Story, result: Result) -> Taker:
    """Return a contact as rules of opportunities see it."""
    said = result.score
    known: dict[str, object] = {
        **story.fields,
        **{name: said[name] for name in ("grade", "persona", "stage", "temperature")},
        "need": said["need_us"] is not None,
    }
    points: dict[object, object] = {None: said["points"], rules.score: said["points"]}
    points |= {row["score"]: row["points"] for row in result.other_scores}
    return Taker(known, points)  # type: ignore[arg-type]  # columns by name


def score(
    told: Opportunities, deal: Opportunity, people: Sequence[Taker], as_of: Instant
) -> Points:
    """Add up the lines, clamp groups, clamp the sum."""
    own = {
        **deal.fields,
        "amount": deal.amount,
        "probability": deal.probability,
        "created": deal.created_us,
        "closes": deal.close_us,
    }
    lines = [
        line
        for rule in told.rules
        if holds(absolute(rule.where, as_of), own)
        for line in [line_of(rule, people, as_of)]
        if line is not None and line.points
    ]
    group_of: dict[str, str | None] = {rule.id: rule.group for rule in told.rules}
    return clamped(lines, told.groups, group_of, Line("bound", "opportunity", 0), told)


def line_of(rule: OpportunityRule, people: Sequence[Taker], as_of: Instant) -> Line | None:
    """Return the line of a rule whose `where` holds."""
    if rule.contact is None and rule.share is None:
        return Line("rule", rule.id, rule.points)
    meeting = list(people)
    if rule.contact is not None:
        asked = absolute(rule.contact, as_of)
        meeting = [each for each in people if holds(asked, each.known)]
        if len(meeting) < rule.people:
            return None
    if not meeting:
        return None
    points = rule.points
    if rule.share is not None:
        each = [person.points[rule.share.score] for person in meeting]
        whole = sum(each) if rule.share.of_sum else max(each)
        # Python rounds halves to even.
        points = round(Fraction(whole * rule.share.percent, 100))
    return Line("rule", rule.id, points, len(meeting))


def rows(name: str, points: Points) -> tuple[Row, tuple[Row, ...]]:
    """Return the row of OPPORTUNITY_SCORE, and those of OPPORTUNITY_REASON."""
    said: Row = {"opportunity": name, "raw": points.raw, "points": points.total}
    return said, tuple(
        {
            "opportunity": name,
            "kind": line.kind,
            "rule": line.rule,
            "points": line.points,
            "count": line.count,
            "rank": rank,
        }
        for rank, line in enumerate(points.lines, start=1)
    )
