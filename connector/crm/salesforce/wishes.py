"""What should stand in an org besides fields: list views, permission sets, what conversions carry.

They are the shipped files, with the mapping's names in place of ours, without what it leaves out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.fields import (
    ACTIVITY,
    field_names,
    opportunity_fields,
    translated,
    wanted_fields,
)
from connector.crm.salesforce.metadata import (
    CONVERSION,
    FIELD,
    LIST_VIEW,
    PERMISSION_SET,
    Component,
    read_source,
    set_text,
)
from connector.crm.salesforce.opportunities import OPPORTUNITY
from connector.crm.vocabulary import SLA, TEMPERATURES, Words, word

PEOPLE, INTEGRATION = "Leadripe", "Leadripe_Integration"
_ACTIVITIES = ("Task", "Event")
_CHOICES: Mapping[str, Words] = {**TEMPERATURES, **SLA}
"""Those by which list views filter."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Everything that should be there. `conversion`: None if people are in one object alone."""

    fields: Sequence[Component]
    views: Sequence[Component]
    sets: Sequence[Component]
    conversion: Component | None

    @property
    def integration(self) -> Component:
        """The permission set of our own user."""
        return self.sets[-1]


def wishes(
    mapping: SalesforceMapping, language: str, reads: Iterable[str], objects: Iterable[str]
) -> Wishes:
    """Return what a mapping wants. `reads`: fields that our user has to see, as `Lead.Title`.

    `objects`: those that it has to read at all.
    """
    source = read_source()
    fields = wanted_fields(mapping, source, language)
    there = frozenset(component.name for component in fields)
    templates = frozenset(each.own_name for each in source if each.type == FIELD)
    adapter = _Adapter(mapping, templates, there, language)
    integration = adapter.set_of(_one(source, PERMISSION_SET, INTEGRATION))
    _keep_objects(integration.tree, frozenset(objects))
    if opportunity_fields(mapping):
        _let_edit(integration.tree, OPPORTUNITY)
    for name in reads:
        _grant(integration.tree, name)
    return Wishes(
        fields,
        adapter.views(source),
        [adapter.set_of(_one(source, PERMISSION_SET, PEOPLE)), integration],
        adapter.conversion(_one(source, CONVERSION, CONVERSION)),
    )


def set_names(mapping: SalesforceMapping) -> tuple[str, str]:
    """Return the names of the permission sets: of people, and of our own user."""
    return mapping.permission_set, mapping.permission_set + INTEGRATION.removeprefix(PEOPLE)


class _Adapter:
    """Puts the mapping's names into trees.

    `templates`: our fields as the files name them; `there`: the whole names of those wanted.
    """

    def __init__(
        self,
        mapping: SalesforceMapping,
        templates: frozenset[str],
        there: frozenset[str],
        language: str,
    ) -> None:
        self._mapping = mapping
        self._templates = templates
        self._there = there
        self._language = language
        self._names = field_names(mapping)

    def views(self, source: Sequence[Component]) -> list[Component]:
        """Return the list views whose filters name nothing that is left out."""
        objects = self._mapping.contact.objects
        found = [each for each in source if each.type == LIST_VIEW and each.parent in objects]
        return [view for view in map(self._view, found) if view is not None]

    def _view(self, view: Component) -> Component | None:
        tree = translated(view.tree, self._language)
        self._rename(tree, view.parent, most=1)
        if tree.find("filters") is None:
            return None
        for value in tree.iterfind("filters/value"):
            value.text = self._comparable(value.text or "")
        return Component(LIST_VIEW, view.name, tree)

    def _comparable(self, values: str) -> str:
        """Return choices as filters compare them: whether by name or label is not told."""
        return ",".join(named for value in values.split(",") for named in self._spelled(value))

    def _spelled(self, value: str) -> Sequence[str]:
        label = _CHOICES[value][word(self._language)] if value in _CHOICES else value
        return [value] if label.lower() == value.lower() else [value, label]

    def set_of(self, component: Component) -> Component:
        """Return a permission set with this mapping's fields."""
        tree = translated(component.tree, self._language)
        self._rename(tree, "")
        people, integration = set_names(self._mapping)
        name = people if component.name == PEOPLE else integration
        return Component(PERMISSION_SET, name, tree)

    def conversion(self, component: Component) -> Component | None:
        """Return which field of a lead goes to which of a contact when it is converted."""
        if len(self._mapping.contact.objects) == 1:
            return None
        tree = deepcopy(component.tree)
        for mapping in tree.iterfind("objectMapping"):
            self._rename(mapping, "Contact")
        return Component(CONVERSION, CONVERSION, tree)

    def _rename(self, tree: Element, parent: str, *, most: int | None = None) -> None:
        """Name our fields as the mapping does; leave out what names one that it leaves out.

        What is about one of several scores is said of each, of `most` at most.
        """
        tree[:] = [one for item in list(tree) for one in self._each(item, parent, most)]

    def _each(self, item: Element, parent: str, most: int | None) -> Iterator[Element]:
        texts = [(leaf.text or "").rpartition(".") for leaf in item.iter()]
        ours = next(((owner, own) for owner, _, own in texts if own in self._templates), None)
        if ours is None:
            yield item
            return
        owner, own = ours
        defined_on = ACTIVITY if owner in _ACTIVITIES else owner or parent
        for name in list(self._names.get(own, ()))[:most]:
            if f"{defined_on}.{name}" in self._there:
                yield _renamed(item, own, name)


def _renamed(item: Element, own: str, name: str) -> Element:
    copy = deepcopy(item)
    for leaf in copy.iter():
        owner, dot, last = (leaf.text or "").rpartition(".")
        if last == own:
            leaf.text = f"{owner}{dot}{name}"
    return copy


def _one(source: Sequence[Component], type_: str, name: str) -> Component:
    return next(each for each in source if (each.type, each.name) == (type_, name))


def _keep_objects(tree: Element, needed: frozenset[str]) -> None:
    for grant in tree.findall("objectPermissions"):
        if grant.findtext("object") not in needed:
            tree.remove(grant)


def _let_edit(tree: Element, name: str) -> None:
    for grant in tree.iterfind("objectPermissions"):
        if grant.findtext("object") == name:
            set_text(grant, "allowEdit", "true")


def _grant(tree: Element, name: str) -> None:
    if any(grant.findtext("field") == name for grant in tree.iterfind("fieldPermissions")):
        return
    grant = SubElement(tree, "fieldPermissions")
    for tag, text in (("editable", "false"), ("field", name), ("readable", "true")):
        set_text(grant, tag, text)


def pairs_of(conversion: Component, target: str) -> Mapping[str, str]:
    """Return {field of leads: field of the target} as a mapping of conversions has them."""
    return {
        pair.findtext("inputField") or "": pair.findtext("outputField") or ""
        for mapping in mappings_to(conversion, target)
        for pair in mapping.iterfind("mappingFields")
    }


def mappings_to(conversion: Component, target: str) -> list[Element]:
    """Return the parts of a mapping of conversions that lead to an object."""
    parts = conversion.tree.iterfind("objectMapping")
    return [part for part in parts if part.findtext("outputObject") == target]
