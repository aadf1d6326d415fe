"""What a checkup says of writing: our fields, the key of tasks, and the words that tasks need."""

from collections.abc import Iterator

from connector.config.salesforce_mapping import SalesforceMapping, SalesforceTasks
from connector.crm.native import native_findings
from connector.crm.salesforce.fields import ACTIVITY, values_of, wanted_fields, written_objects
from connector.crm.salesforce.findings import MAPPING, PROVISION, Findings, listed
from connector.crm.salesforce.hiding import Hiding
from connector.crm.salesforce.metadata import Component, read_source
from connector.crm.salesforce.schema import FieldInfo, Schema
from connector.domain.text import fold

TASK = "Task"
# Types as describes name them.
_TYPES = {
    "Number": "double",
    "Text": "string",
    "LongTextArea": "textarea",
    "Picklist": "picklist",
    "Date": "date",
    "DateTime": "datetime",
}


def check(mapping: SalesforceMapping, schema: Schema, hiding: Hiding, told: Findings) -> None:
    """Say what of our fields, and of the rights to write, is not as it should be."""
    _check_rights(mapping, schema, told)
    _check_native(mapping, schema, told)
    wanted = wanted_fields(mapping, read_source(), "en")
    unseen: dict[str, list[str]] = {}
    for each in wanted:
        source = TASK if each.parent == ACTIVITY else each.parent
        found = schema.field(source, each.own_name)
        if found is None:
            unseen.setdefault(source, []).append(each.own_name)
        elif flaw := next(_flaws(each, found), ""):
            told.error(f"{source}.{each.own_name} {flaw}", f"Correct {MAPPING} or the field.")
        elif not found.is_updateable:
            told.error(f"{source}.{each.own_name} is there, but our user may not edit it", _GRANT)
        elif lacking := _lacking(each, found):
            told.warn(f"{source}.{each.own_name} does not offer {listed(lacking)}", PROVISION)
    _tell_unseen(unseen, hiding, told)
    if wanted and not unseen:
        told.ok(f"{len(wanted)} fields of ours are there")
    if mapping.tasks:
        _check_words(mapping.tasks, schema, told)


def _check_native(mapping: SalesforceMapping, schema: Schema, told: Findings) -> None:
    """Hold the org's own stage fields against the options of the first object that has them."""
    for native in mapping.natives:
        has_it = (schema.field(source, native.name) for source in mapping.contact.objects)
        found = next((each for each in has_it if each is not None), None)
        options = {value: value for value in found.values} if found and found.values else None
        told.found.extend(native_findings(native, options, where=MAPPING))


_GRANT = f"{PROVISION} It gives our user its permission set."


def _check_rights(mapping: SalesforceMapping, schema: Schema, told: Findings) -> None:
    for name in written_objects(mapping):
        found = schema.find(name)
        if found and not found.is_updateable:
            told.error(f"{name} cannot be edited by our user", _GRANT)
    tasks = schema.find(TASK)
    if mapping.tasks and not (tasks and tasks.is_createable):
        told.error(
            "our user may not create tasks",
            f"{_GRANT} Tasks need «Edit Tasks»; or leave `tasks` out of the mapping.",
        )


def _flaws(wanted: Component, found: FieldInfo) -> Iterator[str]:
    if found.type != _TYPES[wanted.get("type")]:
        yield f"is of type {found.type}, not {_TYPES[wanted.get('type')]}"
    length = wanted.get("length")
    if length and found.length < int(length):
        yield f"holds {found.length} characters, fewer than {length}"
    if wanted.get("unique") == "true" and not (found.is_unique and found.is_external_id):
        yield "is not unique and an external ID: a task could be made twice"
    if found.is_restricted and _lacking(wanted, found):
        yield f"takes only values of its own, and lacks {listed(_lacking(wanted, found))}"


def _lacking(wanted: Component, found: FieldInfo) -> list[str]:
    return [value for value in values_of(wanted) if value not in found.values]


def _tell_unseen(unseen: dict[str, list[str]], hiding: Hiding, told: Findings) -> None:
    if not unseen:
        return
    hidden = hiding.hidden(unseen)
    for source, names in unseen.items():
        behind = [name for name in names if f"{source}.{name}" in hidden]
        absent = [name for name in names if f"{source}.{name}" not in hidden]
        if behind:
            told.error(f"{source} hides from our user {listed(behind)}", _GRANT)
        if absent:
            told.error(f"{source} does not have {listed(absent)} yet, or hides it", PROVISION)


def _check_words(tasks: SalesforceTasks, schema: Schema, told: Findings) -> None:
    for column, key, word in (
        ("Status", "status", tasks.status),
        ("Status", "status_done", tasks.status_done),
        ("Priority", "priority", tasks.priority),
        ("Priority", "priority_urgent", tasks.priority_urgent),
        ("TaskSubtype", "subtype", tasks.subtype),
    ):
        found = schema.field(TASK, column)
        if found is None:
            told.error(f"{TASK}.{column} is hidden from our user", _GRANT)
        elif found.values and fold(word) not in {fold(value) for value in found.values}:
            told.error(
                f"{MAPPING}: tasks.{key} is «{word}», which tasks do not have in this org",
                f"Use one of {listed(found.values)}.",
            )
