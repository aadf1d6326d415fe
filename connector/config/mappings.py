"""Reads a mapping file, of whichever CRM it says that it is."""

from pathlib import Path
from typing import TypeVar

from connector.config.document import Document, config_error
from connector.config.mapping import CrmMapping, HubSpotMapping, misfits
from connector.config.salesforce_mapping import SalesforceMapping
from connector.config.validate import validate
from connector.config.wording import found, likely, listed
from connector.config.yaml_file import read_document
from connector.errors import Problem

Model = TypeVar("Model", bound=CrmMapping)
AnyMapping = HubSpotMapping | SalesforceMapping
CRMS = ("hubspot", "salesforce")


def load_mapping(path: Path) -> AnyMapping:
    """Read a mapping file. Raises ConfigError with every mistake in it."""
    mapping, problems = check_mapping(read_document(path))
    if mapping is None or problems:
        raise config_error(problems)
    return mapping


def check_mapping(document: Document) -> tuple[AnyMapping | None, list[Problem]]:
    """Return the mapping as far as it makes sense, and every mistake in it."""
    unknown = unknown_crm(document)
    if unknown is not None:
        return None, [unknown]
    if document.at(("crm",)) == "salesforce":
        return _checked(SalesforceMapping, document)
    return _checked(HubSpotMapping, document)


def load_mapping_of(model: type[Model], path: Path) -> Model:
    """Read a mapping file that must be one CRM's. Raises ConfigError with every mistake in it."""
    mapping, problems = _checked(model, read_document(path))
    if mapping is None or problems:
        raise config_error(problems)
    return mapping


def _checked(model: type[Model], document: Document) -> tuple[Model | None, list[Problem]]:
    checked = validate(model, document)
    mistakes = misfits(checked.model) if checked.model else []
    return checked.model, [*checked.problems, *(checked.problem(*each) for each in mistakes)]


def unknown_crm(document: Document) -> Problem | None:
    """Return the mistake of a file that names a CRM which we do not know."""
    named = document.at(("crm",))
    if not isinstance(named, str) or named in CRMS:
        return None
    told = f"«crm» must be {listed(CRMS)}; {found(named)} was found{likely(named, CRMS)}"
    return document.problem(("crm",), told)
