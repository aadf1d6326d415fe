"""Section 12: the track of a contact, and what it is sent next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.domain.contact import Value
from connector.domain.stages import Stage, Temperature
from connector.domain.text import fold
from connector.rules.model import Content, Nurture, RuleSet, Track
from tests.reference.clock import HandedOff
from tests.reference.conditions import holds
from tests.reference.facts import Facts
from tests.reference.interests import Interest, own_topic
from tests.reference.story import Activity, Instant, State


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contact stands, as far as tracks ask."""

    stage: Stage
    temperature: Temperature
    persona: str | None


@dataclass(frozen=True, slots=True)
class Next:
    """The track, or `paused`, and the id of what comes next.

    `untold_…`: the same as if a hand-off of this evaluation had not been.
    """

    track: str | None = None
    content: str | None = None
    untold_track: str | None = None
    untold_content: str | None = None


@dataclass(frozen=True, slots=True)
class Sales:
    """Whether sales has a contact; and had it, were there no hand-off in this evaluation."""

    has: bool
    had: bool
    is_new: bool


def is_with_sales(
    rules: RuleSet, stage: Stage, last: HandedOff, facts: Facts, state: State, as_of: Instant
) -> bool:
    """Tell whether sales has the contact."""
    if stage in (Stage.CLIENT, Stage.DISQUALIFIED, Stage.RECYCLED):
        return False
    if last.is_open:
        return True
    is_sent_back = (
        state.verdict == "rejected"
        and state.verdict_us is not None
        and last.us is not None
        and state.verdict_us > last.us
    )
    if last.answered_us is None or is_sent_back:
        return False
    days_ago = [as_of.days_since(last.answered_us)]
    if facts.touch is not None:
        days_ago.append(as_of.day - facts.touch.day)
    return facts.is_open or min(days_ago) < rules.stages.untouched_prospect_days


def nurture(
    rules: RuleSet,
    fields: Mapping[str, Value],
    activities: Sequence[Activity],
    place: Place,
    interests: Sequence[Interest],
    sales: Sales,
) -> Next | None:
    """Return what marketing does with a contact; None for one that it leaves alone."""
    settings = rules.nurture
    if settings is None or not holds(settings.where, fields):
        return None
    track = next((each for each in settings.tracks if fits(each, fields, place)), None)
    following = (
        track.id if track else None,
        next_for(rules, track, activities, interests) if track else None,
    )
    paused = ("paused", None)
    now = paused if sales.has else following
    if now[0] is None:
        return None
    return Next(*now, *((paused if sales.had else following) if sales.is_new else ()))


def next_for(
    rules: RuleSet, track: Track, activities: Sequence[Activity], interests: Sequence[Interest]
) -> str | None:
    """Return the id of what comes next on a track, if anything is left."""
    settings = rules.nurture or Nurture()
    left = [
        each
        for each in settings.content
        if (not each.tracks or track.id in each.tracks)
        and not any(shows(settings, each, activity) for activity in activities)
    ]
    first = min(left, key=lambda each: rank(rules, each, interests), default=None)
    return first.id if first else None


def fits(track: Track, fields: Mapping[str, Value], place: Place) -> bool:
    """Tell whether a track is for a contact."""
    return (
        (not track.stages or place.stage in track.stages)
        and (not track.temperatures or place.temperature in track.temperatures)
        and (not track.personas or place.persona in track.personas)
        and holds(track.where, fields)
    )


def shows(settings: Nurture, content: Content, activity: Activity) -> bool:
    """Tell whether an activity shows that the contact knows a content."""
    if activity.is_outbound:
        return False
    if content.where is not None:
        return holds(content.where, activity.attributes)
    value = activity.attributes.get(settings.attribute)
    names = {fold(name) for name in (content.id, *content.label.values())} - {""}
    return isinstance(value, str) and fold(value) in names


def rank(rules: RuleSet, content: Content, interests: Sequence[Interest]) -> int:
    """Return the rank of the contact's best interest that a content is about; without one, last."""
    if rules.interests is None:
        return 0
    folded = (fold(name).strip(" ") for name in content.topics)
    topics = {own_topic(rules.interests, name) or name for name in folded}
    ranks = (no for no, (topic, _, _) in enumerate(interests) if topic in topics)
    return next(ranks, len(interests))
