"""Everything that a review finds, with its place in the file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from connector.config.document import Document
from connector.config.mappings import AnyMapping
from connector.config.review.budgets import budgets_in_vain
from connector.config.review.dead import dead_parts
from connector.config.review.entries import unreached_entries
from connector.config.review.opportunities import opportunity_rules, unwritten_opportunities
from connector.config.review.out_of_reach import out_of_reach
from connector.config.review.remark import Finding, Remark
from connector.config.review.sensitive import sensitive_fields
from connector.config.review.tracks import unreached_tracks
from connector.config.review.twins import twins
from connector.config.review.unfilled import Yields, unfilled
from connector.config.review.unread import unread
from connector.config.rules_document import RulesDocument
from connector.config.validate import validate
from connector.config.yaml_file import read_document
from connector.rules.model import RuleSet


@dataclass(frozen=True, slots=True)
class Behind:
    """What a mapping yields, and by which names of the CRM; whether it writes opportunities."""

    yields: Yields
    properties: dict[str, set[str]]
    writes_opportunities: bool

    @classmethod
    def of(cls, mapping: AnyMapping) -> "Behind":
        """Return what stands behind the names that rules use."""
        properties: dict[str, set[str]] = {}
        for name, read in mapping.contact.fields.items():
            # Salesforce may have one field for leads and another for contacts.
            objects = (read.name, getattr(read, "lead", None), getattr(read, "contact", None))
            properties[name] = {each for each in objects if each}
        for entry in mapping.activities:
            for name, value in entry.attributes.items():
                properties.setdefault(name, set()).add(value.name)
        if mapping.opportunities is not None:
            for name, read in mapping.opportunities.fields.items():
                properties.setdefault(name, set()).add(read.name)
        fields = frozenset(mapping.shapes().fields)
        told = mapping.opportunities.write.properties if mapping.opportunities else {}
        return cls(Yields(mapping.activities, fields), properties, bool(told))


def review(path: Path, rules: RuleSet, mapping: AnyMapping | None) -> list[Finding]:
    """Return what there is to say of a valid rules file, in the order in which it stands there.

    Without a mapping, what only it can tell is left out.
    """
    document = read_document(path)
    checked = validate(RulesDocument, document)
    if checked.model is None:
        return []
    behind = None if mapping is None else Behind.of(mapping)
    found = {_placed(document, remark) for remark in _remarks(rules, checked.model, behind)}
    return sorted(found, key=lambda one: (one.line, one.column, one.what))


def review_mapping(path: Path, mapping: AnyMapping) -> list[Finding]:
    """Return what there is to say of a valid mapping file, in the order of the file."""
    document = read_document(path)
    return [_placed(document, remark) for remark in unreached_entries(mapping)]


def _remarks(rules: RuleSet, written: RulesDocument, behind: Behind | None) -> Iterator[Remark]:
    yield from dead_parts(rules)
    yield from twins(rules)
    yield from out_of_reach(rules)
    yield from unreached_tracks(rules)
    yield from budgets_in_vain(rules)
    yield from opportunity_rules(rules)
    yield from sensitive_fields(written, behind.properties if behind else {})
    if behind is not None:
        yield from unfilled(rules, written, behind.yields)
        yield from unread(rules, written, behind.yields)
        yield from unwritten_opportunities(rules, is_written=behind.writes_opportunities)


def _placed(document: Document, remark: Remark) -> Finding:
    place = document.problem(remark.path, remark.what, of_key=remark.of_key)
    return Finding(
        place.file, place.line, place.column, remark.weight, remark.code, remark.what, remark.do
    )
