"""Salesforce's mapping file. People are leads and contacts: each field says where both hold it."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from connector.config.mapping import (
    CrmMapping,
    Entry,
    OpportunitiesRead,
    SourceProperty,
)
from connector.config.section import Name, NonEmpty, Number, Section, refuse
from connector.rules.conditions import Kind

PersonObject = Literal["Lead", "Contact"]
"""The objects that people are in."""

SalesforceSource = Literal["Task", "Event", "CampaignMember", "EmailMessage", "contact"]
"""Where Salesforce keeps activities. `contact`: dates on the lead or contact itself, for example
those that a marketing tool keeps there; they are read at no extra call."""

_CUSTOM = "__c"
_API_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_LONGEST_NAME = 40


def _api_name(name: str) -> str:
    bare = name.removesuffix(_CUSTOM)
    if bare == name or len(bare) > _LONGEST_NAME or not _API_NAME.fullmatch(bare):
        raise refuse(
            "api_name",
            "must be the API name of a custom field, like Leadripe_Score__c: letters, digits and "
            f"single underscores, at most {_LONGEST_NAME} of them, then __c",
        )
    return name


OwnField = Annotated[str, AfterValidator(_api_name)]
"""The API name of a custom field that we create and write."""

DeveloperName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z](?:_?[A-Za-z0-9])*$", max_length=_LONGEST_NAME)
]
"""The name of a permission set, as the org spells it."""


class PersonProperty(Section):
    """A field of people to read: one name for leads and contacts, or one for each."""

    name: SourceProperty | None = Field(default=None, alias="property")
    """The field's API name, if leads and contacts have it alike."""
    lead: SourceProperty | None = None
    """The field of leads; without it they have none."""
    contact: SourceProperty | None = None
    """The field of contacts, perhaps of their account: `Account.Industry`."""
    type: Literal["text", "number", "boolean", "datetime"] = "text"
    """What it holds."""
    divide_by: Number | None = None
    """Divides a number while reading."""

    @property
    def kind(self) -> Kind:
        """What kind of value it holds."""
        return Kind(self.type)

    def in_object(self, person: PersonObject) -> str | None:
        """Return the field of one object that fills it; None if it has none."""
        return self.name or (self.lead if person == "Lead" else self.contact)

    @model_validator(mode="after")
    def _names_a_field(self) -> Self:
        one, each = self.name is not None, (self.lead or self.contact) is not None
        if one == each:
            raise refuse(
                "which_field",
                "give either «property», or «lead» and «contact», for example "
                "{lead: Company, contact: Account.Name}",
            )
        if self.divide_by is not None and (self.type != "number" or self.divide_by <= 0):
            raise refuse("divide_by", "«divide_by» needs `type: number`, and more than 0")
        return self


def _person_property(value: object) -> object:
    return {"property": value} if isinstance(value, str) else value


PersonRead = Annotated[
    PersonProperty,
    BeforeValidator(_person_property, json_schema_input_type=SourceProperty | PersonProperty),
]


class PersonSection(Section):
    """What is read of a contact, and which objects people are in."""

    objects: Annotated[tuple[PersonObject, ...], Field(min_length=1)] = ("Lead", "Contact")
    """The objects that are read and written: both, or one of them."""
    fields: dict[Name, PersonRead] = Field(default_factory=dict)
    """Our name of a field: the field that fills it. `email` and `owner` are read always."""

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        for name in ("email", "owner"):
            if name in self.fields:
                message = f"«{name}» is always read: leave it out"
                raise refuse("always_read", message, "fields", name)
        return self


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Moments = Annotated[
    tuple[SourceProperty, ...],
    BeforeValidator(_several, json_schema_input_type=SourceProperty | tuple[SourceProperty, ...]),
]


class SalesforceActivity(Entry):
    """Which records of one of Salesforce's sources are which activity of ours."""

    source: SalesforceSource
    """Where the records are read."""
    at: Moments = ()
    """The field that says when it happened, or several: the first that is known counts. Each source
    has its own default, `contact` none."""

    @property
    def moments(self) -> tuple[str, ...]:
        """The fields that say when it happened."""
        return self.at

    @model_validator(mode="after")
    def _has_a_moment(self) -> Self:
        if self.source == "contact" and not self.at:
            raise refuse(
                "no_moment",
                "the source «contact» needs «at», the field that says when it happened, "
                "for example `at: pi__last_activity__c`",
            )
        return self


class SalesforceOpportunities(OpportunitiesRead):
    """Opportunities, through their contact roles."""

    amount: SourceProperty = "Amount"
    """The field that holds the amount in the org's currency."""
    record_types: Literal["all"] | Annotated[tuple[NonEmpty, ...], Field(min_length=1)] = "all"
    """The developer names of the record types that count, or `all`."""


class SalesforceTasks(Section):
    """The task that a hand-off makes for the owner of the lead or contact."""

    key: OwnField = "Leadripe_Key__c"
    """The field of tasks that holds our unique key: with it, no task is made twice."""
    subtype: Literal["Task", "Call", "Email"] = "Call"
    """Salesforce's kind of task."""
    status: NonEmpty = "Not Started"
    """The status of a new task; `leadripe check` lists those that the org has."""
    status_done: NonEmpty = "Completed"
    """The status of a task that is done."""
    priority: NonEmpty = "Normal"
    """The priority of a task."""
    priority_urgent: NonEmpty = "High"
    """The priority of a task for an explicit need."""
    owner: NonEmpty | None = None
    """The user name of who gets tasks whose owner is a queue without tasks, or deactivated."""


class SalesforceMapping(CrmMapping):
    """A Salesforce org in our terms."""

    crm: Literal["salesforce"]
    """The CRM that this mapping is for."""
    contact: PersonSection = PersonSection()
    """What is read of a contact, that is of a lead or a contact."""
    activities: tuple[SalesforceActivity, ...] = ()
    """What counts as an activity. Of a source's entries with the same `at`, the first that matches
    a record names it; entries with another `at` tell of another happening of the same record."""
    opportunities: SalesforceOpportunities | None = None
    """Which opportunities are read; without this section none are."""
    tasks: SalesforceTasks | None = None
    """How tasks are written; without this section none are."""
    permission_set: DeveloperName = "Leadripe"
    """The permission set that lets people see our fields. `leadripe provision` creates it, and one
    of this name and `_Integration` for Leadripe's own user."""

    @model_validator(mode="after")
    def _writes_custom_fields(self) -> Self:
        for place, name in self.own_properties.items():
            try:
                _api_name(name)
            except ValueError as error:
                raise refuse("api_name", str(error), *place) from None
        return self

    @property
    def field_kinds(self) -> Mapping[str, Kind]:
        """The kind of each contact field, `email` left out."""
        return {name: read.kind for name, read in self.contact.fields.items()}

    @property
    def sources(self) -> tuple[SalesforceSource, ...]:
        """The sources that are read, each once, in the order of the file."""
        return tuple(dict.fromkeys(entry.source for entry in self.activities))

    def entries(self, source: SalesforceSource) -> tuple[SalesforceActivity, ...]:
        """Return the entries of a source, in the order of the file."""
        return tuple(entry for entry in self.activities if entry.source == source)
