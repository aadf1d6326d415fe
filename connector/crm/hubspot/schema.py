"""The properties that we create in HubSpot: names from the mapping, types and labels from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot.contacts import WROTE_AT
from connector.crm.hubspot.refusal import Json
from connector.domain.stages import Grade, Stage, Temperature

CREATION_KEY = "hs_unique_creation_key"
"""HubSpot's own unique property, which a mapping may name as the key of tasks."""

Words = tuple[str, str]
"""A text in English and French."""

_LANGUAGES = ("en", "fr")
_STAGES: Mapping[str, Words] = {
    Stage.SUSPECT: ("Suspect", "Suspect"),
    Stage.LEAD: ("Lead", "Lead"),
    Stage.PROSPECT: ("Prospect", "Prospect"),
    Stage.CLIENT: ("Client", "Client"),
    Stage.RECYCLED: ("Recycled", "Recyclé"),
    Stage.DISQUALIFIED: ("Disqualified", "Disqualifié"),
}
_TEMPERATURES: Mapping[str, Words] = {
    Temperature.COLD: ("Cold", "Froid"),
    Temperature.WARM: ("Warm", "Tiède"),
    Temperature.HOT: ("Hot", "Chaud"),
}
_GRADES: Mapping[str, Words] = {
    **{grade: (grade, grade) for grade in Grade if grade is not Grade.U},
    Grade.U: ("Too little is known", "Trop peu d’éléments"),
}
_FEEDBACK: Mapping[str, Words] = {
    "accepted": ("Accepted", "Accepté"),
    "rejected_wrong_profile": ("Rejected: wrong profile", "Refusé : mauvais profil"),
    "rejected_no_need": ("Rejected: no need", "Refusé : pas de besoin"),
    "rejected_not_now": ("Rejected: not now", "Refusé : pas maintenant"),
    "rejected_no_authority": ("Rejected: does not decide", "Refusé : ne décide pas"),
    "rejected_no_budget": ("Rejected: no budget", "Refusé : pas de budget"),
    "rejected_unreachable": ("Rejected: unreachable", "Refusé : injoignable"),
    "rejected_duplicate": ("Rejected: duplicate", "Refusé : doublon"),
    "rejected_already_customer": ("Rejected: customer already", "Refusé : déjà client"),
    "rejected_out_of_market": ("Rejected: out of market", "Refusé : hors marché"),
    "rejected_bad_data": ("Rejected: bad data", "Refusé : données fausses"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A property's type, its field in HubSpot's forms, its label and its options."""

    type: str
    field: str
    label: Words
    options: Mapping[str, Words] | None = None
    is_unique: bool = False


_OUTPUTS: Mapping[str, Kind] = {
    "score": Kind("number", "number", ("Lead score", "Score")),
    "fit": Kind("number", "number", ("Fit", "Adéquation")),
    "grade": Kind("enumeration", "select", ("Grade", "Note"), _GRADES),
    "persona": Kind("string", "text", ("Persona", "Persona")),
    "stage": Kind("enumeration", "select", ("Maturity", "Maturité"), _STAGES),
    "temperature": Kind("enumeration", "select", ("Temperature", "Température"), _TEMPERATURES),
    "reasons": Kind("string", "textarea", ("Why this score", "Pourquoi ce score")),
    "need_at": Kind("date", "date", ("Need expressed on", "Besoin exprimé le")),
    "handed_off_at": Kind("datetime", "date", ("Handed to sales at", "Transmis aux ventes le")),
}
_VERDICT = Kind("enumeration", "select", ("Sales feedback", "Retour des ventes"), _FEEDBACK)
_WROTE_AT = Kind("datetime", "date", ("Leadripe: last written", "Leadripe : dernière écriture"))
_KEY = Kind("string", "text", ("Leadripe: task key", "Leadripe : clé de tâche"), is_unique=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One property that should exist on an object type."""

    of: str
    name: str
    kind: Kind

    def definition(self, group: str, language: str) -> Json:
        """Return it as HubSpot takes it."""
        word = _word(language)
        body: dict[str, object] = {
            "name": self.name,
            "label": self.kind.label[word],
            "type": self.kind.type,
            "fieldType": self.kind.field,
            "groupName": group,
            "description": "Leadripe",
        }
        if self.kind.options is not None:
            body["options"] = options(self.kind.options, word)
        if self.kind.is_unique:
            body["hasUniqueValue"] = True
        return body


def feedback_name(mapping: HubSpotMapping, language: str) -> str | None:
    """Return how a rep finds the property for feedback: the label that we give it, and its name.

    Reps see labels; the name is there for accounts in which an admin chose another label.
    """
    if mapping.feedback is None:
        return None
    return f"{_VERDICT.label[_word(language)]} ({mapping.feedback})"


def _word(language: str) -> int:
    return _LANGUAGES.index(language) if language in _LANGUAGES else 0


def options(labels: Mapping[str, Words], word: int = 0, first: int = 0) -> list[Json]:
    """Return options as HubSpot takes them, in order."""
    return [
        {"value": str(value), "label": words[word], "displayOrder": order, "hidden": False}
        for order, (value, words) in enumerate(labels.items(), first)
    ]


def wanted(mapping: HubSpotMapping) -> Sequence[Wanted]:
    """Return every property of ours that the mapping asks for."""
    found = [
        Wanted("contacts", name, _OUTPUTS[output])
        for output, name in mapping.write.properties.items()
    ]
    if mapping.feedback:
        found.append(Wanted("contacts", mapping.feedback, _VERDICT))
    if found:
        found.append(Wanted("contacts", WROTE_AT, _WROTE_AT))
    if mapping.tasks and mapping.tasks.key != CREATION_KEY:
        found.append(Wanted("tasks", mapping.tasks.key, _KEY))
    return found
