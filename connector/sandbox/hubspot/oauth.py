"""The token endpoint: parameters in the form body, answers in OAuth's own shapes."""

from urllib.parse import parse_qs

from connector.sandbox.hubspot.call import Answer, Call
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.tokens import CLIENT_ID, CLIENT_SECRET, LIFETIME_S, REFRESH_TOKEN


def issue_token(portal: Portal, call: Call) -> Answer:
    """Exchange a refresh token, a code or client credentials for an access token of 30 minutes."""
    if call.query_string:
        return _refused("invalid_request", "parameters belong into the form body")
    if "application/x-www-form-urlencoded" not in call.headers.get("content-type", ""):
        return _refused("invalid_request", "a form body is wanted")
    form = {name: values[-1] for name, values in parse_qs(call.content.decode("latin-1")).items()}
    if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        return _refused("invalid_client", "client_id or client_secret is wrong")
    return _granted(portal, form)


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
