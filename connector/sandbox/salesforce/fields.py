"""Fields and objects: what describe tells, and what writes and queries are held against."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.sandbox.salesforce.refusals import Json

if TYPE_CHECKING:
    from connector.sandbox.salesforce.table import Record

TEXTS = frozenset({"string", "textarea", "picklist", "email", "phone", "url", "combobox"})
NUMBERS = frozenset({"double", "currency", "percent", "int"})
LONG_TEXT = 255  # a text area beyond that can be neither filtered nor sorted by
SOAP_TYPES = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int",
    "double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double",
    "date": "xsd:date", "datetime": "xsd:dateTime",
}  # fmt: skip


@dataclass(slots=True)
class Field:
    """One field. `length` in characters; a number has `precision` digits, `scale` of them behind.

    `refers_to`: the objects that a reference can lead to; `relation` is the name by which a query
    follows it, `children` the one by which a query comes back. `formula`: its value comes from the
    record when it is read, and leaves no stamp.
    """

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    nillable: bool = True
    defaulted: bool = False
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    restricted: bool = False
    custom: bool = False
    granted: bool = False  # whether only a permission set makes it visible
    name_field: bool = False
    cascades: bool = False  # whether the record goes when the one it refers to is deleted
    refers_to: tuple[str, ...] = ()
    relation: str = ""
    children: str = ""
    values: list[str] = field(default_factory=list)
    formula: "Callable[[Record], object] | None" = None
    description: str = ""

    @property
    def is_long(self) -> bool:
        """Whether it is a long text area."""
        return self.type == "textarea" and self.length > LONG_TEXT

    @property
    def is_required(self) -> bool:
        """Whether a record cannot be without it."""
        return not self.nillable and not self.defaulted and self.createable

    def described(self) -> Json:
        """Return its entry in a describe."""
        return {
            "aggregatable": self.filterable, "aiPredictionField": False, "autoNumber": False,
            "byteLength": self.length * 3, "calculated": self.formula is not None and self.custom,
            "calculatedFormula": None, "cascadeDelete": self.cascades,
            "caseSensitive": self.case_sensitive, "compoundFieldName": None,
            "controllerName": None, "createable": self.createable, "custom": self.custom,
            "defaultValue": False if self.type == "boolean" else None,
            "defaultValueFormula": None,
            "defaultedOnCreate": self.defaulted or self.type == "boolean",
            "dependentPicklist": False, "deprecatedAndHidden": False,
            "digits": self.precision if self.type == "int" else 0,
            "displayLocationInDecimal": False,
            "encrypted": False, "externalId": self.external_id, "extraTypeInfo": None,
            "filterable": self.filterable, "filteredLookupInfo": None,
            "formulaTreatNullNumberAsZero": False, "groupable": self.filterable,
            "highScaleNumber": False, "htmlFormatted": False,
            "idLookup": self.external_id or self.type in {"id", "email"},
            "inlineHelpText": self.description or None, "label": self.label or self.name,
            "length": self.length, "mask": None, "maskType": None, "name": self.name,
            "nameField": self.name_field, "namePointing": len(self.refers_to) > 1,
            "nillable": self.nillable, "permissionable": self.custom or self.nillable,
            "picklistValues": [
                {"active": True, "defaultValue": False, "label": v, "validFor": None, "value": v}
                for v in self.values
            ],
            "polymorphicForeignKey": len(self.refers_to) > 1,
            "precision": 0 if self.type == "int" else self.precision, "queryByDistance": False,
            "referenceTargetField": None, "referenceTo": list(self.refers_to),
            "relationshipName": self.relation or None, "relationshipOrder": None,
            "restrictedDelete": False, "restrictedPicklist": self.restricted, "scale": self.scale,
            "searchPrefilterable": False, "soapType": SOAP_TYPES.get(self.type, "xsd:string"),
            "sortable": self.filterable, "type": self.type, "unique": self.unique,
            "updateable": self.updateable, "writeRequiresMasterRead": False,
        }  # fmt: skip


@dataclass(slots=True)
class SObject:
    """One object: its fields by lower-case name, and the prefix of its ids."""

    name: str
    prefix: str
    label: str
    plural: str
    fields: dict[str, Field] = field(default_factory=dict)
    writable: bool = True  # whether the API creates, changes and deletes its records
    replicated: bool = True  # whether `updated` and `deleted` know it
    is_activity: bool = False
    is_tooling: bool = False
    children: dict[str, tuple[str, str]] = field(default_factory=dict)  # relation: object, field

    def add(self, fields: Iterable[Field]) -> None:
        """Take fields in, in place of those of the same name."""
        for one in fields:
            self.fields[one.name.lower()] = one

    def find(self, name: str) -> Field | None:
        """Return a field by its name in any case."""
        return self.fields.get(name.lower())

    def parent(self, relation: str) -> Field | None:
        """Return the reference that a query follows by this name."""
        wanted = relation.lower()
        for one in self.fields.values():
            if one.relation and one.relation.lower() == wanted:
                return one
        return None

    def listed(self) -> Json:
        """Return its entry in the list of all objects."""
        return {
            "activateable": False, "associateEntityType": None, "associateParentEntity": None,
            "createable": self.writable, "custom": False, "customSetting": False,
            "deepCloneable": False, "deletable": self.writable, "deprecatedAndHidden": False,
            "feedEnabled": False, "hasSubtypes": False, "isInterface": False, "isSubtype": False,
            "keyPrefix": self.prefix, "label": self.label, "labelPlural": self.plural,
            "layoutable": self.writable, "mergeable": self.name in {"Account", "Contact", "Lead"},
            "mruEnabled": self.writable, "name": self.name, "queryable": True,
            "replicateable": self.replicated, "retrieveable": True, "searchable": self.writable,
            "triggerable": self.writable, "undeletable": self.writable,
            "updateable": self.writable,
        }  # fmt: skip
