"""Which records a user may edit: `UserRecordAccess`, which is asked for named records alone."""

from collections.abc import Iterator

from connector.sandbox.salesforce.call import Answer
from connector.sandbox.salesforce.ids import full_id
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Refusal, malformed, row_error
from connector.sandbox.salesforce.soql_tokens import unescaped
from connector.sandbox.salesforce.soql_tree import Comparison, Condition, Junction, Select
from connector.sandbox.salesforce.table import Record

NAME = "UserRecordAccess"
MOST = 200


def record_access(org: Org, select: Select) -> Answer:
    """Answer a query that names one user and up to 200 records."""
    asked = {str(one.path).lower(): one for one in _comparisons(select.where)}
    if not {"userid", "recordid"} <= asked.keys():
        raise malformed("UserId and RecordId have to be named in the WHERE clause")
    [user] = _texts(asked["userid"])
    ids = _texts(asked["recordid"])
    if len(ids) > MOST:
        raise malformed(f"at most {MOST} records can be asked for at once")
    rows = [_row(org, user, record_id, select) for record_id in ids]
    return Answer(body={"totalSize": len(rows), "done": True, "records": rows})


def edits(org: Org, user: str, kind: str, record: Record) -> bool:
    """Whether sharing lets a user change a record."""
    return kind not in org.private or record.values.get("OwnerId") == user


def check_sharing(org: Org, user: str, kind: str, record: Record) -> None:
    """Refuse a change that sharing does not let a user make."""
    if not edits(org, user, kind, record):
        raise no_access()


def no_access() -> Refusal:
    """Return the refusal of a record that is another's."""
    told = "insufficient access rights on object id"
    return row_error("INSUFFICIENT_ACCESS_OR_READONLY", told)


def _row(org: Org, user: str, record_id: str, select: Select) -> dict[str, object]:
    record, kind = org.record(record_id), org.kind_of(record_id)
    may = record is not None and not record.is_deleted
    edit = may and record is not None and edits(org, user, kind, record)
    edit = edit and f"{kind}.edit" not in org.denied
    told = {"RecordId": record_id, "HasReadAccess": may, "HasEditAccess": edit}
    return {"attributes": {"type": NAME}} | {str(item): told[str(item)] for item in select.items}


def _texts(one: Comparison) -> list[str]:
    if isinstance(one.values, Select):
        raise malformed("a list of ids is needed")
    return [full_id(unescaped(value.text)) or value.text for value in one.values]


def _comparisons(condition: Condition | None) -> Iterator[Comparison]:
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, Junction) and condition.word == "AND":
        for part in condition.parts:
            yield from _comparisons(part)
