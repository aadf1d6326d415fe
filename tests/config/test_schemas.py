"""The published JSON Schemas agree with the models, and with what we ship."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from connector.config.document import Document
from connector.config.mappings import check_mapping
from connector.config.rules_file import check_rules
from connector.config.schemas import SCHEMAS, schema_text, write_schemas
from connector.config.settings import check_settings
from connector.config.starter import write_starter
from connector.config.yaml_file import parse_document, read_document
from connector.errors import Problem

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas"
FILES = {
    "leadripe.schema.json": "leadripe.yaml",
    "leadripe-salesforce.schema.json": "leadripe.yaml",
    "hubspot-mapping.schema.json": "mappings/hubspot.yaml",
    "salesforce-mapping.schema.json": "mappings/salesforce.yaml",
    "rules.schema.json": "mappings/rules.yaml",
    "cases.schema.json": "mappings/cases/examples.yaml",
}


def as_json(value: object) -> object:
    """Return a document's value as JSON knows it."""
    match value:
        case dict():
            return {key: as_json(part) for key, part in value.items()}
        case tuple():
            return [as_json(part) for part in value]
        case Decimal():
            return float(value)
        case _:
            return value


def mistakes(name: str, value: object) -> list[str]:
    """Return what a published schema says against a value."""
    schema = json.loads((PUBLISHED / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(as_json(value))
    return [f"{error.json_path}: {error.message}" for error in errors]


@pytest.mark.parametrize("name", SCHEMAS)
def test_published_schemas_are_up_to_date(name: str) -> None:
    published = (PUBLISHED / name).read_text(encoding="utf-8")
    assert published == schema_text(name), "run: python -m connector.config.schemas docs/schemas"


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_we_ship_is_valid_in_an_editor(name: str, tmp_path: Path) -> None:
    write_starter(tmp_path, "salesforce" if "salesforce" in name else "hubspot", "46123")
    assert mistakes(name, read_document(tmp_path / FILES[name]).value) == []


def test_schemas_can_be_written_anywhere(tmp_path: Path) -> None:
    assert [path.name for path in write_schemas(tmp_path / "new")] == list(SCHEMAS)


RULE = "version: 1\nrules:\n  - {id: a, activity: x, points: 1, "
SETTINGS = "version: 1\ncrm: hubspot\nmapping: m.yaml\nrules: r.yaml\nconnect: {token: "
BAD = (
    ("rules.schema.json", RULE + "hlaf_life: 3}"),
    ("rules.schema.json", RULE + "points: five}"),
    ("rules.schema.json", RULE + "decay: {half_life: 60}}"),
    ("rules.schema.json", RULE + "once_per: 30 days}"),
    ("rules.schema.json", RULE + "where: {minutes: {above: 5}}}"),
    ("rules.schema.json", RULE + "where: {page: {matches: ''}}}"),
    ("hubspot-mapping.schema.json", "version: 1\ncrm: hubspot\nactivities: [{source: call}]"),
    ("salesforce-mapping.schema.json", "version: 1\ncrm: salesforce\nwrite: {score: 5}"),
    ("leadripe.schema.json", SETTINGS + "pat-na1-0123}"),
    ("leadripe-salesforce.schema.json", SETTINGS.replace("hubspot", "salesforce") + "x}"),
    ("leadripe.schema.json", SETTINGS + "'${A}'}\nguards: {stage_changes: 0.3}"),
)
CHECKS: dict[str, Callable[[Document], tuple[object, list[Problem]]]] = {
    "rules.schema.json": check_rules,
    "hubspot-mapping.schema.json": check_mapping,
    "salesforce-mapping.schema.json": check_mapping,
    "leadripe.schema.json": lambda document: check_settings(document, Path()),
    "leadripe-salesforce.schema.json": lambda document: check_settings(document, Path()),
}


@pytest.mark.parametrize(("name", "text"), BAD)
def test_what_an_editor_marks_is_refused_by_us_too(name: str, text: str) -> None:
    document = parse_document("a.yaml", text.replace("points: 1, points", "points"))
    assert mistakes(name, document.value) != []
    assert CHECKS[name](document)[1] != []
