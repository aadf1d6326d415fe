"""The book that a fill keeps: the records that it has made so far, to be taken in at the end."""

from collections import defaultdict
from dataclasses import dataclass, field

from connector.sandbox.salesforce.notation import field_of
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.table import Record, Values


@dataclass(slots=True)
class Book:
    """Records made for an org, not yet in it. `people` and `owners` go by the world's keys."""

    org: Org
    made: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    people: dict[str, Record] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    queue: str = ""  # the id of the queue of leads that nobody has taken
    campaigns: dict[str, Record] = field(default_factory=dict)
    members: dict[tuple[str, str], Record] = field(default_factory=dict)
    mails: dict[tuple[str, str], Record] = field(default_factory=dict)

    def add(self, kind: str, values: Values, at_s: int) -> Record:
        """Make a record; what is None or empty in it is left out."""
        by = self.org.main_user
        known = {name: value for name, value in values.items() if value is not None and value != ""}
        record = Record(self.org.table(kind).new_id(), known, at_s, by, at_s, by, at_s)
        self.made[kind].append(record)
        return record

    def touch(self, record: Record, at_s: int, **values: object) -> None:
        """Change a record that was made before, at a later moment."""
        record.values |= {name: value for name, value in values.items() if value is not None}
        record.stamp_s = max(record.stamp_s, at_s)
        record.modified_s = record.stamp_s

    def close(self) -> None:
        """Take everything into the org."""
        for kind, records in self.made.items():
            table = self.org.table(kind)
            table.load([*table.rows.values(), *records])
        self.made.clear()
        self.org.changes += 1

    def define(self, kinds: tuple[str, ...], *notations: str) -> None:
        """Give objects custom fields that everybody sees."""
        for kind in kinds:
            for notation in notations:
                one = field_of(notation)
                if kind in self.org.objects and self.org.objects[kind].find(one.name) is None:
                    one.custom = True
                    self.org.objects[kind].add([one])
