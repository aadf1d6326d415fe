"""Every path that the sandbox answers: dated and older twins side by side, one handler for both."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connector.sandbox.hubspot import (
    account,
    allowances,
    associations,
    definitions,
    groups,
    identity,
    oauth,
    reads,
    search,
    segment_lookup,
    stream_api,
    writes,
)
from connector.sandbox.hubspot.call import Answer, Call
from connector.sandbox.hubspot.jobs import Jobs
from connector.sandbox.hubspot.kinds import BY_NAME
from connector.sandbox.hubspot.limits import Lane
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.segments import Segments

Handler = Callable[[Portal, Call], Answer]
Scopes = Callable[[Call], tuple[str, ...]]

DATES = ("2026-03", "2026-09")
OPEN = "{}"


@dataclass(frozen=True, slots=True)
class Route:
    """What one method of one path does, what it counts against and which scopes it takes.

    With `any_scope` one of the scopes suffices.
    """

    handler: Handler
    template: str
    lane: Lane = Lane.GENERAL
    scopes: Scopes = lambda _: ()
    any_scope: bool = False
    version: str = ""
    is_public: bool = False  # whether no token is wanted


@dataclass(slots=True)
class Node:
    """One segment of the tree of paths."""

    children: dict[str, "Node"] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)


def build_tree() -> Node:
    """Return the tree of all paths."""
    root = Node()
    for method, path, route in _all_routes():
        node = root
        for segment in path.strip("/").split("/"):
            node = node.children.setdefault(segment, Node())
        node.routes[method] = route
    return root


def match(root: Node, segments: list[str]) -> tuple[Node, list[str]] | None:
    """Return the node of a path and what stands in its open places; None for an unknown path."""
    node, params = root, []
    for segment in segments:
        child = node.children.get(segment)
        if child is None:
            child = node.children.get(OPEN)
            if child is None or not segment:
                return None
            params.append(segment)
        node = child
    return (node, params) if node.routes else None


def _reads(call: Call) -> tuple[str, ...]:
    kind = BY_NAME.get(call.params[0].lower())
    return kind.reads if kind else ()


def _writes(call: Call) -> tuple[str, ...]:
    kind = BY_NAME.get(call.params[0].lower())
    return kind.writes if kind else ()


def _schema_writes(call: Call) -> tuple[str, ...]:
    kind = BY_NAME.get(call.params[0].lower())
    if kind is None:
        return ()
    is_core = kind.name in {"contacts", "companies", "deals"}
    return (f"crm.schemas.{kind.name if is_core else 'contacts'}.write",)


def _both_sides(action: str, first: int, second: int) -> Scopes:
    def scopes(call: Call) -> tuple[str, ...]:
        kinds = [BY_NAME.get(call.params[place].lower()) for place in (first, second)]
        sides = [kind.reads if action == "read" else kind.writes for kind in kinds if kind]
        # Reading which e-mails a contact has shows nothing of them.
        return tuple(scope for side in sides for scope in side if scope != "sales-email-read")

    return scopes


def fixed(*scopes: str) -> Scopes:
    """Return the same scopes for every call."""
    return lambda _: scopes


_ANY_READ = fixed(
    "crm.objects.contacts.read", "crm.objects.deals.read", "crm.objects.companies.read"
)

# (methods and suffixes below a family's prefixes)
Entry = tuple[str, str, Handler, Scopes]

OBJECTS: tuple[Entry, ...] = (
    ("GET", "/{}", reads.list_page, _reads),
    ("POST", "/{}", writes.create_one, _writes),
    ("GET", "/{}/{}", reads.read_one, _reads),
    ("PATCH", "/{}/{}", writes.update_one, _writes),
    ("DELETE", "/{}/{}", writes.archive_one, _writes),
    ("POST", "/{}/batch/read", reads.read_batch, _reads),
    ("POST", "/{}/batch/create", writes.create_batch, _writes),
    ("POST", "/{}/batch/update", writes.update_batch, _writes),
    ("POST", "/{}/batch/upsert", writes.upsert_batch, _writes),
    ("POST", "/{}/batch/archive", writes.archive_batch, _writes),
    ("POST", "/{}/merge", identity.merge, _writes),
    ("POST", "/{}/gdpr-delete", identity.gdpr_delete, _writes),
)
PAIRS: tuple[Entry, ...] = (
    ("PUT", "/{}/{}/associations/{}/{}", associations.put_pair, _both_sides("write", 0, 2)),
    ("DELETE", "/{}/{}/associations/{}/{}", associations.delete_pair, _both_sides("write", 0, 2)),
    (
        "PUT",
        "/{}/{}/associations/default/{}/{}",
        associations.put_default_pair,
        _both_sides("write", 0, 2),
    ),
)
ASSOCIATIONS: tuple[Entry, ...] = (
    ("POST", "/{}/{}/batch/read", associations.read_batch, _both_sides("read", 0, 1)),
    ("POST", "/{}/{}/batch/create", associations.create_batch, _both_sides("write", 0, 1)),
    (
        "POST",
        "/{}/{}/batch/associate/default",
        associations.create_default_batch,
        _both_sides("write", 0, 1),
    ),
    ("POST", "/{}/{}/batch/archive", associations.archive_batch, _both_sides("write", 0, 1)),
    (
        "POST",
        "/{}/{}/batch/labels/archive",
        associations.archive_labels,
        _both_sides("write", 0, 1),
    ),
    ("GET", "/{}/{}/labels", associations.list_labels, _both_sides("read", 0, 1)),
)
PROPERTIES: tuple[Entry, ...] = (
    ("POST", "/{}", definitions.create_property, _schema_writes),
    ("PATCH", "/{}/{}", definitions.change_property, _schema_writes),
    ("DELETE", "/{}/{}", definitions.archive_property, _schema_writes),
    ("POST", "/{}/batch/create", definitions.create_properties, _schema_writes),
    ("POST", "/{}/batch/archive", definitions.archive_properties, _schema_writes),
    ("POST", "/{}/groups", groups.create_group, _schema_writes),
    ("PATCH", "/{}/groups/{}", groups.change_group, _schema_writes),
    ("DELETE", "/{}/groups/{}", groups.archive_group, _schema_writes),
)
PROPERTY_READS: tuple[Entry, ...] = (
    ("GET", "/{}", definitions.list_properties, _ANY_READ),
    ("GET", "/{}/{}", definitions.read_property, _ANY_READ),
    ("POST", "/{}/batch/read", definitions.read_properties, _ANY_READ),
    ("GET", "/{}/groups", groups.list_groups, _ANY_READ),
    ("GET", "/{}/groups/{}", groups.read_group, _ANY_READ),
)
PIPELINES: tuple[Entry, ...] = (
    ("GET", "/{}", account.list_pipelines, _ANY_READ),
    ("GET", "/{}/{}", account.read_pipeline, _ANY_READ),
    ("GET", "/{}/{}/stages", account.list_stages, _ANY_READ),
    ("GET", "/{}/{}/stages/{}", account.read_stage, _ANY_READ),
)
VALIDATIONS: tuple[Entry, ...] = (
    ("GET", "/{}", definitions.list_validations, _ANY_READ),
    ("GET", "/{}/{}", definitions.list_validations, _ANY_READ),
)
OWNERS: tuple[Entry, ...] = (
    ("GET", "", account.list_owners, fixed("crm.objects.owners.read")),
    ("GET", "/{}", account.read_owner, fixed("crm.objects.owners.read")),
)


def _segments(method: Callable[[Segments, Call], Answer]) -> Handler:
    return lambda portal, call: method(Segments(portal), call)


def _jobs(method: Callable[[Jobs, Call], Answer]) -> Handler:
    return lambda portal, call: method(Jobs(portal), call)


_LISTS_READ, _LISTS_WRITE = fixed("crm.lists.read"), fixed("crm.lists.write")
LISTS: tuple[Entry, ...] = (
    ("POST", "", _segments(Segments.create), _LISTS_WRITE),
    ("GET", "", segment_lookup.read_many, _LISTS_READ),
    ("POST", "/search", segment_lookup.search, _LISTS_READ),
    ("GET", "/{}", _segments(Segments.read), _LISTS_READ),
    ("DELETE", "/{}", _segments(Segments.delete), _LISTS_WRITE),
    ("PUT", "/{}/restore", _segments(Segments.restore), _LISTS_WRITE),
    ("GET", "/object-type-id/{}/name/{}", _segments(Segments.read_by_name), _LISTS_READ),
    ("PUT", "/{}/update-list-filters", _segments(Segments.change_filters), _LISTS_WRITE),
    ("PUT", "/{}/update-list-name", _segments(Segments.rename), _LISTS_WRITE),
    ("GET", "/{}/memberships", _segments(Segments.members), _LISTS_READ),
    ("DELETE", "/{}/memberships", segment_lookup.empty, _LISTS_WRITE),
    ("GET", "/{}/memberships/join-order", segment_lookup.members_by_time, _LISTS_READ),
    ("GET", "/records/{}/{}/memberships", segment_lookup.lists_of_record, _LISTS_READ),
    ("PUT", "/{}/memberships/add-from/{}", segment_lookup.add_from, _LISTS_WRITE),
    ("PUT", "/{}/memberships/add", _segments(Segments.add), _LISTS_WRITE),
    ("PUT", "/{}/memberships/remove", _segments(Segments.remove), _LISTS_WRITE),
    ("PUT", "/{}/memberships/add-and-remove", _segments(Segments.add_and_remove), _LISTS_WRITE),
)
EXPORTS: tuple[Entry, ...] = (
    ("POST", "/export/async", _jobs(Jobs.start_export), fixed("crm.export")),
    ("GET", "/export/async/tasks/{}/status", _jobs(Jobs.export_status), fixed("crm.export")),
)
IMPORTS: tuple[Entry, ...] = (
    ("POST", "", _jobs(Jobs.start_import), fixed("crm.import")),
    ("GET", "", _jobs(Jobs.list_imports), fixed("crm.import")),
    ("GET", "/{}", _jobs(Jobs.import_status), fixed("crm.import")),
    ("GET", "/{}/errors", _jobs(Jobs.import_errors), fixed("crm.import")),
    ("POST", "/{}/cancel", _jobs(Jobs.cancel_import), fixed("crm.import")),
)
_EVENTS_READ = fixed("crm.objects.marketing_events.read")
EVENTS: tuple[Entry, ...] = (
    ("GET", "", stream_api.list_marketing_events, _EVENTS_READ),
    ("GET", "/{}", stream_api.read_marketing_event, _EVENTS_READ),
    ("GET", "/participations/{}", stream_api.read_counters, _EVENTS_READ),
    ("GET", "/participations/{}/breakdown", stream_api.event_breakdown, _EVENTS_READ),
    ("GET", "/participations/contacts/{}/breakdown", stream_api.contact_breakdown, _EVENTS_READ),
)
FORMS: tuple[Entry, ...] = (
    ("GET", "", stream_api.list_forms, fixed("forms")),
    ("GET", "/{}", stream_api.read_form, fixed("forms")),
)
# These have no dated twin.
SUBMISSIONS: tuple[Entry, ...] = (
    ("GET", "/submissions/forms/{}", stream_api.list_submissions, fixed("forms")),
)
MAIL: tuple[Entry, ...] = (
    ("GET", "/events", stream_api.list_mail_events, fixed("content")),
    ("GET", "/campaigns/{}", stream_api.read_campaign, fixed("content")),
)


def _family(
    old: str,
    new: str,
    entries: tuple[Entry, ...],
    *,
    lane: Lane = Lane.GENERAL,
    any_scope: bool = False,
    dates: tuple[str, ...] = DATES,
) -> Iterator[tuple[str, str, Route]]:
    """Yield the routes of one area under its older prefix and under each date."""
    prefixes = [new.format(date=date) for date in dates] + ([old] if old else [])
    for prefix in prefixes:
        version = next(
            (part for part in prefix.split("/") if part[:2] == "20" or part[:1] == "v"), ""
        )
        for method, suffix, handler, scopes in entries:
            path = prefix + suffix
            yield method, path, Route(handler, path, lane, scopes, any_scope, version)


def _all_routes() -> Iterator[tuple[str, str, Route]]:
    objects, dated = "/crm/v3/objects", "/crm/objects/{date}"
    yield from _family("/crm/v3/lists", "/crm/lists/{date}", LISTS)
    yield from _family("/crm/v3/exports", "/crm/exports/{date}", EXPORTS)
    yield from _family("/crm/v3/imports", "/crm/imports/{date}", IMPORTS)
    yield from _family(
        "/marketing/v3/marketing-events", "/marketing/marketing-events/{date}", EVENTS
    )
    yield from _family(
        "/marketing/v3/forms", "/marketing/forms/{date}", FORMS, dates=("2026-09-beta",)
    )
    yield from _family("/form-integrations/v1", "", SUBMISSIONS, dates=())
    yield from _family("/email/public/v1", "", MAIL, dates=())
    searched: tuple[Entry, ...] = (("POST", "/{}/search", search.search, _reads),)
    yield from _family(objects, dated, OBJECTS)
    yield from _family(objects, dated, searched, lane=Lane.SEARCH)
    yield from _family("/crm/v4/objects", dated, PAIRS, lane=Lane.ASSOCIATIONS)
    single: tuple[Entry, ...] = (
        ("GET", "/{}/{}/associations/{}", associations.read_one, _both_sides("read", 0, 2)),
    )
    yield from _family("/crm/v4/objects", dated, single, dates=("2026-03",))
    yield from _family(
        "/crm/v4/associations", "/crm/associations/{date}", ASSOCIATIONS, lane=Lane.ASSOCIATIONS
    )
    yield from _family(
        "/crm/v3/associations", "", ASSOCIATIONS[:1], lane=Lane.ASSOCIATIONS, dates=()
    )
    yield from _family("/crm/v3/properties", "/crm/properties/{date}", PROPERTIES)
    yield from _family(
        "/crm/v3/properties", "/crm/properties/{date}", PROPERTY_READS, any_scope=True
    )
    yield from _family(
        "/crm/v3/property-validations",
        "/crm/property-validations/{date}",
        VALIDATIONS,
        any_scope=True,
    )
    yield from _family("/crm/v3/pipelines", "/crm/pipelines/{date}", PIPELINES, any_scope=True)
    yield from _family("/crm/v3/owners", "/crm/owners/{date}", OWNERS)
    usage: tuple[Entry, ...] = (("GET", "/{}", allowances.usage, _ANY_READ),)
    yield from _family("/crm/v3/limits", "/crm/limits/{date}", usage, any_scope=True)
    facts: tuple[Entry, ...] = (
        ("GET", "/details", account.details, fixed()),
        ("GET", "/api-usage/daily/private-apps", account.daily_usage, fixed()),
    )
    yield from _family("/account-info/v3", "/account-info/{date}", facts)
    for method, path, handler in (
        ("GET", "/oauth/v1/access-tokens/{}", oauth.access_token_info),
        ("GET", "/oauth/v1/refresh-tokens/{}", oauth.refresh_token_info),
        ("DELETE", "/oauth/v1/refresh-tokens/{}", oauth.forget_refresh_token),
    ):
        yield method, path, Route(handler, path, Lane.FREE, is_public=True)
    issuing = ("/oauth/v1/token", "/oauth/2026-03/token", "/oauth/2026-09/token")
    for path in issuing:
        yield "POST", path, Route(oauth.issue_token, path, Lane.FREE, is_public=True)
    for path in issuing[1:]:
        for verb, handler in (("introspect", oauth.introspect), ("revoke", oauth.revoke)):
            template = f"{path}/{verb}"
            yield "POST", template, Route(handler, template, Lane.FREE, is_public=True)
