"""Creates, changes and deletes records as the platform does: checks, owners, stamps, cascades."""

from dataclasses import dataclass, field

from connector.sandbox.salesforce.checks import Checks, checks_of
from connector.sandbox.salesforce.derive import defaults, derived
from connector.sandbox.salesforce.fields import SObject
from connector.sandbox.salesforce.org import Access, Org
from connector.sandbox.salesforce.refusals import not_found, row_error
from connector.sandbox.salesforce.table import Record, Values
from connector.sandbox.salesforce.tracking import HISTORIES, track

ASSIGNED = frozenset({"Lead", "Account", "Case"})  # objects whose assignment rules REST runs


@dataclass(slots=True)
class Writer:
    """Writes for one user. What it did can be taken back with `roll_back`, for all-or-none."""

    org: Org
    access: Access
    auto_assign: bool = False
    allow_duplicates: bool = False
    _known_checks: dict[str, Checks] = field(default_factory=dict)
    _journal: list[tuple[str, str, Record | None]] = field(default_factory=list)

    def insert(self, sobject: SObject, values: Values) -> Record:
        """Create a record. Raises Refusal with the row's error."""
        org, now, table = self.org, self.org.now_s(), self.org.table(sobject.name)
        checks = self._checks(sobject)
        checks.may("create")
        checks.obtainable()
        checks.writable(values, creating=True)
        new = defaults(org, sobject.name, self.access.user)
        new |= {name: value for name, value in values.items() if value is not None}
        new |= derived(org, sobject.name, new, now)
        record = Record("", _known(new), now, self.access.user, now, self.access.user, now)
        checks.complete(record, values)
        if self.auto_assign and sobject.name in org.assigned_to:
            record.values["OwnerId"] = org.assigned_to[sobject.name]
        record.id = table.new_id()
        self._journal.append((sobject.name, record.id, None))
        table.put(record)
        org.changes += 1
        self._follow(sobject, record)
        return record

    def update(self, sobject: SObject, record_id: str, values: Values) -> Record:
        """Change a record. Raises Refusal with the row's error."""
        org, now, table = self.org, self.org.now_s(), self.org.table(sobject.name)
        record = self.found(sobject, record_id)
        checks = self._checks(sobject)
        checks.may("edit")
        checks.untouchable(record)
        checks.writable(values, creating=False)
        changed = dict(record.values)
        changed |= values
        extra = derived(org, sobject.name, changed, now)
        if self.auto_assign and sobject.name in org.assigned_to:
            extra["OwnerId"] = org.assigned_to[sobject.name]
        checks.complete(record.twin(_known(changed | extra)), values)
        self._remember(sobject.name, record)
        for row in track(org, sobject.name, record, values | extra, self.access.user):
            self._journal.append((HISTORIES[sobject.name], row.id, None))
        table.change(record, values | extra)
        self._stamp(sobject.name, record, now)
        self._follow(sobject, record)
        return record

    def delete(self, sobject: SObject, record_id: str) -> None:
        """Put a record into the recycle bin, and what depends on it."""
        record = self.found(sobject, record_id)
        checks = self._checks(sobject)
        checks.may("delete")
        checks.unlocked(record)
        self._discard(sobject.name, record)

    def found(self, sobject: SObject, record_id: str) -> Record:
        """Return the record of an id, or refuse: unknown, of another object, or deleted."""
        record = self.org.table(sobject.name).rows.get(record_id)
        if record is None:
            if self.org.kind_of(record_id) not in {"", sobject.name}:
                raise row_error("INVALID_ID_FIELD", f"{record_id} is no {sobject.name}", "Id")
            raise row_error("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if self.org.purged(record):
            raise not_found()
        if record.is_deleted:
            raise row_error("ENTITY_IS_DELETED", "entity is deleted")
        return record

    def roll_back(self) -> None:
        """Take back everything that this writer did."""
        for kind, record_id, before in reversed(self._journal):
            table = self.org.table(kind)
            record = table.rows[record_id]
            if before is None:
                table.purge(record)
                continue
            gone = dict.fromkeys(record.values.keys() - before.values.keys())
            table.change(record, gone | before.values)
            record.stamp_s, record.modified_s = before.stamp_s, before.modified_s
            record.modified_by, record.is_deleted = before.modified_by, before.is_deleted
            table.log(record)
        self._journal.clear()

    def _checks(self, sobject: SObject) -> Checks:
        checks = self._known_checks.get(sobject.name)
        if checks is None:
            checks = checks_of(
                self.org, self.access, sobject, allow_duplicates=self.allow_duplicates
            )
            self._known_checks[sobject.name] = checks
        return checks

    def _discard(self, kind: str, record: Record) -> None:
        self._remember(kind, record)
        record.is_deleted = True
        self._stamp(kind, record, self.org.now_s())
        for child in self.org.objects.values():
            for one in child.fields.values():
                if one.cascades and kind in one.refers_to:
                    for row in self.org.table(child.name).having(one.name, record.id):
                        if not row.is_deleted:
                            self._discard(child.name, row)

    def _remember(self, kind: str, record: Record) -> None:
        self._journal.append((kind, record.id, record.twin()))

    def _stamp(self, kind: str, record: Record, now_s: int) -> None:
        record.modified_s = record.stamp_s = now_s
        record.modified_by = self.access.user
        self.org.table(kind).log(record)
        self.org.changes += 1

    def _follow(self, sobject: SObject, record: Record) -> None:
        if sobject.name == "Campaign" and self._journal[-1][2] is None:
            self._add_statuses(record)
        if sobject.is_activity:
            self._date_person(record)
        if sobject.name == "EmailMessage" and not record.values.get("ActivityId"):
            self._log_mail(record)

    def _add_statuses(self, campaign: Record) -> None:
        for place, (label, responded) in enumerate((("Sent", False), ("Responded", True)), 1):
            values: Values = {
                "CampaignId": campaign.id, "Label": label, "HasResponded": responded,
                "IsDefault": not responded, "SortOrder": place,
            }  # fmt: skip
            row = self.org.add("CampaignMemberStatus", values, by=self.access.user)
            self._journal.append(("CampaignMemberStatus", row.id, None))

    def _date_person(self, activity: Record) -> None:
        # LastActivityDate is derived: it moves without a stamp.
        who, day = activity.values.get("WhoId"), activity.values.get("ActivityDate")
        person = self.org.record(who) if isinstance(who, str) else None
        if person is not None and isinstance(day, str):
            last = str(person.values.get("LastActivityDate", ""))
            person.values["LastActivityDate"] = max(day, last)

    def _log_mail(self, mail: Record) -> None:
        values: Values = {
            "Subject": mail.values.get("Subject"), "Status": "Completed", "Priority": "Normal",
            "TaskSubtype": "Email", "WhatId": mail.values.get("RelatedToId"), "IsClosed": True,
            "OwnerId": self.access.user,
        }  # fmt: skip
        task = self.org.add("Task", _known(values), by=self.access.user)
        self._journal.append(("Task", task.id, None))
        self.org.table("EmailMessage").change(mail, {"ActivityId": task.id})


def _known(values: Values) -> Values:
    return {name: value for name, value in values.items() if value is not None}
