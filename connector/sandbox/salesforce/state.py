"""Keeps an org in a file that survives a stop: one document, whole or not written.

Records, custom fields, what was deployed, the admin's settings and the app's key are kept;
sessions, cursors, bulk jobs and deploys under way are not.
"""

import os
from dataclasses import asdict, fields
from pathlib import Path

import orjson

from connector.sandbox.salesforce.fields import Field
from connector.sandbox.salesforce.nodes import Node
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.record_types import show_references
from connector.sandbox.salesforce.refusals import Json
from connector.sandbox.salesforce.table import Record

VERSION = 1
SETTINGS = ("assigned_to", "lead_mapping", "delete_log_from_s", "changes")
SETS = ("required", "hidden", "denied", "in_approval", "private", "emptied", "tracked")


def save(org: Org, private_key: str, path: Path) -> None:
    """Write the org to a file; an older file stays until the new one is complete."""
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it holds a key
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(_dump(org, private_key)))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def restore(org: Org, path: Path) -> str:
    """Take an org back from a file and return its app's private key.

    Raises ValueError for a file that is none of ours.
    """
    dump = orjson.loads(path.read_bytes())
    if not isinstance(dump, dict) or dump.get("leadripe_sandbox_org") != VERSION:
        raise ValueError(f"{path.name} is not the state of a sandbox of this version")
    for name, defined in dump["custom_fields"].items():
        org.objects[name].add(_field(one) for one in defined)
    for name, held in dump["tables"].items():
        table = org.table(name)
        table.rows.clear()
        table.load(Record(*row) for row in held["rows"])
        table.next_number = held["next_number"]
    show_references(org)
    org.components = {(kind, name): _node(node) for kind, name, node in dump.get("components", ())}
    for name in SETTINGS:
        setattr(org, name, dump["settings"][name])
    for name in SETS:
        setattr(org, name, set(dump["settings"].get(name, getattr(org, name))))
    return str(dump["private_key"])


def _dump(org: Org, private_key: str) -> Json:
    settings = {name: getattr(org, name) for name in SETTINGS}
    settings |= {name: sorted(getattr(org, name)) for name in SETS}
    return {
        "leadripe_sandbox_org": VERSION,
        "private_key": private_key,
        "settings": settings,
        "components": [[kind, name, asdict(node)] for (kind, name), node in org.components.items()],
        "custom_fields": {
            name: [_plain(one) for one in sobject.fields.values() if one.custom]
            for name, sobject in org.objects.items()
        },
        "tables": {
            name: {
                "next_number": table.next_number,
                "rows": [
                    [getattr(record, column.name) for column in fields(Record)]
                    for record in table.rows.values()
                ],
            }
            for name, table in org.tables.items()
        },
    }


def _node(dump: Json) -> Node:
    children = dump["children"]
    assert isinstance(children, list)  # noqa: S101  as dumped
    return Node(str(dump["tag"]), str(dump["text"]), [_node(child) for child in children])


def _plain(one: Field) -> Json:
    return {f.name: getattr(one, f.name) for f in fields(Field) if f.name != "formula"}


def _field(dump: Json) -> Field:
    refers_to = dump["refers_to"]
    return Field(**(dump | {"refers_to": tuple(refers_to)}))  # type: ignore[arg-type]  # as dumped
