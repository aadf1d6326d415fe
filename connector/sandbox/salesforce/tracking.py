"""Field history: of the fields that an admin tracks, each change is written down as a row."""

from typing import TYPE_CHECKING

from connector.sandbox.salesforce.fields import Field
from connector.sandbox.salesforce.moments import rest_moment
from connector.sandbox.salesforce.table import Record, Values

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org import Org

HISTORIES = {"Lead": "LeadHistory", "Contact": "ContactHistory"}
USUAL = frozenset(
    {
        "Lead.Title", "Lead.Company", "Lead.Status", "Lead.Industry", "Lead.Country",
        "Lead.LeadSource", "Lead.NumberOfEmployees", "Lead.Email", "Lead.HasOptedOutOfEmail",
        "Contact.Title", "Contact.Department", "Contact.LeadSource", "Contact.MailingCountry",
        "Contact.Email", "Contact.HasOptedOutOfEmail",
    }
)  # fmt: skip
"""What is tracked in a new org; a real one tracks up to 20 fields of each object, at first none."""


def is_off(org: "Org", name: str) -> bool:
    """Whether an object is a history of which nothing is tracked: then there is no such object."""
    parent = next((kind for kind, history in HISTORIES.items() if history == name), "")
    return bool(parent) and not any(each.startswith(f"{parent}.") for each in org.tracked)


def track(org: "Org", kind: str, record: Record, changed: Values, by: str) -> list[Record]:
    """Write down what a change is about to replace, and return the rows."""
    if kind not in HISTORIES:
        return []
    return [
        org.add(HISTORIES[kind], _row(kind, one, record, new), by=by)
        for name, new in changed.items()
        if f"{kind}.{name}" in org.tracked
        and (one := org.objects[kind].fields[name.lower()])
        and _shown(one, record.values.get(name)) != _shown(one, new)
    ]


def _row(kind: str, one: Field, record: Record, new: object) -> Values:
    values: Values = {f"{kind}Id": record.id, "Field": one.name, "DataType": one.type}
    if not one.is_long:  # of long texts it only tells that they changed
        values["OldValue"] = _shown(one, record.values.get(one.name))
        values["NewValue"] = _shown(one, new)
    return {name: value for name, value in values.items() if value is not None}


def _shown(one: Field, value: object) -> object:
    if one.type == "boolean":
        return bool(value)
    if one.type == "datetime" and isinstance(value, int):
        return rest_moment(value)
    return value
