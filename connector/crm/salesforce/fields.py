"""The fields that we create: their types from the shipped files, their names from the mapping.

A result `need_at` has the file `Leadripe_Need_At__c` for leads and for contacts, the score of an
opportunity `Leadripe_Opportunity_Score__c`; one without a file is not provisioned.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from xml.etree.ElementTree import Element

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.metadata import FIELD, Component, set_text
from connector.crm.salesforce.opportunities import OPPORTUNITY
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

MARK = "Leadripe"
"""What the description of everything of ours begins with."""
ACTIVITY = "Activity"
"""The object on which the fields of tasks and events are defined."""
_OF_OPPORTUNITIES = "opportunity_"
"""What the names of results of opportunities begin with: a contact has some of the same name."""
_VIEWS: Mapping[str, Words] = {
    "hot": ("Hot leads", "Leads chauds"),
    "handed_over": ("Handed over", "Transmis aux ventes"),
    "do_not_press": ("Do not press", "Ne pas solliciter"),
    "overdue": ("Overdue for sales", "En retard côté ventes"),
    "integration": ("Leadripe: integration", "Leadripe : intégration"),
}
_TABLES = (LABELS, STAGES, TEMPERATURES, GRADES, SLA, FEEDBACK, _VIEWS)
WORDS: Mapping[str, Words] = {words[0]: words for table in _TABLES for words in table.values()}
"""{what the shipped files say in English: in each language}."""

# A type of Salesforce's in the words that its pages use.
_SPOKEN = {"LongTextArea": "long text area", "DateTime": "date/time", "TextArea": "text area"}
_LEAST_DIGITS = 3


def template_of(result: str) -> str:
    """Return the name that a result's field has in the shipped files.

    One of several scores is like the only one, its reasons are like that one's.
    """
    if result.startswith("scores."):
        result = "reasons" if result.endswith(".reasons") else "score"
    return f"Leadripe_{'_'.join(part.capitalize() for part in result.split('_'))}__c"


def results_of(mapping: SalesforceMapping) -> Mapping[str, str]:
    """Return {result: its field in this org} of what the mapping asks for.

    The key of tasks is among them, and what opportunities get, as `opportunity_score`.
    """
    found = {result: name for result, name in mapping.results.items() if name}
    if mapping.tasks:
        found["key"] = mapping.tasks.key
    for result, name in opportunity_fields(mapping).items():
        found[f"{_OF_OPPORTUNITIES}{result}"] = name
    return found


def opportunity_fields(mapping: SalesforceMapping) -> Mapping[str, str]:
    """Return {result: the field of opportunities that it is written to}."""
    return mapping.opportunities.write.properties if mapping.opportunities else {}


def written_objects(mapping: SalesforceMapping) -> list[str]:
    """Return the objects whose records get results, those of people first."""
    people = mapping.contact.objects if mapping.write.properties else ()
    return [*people, *([OPPORTUNITY] if opportunity_fields(mapping) else [])]


def field_names(mapping: SalesforceMapping) -> Mapping[str, Sequence[str]]:
    """Return {name in the shipped files: names in this org}; several only of several scores."""
    found: dict[str, list[str]] = {}
    for result, name in results_of(mapping).items():
        found.setdefault(template_of(result), []).append(name)
    return found


def wanted_fields(
    mapping: SalesforceMapping, source: Sequence[Component], language: str
) -> list[Component]:
    """Return every field of ours that the mapping asks for, object by object."""
    templates = {each.name: each for each in source if each.type == FIELD}
    return [
        _named(templates[f"{parent}.{template_of(result)}"], result, name, language)
        for parent in (ACTIVITY, *mapping.contact.objects, OPPORTUNITY)
        for result, name in results_of(mapping).items()
        if f"{parent}.{template_of(result)}" in templates
    ]


def _named(template: Component, result: str, name: str, language: str) -> Component:
    tree = translated(template.tree, language)
    set_text(tree, "fullName", name)
    if result not in LABELS:
        set_text(tree, "label", label(result)[word(language)])
    return Component(FIELD, f"{template.parent}.{name}", tree)


def translated(tree: Element, language: str) -> Element:
    """Return a copy in which every label is in a language."""
    copy = deepcopy(tree)
    for element in copy.iter("label"):
        text = element.text or ""
        element.text = WORDS[text][word(language)] if text in WORDS else text
    return copy


def is_ours(found: Component) -> bool:
    """Tell whether we made it: nothing else is ever changed."""
    return found.get("description").startswith(MARK)


def mismatch_of(wanted: Component, found: Component) -> str:
    """Return why an existing field cannot serve as ours; empty if it can."""
    flaw = _type_flaw(wanted, found) or _size_flaw(wanted, found) or _value_flaw(wanted, found)
    return f"field {wanted.own_name} of {wanted.parent} {flaw}" if flaw else ""


def _type_flaw(wanted: Component, found: Component) -> str:
    if found.get("type") != wanted.get("type"):
        return (
            f"is of type {_spoken(found)}, not {_spoken(wanted)}: choose another name for it in "
            "the mapping"
        )
    if found.tree.find("formula") is not None:
        return "is a formula, which cannot be written: choose another name for it in the mapping"
    if found.get("required") == "true":
        return "is required: let it be empty, or choose another name for it in the mapping"
    return ""


def _size_flaw(wanted: Component, found: Component) -> str:
    if wanted.get("type") == "Number":
        digits = _number(found, "precision") - _number(found, "scale")
        return "" if digits >= _LEAST_DIGITS else f"has {digits} digits, too few for 100"
    length = _number(wanted, "length")
    if _number(found, "length") < length:
        return f"holds {_number(found, 'length')} characters, fewer than {length}: lengthen it"
    if wanted.get("unique") == "true" and (found.get("unique"), found.get("externalId")) != (
        "true",
        "true",
    ):
        return "is not unique and an external ID: make it so, or choose another name in the mapping"
    return ""


def _value_flaw(wanted: Component, found: Component) -> str:
    lacking = lacking_values(wanted, found)
    if lacking and is_restricted(found) and not is_ours(found):
        listed = ", ".join(lacking)
        return f"takes only values of its own, and lacks {listed}: add them, or choose another name"
    return ""


def lacking_values(wanted: Component, found: Component) -> list[str]:
    """Return the values that a choice does not offer yet; none where a global set holds them."""
    if found.tree.find("valueSet/valueSetName") is not None:
        return []
    offered = set(values_of(found))
    return [value for value in values_of(wanted) if value not in offered]


def extended(wanted: Component, found: Component) -> Component:
    """Return the field as it stands in the org, with those values that it lacks behind its own."""
    lacking = set(lacking_values(wanted, found))
    tree = deepcopy(found.tree)
    holder = tree.find("valueSet/valueSetDefinition")
    if holder is not None:
        holder.extend(
            deepcopy(value)
            for value in wanted.tree.iterfind("valueSet/valueSetDefinition/value")
            if value.findtext("fullName") in lacking
        )
    return Component(FIELD, wanted.name, tree)


def values_of(field: Component) -> list[str]:
    """Return the values that a choice offers; those that were taken out of use are none."""
    return [
        value.findtext("fullName") or ""
        for value in field.tree.iterfind("valueSet/valueSetDefinition/value")
        if value.findtext("isActive") != "false"
    ]


def is_restricted(field: Component) -> bool:
    """Tell whether a choice takes no other value than those it offers."""
    return field.tree.findtext("valueSet/restricted") == "true"


def _number(field: Component, tag: str) -> int:
    text = field.get(tag)
    return int(text) if text.isdecimal() else 0


def _spoken(field: Component) -> str:
    type_ = field.get("type") or "unknown"
    return _SPOKEN.get(type_, type_.lower())
