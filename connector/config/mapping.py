"""The mapping file: which CRM property is which of ours, and what may be written where.

What every CRM's mapping has, and HubSpot's; Salesforce's is `salesforce_mapping`.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from connector.config.document import DataPath
from connector.config.literals import kind_of_literal, literal
from connector.config.native import NativeSection, Place, natives, refuse_twice
from connector.config.section import Name, NonEmpty, Number, Scalar, Section, refuse
from connector.config.where import Where, relative_in
from connector.domain.contact import Value
from connector.ports import Native, Shapes, Watched
from connector.rules.conditions import ALWAYS, Condition, Kind, names
from connector.rules.model import OPEN_TASK
from connector.rules.opportunities import OPPORTUNITY_FIELDS

Source = Literal[
    "form_submissions",
    "email_events",
    "marketing_events",
    "calls",
    "emails",
    "meetings",
    "notes",
    "tasks",
    "communications",
    "contact",
]
"""Where HubSpot keeps activities. `contact`: dates on the contact itself, read at no extra call."""

SourceProperty = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$", max_length=200)
]
"""A property as the CRM spells it, or one that its source offers, as `field.company`."""

OwnProperty = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=100)]
"""The internal name of a property that we create and write, as the CRM spells it."""


Pipelines = Literal["all"] | Annotated[tuple[NonEmpty, ...], Field(min_length=1)]
"""The ids of some pipelines, or `all`."""


LABELS: dict[Place, str] = {
    "lead_cold": "COLD",
    "lead_warm": "WARM",
    "lead_hot": "HOT",
    "prospect_hot": "HOT",
}
"""HubSpot's own options of `hs_lead_label`. A prospect that is cold is not: sales is at work on it,
so what a label showed before stays."""


class Property(Section):
    """A property to read, and what kind of value it holds; its name alone means text."""

    name: SourceProperty = Field(alias="property")
    """The CRM's internal name of the property."""
    type: Literal["text", "number", "boolean", "datetime"] = "text"
    """What it holds."""
    divide_by: Number | None = None
    """Divides a number while reading: 60000 makes minutes of milliseconds."""

    @property
    def kind(self) -> Kind:
        """What kind of value it holds."""
        return Kind(self.type)

    @model_validator(mode="after")
    def _divides_a_number(self) -> Self:
        if self.divide_by is not None and self.type != "number":
            raise refuse("divide_by", "«divide_by» needs `type: number`", "divide_by")
        if self.divide_by is not None and self.divide_by <= 0:
            raise refuse("divide_by", "«divide_by» must be more than 0", "divide_by")
        return self


def _property(value: object) -> object:
    return {"property": value} if isinstance(value, str) else value


Read = Annotated[
    Property, BeforeValidator(_property, json_schema_input_type=SourceProperty | Property)
]


class ContactSection(Section):
    """What is read of a contact."""

    fields: dict[Name, Read] = Field(default_factory=dict)
    """Our name of a field: the property that fills it. `email` and `owner` are read always."""

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        for name in ("email", "owner"):
            if name in self.fields:
                message = f"«{name}» is always read: leave it out"
                raise refuse("always_read", message, "fields", name)
        return self


class Entry(Section):
    """Which records of a source are which activity of ours."""

    where: Where | None = None
    """Which of them; without it, all that no entry above took."""
    type: Name
    """The activity they are, as rules name it."""
    direction: Literal["inbound", "outbound"] = "inbound"
    """Who did it: the contact, or we. What we do never scores."""
    attributes: dict[Name, Read] = Field(default_factory=dict)
    """Our name of an attribute: the property that fills it."""
    set_: dict[Name, Scalar] = Field(default_factory=dict, alias="set")
    """Attributes with a value of their own, the same for every record of this entry."""

    @model_validator(mode="after")
    def _says_once(self) -> Self:
        for name in self.set_:
            if name in self.attributes:
                raise refuse("set_twice", f"«{name}» stands in «attributes» and in «set»", "set")
        return self

    @property
    def moments(self) -> tuple[str, ...]:
        """The properties that say when it happened, the first that is known; none: the default."""
        return ()

    @property
    def is_outbound(self) -> bool:
        """Whether we did it, not the contact."""
        return self.direction == "outbound"

    @cached_property
    def condition(self) -> Condition:
        """The records it takes, as a condition on the source's properties."""
        return self.where.condition() if self.where else ALWAYS

    @cached_property
    def constants(self) -> Mapping[str, Value]:
        """What `set` says, as attributes hold it."""
        return {name: literal(value, kind_of_literal(value)) for name, value in self.set_.items()}

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kind of each attribute."""
        kinds = {name: read.kind for name, read in self.attributes.items()}
        kinds.update((name, kind_of_literal(value)) for name, value in self.set_.items())
        return kinds

    @cached_property
    def properties(self) -> Mapping[str, Kind]:
        """Every property of the source that is needed, with the kind to read it as."""
        found = dict(names(self.condition))
        for read in self.attributes.values():
            found.setdefault(read.name, read.kind)
        found.update((name, Kind.MOMENT) for name in self.moments)
        return found


class Activity(Entry):
    """Which records of one of HubSpot's sources are which activity of ours."""

    source: Source
    """Where the records are read."""
    at: SourceProperty | None = None
    """The property that says when it happened; each source has its own default, `contact` none."""

    @property
    def moments(self) -> tuple[str, ...]:
        """The property that says when it happened, if one is named."""
        return (self.at,) if self.at else ()

    @model_validator(mode="after")
    def _has_a_moment(self) -> Self:
        if self.source == "contact" and self.at is None:
            raise refuse(
                "no_moment",
                "the source «contact» needs «at», the property that says when it happened, "
                "for example `at: hs_analytics_last_timestamp`",
            )
        return self


class OpportunityOutput(Section):
    """The score of an opportunity: the property that each part of it is written to."""

    score: OwnProperty | None = None
    """Points (a number)."""
    reasons: OwnProperty | None = None
    """Why: the lines of the score in words (long text)."""

    @property
    def properties(self) -> Mapping[str, str]:
        """{our name of a result: the property it is written to}, for those that are written."""
        return {name: value for name, value in self if isinstance(value, str)}

    @model_validator(mode="after")
    def _writes_apart(self) -> Self:
        if self.score is not None and self.score == self.reasons:
            raise refuse(
                "written_twice", f"«{self.score}» is written to by «score» already", "reasons"
            )
        return self


class OpportunitiesRead(Section):
    """What the opportunities of every CRM have."""

    fields: dict[Name, Read] = Field(default_factory=dict)
    """Our name of a field: the property that fills it. `amount`, `probability`, `created` and
    `closes` are read always."""
    write: OpportunityOutput = OpportunityOutput()
    """Where the score of an opportunity is written, if the rules have `opportunities`."""

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        for name in OPPORTUNITY_FIELDS:
            if name in self.fields:
                message = f"«{name}» is always read: leave it out"
                raise refuse("always_read", message, "fields", name)
        return self

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kind of each field, those that are read always among them."""
        return {**OPPORTUNITY_FIELDS, **{name: read.kind for name, read in self.fields.items()}}


class Opportunities(OpportunitiesRead):
    """Deals, whose amounts and probabilities make prospects and clients."""

    object: Literal["deals"] = "deals"
    """The CRM's object."""
    amount: SourceProperty = "amount"
    """The property that holds the amount in the account's currency."""
    pipelines: Pipelines = "all"
    """The ids of the pipelines that count, or `all`."""


class Leads(Section):
    """HubSpot's leads, records beside a contact: the open one's label shows the temperature."""

    name: SourceProperty = Field("hs_lead_label", alias="property")
    """The property of leads that holds the label."""
    write: Annotated[dict[Place, NonEmpty], Field(min_length=1)] = LABELS
    """Where a contact stands: the option, by its internal name, that its open lead is set to."""
    order: tuple[NonEmpty, ...] = ("COLD", "WARM", "HOT")
    """Options from the lowest to the highest: what a person chose is only moved up."""
    pipelines: Pipelines = "all"
    """The ids of the lead pipelines that count, or `all`."""

    @model_validator(mode="after")
    def _orders_once(self) -> Self:
        refuse_twice(self.order)
        return self

    @property
    def label(self) -> Native:
        """The property as one of the CRM's own; a label of ours follows the temperature down."""
        write = {str(place): option for place, option in self.write.items()}
        return Native(self.name, write, order=self.order, may_fall=True)


class ScoreOutput(Section):
    """Where one of several scores is written."""

    points: OwnProperty | None = None
    """Its points (a number)."""
    reasons: OwnProperty | None = None
    """Its lines in words (long text)."""

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if self.points is None and self.reasons is None:
            raise refuse("nowhere", "name a property, for example `points: our_interest`")
        return self


def _score_output(value: object) -> object:
    return {"points": value} if isinstance(value, str) else value


ScoreWritten = Annotated[
    ScoreOutput, BeforeValidator(_score_output, json_schema_input_type=OwnProperty | ScoreOutput)
]


class Output(Section):
    """Our results: the property that each is written to. What is left out is not written."""

    score: OwnProperty | None = None
    """Points, 0 to 100 (a number)."""
    fit: OwnProperty | None = None
    """How well the contact matches its persona, 0 to 100 (a number)."""
    grade: OwnProperty | None = None
    """Fit as a letter A, B, C, D, or U for unknown (a choice)."""
    persona: OwnProperty | None = None
    """The persona that matches best (text)."""
    stage: OwnProperty | None = None
    """suspect, lead, prospect, client, recycled, disqualified (a choice)."""
    temperature: OwnProperty | None = None
    """cold, warm, hot (a choice)."""
    reasons: OwnProperty | None = None
    """Why: the lines of the score in words (long text)."""
    need_at: OwnProperty | None = None
    """The day of the latest explicit need (a date)."""
    handed_off_at: OwnProperty | None = None
    """When the contact was handed to sales (a date and time)."""
    question: OwnProperty | None = None
    """What to ask a person whose fit is unknown (text)."""
    interests: OwnProperty | None = None
    """What the contact is interested in, most first (text)."""
    due_at: OwnProperty | None = None
    """By when sales has to act on the hand-off (a date and time)."""
    sla: OwnProperty | None = None
    """Where that clock stands: running, warned, breached, escalated; met or late once sales has
    acted (a choice)."""
    segment: OwnProperty | None = None
    """Stage, temperature and persona in one, for lists, such as lead.warm.it_lead (text)."""
    grid: OwnProperty | None = None
    """Grade and temperature in one: A1 fits best and is hot, D3 does neither, U2 is warm and of
    unknown fit (text)."""
    track: OwnProperty | None = None
    """The nurture track by its id, or `paused` while the contact is with sales (text)."""
    next_content: OwnProperty | None = None
    """What to send next, by its label (text)."""
    next_content_url: OwnProperty | None = None
    """Where that is (text)."""
    do_not_press_until: OwnProperty | None = None
    """The first day on which the contact may be touched again (a date); one that passed stays."""
    touches_7d: OwnProperty | None = None
    """How often the contact was touched in 7 days (a number)."""
    touches_30d: OwnProperty | None = None
    """How often the contact was touched in 30 days (a number)."""
    scores: dict[Name, ScoreWritten] = Field(default_factory=dict)
    """By the name of a score, where it is written, if the rules have several: a property for its
    points, or `{points: …, reasons: …}`."""

    @property
    def properties(self) -> Mapping[str, str]:
        """{our name of a result: the property it is written to}, for those that are written.

        Of a score by its name the result is called `scores.NAME` or `scores.NAME.reasons`.
        """
        plain = {name: value for name, value in self if isinstance(value, str)}
        for name, score in self.scores.items():
            if score.points is not None:
                plain[f"scores.{name}"] = score.points
            if score.reasons is not None:
                plain[f"scores.{name}.reasons"] = score.reasons
        return plain


class Tasks(Section):
    """The task that a hand-off makes for the contact's owner."""

    key: OwnProperty = "leadripe_key"
    """The property of tasks that holds our unique key: with it, no task is made twice."""
    type: Literal["CALL", "TODO", "EMAIL"] = "CALL"
    """HubSpot's kind of task."""


class CrmMapping(Section):
    """An account in our terms: what the mapping of every CRM has."""

    version: Literal[1]
    """The version of this file's format."""
    activities: tuple[Entry, ...] = ()
    """What counts as an activity."""
    opportunities: OpportunitiesRead | None = None
    """Which opportunities are read; without this section none are."""
    write: Output = Output()
    """What is written where."""
    feedback: OwnProperty | None = None
    """The property in which a rep accepts or rejects a lead."""
    not_before: OwnProperty | None = None
    """The property in which a rep who rejects a lead says from which day on to come back to it (a
    date)."""
    native: dict[SourceProperty, NativeSection] = Field(default_factory=dict)
    """The CRM's own fields that show how far a contact is: what we set, what people say there.
    Without this section none is touched."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _one_kind_each(self.activities)
        _none_is_our_task(self.activities)
        _one_result_each(self.results)
        for name in self.native:
            if name in self.results.values():
                message = f"«{name}» is a property of ours already: it cannot be the CRM's own"
                raise refuse("written_twice", message, "native", name)
        return self

    @property
    def natives(self) -> tuple[Native, ...]:
        """The CRM's own fields that show our stages, in the order of the file."""
        return natives(self.native)

    @property
    def label(self) -> Native | None:
        """The property of leads beside contacts that is set; None: leads are left alone."""
        return None

    @property
    def kept_properties(self) -> tuple[str, ...]:
        """The properties whose values are kept as the CRM shows them: ours, and its own stages."""
        names = (*self.results.values(), *self.native)
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def results(self) -> Mapping[str, str | None]:
        """{result: the property of a contact that it is written to or read from}."""
        return {
            **self.write.properties,
            "feedback": self.feedback,
            "not_before": self.not_before,
        }

    @property
    def own_properties(self) -> Mapping[tuple[str, ...], str]:
        """{the way to it in the file: each property of ours, of contacts and of opportunities}."""
        written = self.opportunities.write.properties if self.opportunities else {}
        return {
            **{place_of(result): name for result, name in self.results.items() if name},
            **{("opportunities", "write", result): name for result, name in written.items()},
        }

    @property
    def field_kinds(self) -> Mapping[str, Kind]:
        """The kind of each contact field, `email` left out; each CRM says where they stand."""
        return {}

    @property
    def types(self) -> frozenset[str]:
        """Every activity type that this mapping can yield."""
        return frozenset(entry.type for entry in self.activities)

    def shapes(self) -> Shapes:
        """Return the kinds of fields and attributes, and the properties in which people speak."""
        fields = {"email": Kind.TEXT, **self.field_kinds}
        attributes = {name: kind for entry in self.activities for name, kind in entry.kinds.items()}
        watched = Watched(self.write.stage, self.feedback, self.not_before, self.natives)
        of_opportunities = self.opportunities.kinds if self.opportunities else {}
        return Shapes(fields, attributes, watched, of_opportunities)


class HubSpotMapping(CrmMapping):
    """A HubSpot account in our terms."""

    crm: Literal["hubspot"]
    """The CRM that this mapping is for."""
    contact: ContactSection = ContactSection()
    """What is read of a contact."""
    activities: tuple[Activity, ...] = ()
    """What counts as an activity. Of a source's entries, the first that matches a record names it;
    each entry of the source `contact` stands for itself."""
    opportunities: Opportunities | None = None
    """Which deals are read; without this section none are."""
    leads: Leads | None = None
    """How the open leads of contacts are labelled; without this section leads are left alone."""
    tasks: Tasks | None = None
    """How tasks are written; without this section none are."""
    group: OwnProperty = "leadripe"
    """The group that our properties stand in."""

    @model_validator(mode="after")
    def _spells_as_hubspot(self) -> Self:
        for place, name in self.own_properties.items():
            if name != name.lower():
                raise refuse(
                    "upper_case",
                    f"HubSpot's names have no capital letters: write «{name.lower()}»",
                    *place,
                )
        return self

    @property
    def label(self) -> Native | None:
        """The property of leads that is set."""
        return self.leads.label if self.leads else None

    @property
    def field_kinds(self) -> Mapping[str, Kind]:
        """The kind of each contact field, `email` left out."""
        return {name: read.kind for name, read in self.contact.fields.items()}

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources that are read, each once, in the order of the file."""
        return tuple(dict.fromkeys(entry.source for entry in self.activities))

    def entries(self, source: Source) -> tuple[Activity, ...]:
        """Return the entries of a source, in the order of the file."""
        return tuple(entry for entry in self.activities if entry.source == source)


def misfits(mapping: CrmMapping) -> list[tuple[DataPath, str]]:
    """Return the comparisons that make no sense, such as «more than» with words."""
    found: list[tuple[DataPath, str]] = []
    for position, entry in enumerate(mapping.activities):
        if entry.where is not None:
            within: list[tuple[DataPath, str]] = []
            entry.where.condition(report=lambda *mistake: within.append(mistake))  # noqa: B023  called at once
            within += [
                (path, f"«{word}» compares with the day of reading, which changes: name a date")
                for path, word in relative_in(entry.where)
            ]
            found += [(("activities", position, "where", *path), text) for path, text in within]
    return found


def _one_kind_each(activities: tuple[Entry, ...]) -> None:
    kinds: dict[str, str] = {}
    for position, entry in enumerate(activities):
        for name, kind in entry.kinds.items():
            if kinds.setdefault(name, kind) != kind:
                raise refuse(
                    "two_kinds",
                    f"the attribute «{name}» is {kinds[name]} in one activity and {kind} in "
                    "another: give it one type, or two names",
                    "activities",
                    position,
                    "set" if name in entry.set_ else "attributes",
                    name,
                )


def _none_is_our_task(activities: tuple[Entry, ...]) -> None:
    for position, entry in enumerate(activities):
        if entry.type == OPEN_TASK:
            message = f"«{OPEN_TASK}» is the task of a hand-off, which the rules know by themselves"
            raise refuse("reserved", message, "activities", position, "type")


def _one_result_each(properties: Mapping[str, str | None]) -> None:
    taken: dict[str, str] = {}
    for result, name in properties.items():
        if name is not None and taken.setdefault(name, result) != result:
            raise refuse(
                "written_twice",
                f"«{name}» would be written with both {taken[name]} and {result}: "
                "give each a property of its own",
                *place_of(result),
            )


def place_of(result: str) -> tuple[str, ...]:
    """Return the way to a result in the file."""
    first, *rest = result.split(".")
    return ("write", first, *rest) if first in Output.model_fields else (result,)
