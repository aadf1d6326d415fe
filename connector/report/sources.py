"""Says where each kind of fact of a past instant comes from, and from when on it can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connector.rules.explain import say
from connector.rules.model import Label

_COMES_FROM: dict[str, Label] = {
    "activities": {
        "en": "activities: by their own dates; dates on the contact itself, of which the CRM keeps"
        " the latest alone, as collected since {since}",
        "fr": "activités : à leurs propres dates ; les dates du contact lui-même, dont le CRM ne"
        " garde que la dernière, telles que relevées depuis le {since}",
    },
    "fields": {
        "en": "contact fields: as read, by the CRM's stamp of each change, since {since}; the CRM's"
        " own history is not read",
        "fr": "champs du contact : tels que lus, à la date que le CRM donne à chaque changement,"
        " depuis le {since} ; l’historique du CRM n’est pas lu",
    },
    "opportunities": {
        "en": "deals: created by then, with amount, probability and outcome as read since {since}",
        "fr": "affaires : créées à cette date, avec montant, probabilité et issue tels que lus"
        " depuis le {since}",
    },
    "memory": {
        "en": "stage, temperature and hand-off before: what was remembered then, since {since}",
        "fr": "étape, température et transmission d’avant : ce qui était mémorisé alors, depuis le"
        " {since}",
    },
    "people": {
        "en": "what people said (verdict, stage): as read, since {since}",
        "fr": "ce que des personnes ont dit (verdict, étape) : tel que lu, depuis le {since}",
    },
    "rules": {
        "en": "rules, mapping and which properties people keep: those of today",
        "fr": "règles, correspondances et propriétés que des personnes gardent : celles"
        " d’aujourd’hui",
    },
}
_TITLE: Label = {
    "en": "As things stood at {as_of}, as far as is known:",
    "fr": "L’état des choses au {as_of}, pour autant qu’il soit connu :",
}
_BEFORE: Label = {
    "en": "{as_of} is before {since}: the first values known stand in for what was not kept.",
    "fr": "{as_of} précède le {since} : les premières valeurs connues remplacent ce qui n’a pas"
    " été gardé.",
}
_NEVER: Label = {"en": "the first run", "fr": "premier passage"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where one kind of fact comes from. `reliable_since`: None if it always is."""

    kind: str
    comes_from: str
    reliable_since: datetime | None


@dataclass(frozen=True, slots=True)
class Sources:
    """What a look at a past instant rests on. `is_reliable`: nothing had to be stood in for."""

    as_of: datetime
    kept_since: datetime | None
    is_reliable: bool
    title: str
    sources: Sequence[Source]
    warning: str

    @property
    def sentences(self) -> Sequence[str]:
        """All of it, a line each."""
        lines = [self.title, *(f"  {each.comes_from}" for each in self.sources)]
        return [*lines, self.warning] if self.warning else lines


def sources(
    as_of: datetime, kept_since: datetime | None, *, language: str, zone: ZoneInfo
) -> Sources:
    """Return what a look at `as_of` rests on; `kept_since`: since when the store keeps versions."""

    def local(at: datetime) -> str:
        return at.astimezone(zone).isoformat(sep=" ", timespec="minutes")

    since = local(kept_since) if kept_since else say(_NEVER, language)
    is_reliable = kept_since is not None and as_of >= kept_since
    told = [
        Source(
            kind,
            say(text, language).format(since=since),
            kept_since if "{since}" in text["en"] else None,
        )
        for kind, text in _COMES_FROM.items()
    ]
    warning = say(_BEFORE, language).format(as_of=local(as_of), since=since)
    title = say(_TITLE, language).format(as_of=local(as_of))
    return Sources(as_of, kept_since, is_reliable, title, told, "" if is_reliable else warning)
