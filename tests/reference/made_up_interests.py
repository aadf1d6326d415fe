"""Topics made up at random: several in one text, odd spellings, some of the rules' own."""

import dataclasses
from random import Random

from connector.rules.conditions import Kind, Test
from connector.rules.model import Interests, RuleSet, Topic
from connector.rules.operators import Op
from tests.reference.made_up_conditions import likely
from tests.reference.story import Story

TOPICS = (
    Topic("etude", {"en": "Study", "fr": "Étude"}),
    Topic("one", {"en": "A_B"}, Test("asset", Kind.TEXT, Op.CONTAINS, ("é",))),
    Topic("two", {"en": "Two"}, Test("minutes", Kind.NUMBER, Op.GTE, (1,))),
)
TEXTS = (
    *("ERP", "erp", "ERP;CRM", "CRM ; Étude;etude", "a;b;c;d;e;f;g;h;i;j;k;l", ";", " ; ;x"),
    *("full；width;ＥＲＰ", "Study", "A_B;two", "\u0301;y", "", None),
)


def with_interests(random: Random, rules: RuleSet) -> RuleSet:
    """Return rules that ask for interests."""
    topics = tuple(random.sample(TOPICS, random.randint(0, 3)))
    attribute = random.choice(("topic", "topic", "topic", "asset", None))
    interests = Interests(attribute, topics, random.choice((1, 3, 3, 5)))
    return dataclasses.replace(rules, interests=interests)


def with_topics(random: Random, stories: list[Story]) -> list[Story]:
    """Return contacts, most of whose activities have topics."""
    return [
        dataclasses.replace(
            story,
            activities=tuple(
                dataclasses.replace(
                    each, attributes={**each.attributes, "topic": random.choice(TEXTS)}
                )
                if likely(random, 80)
                else each
                for each in story.activities
            ),
        )
        for story in stories
    ]
