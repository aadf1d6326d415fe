"""Tokens: signed assertions and client credentials in, sessions out; and who a session is of."""

import base64
import binascii
from datetime import UTC, datetime
from urllib.parse import parse_qs

import jwt

from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Refusal
from connector.sandbox.salesforce.sessions import App
from connector.sandbox.salesforce.table import Record

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_ASSERTION_S = 300


def issue_token(org: Org, call: Call) -> Answer:
    """Open a session for whoever proves who he is; refuses in OAuth's own shape."""
    if "application/x-www-form-urlencoded" not in call.headers.get("content-type", ""):
        return _refused("unsupported_grant_type", "grant type not supported")
    form = {name: found[-1] for name, found in parse_qs(call.content.decode("latin-1")).items()}
    grant = form.get("grant_type")
    if grant == JWT_GRANT:
        return _by_assertion(org, call, form.get("assertion", ""))
    if grant == "client_credentials":
        return _by_credentials(org, call, form)
    # User names with passwords are blocked in new orgs, and there is nothing to refresh here.
    return _refused("unsupported_grant_type", "grant type not supported")


def userinfo(org: Org, call: Call) -> Answer:
    """Tell who the session belongs to."""
    user = org.record(call.user)
    if user is None:
        raise Refusal(403, "FORBIDDEN", "Bad_OAuth_Token")
    values, organization = user.values, _organization(org)
    return Answer(
        body={
            "sub": f"{call.base_url}/id/{organization}/{user.id}",
            "user_id": user.id,
            "organization_id": organization,
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


def _by_assertion(org: Org, call: Call, assertion: str) -> Answer:
    try:
        # Who signed it is only known once it has been read; then the signature is checked.
        claimed = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return _refused("invalid_grant", "invalid assertion")
    app = org.apps.get(str(claimed.get("iss")))
    if app is None:
        return _refused("invalid_client_id", "client identifier invalid")
    if not app.public_key:
        return _refused("invalid_app_access", "user is not admin approved to access this app")
    told = _flaw(org, app, assertion)
    if told:
        return _refused("invalid_grant", told)
    user = _user(org, str(claimed.get("sub")))
    if user is None or str(claimed.get("sub")) not in app.approved:
        return _refused("invalid_grant", "user hasn't approved this consumer")
    return _granted(org, call, user)


def _flaw(org: Org, app: App, assertion: str) -> str:
    """Return what is wrong with an assertion; empty if nothing is."""
    try:
        # Times are checked below, against the sandbox's clock.
        claims = jwt.decode(
            assertion,
            app.public_key,
            algorithms=["RS256"],
            audience=org.options.audiences,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.InvalidAudienceError:
        return "audience is invalid"
    except jwt.MissingRequiredClaimError:
        return "audience is invalid"
    except jwt.InvalidTokenError:
        return "invalid assertion"
    try:
        ends_at = datetime.fromtimestamp(int(claims.get("exp", 0)), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return "invalid assertion"
    left_s = (ends_at - org.clock.now()).total_seconds()
    if left_s <= 0:
        return "expired authorization code"
    return "invalid assertion: exp lies too far ahead" if left_s > LONGEST_ASSERTION_S else ""


def _by_credentials(org: Org, call: Call, form: dict[str, str]) -> Answer:
    key, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            key, _, secret = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return _refused("invalid_client", "invalid client credentials")
    app = org.apps.get(key)
    if app is None:
        return _refused("invalid_client_id", "client identifier invalid")
    if secret != app.consumer_secret:
        return _refused("invalid_client", "invalid client credentials")
    user = _user(org, app.run_as)
    if user is None:
        return _refused("invalid_grant", "no client credentials user enabled")
    return _granted(org, call, user)


def _granted(org: Org, call: Call, user: Record) -> Answer:
    session = org.sessions.log_in(user.id, org.now_s(), org.options.logins_an_hour)
    if session is None:
        return _refused("rate_limit_exceeded", "login rate exceeded")
    identity = f"https://login.salesforce.com/id/{_organization(org)}/{user.id}"
    # No refresh token: whoever may sign or knows the secret asks again.
    return Answer(
        body={
            "access_token": session.token,
            "scope": "api",
            "instance_url": call.base_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": str(org.now_s() * 1_000),
        }
    )


def _user(org: Org, username: str) -> Record | None:
    for user in org.table("User").having("Username", username):
        if user.values.get("IsActive"):
            return user
    return None


def _organization(org: Org) -> str:
    return next(iter(org.table("Organization").rows))


def _refused(error: str, told: str) -> Answer:
    status = 401 if error == "invalid_client" else 400
    return Answer(status, {"error": error, "error_description": told})
