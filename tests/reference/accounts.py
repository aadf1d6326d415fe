"""Section 8: what is known of accounts, contact by contact, account by account."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

from connector.domain.contact import Value
from connector.domain.numbers import MILLION
from connector.domain.text import fold
from connector.rules.model import Account, RuleSet
from tests.reference.counting import count
from tests.reference.moments import asked_at
from tests.reference.robots import Decision, MailDomain, flags
from tests.reference.scoring import fit, judged, score
from tests.reference.story import Activity, Instant, Story


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """A contact of an account, with the points of its own activities."""

    story: Story
    points: int


def with_accounts(
    rules: RuleSet,
    stories: Sequence[Story],
    as_of: Instant,
    domains: frozenset[MailDomain],
    decisions: Sequence[Decision],
) -> list[Story]:
    """Return the stories, each with the facts of its account as fields. `stories`: everybody."""
    account = rules.account
    if account is None:
        return list(stories)
    people: defaultdict[str, list[Person]] = defaultdict(list)
    for story in stories:
        key = named(story.fields.get(account.by))
        if key:
            flagged = flags(rules, story, as_of, domains, decisions)
            kept = [each for each in story.activities if each.id not in flagged]
            points = own_points(rules, story, kept, as_of)
            people[key].append(Person(story, points))
    facts = {key: facts_of(account, members) for key, members in people.items()}
    return [
        dataclasses.replace(
            story,
            fields={**story.fields, **facts.get(named(story.fields.get(account.by)), {})},
        )
        for story in stories
    ]


def own_points(rules: RuleSet, story: Story, kept: Sequence[Activity], as_of: Instant) -> int:
    """Return what activities alone give a contact, between the bounds of the leading score."""
    activities = [each for each in kept if each.occurred_us <= as_of.us]
    alone = asked_at(dataclasses.replace(rules, contact_rules=()), as_of)
    fields = judged(story.fields, fit(alone.fit, story.fields))
    return score(alone, count(alone, activities, fields, as_of), {}).total


def facts_of(account: Account, people: Sequence[Person]) -> dict[str, Value]:
    """Return what is known of the people of one account together."""
    engaged = [each for each in people if each.points >= account.engaged_from]
    total = sum(each.points for each in people)
    roles = {named(each.story.fields.get(account.role or "")) for each in engaged} - {""}
    return {
        "account_best": max(each.points for each in people),
        "account_sum": total if account.sum_cap is None else min(total, account.sum_cap),
        "account_people": len(engaged) * MILLION,
        "account_roles": len(roles) * MILLION,
    }


def named(value: Value) -> str:
    """Return what tells one account, or one role, from another; empty if it is unknown."""
    return "" if value is None else fold(str(value))
