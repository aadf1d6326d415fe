"""Groups of properties through the API."""

from connector.sandbox.hubspot.call import Answer, Call, text_of
from connector.sandbox.hubspot.kinds import kind_of
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Json, Refusal, conflict, not_found
from connector.sandbox.hubspot.schema import Group, Schema


def list_groups(portal: Portal, call: Call) -> Answer:
    """Serve the groups of a type."""
    groups = portal.schema(kind_of(call.params[0])).groups.values()
    return Answer(body={"results": [g.as_json() for g in groups if g.archived_ms is None]})


def read_group(portal: Portal, call: Call) -> Answer:
    """Serve one group."""
    return Answer(body=group_of(portal.schema(kind_of(call.params[0])), call.params[1]).as_json())


def create_group(portal: Portal, call: Call) -> Answer:
    """Create a group; one in the recycle bin is restored."""
    schema, body = portal.schema(kind_of(call.params[0])), call.json()
    name = text_of(body, "name", needed=True)
    found = schema.groups.get(name)
    if found is not None and found.archived_ms is None:
        raise conflict(
            f"A property group named '{name}' already exists",
            "OBJECT_ALREADY_EXISTS",
            "Properties.GROUP_WITH_NAME_EXISTS",
        )
    group = Group(name, text_of(body, "label", needed=True))
    group.display_order = order_of(body, group.display_order)
    schema.groups[name] = group
    portal.changes += 1
    return Answer(201, group.as_json())


def change_group(portal: Portal, call: Call) -> Answer:
    """Change a group's label and place."""
    group, body = group_of(portal.schema(kind_of(call.params[0])), call.params[1]), call.json()
    group.label = text_of(body, "label") or group.label
    group.display_order = order_of(body, group.display_order)
    portal.changes += 1
    return Answer(body=group.as_json())


def archive_group(portal: Portal, call: Call) -> Answer:
    """Put a group into the recycle bin, if no property stands under it any more."""
    schema = portal.schema(kind_of(call.params[0]))
    group = group_of(schema, call.params[1])
    if any(p.group == group.name and p.archived_ms is None for p in schema.properties.values()):
        raise Refusal(
            400,
            f"The group '{group.name}' still has active properties",
            sub_category="Properties.GROUP_WITH_ACTIVE_PROPERTIES",
            extra={"errors": [{"message": "group in use", "code": "GROUP_WITH_ACTIVE_PROPERTIES"}]},
        )
    group.archived_ms = portal.now_ms()
    portal.changes += 1
    return Answer(204)


def order_of(body: Json, kept: int) -> int:
    """Return the place that a body asks for, or the one kept."""
    order = body.get("displayOrder", kept)
    return order if isinstance(order, int) else kept


def group_of(schema: Schema, name: str, refusal: Refusal | None = None) -> Group:
    """Return a live group, or refuse."""
    group = schema.groups.get(name)
    if group is None or group.archived_ms is not None:
        raise refusal or not_found(f"Property group '{name}' does not exist")
    return group
