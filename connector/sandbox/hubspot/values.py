"""What a property accepts, and how an accepted value is kept."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from connector.sandbox.hubspot.moments import EPOCH_MS, iso, parse_date, parse_datetime
from connector.sandbox.hubspot.refusals import Json, Refusal
from connector.sandbox.hubspot.schema import Property, Schema

LONGEST_TEXT = 65_536
NUMBER = re.compile(r"-?\d+(\.\d+)?")
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one value of one property is refused."""

    name: str
    code: str
    message: str

    def as_json(self) -> Json:
        """Return it as an entry of `errors`."""
        return {
            "message": self.message,
            "code": self.code,
            "context": {"propertyName": [self.name]},
        }


def refusal_of(faults: list[Fault]) -> Refusal:
    """Return the 400 that names every refused value."""
    told = ", ".join(
        f'{{"isValid":false,"message":"{f.message}","error":"{f.code}","name":"{f.name}"}}'
        for f in faults
    )
    return Refusal(
        400,
        f"Property values were not valid: [{told}]",
        errors=[fault.as_json() for fault in faults],
    )


def checked(
    schema: Schema, given: object, taken: Callable[[str], frozenset[str] | None]
) -> "tuple[dict[str, str], list[Fault]]":
    """Return the accepted values in the form they are kept in, and what is wrong with the others.

    `taken` gives the values that an enumeration fed from elsewhere accepts (owners, stages).
    """
    kept: dict[str, str] = {}
    faults: list[Fault] = []
    if not isinstance(given, dict):
        return kept, [Fault("properties", "INVALID_JSON", "properties must be an object")]
    for name, value in given.items():
        result = _check_one(schema, str(name), value, taken)
        if isinstance(result, Fault):
            faults.append(result)
        else:
            kept[str(name)] = result
    return kept, faults


def _check_one(
    schema: Schema, name: str, value: object, taken: Callable[[str], frozenset[str] | None]
) -> str | Fault:
    prop = schema.live(name)
    if prop is None:
        return Fault(name, "PROPERTY_DOESNT_EXIST", f"Property '{name}' does not exist")
    if prop.is_read_only:
        return Fault(name, "READ_ONLY_VALUE", f"'{name}' is a read only property")
    if not isinstance(value, str):
        return Fault(name, "INVALID_TYPE", f"The value of '{name}' must be a string")
    if value == "":
        return ""
    external = taken(name)
    if external is not None:
        known = value in external
        return value if known else Fault(name, "INVALID_OPTION", f"{value} is no option of {name}")
    return _CHECKS.get(prop.type, _text)(prop, value)


def _text(prop: Property, value: str) -> str | Fault:
    if len(value) > LONGEST_TEXT:
        return Fault(prop.name, "PROPERTY_VALUE_TOO_LONG", f"{prop.name} is too long")
    if prop.name == "email":
        value = value.strip().lower()
        if not EMAIL.fullmatch(value):
            return Fault("email", "INVALID_EMAIL", "Email address is invalid")
    if prop.name == "hs_task_reminders" and not EPOCH_MS.fullmatch(value):
        return Fault(prop.name, "INVALID_LONG", f"{prop.name} takes epoch milliseconds only")
    return value


def _number(prop: Property, value: str) -> str | Fault:
    if NUMBER.fullmatch(value):
        return value
    return Fault(prop.name, "INVALID_NUMBER", f"{prop.name} was not a valid number")


def _bool(prop: Property, value: str) -> str | Fault:
    if value in {"true", "false"}:
        return value
    return Fault(prop.name, "INVALID_OPTION", f"{prop.name} takes true or false")


def _date(prop: Property, value: str) -> str | Fault:
    day = parse_date(value)
    if day is not None:
        return day.isoformat()
    return Fault(prop.name, "INVALID_DATE", f"{prop.name} was not midnight UTC or YYYY-MM-DD")


def _datetime(prop: Property, value: str) -> str | Fault:
    ms = parse_datetime(value)
    if ms is not None:
        return iso(ms)
    return Fault(prop.name, "INVALID_DATE", f"{prop.name} was not a valid moment with a zone")


def _enumeration(prop: Property, value: str) -> str | Fault:
    allowed = {option.value for option in prop.options}
    parts = [value]
    if prop.field_type == "checkbox":
        parts = value.removeprefix(";").split(";")
    if all(part in allowed for part in parts):
        return value
    return Fault(prop.name, "INVALID_OPTION", f"{value} was not one of the options of {prop.name}")


_CHECKS: dict[str, Callable[[Property, str], str | Fault]] = {
    "number": _number,
    "bool": _bool,
    "date": _date,
    "datetime": _datetime,
    "enumeration": _enumeration,
}
