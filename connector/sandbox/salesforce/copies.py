"""What a campaign member shows of its person: the platform reads it there, so no stamp moves."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from connector.sandbox.salesforce.table import Record

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org import Org

ALIKE = (
    "Name", "FirstName", "LastName", "Email", "Title", "DoNotCall", "HasOptedOutOfEmail"
)  # fmt: skip


def define_copies(org: "Org") -> None:
    """Let campaign members show what their leads and contacts hold."""
    fields = org.objects["CampaignMember"].fields
    for name in ALIKE:
        fields[name.lower()].formula = _read(org, name)
    fields["leadorcontactownerid"].formula = _read(org, "OwnerId")
    fields["companyoraccount"].formula = _company(org)


def _read(org: "Org", name: str) -> Callable[[Record], object]:
    missing = False if name in {"DoNotCall", "HasOptedOutOfEmail"} else None

    def read(member: Record) -> object:
        person = _person(org, member)
        return missing if person is None else person.values.get(name, missing)

    return read


def _company(org: "Org") -> Callable[[Record], object]:
    def read(member: Record) -> object:
        person = _person(org, member)
        if person is None:
            return None
        account = org.record(str(person.values.get("AccountId")))
        return account.values.get("Name") if account else person.values.get("Company")

    return read


def _person(org: "Org", member: Record) -> Record | None:
    key = member.values.get("ContactId") or member.values.get("LeadId")
    return org.record(key) if isinstance(key, str) else None
