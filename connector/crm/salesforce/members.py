"""Who our user is, and which permission sets it has."""

from connector.crm.salesforce.client import Client, as_object, objects
from connector.crm.salesforce.judging import ConflictError
from connector.crm.salesforce.refusal import Json
from connector.crm.salesforce.soql import compared, select
from connector.errors import CrmRefusedError

_USERINFO = "/services/oauth2/userinfo"
_ASSIGNMENT = "PermissionSetAssignment"


def fetch_own_id(client: Client) -> str:
    """Fetch the id of the user who is signed in.

    An app may be without the scope that tells; then the list of resources has it in an address.
    """
    try:
        return str(as_object(client.get(_USERINFO)).get("user_id"))
    except CrmRefusedError:
        identity = as_object(client.get("")).get("identity")
        if not isinstance(identity, str):
            raise
        return identity.rpartition("/")[2]


def user_id(client: Client, username: str | None) -> str:
    """Return the id of a user; of the one who is signed in for None."""
    if username is None:
        return fetch_own_id(client)
    rows = fetch_rows(client, select(["Id"], "User", [compared("Username", "=", username)]))
    if not rows:
        raise CrmRefusedError(
            what="the org has no user of the name that connect.jwt.username says",
            where="leadripe.yaml, connect.jwt.username",
            do="Correct it. Nothing was changed.",
        )
    return str(rows[0].get("Id"))


def is_assigned(client: Client, user: str, set_name: str) -> bool:
    """Tell whether a user has a permission set."""
    return bool(fetch_rows(client, assignment_query(user, set_name)))


def assignment_query(user: str, set_name: str) -> str:
    """Return the query for the assignment of a permission set to a user."""
    conditions = [
        compared("AssigneeId", "=", user),
        compared("PermissionSet.Name", "=", set_name),
    ]
    return select(["Id"], _ASSIGNMENT, conditions)


def holders_query(set_name: str) -> str:
    """Return the query for one assignment of a permission set, to whomever."""
    condition = compared("PermissionSet.Name", "=", set_name)
    return select(["Id"], _ASSIGNMENT, [condition], most=1)


def assign(client: Client, user: str, set_name: str) -> None:
    """Give a user a permission set; one that it has already is fine."""
    named = select(["Id"], "PermissionSet", [compared("Name", "=", set_name)])
    for row in fetch_rows(client, named):
        body = {"AssigneeId": user, "PermissionSetId": row.get("Id")}
        try:
            client.post(f"/sobjects/{_ASSIGNMENT}", body)
        except ConflictError as conflict:
            if not conflict.why.is_doubled:
                raise _refused(conflict, set_name) from conflict


def _refused(conflict: ConflictError, set_name: str) -> CrmRefusedError:
    return CrmRefusedError(
        what=f"the permission set {set_name} is there, but cannot be assigned to our user: "
        f"{conflict.why.says}",
        where="Setup, Permission Sets",
        do="Give the user the permission set license «Salesforce API Integration» if it has the "
        "licence «Salesforce Integration», then provision again; or let an admin assign the set.",
        status=conflict.status,
    )


def fetch_rows(client: Client, soql: str) -> list[Json]:
    """Fetch the records of a query whose answer is one page."""
    return objects(client.get("/query", {"q": soql}), "records")
