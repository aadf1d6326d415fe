"""What pydantic cannot see in `nurture` and `pressure`: names that must agree."""

from collections.abc import Iterator

from connector.config.document import DataPath
from connector.config.found import Found, Named, instead, names_in, repeated
from connector.config.nurture_rules import ContentSection, NurtureSection
from connector.config.rules_document import RulesDocument
from connector.config.where import relative_in


def check_nurture(rules: RulesDocument, named: Named) -> Iterator[Found]:
    """Yield what does not agree within the section, and with the rest of the file."""
    nurture = rules.nurture
    if nurture is None:
        return
    tracks, contents = enumerate(nurture.tracks), enumerate(nurture.content)
    yield from repeated([(("nurture", "tracks", no, "id"), each.id) for no, each in tracks])
    yield from repeated([(("nurture", "content", no, "id"), each.id) for no, each in contents])
    yield from _personas(rules, nurture, named)
    for no, content in enumerate(nurture.content):
        yield from _tracks(nurture, content, no, named)
        if content.topics and rules.interests is None and not named.has_interests:
            yield Found(
                ("nurture", "content", no, "topics"),
                "topics are held against a contact's interests, and without a section «interests» "
                "nobody has any: add `interests: {top: 3}`",
                of_key=True,
            )
        where = content.seen
        for path, word in relative_in(where, ("nurture", "content", no, "seen")) if where else ():
            message = f"«{word}» does not go here: whoever has seen a content knows it for good"
            yield Found(path, message, of_key=True)


def _personas(rules: RulesDocument, nurture: NurtureSection, named: Named) -> Iterator[Found]:
    known = {persona.id for persona in rules.personas} | named.personas
    for no, track in enumerate(nurture.tracks):
        for number, name in enumerate(track.personas):
            if name not in known:
                path = ("nurture", "tracks", no, "personas", number)
                yield Found(path, f"there is no persona «{name}»{instead(name, known)}")


def _tracks(
    nurture: NurtureSection, content: ContentSection, no: int, named: Named
) -> Iterator[Found]:
    known = {track.id for track in nurture.tracks} | named.tracks
    for number, name in enumerate(content.tracks):
        if name not in known:
            path = ("nurture", "content", no, "tracks", number)
            yield Found(path, f"there is no track «{name}»{instead(name, known)}")


def check_pressure(rules: RulesDocument) -> Iterator[Found]:
    """Yield the touches of budgets that count for nothing."""
    if rules.pressure is None:
        return
    known = rules.pressure.touches
    for no, budget in enumerate(rules.pressure.budget):
        for number, name in enumerate(budget.touches or ()):
            if name not in known:
                yield Found(
                    ("pressure", "budget", no, "touches", number),
                    f"«{name}» is none of the «touches» of the section{instead(name, known)}",
                )


def fields_of_nurture(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield every mention of a contact's field."""
    if rules.nurture is None:
        return
    if rules.nurture.where is not None:
        yield from names_in(rules.nurture.where, ("nurture", "where"))
    for no, track in enumerate(rules.nurture.tracks):
        if track.where is not None:
            yield from names_in(track.where, ("nurture", "tracks", no, "where"))


def attributes_of_nurture(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield every mention of an activity's attribute; the default one may be missing."""
    if rules.nurture is None:
        return
    if "attribute" in rules.nurture.model_fields_set:
        yield ("nurture", "attribute"), rules.nurture.attribute
    for no, content in enumerate(rules.nurture.content):
        if content.seen is not None:
            yield from names_in(content.seen, ("nurture", "content", no, "seen"))
