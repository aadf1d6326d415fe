"""What is read to a checkpoint of its own: people, and the records that tell what they did."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from connector.crm.salesforce import place as places
from connector.crm.salesforce import soql
from connector.crm.salesforce.feeds import Batch, Reader
from connector.crm.salesforce.people import People, object_of
from connector.crm.salesforce.place import Place, Places
from connector.crm.salesforce.rows import Row
from connector.crm.salesforce.sources import Records
from connector.crm.salesforce.windows import Feed, Opening
from connector.crm.values import moment
from connector.domain.contact import Activity, Gone, KnownTask
from connector.domain.ids import ContactId, TaskId, TaskKey
from connector.ports import Page

DELETED = "IsDeleted"
STAMP = "SystemModstamp"


class Pages(Protocol):
    """Turns the rows of a stream's feeds into pages."""

    @property
    def feeds(self) -> Sequence[Feed]:
        """The objects that the stream reads, in order."""
        ...

    def page(self, batch: Batch, checkpoint: str) -> Page:
        """Return the page that some rows make."""
        ...


def read(
    stream: Pages, reader: Reader, checkpoint: str | None, openings: Mapping[str, Opening]
) -> Iterator[Page]:
    """Yield a stream's pages from a checkpoint up to now, as `Crm.pages` promises."""
    found: Places = places.load(checkpoint)
    unknown = [feed.name for feed in stream.feeds if feed.name not in found]
    found.update((name, Place()) for name in unknown)
    lacking = [
        (feed, found[feed.name])
        for feed in stream.feeds
        if feed.name not in openings and not found[feed.name].job
    ]
    opened = {**openings, **(reader.open(lacking) if lacking else {})}
    expected = {name: opening.total or 0 for name, opening in opened.items()}
    for feed in stream.feeds:
        for batch in reader.read(feed, found[feed.name], opened.get(feed.name)):
            page = stream.page(batch, places.dump(found))
            if batch.total is not None:
                expected[feed.name] = batch.total
            yield replace(page, total=sum(expected.values()))


@dataclass(frozen=True, slots=True)
class PeopleStream:
    """Leads and contacts, as contacts. `fetch` returns rows of living people by id."""

    people: Mapping[str, People]
    fetch: Callable[[Sequence[str]], Mapping[str, Row]]

    @property
    def feeds(self) -> Sequence[Feed]:
        """One for each object."""
        return [each.feed for each in self.people.values()]

    def page(self, batch: Batch, checkpoint: str) -> Page:
        """Return contacts, what their dates tell, and who is gone or somebody else now."""
        people = self.people[batch.feed.name]
        gone = [each for row in batch.rows if (each := people.gone(row))]
        missing = {each.id for each in gone}
        living = {row["Id"]: row for row in batch.rows if row["Id"] not in missing}
        former = _merged(batch.rows)
        # The survivor of a merge comes along, also if its own change stands on another page.
        absent = [id_ for id_ in former if id_ not in living]
        living.update(self.fetch(absent) if absent else {})
        contacts = [
            people.contact(row, former=former.get(id_ or "", ())) for id_, row in living.items()
        ]
        activities = [each for row in living.values() for each in people.activities(row)]
        known = missing | living.keys()
        gone += [Gone(ContactId(id_)) for id_ in batch.purged if id_ not in known]
        return Page(checkpoint, contacts, activities, gone=gone)


def _merged(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return {survivor: the rows of those that were merged into it}."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        master = row.get("MasterRecordId")
        if master and row.get(DELETED) == "true":
            found.setdefault(master, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class RecordStream:
    """An object whose records tell what people did.

    `who`: the columns of which the first that names a person says whose they are. `key`: the column
    by which tasks of ours are known; they are no activities.
    """

    feed: Feed
    records: Records
    who: tuple[str, ...]
    key: str = ""

    @property
    def feeds(self) -> Sequence[Feed]:
        """The one object."""
        return [self.feed]

    def page(self, batch: Batch, checkpoint: str) -> Page:
        """Return the activities, and our own tasks apart from them."""
        tasks: list[KnownTask] = []
        activities: list[Activity] = []
        for row in batch.rows:
            contact = self._contact(row)
            if self.key and row.get(self.key):
                tasks.append(_known(row, self.key, contact))
            elif contact is not None:
                activities += self.records.activities(
                    row["Id"] or "",
                    row,
                    contact,
                    is_news=not batch.is_first,
                    is_deleted=row.get(DELETED) == "true",
                )
        return Page(checkpoint, activities=activities, tasks=tasks)

    def _contact(self, row: Row) -> ContactId | None:
        for column in self.who:
            id_ = row.get(column)
            if id_ and object_of(id_):
                return ContactId(id_)
        return None


def _known(row: Row, key: str, contact: ContactId | None) -> KnownTask:
    # One that a person deleted is done: nobody is to act on it any more.
    is_done = row.get("IsClosed") == "true" or row.get(DELETED) == "true"
    changed = moment(row[STAMP] or "") or 0
    return KnownTask(TaskId(row["Id"] or ""), TaskKey(row[key] or ""), contact, is_done, changed)


def record_feed(
    source: str, columns: Sequence[str], who: Sequence[str], numbers: frozenset[str]
) -> Feed:
    """Return how an object of records is read: those without a person are left out."""
    conditions = (soql.known(who[0]),) if len(who) == 1 else ()
    return Feed(
        name=source,
        source=source,
        columns=tuple(columns),
        conditions=conditions,
        at_first=(soql.says(DELETED, value=False),),
        numbers=numbers,
    )


MAIL = "EmailMessage"
_MAIL = "EmailMessage."
RELATION = "EmailMessageRelation"


@dataclass(frozen=True, slots=True)
class MailStream:
    """Mails that the org keeps, one row for each person that a mail links.

    They are read through the links: a file of a query cannot hold a mail with its links beneath.
    """

    feeds: Sequence[Feed]
    records: Records

    def page(self, batch: Batch, checkpoint: str) -> Page:
        """Return the activities of whoever wrote an incoming mail, or got an outgoing one."""
        activities: list[Activity] = []
        for link in batch.rows:
            row = {
                name.removeprefix(_MAIL): text
                for name, text in link.items()
                if name.startswith(_MAIL)
            }
            person = link.get("RelationId")
            is_sender = link.get("RelationType") == "FromAddress"
            is_incoming = row.get("Incoming") == "true"
            if not person or not object_of(person) or is_sender is not is_incoming:
                continue
            activities += self.records.activities(
                link["EmailMessageId"] or "",
                row,
                ContactId(person),
                is_news=not batch.is_first,
                is_deleted="true" in (link.get(DELETED), row.get(DELETED)),
            )
        return Page(checkpoint, activities=activities)


def mail_feeds(columns: Sequence[str], numbers: frozenset[str]) -> list[Feed]:
    """Return how mails are read: those that changed, then links that did.

    A mail that is opened moves its own stamp; a link that is made later, or taken away, its own.
    """
    linked = (soql.known("RelationId"),)
    mails = Feed(
        name=MAIL,
        source=RELATION,
        columns=tuple(columns),
        conditions=linked,
        at_first=(soql.says(DELETED, value=False),),
        stamp=f"{_MAIL}{STAMP}",
        clock_of=MAIL,
        numbers=numbers,
    )
    links = replace(mails, name=RELATION, at_first=(soql.NOTHING,), stamp=STAMP, clock_of="")
    return [mails, links] if STAMP in columns else [mails]


def mail_columns(columns: Sequence[str]) -> list[str]:
    """Return what to select of links and, behind them, of mails."""
    own = ["Id", DELETED, STAMP, "EmailMessageId", "RelationId", "RelationType"]
    needed = dict.fromkeys(["Incoming", DELETED, STAMP, *columns])
    return [*own, *(f"{_MAIL}{name}" for name in needed)]
