"""Reading of one object type: by list, by change, by id, and its links to contacts."""

from collections.abc import Callable, Mapping, Sequence

import orjson

from connector.crm.hubspot import paths, wire
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.judging import ConflictError, Limit
from connector.crm.hubspot.place import Echo, Span
from connector.crm.hubspot.refusal import Json
from connector.crm.hubspot.wire import Row
from connector.domain.ids import ContactId
from connector.domain.parts import in_parts

LIST_SIZE = 100
SEARCH_SIZE = 200
BATCH_SIZE = 100
LINKS_SIZE = 1_000
MERGED = "hs_merged_object_ids"
"""The property that tells whom a record took over."""
# Accounts of where HubSpot answers 414 differ: 16,200 characters measured, 8,000 failed for some.
LONGEST_PROPERTIES = 6_000
LONGEST_SEARCH = 2_900

Filter = Mapping[str, str]
Foreign = Callable[[Echo], Sequence[Sequence[Filter]]]
"""Returns filter groups, one of which must hold for a change inside an echo not to be ours."""


def where(name: str, operator: str, value: str = "") -> Filter:
    """Return one filter of a search."""
    bare = {"propertyName": name, "operator": operator}
    return {**bare, "value": value} if value else bare


def former_ids(merged: str, id_: str) -> list[str]:
    """Return whom a record took over, by what its property `MERGED` says."""
    ids = (each.strip() for each in merged.split(";"))
    return [each for each in dict.fromkeys(ids) if each and each != id_]


class ObjectReader:
    """One object type of one account. `modified`: its property that moves with every change."""

    def __init__(
        self,
        client: Client,
        kind: str,
        properties: Sequence[str],
        *,
        modified: str = "hs_lastmodifieddate",
        with_contacts: bool = False,
    ) -> None:
        self._client = client
        self.kind = kind
        self._properties = sorted(set(properties))
        self._modified = modified
        self._with_contacts = with_contacts

    def list_page(self, after: str, *, archived: bool = False) -> tuple[list[Row], str]:
        """Return a page of the list, by id, and the cursor behind it; '' behind the last page.

        Of archived records only whom they took over is told.
        """
        joined = ",".join(self._properties)
        too_long = len(joined) > LONGEST_PROPERTIES
        query = {
            "limit": str(LIST_SIZE),
            "properties": MERGED if archived else "hs_object_id" if too_long else joined,
        }
        if after:
            query["after"] = after
        if archived:
            query["archived"] = "true"
        elif self._with_contacts:
            query["associations"] = "contacts"
        reply = self._client.get(paths.objects(self.kind), query, needs="results")
        found = wire.rows(reply)
        if too_long and not archived:
            found = self._completed(found)
        return found, wire.next_after(reply) or ""

    def search_page(
        self,
        span: Span,
        last: str,
        *,
        always: Sequence[Filter] = (),
        foreign: Foreign | None = None,
    ) -> tuple[list[Row], str]:
        """Return changes of a span above an id, by id, and the id to go on above; '' at its end.

        Always from an id upwards, never by offset: rows that change while we read would shift an
        offset and be skipped, and an offset ends at 10,000. `always`: filters of every search;
        `foreign`: of which one group must hold for a change inside the echo not to be ours.
        """
        groups = _groups(span, self._modified, foreign)
        above = [where("hs_object_id", "GT", last), *always]
        body = {
            "filterGroups": [{"filters": [*group, *above]} for group in groups],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "limit": SEARCH_SIZE,
        }
        # One of HubSpot's pages limits the whole body, so long lists of properties go elsewhere.
        too_long = len(orjson.dumps([body, self._properties])) > LONGEST_SEARCH
        body["properties"] = ["hs_object_id"] if too_long else self._properties
        reply = self._client.post(paths.objects(self.kind, "search"), body, limit=Limit.SEARCH)
        found = wire.rows(reply)
        total = reply.get("total")
        full = len(found) >= SEARCH_SIZE
        more = bool(found) and (total > len(found) if isinstance(total, int) else full)
        numbers = [int(row["id"]) for row in found]
        if more and numbers != sorted(numbers):
            # Going on above the last id would leave out what stands behind it.
            raise wire.unreadable("records out of the order that was asked for")
        following = found[-1]["id"] if more else ""
        return self._completed(found) if too_long else found, following

    def read(self, ids: Sequence[str], *, by: str = "") -> list[Row]:
        """Return the records with these ids (or values of the unique property `by`), each once.

        Deleted ones are left out, of merged ones the id differs.
        """
        found: dict[str, Row] = {}
        for some in in_parts(ids, BATCH_SIZE):
            body: dict[str, object] = {
                "inputs": wire.inputs(some),
                "properties": self._properties,
                "propertiesWithHistory": [],
            }
            if by:
                body["idProperty"] = by
            try:
                reply = self._client.post(paths.objects(self.kind, "batch/read"), body)
            except ConflictError as conflict:
                if not conflict.why.is_gone:
                    raise
                continue
            found.update((row["id"], row) for row in wire.rows(reply))
        return list(found.values())

    def contacts_of(
        self, found: Sequence[Row], *, inline: bool
    ) -> Mapping[str, tuple[ContactId, ...]]:
        """Return {record id: its contacts}. `inline`: the rows come from a list, with their links.

        A list shows a record's first hundred links; records with more are asked for.
        """
        if not inline:
            return self._fetch_links([row["id"] for row in found])
        links = {row["id"]: wire.linked_contacts(row) for row in found}
        cut_off = [each for each, contacts in links.items() if contacts is None]
        shown = {each: contacts for each, contacts in links.items() if contacts}
        return shown | self._fetch_links(cut_off)

    def _fetch_links(self, ids: Sequence[str]) -> dict[str, tuple[ContactId, ...]]:
        path = paths.associations(self.kind, "contacts", "read")
        links: dict[str, list[str]] = {}
        waiting: list[Mapping[str, str]] = wire.inputs(ids)
        while waiting:
            some, waiting = waiting[:LINKS_SIZE], waiting[LINKS_SIZE:]
            reply = self._client.post(path, {"inputs": some}, limit=Limit.ASSOCIATIONS)
            for result in wire.objects(reply.get("results")):
                of, found = _link(result)
                links.setdefault(of, []).extend(found)
                after = wire.next_after(result)
                if after:
                    waiting.append({"id": of, "after": after})
        return {of: wire.contact_ids(found) for of, found in links.items()}

    def _completed(self, listed: Sequence[Row]) -> list[Row]:
        links = {row["id"]: row["associations"] for row in listed if "associations" in row}
        complete = self.read([row["id"] for row in listed])
        for row in complete:
            if row["id"] in links:
                row["associations"] = links[row["id"]]
        return complete


def _link(result: Json) -> tuple[str, list[str]]:
    source = result.get("from")
    if not isinstance(source, dict) or "id" not in source:
        raise wire.unreadable("a link without its record")
    return str(source["id"]), wire.link_ends(result.get("to"))


def _groups(span: Span, modified: str, foreign: Foreign | None) -> list[list[Filter]]:
    """Return the filter groups, one of which a change has to pass."""
    since = [where(modified, "GTE", str(span.start))]
    before = [where(modified, "LT", str(span.end))] if span.end is not None else []
    echo = span.echo
    if echo is None or foreign is None:
        return [since + before]
    inside = [where(modified, "GTE", str(echo.since)), where(modified, "LT", str(echo.until))]
    groups = [[*inside, *theirs] for theirs in foreign(echo)]
    if span.start < echo.since:
        groups.append([*since, where(modified, "LT", str(echo.since))])
    if span.end is None or span.end > echo.until:
        groups.append([where(modified, "GTE", str(echo.until)), *before])
    return groups
