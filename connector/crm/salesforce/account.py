"""Which org this is, and who can own leads, contacts and tasks in it."""

from collections.abc import Iterator, Sequence

from connector.crm.salesforce import soql
from connector.crm.salesforce.client import Client, Sub, SubReply, as_object, objects
from connector.crm.salesforce.judging import ConflictError, unavailable
from connector.crm.salesforce.refusal import Json, parse_entry
from connector.domain.contact import Owner
from connector.domain.ids import OwnerId
from connector.ports import Account

_ORGANIZATION = ("Id", "Name", "OrganizationType", "TimeZoneSidKey", "IsSandbox")


def asking_for_org() -> Sub:
    """Return the request for which org this is."""
    return Sub("GET", "/query", {"q": soql.select(_ORGANIZATION, "Organization")})


def org_of(answer: SubReply) -> Account:
    """Return which org it is."""
    row = next(records(answer), None)
    if row is None:
        raise unavailable("Salesforce does not tell which org it is")
    kind = str(row.get("OrganizationType") or "")
    return Account(
        id=str(row.get("Id")),
        time_zone=str(row.get("TimeZoneSidKey") or "UTC"),
        kind=f"{kind}, sandbox" if row.get("IsSandbox") is True else kind,
    )


def records(answer: SubReply) -> Iterator[Json]:
    """Yield the records of a query within a composite call; ConflictError if it was refused."""
    if not answer.is_done:
        why = parse_entry(next(iter(objects(answer.body)), {}), answer.status)
        raise unavailable(why.says) if why.is_passing else ConflictError(why)
    yield from objects(as_object(answer.body), "records")


def fetch_owners(client: Client) -> Sequence[Owner]:
    """Fetch users and queues. A queue counts as active if it takes tasks."""
    subs = [_query("User", "Id", "Name", "Email", "IsActive"), _queues(), _of_tasks()]
    users, queues, of_tasks = client.composite(subs)
    # Orgs in which no queue was ever made do not know the object.
    taking = {row.get("QueueId") for row in records(of_tasks)} if of_tasks.is_done else set()
    found = [
        Owner(_id(row), _text(row, "Email"), _text(row, "Name"), row.get("IsActive") is True)
        for row in _all(client, users)
    ]
    found += [
        Owner(_id(row), _text(row, "Email"), _text(row, "Name"), row.get("Id") in taking)
        for row in _all(client, queues)
    ]
    return found


def fetch_user(client: Client, username: str) -> OwnerId | None:
    """Fetch the id of an active user by user name; None if there is none."""
    conditions = [soql.compared("Username", "=", username), soql.says("IsActive", value=True)]
    body = as_object(client.get("/query", {"q": soql.select(["Id"], "User", conditions)}))
    row = next(iter(objects(body, "records")), None)
    return None if row is None else _id(row)


def _query(source: str, *columns: str) -> Sub:
    return Sub("GET", "/query", {"q": soql.select(columns, source)})


def _queues() -> Sub:
    query = soql.select(["Id", "Name", "Email"], "Group", [soql.compared("Type", "=", "Queue")])
    return Sub("GET", "/query", {"q": query})


def _of_tasks() -> Sub:
    condition = soql.compared("SobjectType", "=", "Task")
    return Sub("GET", "/query", {"q": soql.select(["QueueId"], "QueueSobject", [condition])})


def _all(client: Client, answer: SubReply) -> Iterator[Json]:
    yield from records(answer)
    body = as_object(answer.body)
    while isinstance(body.get("nextRecordsUrl"), str):
        body = as_object(client.get(str(body["nextRecordsUrl"])))
        yield from objects(body, "records")


def _id(row: Json) -> OwnerId:
    return OwnerId(str(row.get("Id")))


def _text(row: Json, key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""
