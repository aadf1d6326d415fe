"""The account itself: facts, usage, owners, pipelines."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from connector.sandbox.hubspot.call import Answer, Call
from connector.sandbox.hubspot.kinds import kind_of
from connector.sandbox.hubspot.moments import iso, to_ms
from connector.sandbox.hubspot.pipelines import PIPELINES, Pipeline, Stage
from connector.sandbox.hubspot.portal import DAILY, Owner, Portal
from connector.sandbox.hubspot.refusals import Json, not_found


def details(portal: Portal, _: Call) -> Answer:
    """Serve the facts of the account."""
    options = portal.options
    offset = portal.clock.now().astimezone(ZoneInfo(options.time_zone)).utcoffset()
    ms = 0 if offset is None else int(offset.total_seconds() * 1_000)
    hours, minutes = divmod(abs(ms) // 60_000, 60)
    return Answer(
        body={
            "portalId": options.portal_id,
            "accountType": "SANDBOX",
            "timeZone": options.time_zone,
            "companyCurrency": options.currency,
            "additionalCurrencies": [],
            "utcOffset": f"{'-' if ms < 0 else '+'}{hours:02d}:{minutes:02d}",
            "utcOffsetMilliseconds": ms,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "eu1",
        }
    )


def daily_usage(portal: Portal, _: Call) -> Answer:
    """Serve how many of today's calls are used."""
    local = portal.clock.now().astimezone(ZoneInfo(portal.options.time_zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    usage: Json = {
        "name": "private-apps-api-calls-daily",
        "currentUsage": portal.used_today,
        "usageLimit": DAILY[portal.options.tier],
        "collectedAt": iso(portal.now_ms()),
        "resetsAt": iso(to_ms(midnight)),
        "fetchStatus": "SUCCESS",
    }
    return Answer(body={"results": [usage]})


def list_owners(portal: Portal, call: Call) -> Answer:
    """Serve a page of owners; archived ones only when asked for."""
    is_archived, email = call.flag("archived"), call.text("email").lower()
    limit, after = call.limit(100, 500), call.number("after", 0)
    owners = [
        owner
        for owner in sorted(portal.owners.values(), key=lambda owner: owner.id)
        if (owner.archived_ms is not None) is is_archived
        and owner.id >= after
        and email in {"", owner.email.lower()}
    ]
    body: Json = {"results": [owner.as_json() for owner in owners[:limit]]}
    if len(owners) > limit:
        following = str(owners[limit].id)
        link = f"{call.base_url}{call.path}?limit={limit}&after={following}"
        body["paging"] = {"next": {"after": following, "link": link}}
    return Answer(body=body)


def read_owner(portal: Portal, call: Call) -> Answer:
    """Serve one owner by owner id or user id."""
    key, by_user = call.params[0], call.text("idProperty") == "userId"
    for owner in portal.owners.values():
        if key == str(owner.user_id if by_user else owner.id) and _fits(owner, call):
            return Answer(body=owner.as_json())
    raise not_found()


def _fits(owner: Owner, call: Call) -> bool:
    return (owner.archived_ms is not None) is call.flag("archived")


def list_pipelines(_: Portal, call: Call) -> Answer:
    """Serve the pipelines of a type; deals and leads have one here."""
    pipeline = PIPELINES.get(kind_of(call.params[0]).name)
    return Answer(body={"results": [_pipeline(pipeline)] if pipeline else []})


def read_pipeline(_: Portal, call: Call) -> Answer:
    """Serve one pipeline."""
    return Answer(body=_pipeline(_asked(call)))


def list_stages(_: Portal, call: Call) -> Answer:
    """Serve the stages of one pipeline."""
    return Answer(body={"results": _stages(_asked(call))})


def read_stage(_: Portal, call: Call) -> Answer:
    """Serve one stage of one pipeline."""
    for stage in _stages(_asked(call)):
        if stage["id"] == call.params[2]:
            return Answer(body=stage)
    raise not_found()


def _asked(call: Call) -> Pipeline:
    pipeline = PIPELINES.get(kind_of(call.params[0]).name)
    if pipeline is None or call.params[1] != pipeline.id:
        raise not_found()
    return pipeline


def _pipeline(pipeline: Pipeline) -> Json:
    return {
        "id": pipeline.id,
        "label": pipeline.label,
        "displayOrder": 0,
        "createdAt": iso(0),
        "updatedAt": iso(0),
        "archived": False,
        "stages": _stages(pipeline),
    }


def _stages(pipeline: Pipeline) -> list[Json]:
    return [_stage(stage, place) for place, stage in enumerate(pipeline.stages)]


def _stage(stage: Stage, place: int) -> Json:
    probability = {"probability": stage.probability} if stage.probability else {}
    return {
        "id": stage.id,
        "label": stage.label,
        "displayOrder": place,
        "metadata": {"isClosed": str(stage.is_closed).lower(), **probability},
        "createdAt": iso(0),
        "updatedAt": iso(0),
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }
