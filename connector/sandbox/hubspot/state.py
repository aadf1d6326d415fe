"""Keeps an account in a file that survives a stop: one document, whole or not written."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import orjson

from connector.sandbox.hubspot.keeping import Export, Import, Segment
from connector.sandbox.hubspot.portal import Owner, Portal
from connector.sandbox.hubspot.schema import Group, Option, Property
from connector.sandbox.hubspot.streams import (
    Campaign,
    Form,
    MailEvent,
    MarketingEvent,
    Participation,
    Submission,
)
from connector.sandbox.hubspot.table import Record, Table, Version
from connector.sandbox.hubspot.tokens import Grant

VERSION = 1
T = TypeVar("T")


def save(portal: Portal, path: Path) -> None:
    """Write the account to a file; an older file stays until the new one is complete."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(orjson.dumps(_dump(portal), default=_plain, option=orjson.OPT_NON_STR_KEYS))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def restore(portal: Portal, path: Path) -> None:
    """Take an account back from a file. Raises ValueError for a file that is none of ours."""
    dump = orjson.loads(path.read_bytes())
    if not isinstance(dump, dict) or dump.get("leadripe_sandbox") != VERSION:
        raise ValueError(f"{path.name} is not the state of a sandbox of this version")
    for name, schema in dump["schemas"].items():
        held = portal.schemas[name]
        held.groups = {g["name"]: Group(**g) for g in schema["groups"]}
        held.properties = {p["name"]: _property(p) for p in schema["properties"]}
        for unique in held.unique_names():
            portal.tables[name].watch(unique)
    for name, table in dump["tables"].items():
        _restore_table(portal.tables[name], table)
    portal.links.restore(dump["links"])
    portal.owners = {owner["id"]: Owner(**owner) for owner in dump["owners"]}
    portal.blocked_emails = set(dump["blocked_emails"])
    portal.segments = {s["id"]: _segment(s) for s in dump["segments"]}
    portal.exports = {e["id"]: Export(**{**e, "file": b""}) for e in dump["exports"]}
    for export in portal.exports.values():
        export.state = "PENDING"  # the file is written anew
    portal.imports = {i["id"]: Import(**i) for i in dump["imports"]}
    _restore_streams(portal, dump["streams"])
    _restore_tokens(portal, dump["tokens"])
    portal.changes = dump["changes"]


def _dump(portal: Portal) -> dict[str, object]:
    streams, tokens = portal.streams, portal.tokens
    return {
        "leadripe_sandbox": VERSION,
        "changes": portal.changes,
        "schemas": {
            name: {
                "groups": list(schema.groups.values()),
                "properties": list(schema.properties.values()),
            }
            for name, schema in portal.schemas.items()
        },
        "tables": {name: _dump_table(table) for name, table in portal.tables.items()},
        "links": portal.links.dump(),
        "owners": list(portal.owners.values()),
        "blocked_emails": sorted(portal.blocked_emails),
        "segments": list(portal.segments.values()),
        "exports": [_without(export, "file") for export in portal.exports.values()],
        "imports": list(portal.imports.values()),
        "streams": {
            "forms": list(streams.forms.values()),
            "campaigns": list(streams.campaigns.values()),
            "mail": streams.mail,
            "events": list(streams.events.values()),
            "participations": [row for rows in streams.by_event.values() for row in rows],
        },
        "tokens": {
            "grants": tokens.grants,
            "refresh_tokens": tokens.refresh_tokens,
            "codes": sorted(tokens.codes),
            "issued": tokens.issued,
        },
    }


def _dump_table(table: Table) -> dict[str, object]:
    return {
        "next_id": table.next_id,
        "merged": list(table.merged.items()),
        "records": list(table.rows.values()),
    }


def _restore_table(table: Table, dump: dict[str, Any]) -> None:
    table.merged = dict(dump["merged"])
    table.load(_record(record) for record in dump["records"])
    table.next_id = dump["next_id"]


def _record(dump: dict[str, Any]) -> Record:
    history = dump["history"]
    if history is not None:
        dump["history"] = {n: [Version(**v) for v in versions] for n, versions in history.items()}
    return Record(**dump)


def _property(dump: dict[str, Any]) -> Property:
    return Property(**{**dump, "options": [Option(**option) for option in dump["options"]]})


def _segment(dump: dict[str, Any]) -> Segment:
    return Segment(**{**dump, "joined": {int(i): at for i, at in dump["joined"].items()}})


def _restore_streams(portal: Portal, dump: dict[str, Any]) -> None:
    streams = portal.streams
    for form in dump["forms"]:
        sent = [Submission(**one) for one in form["submissions"]]
        streams.forms[form["guid"]] = Form(**{**form, "submissions": sent})
    streams.campaigns = {one["id"]: Campaign(**one) for one in dump["campaigns"]}
    streams.mail = [MailEvent(**one) for one in dump["mail"]]
    streams.events = {one["id"]: MarketingEvent(**one) for one in dump["events"]}
    for row in dump["participations"]:
        streams.join(Participation(**row))


def _restore_tokens(portal: Portal, dump: dict[str, Any]) -> None:
    tokens = portal.tokens
    tokens.grants = {
        token: Grant(_scopes(grant["scopes"]), grant["expires_ms"], grant["is_oauth"])
        for token, grant in dump["grants"].items()
    }
    tokens.refresh_tokens = {t: _scopes(scopes) for t, scopes in dump["refresh_tokens"].items()}
    tokens.codes, tokens.issued = set(dump["codes"]), dump["issued"]


def _scopes(dump: list[str] | None) -> frozenset[str] | None:
    return None if dump is None else frozenset(dump)


def _without(value: Export, name: str) -> dict[str, object]:
    return {f.name: getattr(value, f.name) for f in fields(value) if f.name != name}


def _plain(value: object) -> object:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(type(value).__name__)
