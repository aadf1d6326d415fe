"""How much of what the account may hold is used: records, custom properties, pipelines."""

from collections.abc import Mapping

from connector.sandbox.hubspot.call import Answer, Call
from connector.sandbox.hubspot.kinds import KINDS
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Json, not_found

RECORDS, CUSTOM_PER_TYPE, CUSTOM_PER_ACCOUNT, PIPELINES = 15_000_000, 1_000, 10_000, 100


def usage(portal: Portal, call: Call) -> Answer:
    """Serve one of the allowances."""
    what = call.params[0]
    if what == "records":
        used = {name: len(table.live) for name, table in portal.tables.items()}
        return Answer(body=_by_origin(used, RECORDS))
    if what == "pipelines":
        return Answer(body=_by_origin({"deals": 1}, PIPELINES))
    if what == "custom-properties":
        used = {name: _custom(portal, name) for name in portal.schemas}
        overall = _overall(sum(used.values()), CUSTOM_PER_ACCOUNT)
        return Answer(body=overall | {"byObjectType": _rows(used, CUSTOM_PER_TYPE)})
    raise not_found(f"Unknown limit {what}")


def _custom(portal: Portal, name: str) -> int:
    properties = portal.schemas[name].properties.values()
    return sum(not prop.is_builtin and prop.archived_ms is None for prop in properties)


def _by_origin(used: Mapping[str, int], limit: int) -> Json:
    return {
        "hubspotDefinedObjectTypes": _rows(used, limit),
        "customObjectTypes": _overall(0, limit) | {"byObjectType": []},
    }


def _overall(used: int, limit: int) -> Json:
    return {
        "overallLimit": limit,
        "overallUsage": used,
        "overallPercentage": 100 * used / limit,
    }


def _rows(used: Mapping[str, int], limit: int) -> list[Json]:
    return [
        {
            "objectTypeId": kind.type_id,
            "singularLabel": kind.singular.capitalize(),
            "pluralLabel": kind.name.capitalize(),
            "limit": limit,
            "usage": used[kind.name],
            "percentage": 100 * used[kind.name] / limit,
        }
        for kind in KINDS
        if kind.name in used
    ]
