"""Values as they come in, from JSON or from a CSV file, as the org keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.sandbox.salesforce.fields import NUMBERS, Field, SObject
from connector.sandbox.salesforce.ids import full_id
from connector.sandbox.salesforce.moments import parse_date, parse_moment
from connector.sandbox.salesforce.org import Access, Org
from connector.sandbox.salesforce.refusals import Json, Refusal, no_field, row_error, unreadable
from connector.sandbox.salesforce.table import Values

NULL_CELL = "#N/A"
MOST_INT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Incoming:
    """Reads what a user sends for one object."""

    org: Org
    access: Access
    sobject: SObject

    def body(self, body: Json) -> Values:
        """Return the values of a JSON record. What is refused here refuses the whole request."""
        values: Values = {}
        for name, value in body.items():
            if name == "attributes" or name.lower() == "id":
                continue
            if isinstance(value, dict):
                reference = self._reference(name)
                values[reference.name] = self._looked_up(reference, value)
                continue
            one = self.field(name)
            values[one.name] = None if value in (None, "") else _json_value(one, value)
        return values

    def cells(self, columns: list[str], row: list[str]) -> Values:
        """Return the values of a CSV row: an empty cell says nothing, `#N/A` says null."""
        values: Values = {}
        for column, cell in zip(columns, row, strict=True):
            if column.lower() == "id" or cell == "":
                continue
            if "." in column:
                name, _, key = column.partition(".")
                kind, _, relation = name.rpartition(":")
                reference = self._reference(relation)
                wanted: Json = {key: cell}
                if kind:
                    wanted["attributes"] = {"type": kind}
                values[reference.name] = self._looked_up(reference, wanted)
                continue
            one = self.field(column)
            values[one.name] = None if cell == NULL_CELL else _cell_value(one, cell)
        return values

    def check_columns(self, columns: list[str]) -> None:
        """Refuse a header that names what does not exist."""
        for column in columns:
            if "." in column:
                self._reference(column.partition(".")[0].rpartition(":")[2])
            else:
                self.field(column)

    def field(self, name: str) -> Field:
        """Return a field that this user sees, or refuse it."""
        one = self.sobject.find(name)
        if one is None or not self.access.sees(self.sobject, one):
            raise no_field(name, self.sobject.name)
        return one

    def _reference(self, relation: str) -> Field:
        one = self.sobject.parent(relation)
        if one is None or not self.access.sees(self.sobject, one):
            raise no_field(relation, self.sobject.name)
        return one

    def _looked_up(self, reference: Field, wanted: Json) -> str:
        attributes = wanted.get("attributes")
        kind = attributes.get("type") if isinstance(attributes, Mapping) else None
        keys = [(name, value) for name, value in wanted.items() if name != "attributes"]
        if len(keys) != 1 or (len(reference.refers_to) > 1 and not kind):
            raise unreadable(f"{reference.relation}: one external id, and the type of the record")
        target = self.org.sobject(str(kind or reference.refers_to[0]))
        [(name, value)] = keys
        one = target.find(name)
        if one is None or not (one.external_id or one.type == "email"):
            raise no_field(name, target.name)
        found = [
            record
            for record in self.org.table(target.name).having(one.name, str(value))
            if not record.is_deleted
        ]
        if len(found) != 1:
            told = f"Foreign key external ID: {value} not found for field {one.name} in entity "
            raise row_error("INVALID_FIELD", told + target.name)
        return found[0].id


def _json_value(one: Field, value: object) -> object:
    type_ = one.type
    if type_ == "boolean":
        return value if isinstance(value, bool) else _cannot(one, value)
    if type_ in NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _cannot(one, value)
        return _number(one, float(value))
    if not isinstance(value, str):
        return _cannot(one, value)
    if type_ in {"date", "datetime"}:
        return _cannot(one, value) if (at := _moment(one, value)) is None else at
    return _id(one, value) if type_ in {"reference", "id"} else value


def _cell_value(one: Field, cell: str) -> object:
    if one.type == "boolean":
        if cell.lower() not in {"true", "false", "1", "0"}:
            raise _invalid_cell(one, cell)
        return cell.lower() in {"true", "1"}
    if one.type in NUMBERS:
        try:
            return _number(one, float(cell))
        except ValueError as error:
            raise _invalid_cell(one, cell) from error
    if one.type in {"date", "datetime"}:
        at = _moment(one, cell)
        if at is None:
            raise _invalid_cell(one, cell)
        return at
    return _id(one, cell) if one.type in {"reference", "id"} else cell


def _moment(one: Field, text: str) -> object:
    if one.type == "date":
        return parse_date(text)
    day = parse_date(text) if len(text) == 10 else None
    return parse_moment(f"{day}T00:00:00Z") if day else parse_moment(text)


def _number(one: Field, value: float) -> object:
    limit = min(10 ** (one.precision - one.scale), MOST_INT if one.type == "int" else 10**18)
    if abs(value) >= limit or value != value:
        told = f"{one.label}: value outside of valid range on numeric field: {value}"
        raise row_error("NUMBER_OUTSIDE_VALID_RANGE", told, one.name)
    if one.type == "int":
        if value != int(value):
            return _cannot(one, value)
        return int(value)
    return round(value, one.scale)


def _id(one: Field, text: str) -> str:
    found = full_id(text)
    if found is None:
        told = f"{one.label}: id value of incorrect type: {text[:60]}"
        raise row_error("MALFORMED_ID", told, one.name)
    return found


def _cannot(one: Field, value: object) -> object:
    shapes = {bool: "BOOLEAN", int: "NUMBER_INT", float: "NUMBER_FLOAT", str: "STRING"}
    shape = shapes.get(type(value), "START_ARRAY")
    raise unreadable(
        f"Cannot deserialize instance of {one.type} from VALUE_{shape} value {str(value)[:60]}"
    )


def _invalid_cell(one: Field, cell: str) -> Refusal:
    told = f"{one.name}: '{cell[:60]}' is not a valid value for the type xsd:{one.type}"
    return row_error("INVALID_TYPE_ON_FIELD_IN_RECORD", told, one.name)
