"""What people do inside an org while a connector is not looking: edits, conversions, merges.

None of these is offered over REST as such (conversion and merge are SOAP calls and buttons), so
they are levers of the sandbox.
"""

from dataclasses import dataclass

from connector.sandbox.salesforce.catalogue import CONVERTED_STATUS
from connector.sandbox.salesforce.derive import derived
from connector.sandbox.salesforce.incoming import Incoming
from connector.sandbox.salesforce.moments import bulk_moment
from connector.sandbox.salesforce.org import Access, Org, user_values
from connector.sandbox.salesforce.refusals import Json, Refusal
from connector.sandbox.salesforce.table import Held, Record, Values
from connector.sandbox.salesforce.tracking import track
from connector.sandbox.salesforce.writer import Writer

CARRIED = (
    "FirstName", "LastName", "Name", "Salutation", "Title", "Email", "Phone", "MobilePhone",
    "LeadSource", "Description", "HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall",
    "EmailBouncedReason", "EmailBouncedDate", "LastActivityDate",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a lead has become."""

    contact: str
    account: str
    opportunity: str


@dataclass(slots=True)
class People:
    """The people who work in an org, under one user's name."""

    org: Org
    user: str = ""

    def __post_init__(self) -> None:
        if not self.user:
            profile = next(iter(self.org.table("Profile").rows))
            zone = self.org.options.time_zone
            values = user_values("person@sandbox.example", "Pat", "Person", profile, zone)
            self.user = self.org.add("User", values).id

    def edit(self, record_id: str, **values: object) -> None:
        """Change a record by hand: no rule of the API's stands in the way, the stamps move."""
        kind, record = self._found(record_id)
        known = Incoming(self.org, self._access(), self.org.objects[kind]).body(dict(values))
        now = self.org.now_s()
        after = {n: v for n, v in (record.values | known).items() if v is not None}
        change = known | derived(self.org, kind, after, now)
        track(self.org, kind, record, change, self.user)
        self.org.table(kind).change(record, change)
        self._stamp(kind, record)

    def edit_slowly(self, record_id: str, seconds: int, **values: object) -> None:
        """Change a record in a transaction that stamps it now and commits `seconds` later."""
        kind, record = self._found(record_id)
        before = record.twin()
        now = self.org.now_s()
        self.edit(record_id, **values)
        self.org.table(kind).held[record_id] = Held(now, now + seconds, before)

    def create_slowly(self, kind: str, seconds: int, body: Json) -> str:
        """Create a record in a transaction that stamps it now and commits `seconds` later."""
        sobject = self.org.objects[kind]
        access = self._access()
        values = Incoming(self.org, access, sobject).body(body)
        record = Writer(self.org, access).insert(sobject, values)
        now = self.org.now_s()
        self.org.table(kind).held[record.id] = Held(now, now + seconds, None)
        return record.id

    def delete(self, record_id: str) -> None:
        """Put a record into the recycle bin."""
        kind, _ = self._found(record_id)
        Writer(self.org, self._access()).delete(self.org.objects[kind], record_id)

    def restore(self, record_id: str) -> None:
        """Take a record out of the recycle bin."""
        record = self.org.record(record_id)
        if record is None or not record.is_deleted or self.org.purged(record):
            raise Refusal(404, "NOT_FOUND", f"no record {record_id} in the recycle bin")
        record.is_deleted = False
        self._stamp(self.org.kind_of(record_id), record)

    def purge(self, record_id: str) -> None:
        """Throw a deleted record out of the recycle bin: no query shows it any more."""
        self.org.emptied.add(record_id)

    def automate(self, record_id: str, **values: object) -> None:
        """Change a record as automation does: `SystemModstamp` moves, the user's stamp does not."""
        _, record = self._found(record_id)
        at_s, by = record.modified_s, record.modified_by
        self.edit(record_id, **values)
        record.modified_s, record.modified_by = at_s, by

    def convert(
        self, lead_id: str, *, with_opportunity: bool = False, into: str = ""
    ) -> Conversion:
        """Convert a lead: a contact takes its place, with its activities.

        `into` is the id of a contact that is there already: what it lacks is filled in, nothing of
        it is overwritten. Of custom fields only those in the org's mapping are carried over;
        campaign members keep their lead and gain the contact.
        """
        kind, lead = self._found(lead_id)
        if kind != "Lead" or lead.values.get("IsConverted"):
            raise Refusal(400, "INVALID_INPUT", f"{lead_id} is no lead that can be converted")
        contact = self._existing_contact(lead, into) if into else self._new_contact(lead)
        account = str(contact.values.get("AccountId", ""))
        opportunity = self._opportunity(lead, account, contact) if with_opportunity else ""
        change: Values = {
            "IsConverted": True,
            "ConvertedDate": bulk_moment(self.org.now_s())[:10],
            "ConvertedContactId": contact.id,
            "ConvertedAccountId": account or None,
            "ConvertedOpportunityId": opportunity or None,
            "Status": CONVERTED_STATUS,
        }
        track(self.org, "Lead", lead, change, self.user)
        self.org.table("Lead").change(lead, change)
        self._stamp("Lead", lead)
        self._hand_over("Lead", lead.id, contact)
        return Conversion(contact.id, account, opportunity)

    def merge(self, master_id: str, *loser_ids: str) -> None:
        """Merge records of one object: the losers are deleted, the master inherits what is theirs.

        Values that the master lacks are taken from the losers.
        """
        kind, master = self._found(master_id)
        table = self.org.table(kind)
        for loser_id in loser_ids:
            other, loser = self._found(loser_id)
            if other != kind or loser is master:
                raise Refusal(400, "INVALID_INPUT", f"{loser_id} cannot be merged into {kind}")
            lacking = {n: v for n, v in loser.values.items() if n not in master.values}
            track(self.org, kind, master, lacking, self.user)
            table.change(master, lacking)
            self._reparent(kind, loser_id, master)
            table.change(loser, {"MasterRecordId": master.id})
            loser.is_deleted = True
            self._stamp(kind, loser)
        self._stamp(kind, master)

    def _new_contact(self, lead: Record) -> Record:
        org, owner = self.org, str(lead.values["OwnerId"])
        if org.kind_of(owner) != "User":
            owner = self.user  # a queue cannot own a contact
        company = {"Name": lead.values["Company"], "OwnerId": owner}
        account = org.add("Account", company, by=self.user)
        carried = self._carried(lead) | {"AccountId": account.id, "OwnerId": owner}
        return org.add("Contact", carried, by=self.user)

    def _existing_contact(self, lead: Record, contact_id: str) -> Record:
        kind, contact = self._found(contact_id)
        if kind != "Contact":
            raise Refusal(400, "INVALID_INPUT", f"{contact_id} is no contact")
        carried = self._carried(lead)
        lacking = {n: v for n, v in carried.items() if n not in contact.values}
        track(self.org, "Contact", contact, lacking, self.user)
        self.org.table("Contact").change(contact, lacking)
        self._stamp("Contact", contact)
        return contact

    def _carried(self, lead: Record) -> Values:
        carried = {name: lead.values[name] for name in CARRIED if name in lead.values}
        return carried | {
            target: lead.values[source]
            for source, target in self.org.lead_mapping.items()
            if source in lead.values
        }

    def _opportunity(self, lead: Record, account: str, contact: Record) -> str:
        values: Values = {
            "Name": f"{lead.values['Company']}-", "AccountId": account or None,
            "StageName": "Qualification", "CloseDate": bulk_moment(self.org.now_s())[:10],
            "OwnerId": contact.values["OwnerId"],
        }  # fmt: skip
        values |= derived(self.org, "Opportunity", values, self.org.now_s())
        known = {name: value for name, value in values.items() if value is not None}
        made = self.org.add("Opportunity", known, by=self.user)
        role: Values = {"OpportunityId": made.id, "ContactId": contact.id, "IsPrimary": True}
        self.org.add("OpportunityContactRole", role, by=self.user)
        return made.id

    def _hand_over(self, kind: str, old_id: str, heir: Record) -> None:
        for name in ("Task", "Event"):
            for row in self.org.table(name).having("WhoId", old_id):
                account = heir.values.get("AccountId")
                self.org.table(name).change(row, {"WhoId": heir.id, "AccountId": account})
                self._stamp(name, row)
        for row in self.org.table("EmailMessageRelation").having("RelationId", old_id):
            change: Values = {"RelationId": heir.id, "RelationObjectType": "Contact"}
            self.org.table("EmailMessageRelation").change(row, change)
            self._stamp("EmailMessageRelation", row)
        members = self.org.table("CampaignMember")
        for row in members.having(f"{kind}Id", old_id):
            now_of: Values = {
                "ContactId": heir.id, "LeadOrContactId": heir.id, "Type": "Contact"
            }  # fmt: skip
            members.change(row, now_of)
            self._stamp("CampaignMember", row)

    def _reparent(self, kind: str, old_id: str, heir: Record) -> None:
        for child in self.org.objects.values():
            if not child.writable:
                continue  # what the platform itself writes down stays where it was
            table = self.org.table(child.name)
            for one in child.fields.values():
                if kind not in one.refers_to or one.name.endswith("ById"):
                    continue
                for row in list(table.having(one.name, old_id)):
                    if child.name == "CampaignMember" and self._is_member(row, heir):
                        row.is_deleted = True  # nobody is in a campaign twice
                    else:
                        table.change(row, {one.name: heir.id})
                    self._stamp(child.name, row)

    def _is_member(self, row: Record, heir: Record) -> bool:
        campaign = row.values.get("CampaignId")
        name = f"{self.org.kind_of(heir.id)}Id"
        return any(
            other.values.get("CampaignId") == campaign and not other.is_deleted
            for other in self.org.table("CampaignMember").having(name, heir.id)
            if other is not row
        )

    def _found(self, record_id: str) -> tuple[str, Record]:
        record = self.org.record(record_id)
        if record is None or record.is_deleted:
            raise Refusal(404, "ENTITY_IS_DELETED", f"no record {record_id}")
        return self.org.kind_of(record_id), record

    def _stamp(self, kind: str, record: Record) -> None:
        record.stamp_s = record.modified_s = self.org.now_s()
        record.modified_by = self.user
        self.org.table(kind).log(record)
        self.org.changes += 1

    def _access(self) -> Access:
        # A person's page layout shows every field, whatever the integration user may see.
        names = frozenset(
            f"{kind}.{name}".lower()
            for kind, sobject in self.org.objects.items()
            for name in sobject.fields
        )
        return Access(self.user, names, names, frozenset())
