"""Tokens: signed assertions and client credentials in, sessions out."""

import base64
import binascii
from urllib.parse import parse_qs

import jwt

from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.identity import identity_url
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.sessions import App
from connector.sandbox.salesforce.table import Record

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_ASSERTION_S = 360  # five minutes, and one for clocks that differ
MILLISECONDS_S = 10**11  # beyond that, seconds cannot be meant


def issue_token(org: Org, call: Call) -> Answer:
    """Open a session for whoever proves who he is; refuses in OAuth's own shape."""
    if "application/x-www-form-urlencoded" not in call.headers.get("content-type", ""):
        return _refused("unsupported_grant_type", "grant type not supported")
    form = _form(call)
    grant = form.get("grant_type")
    if grant == JWT_GRANT:
        return _by_assertion(org, call, form.get("assertion", ""))
    if grant == "client_credentials":
        return _by_credentials(org, call, form)
    # User names with passwords are blocked in new orgs, and there is nothing to refresh here.
    return _refused("unsupported_grant_type", "grant type not supported")


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
    return _lifetime_flaw(org, claims.get("exp", 0))


def _lifetime_flaw(org: Org, exp: object) -> str:
    try:
        left_s = int(str(exp)) - org.clock.now().timestamp()
    except ValueError:
        return "invalid assertion"
    if left_s <= 0:
        return "expired authorization code"
    # The vendor's own command line gives milliseconds, and gets its token.
    if LONGEST_ASSERTION_S < left_s < MILLISECONDS_S:
        return "invalid assertion: exp lies too far ahead"
    return ""


def introspect(org: Org, call: Call) -> Answer:
    """Tell an app what a token is good for, and until when."""
    form = _form(call)
    app = _app(org, call, form)
    if isinstance(app, Answer):
        return app
    session = org.sessions.by_token.get(form.get("token", ""))
    if session is None or session.expires_s <= org.now_s():
        return Answer(body={"active": False})
    user = org.record(session.user)
    return Answer(
        body={
            "active": True,
            "scope": "api",
            "client_id": app.consumer_key,
            "username": user.values["Username"] if user else None,
            "sub": identity_url(org, call, session.user),
            "token_type": "access_token",
            "exp": session.expires_s,
            "iat": session.began_s,
            "nbf": session.began_s,
        }
    )


def _form(call: Call) -> dict[str, str]:
    return {name: found[-1] for name, found in parse_qs(call.content.decode("latin-1")).items()}


def _app(org: Org, call: Call, form: dict[str, str]) -> App | Answer:
    """Return the app that proves who it is, or what refuses it."""
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
    return app


def _by_credentials(org: Org, call: Call, form: dict[str, str]) -> Answer:
    app = _app(org, call, form)
    if isinstance(app, Answer):
        return app
    user = _user(org, app.run_as)
    if user is None:
        return _refused("invalid_grant", "no client credentials user enabled")
    return _granted(org, call, user)


def _granted(org: Org, call: Call, user: Record) -> Answer:
    session = org.sessions.log_in(user.id, org.now_s(), org.options.logins_an_hour)
    if session is None:
        return _refused("rate_limit_exceeded", "login rate exceeded")
    # No refresh token: whoever may sign or knows the secret asks again.
    return Answer(
        body={
            "access_token": session.token,
            "scope": "api",
            "instance_url": call.base_url,
            "id": identity_url(org, call, user.id),
            "token_type": "Bearer",
            "issued_at": str(org.now_s() * 1_000),
        }
    )


def _user(org: Org, username: str) -> Record | None:
    for user in org.table("User").having("Username", username):
        if user.values.get("IsActive"):
            return user
    return None


def _refused(error: str, told: str) -> Answer:
    status = 401 if error == "invalid_client" else 400
    return Answer(status, {"error": error, "error_description": told})
