"""Whether our user may edit what belongs to others: asked of a few recent ones."""

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce import soql
from connector.crm.salesforce.client import Client, Sub, objects
from connector.crm.salesforce.fields import written_objects
from connector.crm.salesforce.findings import Findings
from connector.crm.salesforce.schema import Schema

_SAMPLE = 50
# In no order: of millions of records that would take the time-out of a query.
_RECENT = soql.Condition("SystemModstamp = LAST_N_DAYS:42")
_LEAD = "Lead"


def check_sharing(
    mapping: SalesforceMapping, client: Client, schema: Schema, user: str, told: Findings
) -> None:
    """Say of which objects our user may not edit other people's records. Two calls."""
    written = [name for name in written_objects(mapping) if _is_editable(schema, name)]
    if not written:
        return
    recent = client.composite([_query(_some_recent(name, user)) for name in written])
    ids = [[str(row.get("Id")) for row in objects(each.body, "records")] for each in recent]
    asked = [(name, some) for name, some in zip(written, ids, strict=True) if some]
    if not asked:
        return
    answers = client.composite([_query(_access(some, user)) for _, some in asked])
    for (name, some), answer in zip(asked, answers, strict=True):
        rows = objects(answer.body, "records") if answer.is_done else []
        barred = sum(row.get("HasEditAccess") is False for row in rows)
        if barred:
            told.error(
                f"our user may not edit {barred} of {len(some)} recent records of {name} "
                "that are others': sharing is private or read-only",
                f"Share {name} with our user by a sharing rule with read/write access, or by a "
                "role above their owners' (docs/salesforce.md, «Private leads»).",
            )


def _is_editable(schema: Schema, name: str) -> bool:
    found = schema.find(name)
    return found is not None and found.is_updateable


def _some_recent(name: str, user: str) -> str:
    conditions = [_RECENT, soql.compared("OwnerId", "!=", user)]
    if name == _LEAD:
        conditions.append(soql.says("IsConverted", value=False))
    return soql.select(["Id"], name, conditions, most=_SAMPLE)


def _access(ids: list[str], user: str) -> str:
    conditions = [soql.compared("UserId", "=", user), soql.one_of("RecordId", ids)]
    return soql.select(["RecordId", "HasEditAccess"], "UserRecordAccess", conditions)


def _query(text: str) -> Sub:
    return Sub("GET", "/query", {"q": text})
