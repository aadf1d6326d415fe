"""What is checked before a record is written, in the order in which the platform does."""

import re
from dataclasses import dataclass

from connector.sandbox.salesforce.binding import Binder
from connector.sandbox.salesforce.conditions import Conditions
from connector.sandbox.salesforce.fields import TEXTS, Field, SObject
from connector.sandbox.salesforce.org import Access, Org
from connector.sandbox.salesforce.record_access import check_sharing
from connector.sandbox.salesforce.refusals import Refusal, row_error
from connector.sandbox.salesforce.table import Record, Values

EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of one object for one user."""

    org: Org
    access: Access
    sobject: SObject
    allow_duplicates: bool
    needed: tuple[str, ...]  # what no record can be without

    def may(self, action: str) -> None:
        """Refuse what the user has no right to do with this object."""
        if not self.sobject.writable:
            told = f"entity type {self.sobject.name} does not support {action}"
            raise row_error("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", told)
        if f"{self.sobject.name}.{action}" in self.org.denied:
            told = "insufficient access rights on object id"
            raise row_error("INSUFFICIENT_ACCESS_OR_READONLY", told)

    def untouchable(self, record: Record) -> None:
        """Refuse a change of a record that is locked, in approval, converted or another's."""
        check_sharing(self.org, self.access.user, self.sobject.name, record)
        self.unlocked(record)
        is_converted = bool(record.values.get("IsConverted")) and self.sobject.name == "Lead"
        if is_converted and not self.org.options.edits_converted_leads:
            raise row_error("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")

    def unlocked(self, record: Record) -> None:
        """Refuse a record that another transaction or an approval holds."""
        if record.id in self.org.in_approval:
            raise row_error("ENTITY_IS_LOCKED", "the entity is locked for editing")
        self.obtainable()
        left = self.org.locked.get(record.id, 0)
        held = self.org.table(self.sobject.name).held.get(record.id)
        if left > 0 or (held is not None and held.commits_s > self.org.now_s()):
            self.org.locked[record.id] = max(0, left - 1)
            raise _busy()

    def obtainable(self) -> None:
        """Refuse a row that finds another transaction on what it needs, its parent for one."""
        if self.org.lock_next > 0:
            self.org.lock_next -= 1
            raise _busy()

    def writable(self, values: Values, *, creating: bool) -> None:
        """Refuse fields that cannot be written, and values that do not fit theirs."""
        barred = [
            one.name
            for one in map(self._field, values)
            if not (one.createable if creating else one.updateable)
            or not self.access.edits(self.sobject, one)
        ]
        if barred:
            told = f"Unable to create/update fields: {', '.join(barred)}. Please check the "
            told += "security settings of this field and verify that it is read/write for your "
            told += "profile or permission set."
            raise row_error("INVALID_FIELD_FOR_INSERT_UPDATE", told, *barred)
        for name, value in values.items():
            if isinstance(value, str):
                self._text(self._field(name), value)

    def complete(self, record: Record, written: Values) -> None:
        """Refuse a record that would lack something, double a key or break a rule."""
        self._required(record)
        for name in written:
            one = self._field(name)
            if one.type == "reference":
                self._reference(one, record.values.get(one.name))
            if one.unique:
                self._unique(one, record)
        self._membership(record)
        self._assignment(record)
        self._duplicates(record)
        self._rules(record)

    def _field(self, name: str) -> Field:
        return self.sobject.fields[name.lower()]

    def _text(self, one: Field, value: str) -> None:
        if one.type in TEXTS and len(value) > one.length:
            told = f"{one.label}: data value too large: {value[:255]} (max length={one.length})"
            raise row_error("STRING_TOO_LONG", told, one.name)
        if one.type == "email" and not EMAIL.fullmatch(value):
            told = f"{one.label}: invalid email address: {value}"
            raise row_error("INVALID_EMAIL_ADDRESS", told, one.name)
        if one.restricted and one.values and value not in one.values:
            told = f"{one.label}: bad value for restricted picklist field: {value[:255]}"
            raise row_error("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", told, one.name)

    def _required(self, record: Record) -> None:
        missing = [name for name in self.needed if record.values.get(name) is None]
        if missing:
            told = f"Required fields are missing: [{', '.join(missing)}]"
            raise row_error("REQUIRED_FIELD_MISSING", told, *missing)

    def _reference(self, one: Field, key: object) -> None:
        if not isinstance(key, str):
            return
        kind, found = self.org.kind_of(key), self.org.record(key)
        if kind not in one.refers_to:
            told = f"{one.label}: id value of incorrect type: {key}"
            raise row_error("FIELD_INTEGRITY_EXCEPTION", told, one.name)
        if one.name == "OwnerId" and kind == "Group" and not self._takes_queue(key):
            told = f"Assigned To ID: id value of incorrect type: {key}"
            raise row_error("FIELD_INTEGRITY_EXCEPTION", told, one.name)
        if found is None:
            raise row_error("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", one.name)
        if found.is_deleted:
            raise row_error("ENTITY_IS_DELETED", "entity is deleted", one.name)
        if one.name == "OwnerId" and kind == "User" and not found.values.get("IsActive"):
            told = "operation performed with inactive user " + f"[{key}] as owner of {kind}"
            raise row_error("INACTIVE_OWNER_OR_USER", told, one.name)

    def _takes_queue(self, queue: str) -> bool:
        """Tell whether a queue may own such a record: of activities only those made for them."""
        rows = self.org.table("QueueSobject").having("QueueId", queue)
        named = {row.values.get("SobjectType") for row in rows if not row.is_deleted}
        return not self.sobject.is_activity or self.sobject.name in named

    def _unique(self, one: Field, record: Record) -> None:
        value = record.values.get(one.name)
        if not isinstance(value, str):
            return
        for other in self.org.table(self.sobject.name).having(one.name, value):
            if other.id == record.id or other.is_deleted:
                continue
            if one.case_sensitive and other.values.get(one.name) != value:
                continue
            told = f"duplicate value found: {one.name} duplicates value on record with id: "
            raise row_error("DUPLICATE_VALUE", told + other.id)

    def _membership(self, record: Record) -> None:
        if self.sobject.name != "CampaignMember" or record.id:
            return
        for name in ("LeadId", "ContactId"):
            key = record.values.get(name)
            person = self.org.record(key) if isinstance(key, str) else None
            if person is None:
                continue
            if name == "LeadId" and person.values.get("IsConverted"):
                raise row_error("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
            for other in self.org.table("CampaignMember").having(name, person.id):
                same = other.values.get("CampaignId") == record.values.get("CampaignId")
                if same and not other.is_deleted:
                    raise row_error("DUPLICATE_VALUE", "Already a campaign member.")

    def _assignment(self, record: Record) -> None:
        if self.sobject.name != "PermissionSetAssignment" or record.id:
            return
        who, given = record.values["AssigneeId"], record.values["PermissionSetId"]
        for other in self.org.table("PermissionSetAssignment").having("AssigneeId", str(who)):
            if other.values.get("PermissionSetId") == given and not other.is_deleted:
                told = (
                    f"Duplicate PermissionSetAssignment. Assignee: {who}; Permission Set: {given}"
                )
                raise row_error("DUPLICATE_VALUE", told, "AssigneeId", "PermissionSetId")

    def _duplicates(self, record: Record) -> None:
        if self.sobject.name not in self.org.options.duplicate_rules or self.allow_duplicates:
            return
        email = record.values.get("Email")
        if not isinstance(email, str):
            return
        for other in self.org.table(self.sobject.name).having("Email", email):
            if other.id != record.id and not other.is_deleted:
                told = "Use one of these records?"
                raise row_error("DUPLICATES_DETECTED", told)

    def _rules(self, record: Record) -> None:
        if not self.org.validation_rules:
            return
        binder = Binder(self.org, self.org.access(self.org.main_user))
        for rule in self.org.validation_rules:
            if rule.sobject != self.sobject.name:
                continue
            conditions = Conditions(binder, self.sobject, "", lambda _: set())
            if conditions.test(rule.condition)(record):
                fields = (rule.field,) if rule.field else ()
                raise row_error("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, *fields)


def checks_of(org: Org, access: Access, sobject: SObject, *, allow_duplicates: bool) -> Checks:
    """Return the checks of an object as the org stands."""
    needed = tuple(
        one.name
        for one in sobject.fields.values()
        if one.is_required or f"{sobject.name}.{one.name}" in org.required
    )
    return Checks(org, access, sobject, allow_duplicates, needed)


def _busy() -> Refusal:
    return row_error("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
