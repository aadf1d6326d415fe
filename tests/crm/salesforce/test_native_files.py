"""The metadata files that we ship: whole, translated, and what the platform's own schema allows."""

import importlib.resources
from pathlib import Path
from xml.etree.ElementTree import tostring

import pytest
from lxml import etree

from connector.config.mapping import OpportunityOutput, Output
from connector.crm.salesforce.fields import MARK, WORDS, template_of, values_of
from connector.crm.salesforce.metadata import FIELD, NAMESPACE, read_source, source_folder
from connector.crm.vocabulary import FEEDBACK, GRADES, LABELS, SLA, STAGES, TEMPERATURES
from tests.crm.salesforce.provisioned import shipped

XSD = "http://www.w3.org/2001/XMLSchema"
SOURCE = read_source()
FILES = sorted(source_folder().rglob("*-meta.xml"))


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The platform's schema of metadata (API 63.0), out of the description that the client ships.

    It declares types alone, so an element is added for each.
    """
    text = (importlib.resources.files("simple_salesforce") / "metadata.wsdl").read_bytes()
    [found] = etree.fromstring(text).iter(f"{{{XSD}}}schema")
    for type_ in dict.fromkeys(component.type for component in SOURCE):
        name = {"name": type_, "type": f"tns:{type_}"}
        etree.SubElement(found, f"{{{XSD}}}element", name)
    return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_what_the_platforms_schema_allows(path: Path, schema: etree.XMLSchema) -> None:
    schema.assertValid(etree.fromstring(path.read_bytes()))


def test_the_schema_would_refuse_a_wrong_element(schema: etree.XMLSchema) -> None:
    text = FILES[0].read_bytes().replace(b"mappingFields", b"mappedFields")
    assert not schema.validate(etree.fromstring(text))


def test_leads_and_contacts_have_the_same_fields() -> None:
    fields = {
        parent: {
            each.own_name: tostring(each.tree)
            for each in SOURCE
            if each.type == FIELD and each.parent == parent
        }
        for parent in ("Lead", "Contact")
    }
    assert fields["Lead"] == fields["Contact"]


def test_every_result_of_the_shipped_mapping_has_its_field() -> None:
    mapping = shipped()
    names = {each.own_name for each in SOURCE if each.type == FIELD}
    assert {template_of(result) for result, name in mapping.results.items() if name} <= names
    # So that the files can also be deployed as they are.
    assert {name for name in mapping.results.values() if name} <= names


def test_every_result_that_can_be_written_has_its_field() -> None:
    names = {each.own_name for each in SOURCE if each.type == FIELD}
    results = {*Output.model_fields, "feedback", "not_before", "key"} - {"scores"}
    results |= {f"opportunity_{result}" for result in OpportunityOutput.model_fields}
    assert {template_of(result) for result in results} == names
    assert template_of("touches_7d") == "Leadripe_Touches_7d__c"


def test_every_label_has_its_word_in_each_language() -> None:
    labels = {label.text for each in SOURCE for label in each.tree.iter("label")}
    assert labels - set(WORDS) == {"Leadripe"}


def test_labels_are_as_short_as_the_platform_wants_them() -> None:
    longest = max((text for words in LABELS.values() for text in words), key=len)
    assert len(longest) <= 40, longest


def test_choices_offer_what_is_written() -> None:
    offered = {each.name: values_of(each) for each in SOURCE if each.type == FIELD}
    assert offered["Lead.Leadripe_Stage__c"] == list(STAGES)
    assert offered["Lead.Leadripe_Temperature__c"] == list(TEMPERATURES)
    assert offered["Lead.Leadripe_Grade__c"] == list(GRADES)
    assert offered["Lead.Leadripe_Sla__c"] == list(SLA)
    assert offered["Lead.Leadripe_Feedback__c"] == list(FEEDBACK)


def test_fields_and_sets_say_whose_they_are_and_none_is_required() -> None:
    for each in SOURCE:
        if each.type in (FIELD, "PermissionSet"):
            assert each.get("description").startswith(f"{MARK}: ")
        assert each.get("required") in ("", "false")


def test_the_files_are_in_the_format_of_their_version() -> None:
    for path in FILES:
        assert etree.fromstring(path.read_bytes()).nsmap == {None: NAMESPACE}
