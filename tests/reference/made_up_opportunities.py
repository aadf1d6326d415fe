"""Rules of opportunities made up at random: conditions on deals and on people, shares, groups."""

import dataclasses
from random import Random

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.conditions import ALWAYS, All, AnyOf, Condition, Kind, Not, Test
from connector.rules.model import Group, Opportunities, OpportunityRule, RuleSet, Share
from connector.rules.operators import Op
from connector.rules.opportunities import RESULTS
from tests.reference.made_up_conditions import (
    OF_OPPORTUNITIES,
    likely,
    make_condition,
)

GRADES = ("A", "B", "C", "D", "U", "a")
STAGES = ("suspect", "lead", "Prospect", "client", "recycled", "disqualified")
TEMPERATURES = ("cold", "WARM", "hot")
PERCENTS = (1, 33, 40, 50, 50, 100, 137, 1_000)
POINTS = (0, 1, 5, 10, 20, 40, -5, -30)


def with_opportunities(random: Random, rules: RuleSet, fields: dict[str, Kind]) -> RuleSet:
    """Return the rules with a score of opportunities. `fields`: what may be asked of contacts."""
    groups = tuple(make_group(random, name) for name in random.sample(("people", "deal"), 2))
    lowest, highest = random.choice(((0, 100), (-40, 60), (5, 20)))
    told = Opportunities(
        rules=tuple(
            make_rule(random, no, rules, fields) for no in range(random.choice((1, 2, 4, 7)))
        ),
        groups=groups,
        lowest=lowest * MILLION,
        highest=highest * MILLION,
    )
    return dataclasses.replace(rules, opportunities=told)


def make_group(random: Random, name: str) -> Group:
    """Return a group, with and without limits."""
    cap, floor = random.choice((None, 0, 15, 30)), random.choice((None, None, 0, -8))
    return Group(f"of_{name}", {"en": name}, cap and cap * MILLION, floor and floor * MILLION)


def make_rule(random: Random, no: int, rules: RuleSet, fields: dict[str, Kind]) -> OpportunityRule:
    """Return any rule of opportunities."""
    scores = (None, *(each.id for each in rules.further))
    share = None
    if likely(random, 40):
        share = Share(likely(random, 50), random.choice(PERCENTS), random.choice(scores))
    contact = make_asked(random, rules, fields) if likely(random, 60) else None
    points = random.choice(POINTS) * MILLION + random.choice((0, 0, 0, 1, -333_333))
    return OpportunityRule(
        id=RuleId(f"deal_{no}"),
        label={"en": f"Deal {no}"},
        points=0 if share else points,
        where=ALWAYS if likely(random, 50) else make_condition(random, OF_OPPORTUNITIES),
        contact=contact,
        people=random.choice((1, 1, 2, 3)) if contact else 1,
        share=share,
        group=random.choice((None, "of_people", "of_deal")),
    )


def make_asked(random: Random, rules: RuleSet, fields: dict[str, Kind]) -> Condition:
    """Return what is asked of people: their fields, and what the rules made of them."""
    of_fields = make_condition(random, {**fields, **RESULTS}, depth=1)
    of_results = make_result_test(random, rules)
    return random.choice(
        (of_fields, of_results, All((of_results, of_fields)), AnyOf((of_fields, of_results)),
         Not(of_results))
    )  # fmt: skip


def make_result_test(random: Random, rules: RuleSet) -> Condition:
    """Return a comparison of a result with what it may be."""
    pools = {
        "grade": GRADES,
        "persona": tuple(each.id for each in rules.fit.personas) or ("persona_9",),
        "stage": STAGES,
        "temperature": TEMPERATURES,
    }
    name = random.choice(("need", *pools))
    if name == "need":
        return Test(name, Kind.BOOLEAN, Op.EQUALS, (likely(random, 50),))
    pool = pools[name]
    exact = likely(random, 20)
    if likely(random, 20):
        return Test(name, Kind.TEXT, Op.EXISTS, (likely(random, 50),))
    if likely(random, 50):
        return Test(name, Kind.TEXT, Op.EQUALS, (random.choice(pool),), exact)
    some = tuple(random.sample(pool, min(2, len(pool))))
    return Test(name, Kind.TEXT, random.choice((Op.IN, Op.NOT_IN)), some, exact)
