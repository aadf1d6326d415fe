"""Who a session is of."""

from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Refusal


def userinfo(org: Org, call: Call) -> Answer:
    """Tell who the session belongs to."""
    user = org.record(call.user)
    if user is None or "Identity.read" in org.denied:
        raise Refusal(403, "FORBIDDEN", "Bad_OAuth_Token")
    values = user.values
    return Answer(
        body={
            "sub": identity_url(org, call, user.id),
            "user_id": user.id,
            "organization_id": organization(org),
            "preferred_username": values["Username"],
            "nickname": values["Alias"],
            "name": values["Name"],
            "email": values["Email"],
            "email_verified": True,
            "given_name": values.get("FirstName"),
            "family_name": values["LastName"],
            "zoneinfo": values["TimeZoneSidKey"],
            "active": values["IsActive"],
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "urls": {"rest": f"{call.base_url}/services/data/v{{version}}/"},
        }
    )


def identity(org: Org, call: Call) -> Answer:
    """Tell who a user is, at the address that a token's answer names."""
    user = org.record(call.path.rpartition("/")[2])
    if user is None or user.id != call.user:
        raise Refusal(403, "FORBIDDEN", "Bad_OAuth_Token")
    values = user.values
    return Answer(
        body={
            "id": identity_url(org, call, user.id),
            "asserted_user": True,
            "user_id": user.id,
            "organization_id": organization(org),
            "username": values["Username"],
            "nick_name": values["Alias"],
            "display_name": values["Name"],
            "email": values["Email"],
            "email_verified": True,
            "first_name": values.get("FirstName"),
            "last_name": values["LastName"],
            "timezone": values["TimeZoneSidKey"],
            "active": values["IsActive"],
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "is_app_installed": True,
            "urls": {"rest": f"{call.base_url}/services/data/v{{version}}/"},
        }
    )


def identity_url(org: Org, call: Call, user: str) -> str:
    """Return the address that tells who a user is."""
    return f"{call.base_url}/id/{organization(org)}/{user}"


def organization(org: Org) -> str:
    """Return the id of the org itself."""
    return next(iter(org.table("Organization").rows))
