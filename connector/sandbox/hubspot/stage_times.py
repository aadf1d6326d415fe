"""When a record entered and left its stages, which HubSpot keeps in properties of their own."""

from collections.abc import Mapping

from connector.sandbox.hubspot.kinds import Kind
from connector.sandbox.hubspot.moments import iso, parse_datetime

STAGED_BY = {"contacts": "lifecyclestage", "deals": "dealstage"}


def stage_times(
    kind: Kind, held: Mapping[str, str], values: Mapping[str, str], now_ms: int
) -> dict[str, str]:
    """Return the times that follow from a change of the stage; nothing if it stays."""
    name = STAGED_BY.get(kind.name, "")
    if name not in values or values[name] == held.get(name, ""):
        return {}
    now = iso(now_ms)
    left, entered = held.get(name, ""), values[name]
    times = {"hs_v2_date_entered_current_stage": now if entered else ""}
    if left:
        times[f"hs_v2_date_exited_{left}"] = now
        times |= _spent(held, left, now_ms)
    if entered:
        times[f"hs_v2_date_entered_{entered}"] = now
        times[f"hs_v2_date_exited_{entered}"] = ""
    return times


def _spent(held: Mapping[str, str], stage: str, now_ms: int) -> dict[str, str]:
    since = parse_datetime(held.get(f"hs_v2_date_entered_{stage}", ""))
    if since is None:
        return {}
    name = f"hs_v2_cumulative_time_in_{stage}"
    return {name: str(int(held.get(name, "0")) + now_ms - since)}
