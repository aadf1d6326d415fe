"""Properties through the API."""

from collections.abc import Callable

from connector.sandbox.hubspot.call import Answer, Call, objects_of, text_of
from connector.sandbox.hubspot.groups import group_of, order_of
from connector.sandbox.hubspot.kinds import Kind, kind_of
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.reads import many
from connector.sandbox.hubspot.refusals import Json, Refusal, conflict, invalid, not_found
from connector.sandbox.hubspot.schema import Option, Property, Schema

TYPES = frozenset(["bool", "date", "datetime", "enumeration", "number", "phone_number", "string"])
FIELD_TYPES = frozenset(
    [
        "booleancheckbox",
        "calculation_equation",
        "checkbox",
        "date",
        "file",
        "html",
        "number",
        "phonenumber",
        "radio",
        "select",
        "text",
        "textarea",
    ]
)
FITTING = {
    "bool": {"booleancheckbox", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"checkbox", "radio", "select", "booleancheckbox"},
    "number": {"number", "calculation_equation"},
    "phone_number": {"phonenumber"},
    "string": {"text", "textarea", "html", "file", "phonenumber", "calculation_equation"},
}
UNIQUE_LIMIT = 10
CUSTOM_LIMIT = 1_000
BATCH_LIMIT = 100


def list_properties(portal: Portal, call: Call) -> Answer:
    """Serve all definitions of a type; there is no paging."""
    schema = portal.schema(kind_of(call.params[0]))
    is_archived = call.flag("archived")
    shown = [
        prop.as_json()
        for prop in schema.properties.values()
        if (prop.archived_ms is not None) is is_archived
    ]
    return Answer(body={"results": shown})


def read_property(portal: Portal, call: Call) -> Answer:
    """Serve one definition; an archived one only when asked for."""
    schema = portal.schema(kind_of(call.params[0]))
    return Answer(body=_shown(schema, call.params[1], is_archived=call.flag("archived")))


def create_property(portal: Portal, call: Call) -> Answer:
    """Create one property; a name in the recycle bin is restored instead."""
    kind = kind_of(call.params[0])
    return Answer(201, create(portal, kind, call.json()).as_json())


def create_properties(portal: Portal, call: Call) -> Answer:
    """Create up to 100 properties, each with an outcome of its own."""
    kind = kind_of(call.params[0])
    return _each(portal, call, lambda entry: create(portal, kind, entry).as_json(), good=201)


def read_properties(portal: Portal, call: Call) -> Answer:
    """Serve definitions by name; archived ones only when asked for."""
    schema = portal.schema(kind_of(call.params[0]))
    is_archived = call.json().get("archived") is True

    def show(entry: Json) -> Json:
        return _shown(schema, text_of(entry, "name", needed=True), is_archived=is_archived)

    return _each(portal, call, show)


def archive_properties(portal: Portal, call: Call) -> Answer:
    """Put several properties into the recycle bin."""
    kind = kind_of(call.params[0])
    for entry in call.inputs(BATCH_LIMIT):
        _archive(portal, kind, text_of(entry, "name", needed=True))
    return Answer(204)


def change_property(portal: Portal, call: Call) -> Answer:
    """Change a definition. A list of options replaces the whole list; leaving it out keeps it."""
    prop = _found(portal.schema(kind_of(call.params[0])), call.params[1])
    body = call.json()
    for name in ("name", "hasUniqueValue", "dataSensitivity"):
        if name in body:
            raise invalid(f"{name} cannot be changed")
    if prop.is_builtin and body.keys() - {"options"}:
        raise invalid("This property's definition is read only", "READ_ONLY_DEFINITION")
    _amend(portal.schema(kind_of(call.params[0])), prop, body)
    prop.updated_ms = portal.now_ms()
    portal.changes += 1
    return Answer(body=prop.as_json())


def archive_property(portal: Portal, call: Call) -> Answer:
    """Put a property into the recycle bin."""
    _archive(portal, kind_of(call.params[0]), call.params[1])
    return Answer(204)


def list_validations(_: Portal, call: Call) -> Answer:
    """Serve the admin's validation rules: this account has none."""
    kind_of(call.params[0])
    return Answer(body={"results": []})


def create(portal: Portal, kind: Kind, body: Json) -> Property:
    """Create a property from the API's definition of it, or refuse it."""
    if kind.name == "tasks" and not portal.options.tasks_take_custom_properties:
        raise Refusal(403, "Custom properties are not supported on tasks", "FORBIDDEN")
    schema = portal.schema(kind)
    name = text_of(body, "name", needed=True)
    _refuse_name(schema, name)
    now = portal.now_ms()
    archived = schema.properties.get(name)
    if archived is not None:
        archived.archived_ms, archived.updated_ms = None, now
        return archived
    prop = Property(
        name=name,
        label=text_of(body, "label", needed=True),
        type=text_of(body, "type", needed=True),
        field_type=text_of(body, "fieldType", needed=True),
        group=text_of(body, "groupName", needed=True),
        is_unique=body.get("hasUniqueValue") is True,
        created_ms=now,
        updated_ms=now,
    )
    _refuse_shape(schema, prop)
    _amend(schema, prop, {key: body[key] for key in body.keys() & AMENDABLE})
    if prop.type == "enumeration" and not prop.options and prop.field_type != "booleancheckbox":
        raise invalid("An enumeration needs options", "OPTIONS_REQUIRED")
    schema.properties[name] = prop
    if prop.is_unique:
        portal.table(kind).watch(name)
    portal.changes += 1
    return prop


AMENDABLE = frozenset(
    {"label", "description", "groupName", "options", "displayOrder", "hidden", "formField"}
)


def _refuse_name(schema: Schema, name: str) -> None:
    if schema.live(name) is not None:
        raise conflict(
            f"A property named '{name}' already exists.",
            "OBJECT_ALREADY_EXISTS",
            "Properties.PROPERTY_WITH_NAME_EXISTS",
        )
    plain = name.replace("_", "a")
    if not (plain.isalnum() and plain.isascii() and name == name.lower() and name[0].isalpha()):
        raise invalid("A name has lower-case letters, digits and _, a letter first", "INVALID_NAME")
    if name.startswith("hs_"):
        raise invalid("The prefix hs_ is HubSpot's own", "INVALID_NAME")


def _refuse_shape(schema: Schema, prop: Property) -> None:
    if prop.type not in TYPES or prop.field_type not in FIELD_TYPES:
        raise invalid(f"type {prop.type} or fieldType {prop.field_type} is not valid")
    if prop.field_type not in FITTING[prop.type]:
        raise invalid(f"fieldType {prop.field_type} does not fit type {prop.type}")
    group_of(schema, prop.group, refusal=invalid(f"The group '{prop.group}' does not exist"))
    if prop.is_unique and prop.type not in {"string", "number", "phone_number"}:
        raise invalid(f"A {prop.type} property cannot have unique values")
    mine = [p for p in schema.properties.values() if not p.is_builtin and p.archived_ms is None]
    if prop.is_unique and sum(p.is_unique for p in mine) >= UNIQUE_LIMIT:
        raise invalid(f"No more than {UNIQUE_LIMIT} properties with unique values are allowed")
    if len(mine) >= CUSTOM_LIMIT:
        raise invalid(f"No more than {CUSTOM_LIMIT} custom properties are allowed")


def _amend(schema: Schema, prop: Property, body: Json) -> None:
    if body.get("type", prop.type) != prop.type:
        prop.type = text_of(body, "type")
    prop.field_type = text_of(body, "fieldType") or prop.field_type
    if prop.field_type not in FITTING.get(prop.type, ()):
        raise invalid(f"fieldType {prop.field_type} does not fit type {prop.type}")
    prop.label = text_of(body, "label") or prop.label
    prop.description = text_of(body, "description") or prop.description
    group = text_of(body, "groupName")
    if group:
        prop.group = group_of(schema, group, refusal=invalid(f"No group '{group}'")).name
    prop.display_order = order_of(body, prop.display_order)
    prop.is_hidden = body.get("hidden", prop.is_hidden) is True
    prop.is_form_field = body.get("formField", prop.is_form_field) is True
    if body.get("options"):
        prop.options = _options(body)


def _options(body: Json) -> list[Option]:
    options: list[Option] = []
    for place, entry in enumerate(objects_of(body, "options", 5_000)):
        absent = {"label", "value", "displayOrder", "hidden"} - entry.keys()
        if absent:
            raise invalid(f"Some required fields were not set: [{', '.join(sorted(absent))}]")
        options.append(
            Option(
                text_of(entry, "label", needed=True),
                text_of(entry, "value", needed=True),
                order_of(entry, place),
                entry.get("hidden") is True,
                text_of(entry, "description"),
            )
        )
    for texts in ([o.value for o in options], [o.label for o in options]):
        if len(set(texts)) < len(texts):
            raise invalid("Option labels and values must be unique", "INVALID_OPTIONS")
    return options


def _shown(schema: Schema, name: str, *, is_archived: bool) -> Json:
    prop = schema.properties.get(name)
    if prop is None or (prop.archived_ms is not None) is not is_archived:
        raise not_found(f"Property '{name}' does not exist")
    return prop.as_json()


def _found(schema: Schema, name: str) -> Property:
    prop = schema.live(name)
    if prop is None:
        raise not_found(f"Property '{name}' does not exist")
    return prop


def _archive(portal: Portal, kind: Kind, name: str) -> None:
    prop = _found(portal.schema(kind), name)
    if prop.is_builtin:
        raise invalid("HubSpot's own properties cannot be archived", "READ_ONLY_DEFINITION")
    if _is_used(portal, kind, name):
        raise Refusal(
            400,
            f"Unable to delete property '{name}': a list filters by it",
            sub_category="Properties.CANNOT_DELETE_PROPERTY_IN_USE",
        )
    prop.archived_ms = portal.now_ms()
    portal.changes += 1


def _is_used(portal: Portal, kind: Kind, name: str) -> bool:
    return any(
        name in segment.property_names()
        for segment in portal.segments.values()
        if segment.kind == kind.name and segment.deleted_ms is None
    )


def _each(portal: Portal, call: Call, act: Callable[[Json], Json], good: int = 200) -> Answer:
    results: list[Json] = []
    errors: list[Json] = []
    for entry in call.inputs(BATCH_LIMIT):
        try:
            results.append(act(entry))
        except Refusal as refusal:
            errors.append(refusal.row(name=text_of(entry, "name")))
    return many(portal, results, errors, good)
