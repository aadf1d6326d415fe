"""The properties that we create in HubSpot: names from the mapping, types and labels from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot.contacts import WROTE_AT
from connector.crm.hubspot.deals import KIND as DEALS
from connector.crm.hubspot.refusal import Json
from connector.crm.vocabulary import (
    FEEDBACK,
    GRADES,
    LABELS,
    SLA,
    STAGES,
    TEMPERATURES,
    Words,
    label,
    word,
)

CREATION_KEY = "hs_unique_creation_key"
"""HubSpot's own unique property, which a mapping may name as the key of tasks."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A property's type, its field in HubSpot's forms, its label and its options."""

    type: str
    field: str
    label: Words
    options: Mapping[str, Words] | None = None
    is_unique: bool = False


_OUTPUTS: Mapping[str, Kind] = {
    "score": Kind("number", "number", LABELS["score"]),
    "fit": Kind("number", "number", LABELS["fit"]),
    "grade": Kind("enumeration", "select", LABELS["grade"], GRADES),
    "persona": Kind("string", "text", LABELS["persona"]),
    "stage": Kind("enumeration", "select", LABELS["stage"], STAGES),
    "temperature": Kind("enumeration", "select", LABELS["temperature"], TEMPERATURES),
    "reasons": Kind("string", "textarea", LABELS["reasons"]),
    "need_at": Kind("date", "date", LABELS["need_at"]),
    "handed_off_at": Kind("datetime", "date", LABELS["handed_off_at"]),
    "interests": Kind("string", "text", LABELS["interests"]),
    "question": Kind("string", "text", LABELS["question"]),
    "due_at": Kind("datetime", "date", LABELS["due_at"]),
    "sla": Kind("enumeration", "select", LABELS["sla"], SLA),
    "segment": Kind("string", "text", LABELS["segment"]),
    "grid": Kind("string", "text", LABELS["grid"]),
    "track": Kind("string", "text", LABELS["track"]),
    "next_content": Kind("string", "text", LABELS["next_content"]),
    "next_content_url": Kind("string", "text", LABELS["next_content_url"]),
    "do_not_press_until": Kind("date", "date", LABELS["do_not_press_until"]),
    "touches_7d": Kind("number", "number", LABELS["touches_7d"]),
    "touches_30d": Kind("number", "number", LABELS["touches_30d"]),
}
_NOT_BEFORE = Kind("date", "date", LABELS["not_before"])
_VERDICT = Kind("enumeration", "select", LABELS["feedback"], FEEDBACK)
_WROTE_AT = Kind("datetime", "date", ("Leadripe: last written", "Leadripe : dernière écriture"))
_OF_DEALS: Mapping[str, Kind] = {
    "score": Kind("number", "number", LABELS["opportunity_score"]),
    "reasons": Kind("string", "textarea", LABELS["opportunity_reasons"]),
}
_KEY = Kind("string", "text", LABELS["key"], is_unique=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One property that should exist on an object type."""

    of: str
    name: str
    kind: Kind

    def definition(self, group: str, language: str) -> Json:
        """Return it as HubSpot takes it."""
        place = word(language)
        body: dict[str, object] = {
            "name": self.name,
            "label": self.kind.label[place],
            "type": self.kind.type,
            "fieldType": self.kind.field,
            "groupName": group,
            "description": "Leadripe",
        }
        if self.kind.options is not None:
            body["options"] = options(self.kind.options, place)
        if self.kind.is_unique:
            body["hasUniqueValue"] = True
        return body


def options(labels: Mapping[str, Words], place: int = 0, first: int = 0) -> list[Json]:
    """Return options as HubSpot takes them, in order."""
    return [
        {"value": str(value), "label": words[place], "displayOrder": order, "hidden": False}
        for order, (value, words) in enumerate(labels.items(), first)
    ]


def _kind(output: str) -> Kind:
    """Return what a result is written as; one of several scores like the only one."""
    if output in _OUTPUTS:
        return _OUTPUTS[output]
    like = _OUTPUTS["reasons" if output.endswith(".reasons") else "score"]
    return replace(like, label=label(output))


def wanted(mapping: HubSpotMapping) -> Sequence[Wanted]:
    """Return every property of ours that the mapping asks for."""
    found = [
        Wanted("contacts", name, _kind(output)) for output, name in mapping.write.properties.items()
    ]
    if mapping.feedback:
        found.append(Wanted("contacts", mapping.feedback, _VERDICT))
    if mapping.not_before:
        found.append(Wanted("contacts", mapping.not_before, _NOT_BEFORE))
    if found:
        found.append(Wanted("contacts", WROTE_AT, _WROTE_AT))
    if mapping.opportunities:
        results = mapping.opportunities.write.properties
        found += [Wanted(DEALS, name, _OF_DEALS[result]) for result, name in results.items()]
    if mapping.tasks and mapping.tasks.key != CREATION_KEY:
        found.append(Wanted("tasks", mapping.tasks.key, _KEY))
    return found
