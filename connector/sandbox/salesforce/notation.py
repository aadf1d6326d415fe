"""Reads the short notation in which the catalogue writes fields down.

A line reads `name type(arguments) flags`: `Company string(255) required`,
`Amount currency(18,2)`, `WhoId reference(Lead,Contact) as=Who children=Tasks cascade`.
"""

import re
from collections.abc import Mapping, Sequence

from connector.sandbox.salesforce.fields import NUMBERS, Field, SObject

LINE = re.compile(r"(\w+) (\w+)(?:\(([\w,]*)\))?((?: [\w=]+)*)")
LENGTHS = {"id": 18, "reference": 18, "email": 80, "phone": 40, "url": 255, "picklist": 255}
SYSTEM = """
Id id fixed
IsDeleted boolean fixed
CreatedDate datetime fixed
CreatedById reference(User) as=CreatedBy fixed
LastModifiedDate datetime fixed
LastModifiedById reference(User) as=LastModifiedBy fixed
SystemModstamp datetime fixed
"""


def sobject(
    heading: str,
    lines: str,
    values: Mapping[str, Sequence[str]],
    *,
    writable: bool = True,
    replicated: bool = True,
    is_activity: bool = False,
    is_tooling: bool = False,
) -> SObject:
    """Return an object; the heading names it, its id prefix, its label and the plural."""
    name, prefix, label, plural = heading.split("|")
    made = SObject(
        name,
        prefix,
        label,
        plural,
        writable=writable,
        replicated=replicated,
        is_activity=is_activity,
        is_tooling=is_tooling,
    )
    made.add(field_of(line) for line in (SYSTEM + lines).splitlines() if line)
    for one in made.fields.values():
        one.values = list(values.get(f"{name}.{one.name}", ()))
    return made


def field_of(line: str) -> Field:
    """Return the field of a line."""
    found = LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"not a field: {line!r}")
    name, type_, arguments, rest = found.groups()
    made = Field(name, type_, _label(name), length=LENGTHS.get(type_, 0))
    _size(made, arguments or "")
    for flag in rest.split():
        _apply(made, flag)
    if type_ == "boolean":
        made.nillable = False
        made.defaulted = True
    return made


def _size(made: Field, arguments: str) -> None:
    if made.type == "reference":
        made.refers_to = tuple(arguments.split(","))
    elif made.type in NUMBERS:
        digits, _, scale = arguments.partition(",")
        made.precision, made.scale = int(digits or 18), int(scale or 0)
    elif arguments:
        made.length = int(arguments)
    if made.is_long:
        made.filterable = False


def _apply(made: Field, flag: str) -> None:
    word, _, value = flag.partition("=")
    for name, setting in FLAGS[word].items():
        setattr(made, name, value if setting is None else setting)


# What a flag sets; None stands for what follows the equals sign.
FLAGS: Mapping[str, Mapping[str, object]] = {
    "as": {"relation": None},
    "children": {"children": None},
    "readonly": {"createable": False, "updateable": False},
    "fixed": {"createable": False, "updateable": False, "nillable": False},
    "createonly": {"updateable": False},
    "required": {"nillable": False},
    "defaulted": {"nillable": False, "defaulted": True},
    "name": {"name_field": True},
    "nofilter": {"filterable": False},
    "cascade": {"cascades": True},
    "restricted": {"restricted": True},
    "unique": {"unique": True},
}


def _label(name: str) -> str:
    stem = name[:-2] + " ID" if name.endswith("Id") and name != "Id" else name
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem)
