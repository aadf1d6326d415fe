"""What people changed about a contact: fields that rules judge by, the stage, the verdict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.domain.numbers import from_millionths
from connector.ports import Author, FormerContact, FormerFields
from connector.rules.accounts import FACTS
from connector.rules.conditions import Kind, names
from connector.rules.model import RuleSet

_EPOCH = datetime.fromisoformat("1970-01-01T00:00Z")
_LATE = timedelta(seconds=2)
"""A history may stamp a change a little later than the record itself."""
STAGE, VERDICT = "stage", "verdict"


@dataclass(frozen=True, slots=True)
class Said:
    """What people say of a contact: the stage that one of them set, and the verdict of sales."""

    human_stage: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class PersonChange:
    """Something that changed in the CRM and was not written by us, at the CRM's stamp of it.

    `by`: who changed it, where the CRM's own history tells.
    """

    at: datetime
    name: str
    before: str | None
    after: str | None
    by: Author | None = None


def judged_fields(rules: RuleSet) -> Mapping[str, Kind]:
    """Return the fields by which the rules judge, but for those that name or reach the person."""
    found = {each.field: each.kind for persona in rules.fit.personas for each in persona.criteria}
    conditions = [each.where for each in rules.hand_off.blockers]
    conditions += [each.where for each in rules.contact_rules]
    for condition in conditions:
        found.update(names(condition))
    private = {"email", *FACTS, *rules.hand_off.name_fields, *rules.hand_off.reach_fields}
    return {name: kind for name, kind in found.items() if name not in private}


def person_changes(
    versions: Sequence[FormerContact],
    fields: Mapping[str, object],
    said: Said,
    kinds: Mapping[str, Kind],
    told: Sequence[FormerFields] = (),
) -> list[PersonChange]:
    """Return what changed with each version that ended, oldest first.

    `versions`: oldest first; `fields`, `said`: what holds now; `kinds`: the fields to tell of;
    `told`: what the CRM's own history says, oldest first, which alone knows who it was.
    """
    return [
        replace(change, by=_author(change, versions[number - 1].until if number else None, told))
        for number, version in enumerate(versions)
        for change in _changes(version, versions[number + 1 :], fields, said, kinds)
    ]


def _changes(
    version: FormerContact,
    later: Sequence[FormerContact],
    fields: Mapping[str, object],
    said: Said,
    kinds: Mapping[str, Kind],
) -> Iterator[PersonChange]:
    for name, value in version.was.items():
        if name in kinds:
            after = next((each.was[name] for each in later if name in each.was), fields.get(name))
            yield PersonChange(
                version.until, name, _text(value, kinds[name]), _text(after, kinds[name])
            )
    next_ = Said(later[0].human_stage, later[0].verdict) if later else said
    if version.human_stage != next_.human_stage:
        yield PersonChange(version.until, STAGE, version.human_stage, next_.human_stage)
    if version.verdict != next_.verdict:
        yield PersonChange(version.until, VERDICT, version.verdict, next_.verdict)


def _author(
    change: PersonChange, since: datetime | None, told: Sequence[FormerFields]
) -> Author | None:
    """Return who made a change: the last one of this field up to its stamp, of the same version."""
    for each in reversed(told):
        if each.until <= change.at + _LATE and change.name in each.was:
            return each.by if since is None or each.until > since + _LATE else None
    return None


def _text(value: object, kind: Kind) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int() if kind is Kind.MOMENT:
            return (_EPOCH + timedelta(microseconds=value)).isoformat()
        case int():
            return from_millionths(value)
        case _:
            return str(value)
