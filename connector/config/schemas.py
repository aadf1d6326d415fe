"""JSON Schemas of an admin's files, for editors: `python -m connector.config.schemas FOLDER`."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from connector.config.cases_document import CasesDocument
from connector.config.mapping import HubSpotMapping
from connector.config.rules_document import RulesDocument
from connector.config.salesforce_mapping import SalesforceMapping
from connector.config.section import Section
from connector.config.settings import HubSpotSettings, SalesforceSettings

SCHEMAS: Mapping[str, type[Section]] = {
    "leadripe.schema.json": HubSpotSettings,
    "leadripe-salesforce.schema.json": SalesforceSettings,
    "hubspot-mapping.schema.json": HubSpotMapping,
    "salesforce-mapping.schema.json": SalesforceMapping,
    "rules.schema.json": RulesDocument,
    "cases.schema.json": CasesDocument,
}
"""The schema files, and the models that they are made of."""


def schema_text(name: str) -> str:
    """Return the text of a schema file."""
    schema = _as_written(SCHEMAS[name].model_json_schema(by_alias=True, mode="validation"))
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps({**dialect, **schema}, indent=2, ensure_ascii=False) + "\n"


def _as_written(schema: Mapping[str, object]) -> dict[str, object]:
    """Return a schema without what would mislead in an editor.

    Titles repeat the key. A default stays where it is what an admin would write: no section, no
    list, and for a duration not our count of days.
    """
    kept = {
        key: _part(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
    if "default" in kept and not _is_writable(kept["default"], schema):
        del kept["default"]
    return kept


def _is_writable(default: object, schema: Mapping[str, object]) -> bool:
    kinds: Mapping[object, type] = {"string": str, "integer": int, "boolean": bool}
    kind = kinds.get(schema.get("type"), str if "anyOf" in schema else type(None))
    pattern = str(schema.get("pattern", ""))
    return isinstance(default, kind) and re.search(pattern, str(default)) is not None


def _part(value: object) -> object:
    if isinstance(value, dict):
        return _as_written(value)
    return [_part(one) for one in value] if isinstance(value, list) else value


def write_schemas(folder: Path) -> list[Path]:
    """Write all schema files into a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in SCHEMAS]
    for path in paths:
        path.write_text(schema_text(path.name), encoding="utf-8")
    return paths


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
