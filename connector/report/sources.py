"""Says where each kind of fact of a past instant comes from, and from when on it can be trusted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from connector.ports import Basis
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
        "en": "contact fields: as read, by the CRM's stamp of each change, since {since}",
        "fr": "champs du contact : tels que lus, à la date que le CRM donne à chaque changement,"
        " depuis le {since}",
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
# What fields rest on where they were not read by then; each with the fields that it is true of.
_INSTEAD: Mapping[str, Label] = {
    "told": {
        "en": "not read by us by then, taken from the CRM's own history{reach}: {fields}",
        "fr": "pas encore lus alors, pris dans l’historique du CRM{reach} : {fields}",
    },
    "cut": {
        "en": "today's or the first known value, as the CRM's history does not reach back so far:"
        " {fields}",
        "fr": "valeur d’aujourd’hui ou première connue, l’historique du CRM ne remontant pas si"
        " loin : {fields}",
    },
    "unkept": {
        "en": "today's or the first known value, as the CRM keeps no history of: {fields}",
        "fr": "valeur d’aujourd’hui ou première connue, le CRM ne gardant pas d’historique de :"
        " {fields}",
    },
    "unasked": {
        "en": "today's or the first known value, as the CRM was not asked for its history"
        " (`leadripe pull --history`): {fields}",
        "fr": "valeur d’aujourd’hui ou première connue, l’historique du CRM n’ayant pas été demandé"
        " (`leadripe pull --history`) : {fields}",
    },
}
_REACHES: Label = {
    "en": " (reliable since {since})",
    "fr": " (fiable depuis le {since})",
}
_OF: Label = {"en": "{field} (of {count:,} contacts)", "fr": "{field} (de {count:,} contacts)"}
_TITLE: Label = {
    "en": "As things stood at {as_of}, as far as is known:",
    "fr": "L’état des choses au {as_of}, pour autant qu’il soit connu :",
}
_BEFORE: Label = {
    "en": "{as_of} is before {since}: the first values known stand in for what was not kept.",
    "fr": "{as_of} précède le {since} : les premières valeurs connues remplacent ce qui n’a pas"
    " été gardé.",
}
_SOME: Label = {
    "en": "Where the first known value stands in, what the contact held then is not known.",
    "fr": "Là où la première valeur connue remplace, on ne sait pas ce que le contact contenait"
    " alors.",
}
_NEVER: Label = {"en": "the first run", "fr": "premier passage"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where one kind of fact comes from. `reliable_since`: None if it always is.

    `instead`: of contact fields that were not read by then, what each rests on, a sentence each.
    """

    kind: str
    comes_from: str
    reliable_since: datetime | None
    instead: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """What a look at a past instant rests on. `is_reliable`: nothing had to be stood in for.

    `fields`: {contact field: on what its values rest, in contacts}.
    """

    as_of: datetime
    kept_since: datetime | None
    is_reliable: bool
    title: str
    sources: Sequence[Source]
    warning: str
    fields: Mapping[str, Basis] = field(default_factory=dict)

    @property
    def sentences(self) -> Sequence[str]:
        """All of it, a line each."""
        lines = [self.title]
        for each in self.sources:
            lines += [f"  {each.comes_from}", *(f"    {told}" for told in each.instead)]
        return [*lines, self.warning] if self.warning else lines


def sources(
    as_of: datetime,
    kept_since: datetime | None,
    fields: Mapping[str, Basis],
    *,
    language: str,
    zone: ZoneInfo,
    is_of_one: bool = False,
) -> Sources:
    """Return what a look at `as_of` rests on.

    `kept_since`: since when the store keeps versions. `fields`: on what each contact field rests.
    `is_of_one`: of one contact. Of all some may not have been there yet, which nobody can tell from
    their fields: what stands in for those makes no look unreliable.
    """

    def local(at: datetime) -> str:
        return at.astimezone(zone).isoformat(sep=" ", timespec="minutes")

    since = local(kept_since) if kept_since else say(_NEVER, language)
    is_kept = kept_since is not None and as_of >= kept_since
    is_reliable = is_kept and not (is_of_one and any(each.stands_in for each in fields.values()))
    told = [
        Source(
            kind,
            say(text, language).format(since=since),
            kept_since if "{since}" in text["en"] else None,
            list(_instead(fields, language, local)) if kind == "fields" else (),
        )
        for kind, text in _COMES_FROM.items()
    ]
    warning = say(_SOME if is_kept else _BEFORE, language).format(as_of=local(as_of), since=since)
    title = say(_TITLE, language).format(as_of=local(as_of))
    return Sources(
        as_of, kept_since, is_reliable, title, told, "" if is_reliable else warning, fields
    )


def _instead(
    fields: Mapping[str, Basis], language: str, local: Callable[[datetime], str]
) -> Iterator[str]:
    """Yield what fields rest on where they were not read by then."""
    for basis, text in _INSTEAD.items():
        counts = {name: getattr(each, basis) for name, each in fields.items()}
        concerned = [name for name, count in counts.items() if count]
        if not concerned:
            continue
        named = [_counted(name, counts[name], fields[name], language) for name in concerned]
        reached = [at for name in concerned if (at := fields[name].told_since)]
        reach = say(_REACHES, language).format(since=local(max(reached))) if reached else ""
        yield say(text, language).format(fields=", ".join(named), reach=reach)


def _counted(name: str, count: int, basis: Basis, language: str) -> str:
    """Return a field with the number of contacts, unless it is true of all there are."""
    return name if count == basis.total else say(_OF, language).format(field=name, count=count)
