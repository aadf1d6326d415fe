"""Custom fields: what a definition may say, and how it becomes a field of an object."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.sandbox.salesforce.fields import LONG_TEXT, Field
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.table import Values

NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|_(?!_))*(?<!_)__c")
LONGEST_NAME = 40
MOST_DIGITS = 18
LONGEST_AREA = 131_072
MOST_EXTERNAL_IDS = 25
TYPES = {
    "Text": "string", "TextArea": "textarea", "LongTextArea": "textarea", "Number": "double",
    "Currency": "currency", "Percent": "percent", "Checkbox": "boolean", "Date": "date",
    "DateTime": "datetime", "Picklist": "picklist", "Email": "email", "Phone": "phone",
    "Url": "url",
}  # fmt: skip
LENGTHS = {"TextArea": LONG_TEXT, "Picklist": 255, "Email": 80, "Phone": 40, "Url": 255}
KEYS = frozenset({"Text", "Number", "Email"})
# The pseudo-object on which the fields of tasks and events are defined once.
SPREAD = {"Activity": ("Task", "Event")}


class FlawError(Exception):
    """What is wrong with a component, in the words of the deploy's answer."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A custom field as metadata describe it."""

    parent: str
    name: str
    kind: str
    texts: Mapping[str, str]
    values: tuple[str, ...] = ()
    restricted: bool = False

    @property
    def full_name(self) -> str:
        """Return the name with its object."""
        return f"{self.parent}.{self.name}"

    @property
    def is_required(self) -> bool:
        """Whether a record must have it; then no permission set may name it."""
        return self._flag("required")

    def field(self) -> Field:
        """Return the field, or raise FlawError."""
        self._check()
        made = Field(
            self.name,
            TYPES[self.kind],
            self.texts.get("label", ""),
            length=self._length(),
            custom=True,
            granted=not self.is_required,
            nillable=not self.is_required and self.kind != "Checkbox",
            defaulted=self.kind == "Checkbox",
            unique=self._flag("unique"),
            external_id=self._flag("externalId"),
            case_sensitive=self._flag("caseSensitive"),
            restricted=self.restricted,
            values=list(self.values),
            description=self.texts.get("inlineHelpText", ""),
        )
        if self.kind in {"Number", "Currency", "Percent"}:
            made.precision, made.scale = self._number("precision"), self._number("scale")
            if not 0 < made.precision <= MOST_DIGITS or not 0 <= made.scale <= made.precision:
                raise FlawError("Precision and scale must be between 0 and 18 together")
        made.filterable = not made.is_long
        return made

    def _check(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.name) > LONGEST_NAME + 3:
            raise FlawError(f"The name of {self.name} does not follow the rules for API names")
        if self.kind not in TYPES:
            raise FlawError(f"Invalid field type: {self.kind}")
        if not self.texts.get("label"):
            raise FlawError("Required fields are missing: [label]")
        is_key = self._flag("unique") or self._flag("externalId")
        if is_key and self.kind not in KEYS:
            raise FlawError(f"A field of type {self.kind} can be no external id nor unique")

    def _length(self) -> int:
        if self.kind not in {"Text", "LongTextArea"}:
            return LENGTHS.get(self.kind, 0)
        length = self._number("length")
        is_long = self.kind == "LongTextArea"
        low, high = (LONG_TEXT + 1, LONGEST_AREA) if is_long else (1, LONG_TEXT)
        if not low <= length <= high:
            raise FlawError(f"The length of {self.name} must be between {low} and {high}")
        if is_long and not self.texts.get("visibleLines"):
            raise FlawError("Required fields are missing: [visibleLines]")
        return length

    def _number(self, name: str) -> int:
        text = self.texts.get(name, "0")
        if not text.isdecimal():
            raise FlawError(f"'{text}' is not a valid value for {name}")
        return int(text)

    def _flag(self, name: str) -> bool:
        return self.texts.get(name, "false").lower() == "true"


def check(org: Org, definition: Definition, coming: Iterable[str] = ()) -> bool:
    """Return whether a definition would change anything, or raise FlawError.

    `coming`: whole names of fields that come along with it.
    """
    made = definition.field()
    changed = False
    for kind in kinds_of(org, definition.parent):
        sobject = org.objects[kind]
        held = sobject.find(definition.name)
        if held is not None and held.type != made.type:
            raise FlawError(f"Cannot change the type of {definition.full_name}")
        custom = [one for one in sobject.fields.values() if one.custom]
        more = sum(name.startswith(f"{kind}.") for name in coming)
        if held is None and len(custom) + more >= org.options.custom_fields_each:
            raise FlawError(f"{kind} has reached the maximum number of custom fields")
        keys = sum(one.external_id for one in custom if one is not held)
        if made.external_id and keys >= MOST_EXTERNAL_IDS:
            raise FlawError(f"{kind} has reached the maximum number of external ids")
        changed = changed or held != made
    return changed


def define(org: Org, definition: Definition) -> str:
    """Give the object its field, and return the id by which the tooling knows it."""
    for kind in kinds_of(org, definition.parent):
        org.objects[kind].add([definition.field()])
    org.changes += 1
    values: Values = {
        "DeveloperName": definition.name.removesuffix("__c"),
        "TableEnumOrId": definition.parent,
        "EntityDefinitionId": definition.parent,
        "FullName": definition.full_name,
    }
    table = org.table("CustomField")
    for row in table.having("FullName", definition.full_name):
        return row.id
    return org.add("CustomField", values).id


def kinds_of(org: Org, parent: str) -> tuple[str, ...]:
    """Return the objects that get a field defined on one, or raise FlawError."""
    kinds = SPREAD.get(parent, (parent,))
    if any(kind not in org.objects for kind in kinds):
        raise FlawError(f"Entity of type 'CustomObject' named '{parent}' cannot be found")
    return kinds
