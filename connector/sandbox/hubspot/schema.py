"""Property definitions and groups of one object type, as an account keeps them."""

from dataclasses import dataclass, field

from connector.sandbox.hubspot import catalogue
from connector.sandbox.hubspot.kinds import Kind
from connector.sandbox.hubspot.moments import iso
from connector.sandbox.hubspot.refusals import Json

# Options of these come from elsewhere in the account (owners, pipelines), not from the definition.
EXTERNAL = frozenset(
    [
        "hubspot_owner_id",
        "hubspot_team_id",
        "pipeline",
        "dealstage",
        "hs_pipeline",
        "hs_pipeline_stage",
    ]
)


@dataclass(slots=True)
class Option:
    """One value of an enumeration."""

    label: str
    value: str
    display_order: int = -1
    hidden: bool = False
    description: str = ""

    def as_json(self) -> Json:
        """Return it as the API shows it."""
        return {
            "label": self.label,
            "value": self.value,
            "description": self.description,
            "displayOrder": self.display_order,
            "hidden": self.hidden,
        }


@dataclass(slots=True)
class Property:
    """One property definition."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: list[Option] = field(default_factory=list)
    is_unique: bool = False
    is_read_only: bool = False
    is_calculated: bool = False
    is_builtin: bool = False
    is_hidden: bool = False
    is_form_field: bool = False
    display_order: int = -1
    created_ms: int = 0
    updated_ms: int = 0
    archived_ms: int | None = None

    def order_of(self, value: str) -> int:
        """Return the rank of an option among the options; -1 for none of them."""
        ranked = sorted(self.options, key=lambda option: option.display_order)
        return next((n for n, option in enumerate(ranked) if option.value == value), -1)

    def as_json(self) -> Json:
        """Return it as the API shows it."""
        shown: Json = {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.as_json() for option in self.options],
            "displayOrder": self.display_order,
            "calculated": self.is_calculated,
            "externalOptions": self.name in EXTERNAL,
            "archived": self.archived_ms is not None,
            "hasUniqueValue": self.is_unique,
            "hidden": self.is_hidden,
            "formField": self.is_form_field,
            "dataSensitivity": "non_sensitive",
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.updated_ms),
            "modificationMetadata": {
                "archivable": not self.is_builtin,
                "readOnlyDefinition": self.is_builtin,
                "readOnlyOptions": self.is_builtin and self.name != "lifecyclestage",
                "readOnlyValue": self.is_read_only,
            },
        }
        if self.is_builtin:
            shown["hubspotDefined"] = True
        if self.archived_ms is not None:
            shown["archivedAt"] = iso(self.archived_ms)
        return shown


@dataclass(slots=True)
class Group:
    """A heading that properties stand under."""

    name: str
    label: str
    display_order: int = -1
    archived_ms: int | None = None

    def as_json(self) -> Json:
        """Return it as the API shows it."""
        return {
            "name": self.name,
            "label": self.label,
            "displayOrder": self.display_order,
            "archived": self.archived_ms is not None,
        }


@dataclass(slots=True)
class Schema:
    """The properties and groups of one object type."""

    kind: Kind
    properties: dict[str, Property]
    groups: dict[str, Group]

    def live(self, name: str) -> Property | None:
        """Return a definition unless it is unknown or archived."""
        found = self.properties.get(name)
        return found if found is not None and found.archived_ms is None else None

    def unique_names(self) -> list[str]:
        """Return the names of the live properties whose values are unique."""
        return [
            prop.name
            for prop in self.properties.values()
            if prop.is_unique and prop.archived_ms is None
        ]


def builtin_schema(kind: Kind, *, creation_key_writable: bool) -> Schema:
    """Return the schema that an account starts with."""
    groups = {name: Group(name, _label(name)) for name in catalogue.GROUPS[kind.name].split()}
    lines = catalogue.PROPERTIES[kind.name].split("\n")
    properties = {prop.name: prop for prop in (_builtin(kind, line) for line in lines if line)}
    if creation_key_writable:
        properties["hs_unique_creation_key"].is_read_only = False
    return Schema(kind, properties, groups)


def _builtin(kind: Kind, line: str) -> Property:
    name, type_, field_type, *rest = line.split()
    flags = "".join(rest)
    return Property(
        name=name,
        label=_label(name),
        type=type_,
        field_type=field_type,
        group=_group(kind, name),
        options=[
            Option(_label(value.lower()), value, order)
            for order, value in enumerate(catalogue.OPTIONS.get(name, "").split())
        ],
        is_unique="u" in flags,
        is_read_only="r" in flags or "c" in flags,
        is_calculated="c" in flags,
        is_builtin=True,
        is_form_field="r" not in flags and "c" not in flags,
    )


def _group(kind: Kind, name: str) -> str:
    if kind.name == "contacts":
        for prefix, group in catalogue.CONTACT_GROUPS:
            if name.startswith(prefix):
                return group
    return catalogue.GROUPS[kind.name].split()[0]


def _label(name: str) -> str:
    return name.removeprefix("hs_").replace("_", " ").capitalize()
