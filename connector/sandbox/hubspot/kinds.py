"""The object types that the sandbox holds, and what sets each apart."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from connector.sandbox.hubspot.refusals import invalid

CONTACT_READ = "crm.objects.contacts.read"
CONTACT_WRITE = "crm.objects.contacts.write"


@dataclass(frozen=True, slots=True)
class Kind:
    """One object type."""

    name: str
    singular: str
    type_id: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    defaults: tuple[str, ...]  # given when a read names no property
    queried: tuple[str, ...]  # looked through by `query` of a search
    created: str = "hs_createdate"
    modified: tuple[str, ...] = ("hs_lastmodifieddate",)
    required: tuple[str, ...] = ()
    schema_write: str = CONTACT_WRITE
    first_id: int = 1
    aliases: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_activity(self) -> bool:
        """Whether logging one touches the contacts it is linked with."""
        return "hs_timestamp" in self.required


def _activity(
    name: str, type_id: str, first_id: int, queried: tuple[str, ...], *, also: tuple[str, ...] = ()
) -> Kind:
    return Kind(
        name=name,
        singular=name.removesuffix("s"),
        type_id=type_id,
        reads=(CONTACT_READ, *also),
        writes=(CONTACT_WRITE,),
        defaults=(),
        queried=queried,
        required=("hs_timestamp",),
        first_id=first_id,
    )


def _object(name: str, singular: str, type_id: str, **rest: object) -> Kind:
    scope = f"crm.objects.{name}"
    return Kind(
        name=name,
        singular=singular,
        type_id=type_id,
        reads=(f"{scope}.read",),
        writes=(f"{scope}.write",),
        created="createdate",
        schema_write=f"crm.schemas.{name}.write",
        **rest,  # type: ignore[arg-type]  # the remaining fields, as Kind declares them
    )


CONTACTS = _object(
    "contacts",
    "contact",
    "0-1",
    defaults=("email", "firstname", "lastname"),
    queried=("firstname", "lastname", "email", "phone", "company"),
    modified=("lastmodifieddate", "hs_lastmodifieddate"),
    first_id=101,
)
COMPANIES = _object(
    "companies",
    "company",
    "0-2",
    defaults=("name", "domain"),
    queried=("name", "domain", "phone"),
    first_id=9_000_000_001,
)
DEALS = _object(
    "deals",
    "deal",
    "0-3",
    defaults=("dealname", "amount", "closedate", "pipeline", "dealstage"),
    queried=("dealname",),
    required=("dealname", "dealstage"),
    first_id=12_000_000_001,
)
TASKS = Kind(
    name="tasks",
    singular="task",
    type_id="0-27",
    reads=(CONTACT_READ,),
    writes=(CONTACT_WRITE,),
    defaults=(),
    queried=("hs_task_subject", "hs_task_body"),
    # The documentation and HubSpot's own agent reference differ on the subject; the stricter holds.
    required=("hs_timestamp", "hs_task_subject"),
    first_id=30_000_000_001,
)
LEADS = Kind(
    name="leads",
    singular="lead",
    type_id="0-136",
    reads=("crm.objects.leads.read",),
    writes=("crm.objects.leads.write",),
    defaults=("hs_lead_name",),
    queried=("hs_lead_name",),
    required=("hs_lead_name",),
    schema_write="crm.schemas.contacts.write",
    first_id=36_000_000_001,
)
KINDS = (
    CONTACTS,
    COMPANIES,
    DEALS,
    LEADS,
    TASKS,
    _activity("notes", "0-46", 31_000_000_001, ("hs_note_body",)),
    _activity("meetings", "0-47", 32_000_000_001, ("hs_meeting_title", "hs_meeting_body")),
    _activity("calls", "0-48", 33_000_000_001, ("hs_call_title", "hs_call_body")),
    _activity("emails", "0-49", 34_000_000_001, ("hs_email_subject",), also=("sales-email-read",)),
    _activity("communications", "0-18", 35_000_000_001, ("hs_communication_body",)),
)
BY_NAME = {
    spelling: kind for kind in KINDS for spelling in (kind.name, kind.singular, kind.type_id)
}


# Types that every account has and that the sandbox keeps nothing of: nothing is linked with them.
UNKEPT = frozenset(
    [
        "tickets",
        "ticket",
        "0-5",
        "products",
        "0-7",
        "line_items",
        "0-8",
        "quotes",
        "0-14",
    ]
)


def kept_kinds_of(spellings: Iterable[str]) -> list[Kind]:
    """Return the types of names or ids without those that are not kept; unknown ones are a 400."""
    return [kind_of(spelling) for spelling in spellings if spelling.lower() not in UNKEPT]


def kind_of(spelling: str) -> Kind:
    """Return the type of a name or an id; an unknown one is a 400."""
    kind = BY_NAME.get(spelling.lower())
    if kind is None:
        raise invalid(f"Unable to infer object type from: {spelling}")
    return kind
