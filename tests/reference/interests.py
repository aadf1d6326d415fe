"""Interests: what counted activities bring, by topic."""

from collections import defaultdict
from collections.abc import Sequence

from connector.domain.text import fold
from connector.rules.interests import MOST_TOPICS
from connector.rules.model import Interests, RuleSet
from tests.reference.conditions import holds
from tests.reference.counting import Counted
from tests.reference.story import Activity

Interest = tuple[str, str, int]
"""A topic, how it is spelled, and its micro-points."""


def interests(rules: RuleSet, counted: Sequence[Counted]) -> list[Interest]:
    """Return a contact's interests, most first."""
    if rules.interests is None:
        return []
    points: defaultdict[str, int] = defaultdict(int)
    spellings: defaultdict[str, set[str]] = defaultdict(set)
    for each in counted:
        if each.rule.score is None and each.points != 0:
            for topic, spelling in topics_of(rules.interests, each.activity).items():
                points[topic] += each.points
                spellings[topic].add(spelling)
    ranked = sorted(points, key=lambda topic: (-points[topic], topic))
    found = [(topic, min(spellings[topic]), points[topic]) for topic in ranked if points[topic] > 0]
    return found[: rules.interests.top]


def topics_of(settings: Interests, activity: Activity) -> dict[str, str]:
    """Return {topic: spelling} of an activity."""
    found: dict[str, str] = {}
    for topic in settings.topics:
        if topic.where is not None and holds(topic.where, activity.attributes):
            found[topic.id] = topic.id
    value = activity.attributes.get(settings.attribute or "")
    text = value if isinstance(value, str) else ""
    folded, raw = fold(text).split(";"), text.split(";")
    for place, part in enumerate(folded[:MOST_TOPICS]):
        name = part.strip(" ")
        spelling = raw[place].strip(" ") if len(raw) == len(folded) else name
        own = own_topic(settings, name)
        if name:
            key = own or name
            found[key] = min(found.get(key, own or spelling), own or spelling)
    return found


def own_topic(settings: Interests, name: str) -> str | None:
    """Return the id of the first topic of the rules' own that has this name."""
    for topic in settings.topics:
        if name in {fold(each).strip(" ") for each in (topic.id, *topic.label.values())}:
            return topic.id
    return None
