"""Interests: the compiled plan against the readable evaluator, and what both must obey."""

import dataclasses
import os
import random

import pytest

from connector.engine.embedded import EmbeddedEngine
from tests.reference.agreement import Plan
from tests.reference.evaluator import evaluate_all
from tests.reference.made_up_conditions import seeded
from tests.reference.made_up_interests import with_interests, with_topics
from tests.reference.made_up_robots import with_mails, with_quarantine
from tests.reference.made_up_rules import make_rule_set
from tests.reference.made_up_stories import make_as_of, make_stories

ENGINE = EmbeddedEngine(threads=1)
ASKED = int(os.environ.get("LEADRIPE_EXAMPLES", "0"))
FIRST_SEED = random.SystemRandom().randrange(10**9) if ASKED else 0
BATCH = 60


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + max(8, ASKED // BATCH)))
def test_plan_and_readable_evaluator_agree_on_interests(seed: int) -> None:
    made = seeded(seed)
    rules = with_interests(made, with_quarantine(made, make_rule_set(made)))
    as_of, zone = make_as_of(made)
    stories = with_mails(made, make_stories(made, BATCH, as_of, zone), as_of, zone)
    stories = with_topics(made, stories)
    plan = Plan(rules, ENGINE)
    found, told = plan.evaluate(stories, as_of), evaluate_all(rules, stories, as_of)
    for contact, expected in told.items():
        assert found[contact].interests == expected.interests, (seed, rules.interests)
    assert found == told
    mixed = [
        dataclasses.replace(each, activities=each.activities[::-1]) for each in reversed(stories)
    ]
    assert plan.evaluate_parts([mixed[:20], mixed[20:]], as_of) == found
