"""The token endpoint: parameters in the form body, answers in OAuth's own shapes."""

from urllib.parse import parse_qs

from connector.sandbox.hubspot.call import Answer, Call
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Json, not_found
from connector.sandbox.hubspot.tokens import CLIENT_ID, CLIENT_SECRET, LIFETIME_S, REFRESH_TOKEN

APP_ID = 1
ABSENT = object()  # None stands for a token that may do everything


def issue_token(portal: Portal, call: Call) -> Answer:
    """Exchange a refresh token, a code or client credentials for an access token of 30 minutes."""
    form = _form(call)
    return form if isinstance(form, Answer) else _granted(portal, form)


def introspect(portal: Portal, call: Call) -> Answer:
    """Serve what a token is good for; one that is good for nothing is no error."""
    form = _form(call)
    if isinstance(form, Answer):
        return form
    token = form.get("token", "")
    facts = _access_facts(portal, token) or _refresh_facts(portal, token)
    if facts is None:
        return Answer(body={"active": False})
    return Answer(
        body=facts
        | {
            "active": True,
            "token_use": f"{facts['token_type']}_token",
            "app_id": APP_ID,
            "client_id": CLIENT_ID,
            "is_private_distribution": True,
        }
    )


def revoke(portal: Portal, call: Call) -> Answer:
    """Accept a refresh token no more; an unknown one is no error."""
    form = _form(call)
    if isinstance(form, Answer):
        return form
    portal.tokens.refresh_tokens.pop(form.get("token", ""), None)
    portal.changes += 1
    return Answer()


def _form(call: Call) -> dict[str, str] | Answer:
    """Return the form that a client which proved its secret has sent, or the refusal."""
    if call.query_string:
        return _refused("invalid_request", "parameters belong into the form body")
    if "application/x-www-form-urlencoded" not in call.headers.get("content-type", ""):
        return _refused("invalid_request", "a form body is wanted")
    form = {name: values[-1] for name, values in parse_qs(call.content.decode("latin-1")).items()}
    if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        return _refused("invalid_client", "client_id or client_secret is wrong")
    return form


def access_token_info(portal: Portal, call: Call) -> Answer:
    """Serve what an access token is good for; the token itself is the right to ask."""
    facts = _access_facts(portal, call.params[0])
    if facts is None:
        raise not_found("The access token is unknown or expired")
    return Answer(body=facts)


def refresh_token_info(portal: Portal, call: Call) -> Answer:
    """Serve what a refresh token is good for."""
    facts = _refresh_facts(portal, call.params[0])
    if facts is None:
        raise not_found("The refresh token is unknown")
    return Answer(body=facts)


def forget_refresh_token(portal: Portal, call: Call) -> Answer:
    """Accept a refresh token no more; access tokens made from it live out their time."""
    if portal.tokens.refresh_tokens.pop(call.params[0], ABSENT) is ABSENT:
        raise not_found("The refresh token is unknown")
    portal.changes += 1
    return Answer(204)


def _access_facts(portal: Portal, token: str) -> Json | None:
    grant = portal.tokens.grant(token, portal.now_ms())
    if grant is None or grant.expires_ms is None:
        return None
    left = (grant.expires_ms - portal.now_ms()) // 1_000
    own: Json = {"token_type": "access", "app_id": APP_ID, "expires_in": left}
    return _facts(portal, token, grant.scopes) | own


def _refresh_facts(portal: Portal, token: str) -> Json | None:
    if token not in portal.tokens.refresh_tokens:
        return None
    own: Json = {"token_type": "refresh", "client_id": CLIENT_ID}
    return _facts(portal, token, portal.tokens.refresh_tokens[token]) | own


def _facts(portal: Portal, token: str, scopes: frozenset[str] | None) -> Json:
    return {
        "token": token,
        "user": "admin@sandbox.example",
        "user_id": 1,
        "hub_domain": "sandbox.example",
        "hub_id": portal.options.portal_id,
        "scopes": sorted(scopes or ()),
    }


def _granted(portal: Portal, form: dict[str, str]) -> Answer:
    grant, tokens = form.get("grant_type"), portal.tokens
    if grant == "refresh_token":
        token = form.get("refresh_token", "")
        if token not in tokens.refresh_tokens:
            return _refused("invalid_grant", "missing or invalid refresh token")
        return _issued(portal, tokens.refresh_tokens[token], token)
    if grant == "authorization_code":
        if form.get("code", "") not in tokens.codes or not form.get("redirect_uri"):
            return _refused("invalid_grant", "missing or unknown auth code")
        tokens.codes.discard(form["code"])  # a code works once
        return _issued(portal, None, REFRESH_TOKEN)
    if grant == "client_credentials":
        # Such a token opens the webhooks journal alone, so it holds none of the scopes here.
        return _issued(portal, frozenset(), "")
    return _refused("unsupported_grant_type", "unknown grant_type")


def _issued(portal: Portal, scopes: frozenset[str] | None, refresh_token: str) -> Answer:
    body = {
        "token_type": "bearer",
        "access_token": portal.tokens.issue(scopes, portal.now_ms()),
        "expires_in": LIFETIME_S,
        "hub_id": portal.options.portal_id,
    }
    return Answer(body=body | ({"refresh_token": refresh_token} if refresh_token else {}))


def _refused(error: str, told: str) -> Answer:
    status = 401 if error == "invalid_client" else 400
    return Answer(status, {"error": error, "error_description": told, "message": told})
