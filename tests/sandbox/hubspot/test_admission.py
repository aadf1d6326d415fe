from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import CONTACTS, LINKS, NOON, Desk, Reply

NARROW = "pat-narrow"


def test_without_a_valid_token_nothing_is_told(desk: Desk) -> None:
    for token in ("", "wrong"):
        reply = desk.get(CONTACTS, token=token)
        assert reply.status == 401
        assert reply.json["category"] == "INVALID_AUTHENTICATION"
        assert reply.json["status"] == "error"
        assert reply.json["correlationId"]


def test_a_missing_scope_is_named(desk: Desk) -> None:
    desk.portal.tokens.register(NARROW, "crm.objects.contacts.read")
    assert desk.get(CONTACTS, token=NARROW).status == 200
    reply = desk.call("POST", CONTACTS, {"properties": {}}, token=NARROW)
    assert reply.status == 403
    assert reply.json["category"] == "MISSING_SCOPES"
    [error] = reply.json["errors"]
    assert error["context"]["requiredScopes"] == ["crm.objects.contacts.write"]
    emails = desk.get("/crm/objects/2026-09/emails", token=NARROW).json
    assert "sales-email-read" in emails["errors"][0]["context"]["requiredScopes"]
    # Any one object scope opens definitions and pipelines.
    assert desk.get("/crm/pipelines/2026-09/deals", token=NARROW).status == 200
    assert desk.get("/crm/owners/2026-09", token=NARROW).status == 403


def _token(desk: Desk, form: dict[str, str], path: str = "/oauth/2026-03/token") -> Reply:
    secret = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    reply = desk.pool.request(
        "POST",
        desk.sandbox.url + path,
        body=urlencode({**secret, **form}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    return Reply(reply.status, reply.data, {})


def test_a_refresh_token_gives_an_access_token_of_30_minutes(desk: Desk) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh"}
    for path in ("/oauth/v1/token", "/oauth/2026-03/token", "/oauth/2026-09/token"):
        issued = _token(desk, form, path).json
        assert issued["expires_in"] == 1_800
    token = issued["access_token"]
    assert len(token) >= 300
    reply = desk.get(CONTACTS, token=token)
    assert reply.status == 200
    desk.clock.advance(timedelta(seconds=1_800))
    assert desk.get(CONTACTS, token=token).status == 401


def test_a_dead_grant_is_told_in_oauths_own_words(desk: Desk) -> None:
    reply = _token(desk, {"grant_type": "refresh_token", "refresh_token": "gone"})
    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")
    code = {"grant_type": "authorization_code", "code": "sandbox-code", "redirect_uri": "x"}
    assert _token(desk, code).status == 200
    assert _token(desk, code).json["error"] == "invalid_grant"
    assert _token(desk, {"grant_type": "refresh_token"}, "/oauth/v1/token?code=1").status == 400
    journal = _token(desk, {"grant_type": "client_credentials"}).json["access_token"]
    assert desk.get(CONTACTS, token=journal).status == 403


@pytest.mark.parametrize(("tier", "most"), [("free", 100), ("pro", 190)])
def test_the_burst_window_rolls_over_ten_seconds(open_desk: Opener, tier: str, most: int) -> None:
    desk = open_desk(limits=True, tier=tier)
    for _ in range(most // 2):
        assert desk.get(CONTACTS).status == 200
    desk.clock.advance(timedelta(seconds=9))
    for _ in range(most - most // 2):
        last = desk.get(CONTACTS)
    assert last.headers["x-hubspot-ratelimit-max"] == str(most)
    assert last.headers["x-hubspot-ratelimit-remaining"] == "0"
    assert last.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
    assert "x-hubspot-ratelimit-daily-remaining" in last.headers
    reply = desk.get(CONTACTS)
    assert reply.status == 429
    assert reply.json["policyName"] == "TEN_SECONDLY_ROLLING"
    assert reply.json["errorType"] == "RATE_LIMIT"
    desk.clock.advance(timedelta(seconds=1))
    assert desk.get(CONTACTS).status == 200


def test_searches_have_a_window_of_their_own_without_headers(open_desk: Opener) -> None:
    desk = open_desk(limits=True)
    replies = [desk.search("contacts") for _ in range(6)]
    assert [reply.status for reply in replies] == [200] * 5 + [429]
    assert replies[5].json["policyName"] == "SECONDLY"
    assert not any(name.startswith("x-hubspot") for name in replies[0].headers)
    assert desk.get(CONTACTS).headers["x-hubspot-ratelimit-remaining"] == "189"
    desk.clock.advance(timedelta(seconds=1))
    assert desk.search("contacts").status == 200


def test_links_count_against_the_day_alone(open_desk: Opener) -> None:
    desk = open_desk(limits=True)
    for _ in range(200):
        assert desk.get(f"{LINKS}/contacts/tasks/labels").status == 200
    assert desk.portal.used_today == 200


def test_the_day_ends_at_midnight_in_the_accounts_zone(open_desk: Opener) -> None:
    desk = open_desk(limits=True)
    desk.get(CONTACTS)
    desk.portal.used_today = 625_000
    reply = desk.get(CONTACTS)
    assert (reply.status, reply.json["policyName"]) == (429, "DAILY")
    desk.clock.advance(NOON.replace(hour=22, minute=59) - NOON)
    assert desk.get(CONTACTS).status == 429
    desk.clock.advance(timedelta(minutes=1))  # midnight in Paris
    assert desk.get(CONTACTS).status == 200


def test_an_oauth_app_sees_no_daily_headers(open_desk: Opener) -> None:
    desk = open_desk(limits=True)
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh"}
    token = _token(desk, form).json["access_token"]
    headers = desk.get(CONTACTS, token=token).headers
    assert "x-hubspot-ratelimit-remaining" in headers
    assert "x-hubspot-ratelimit-daily" not in headers


def test_without_limits_nothing_is_refused(desk: Desk) -> None:
    assert {desk.search("contacts").status for _ in range(30)} == {200}


def test_calls_are_counted_by_class_and_path(desk: Desk) -> None:
    desk.get(CONTACTS)
    desk.search("contacts")
    desk.get(f"{LINKS}/contacts/tasks/labels")
    counted = desk.get("/_sandbox/calls").json
    assert counted["total"] == 3
    assert counted["by_class"] == {"general": 1, "search": 1, "associations": 1}
    assert counted["by_path"]["GET /crm/objects/2026-09/{}"] == 1
    desk.call("DELETE", "/_sandbox/calls")
    assert desk.get("/_sandbox/calls").json["total"] == 0


def test_the_clock_can_be_turned_from_outside(desk: Desk) -> None:
    desk.post("/_sandbox/clock", {"advance_seconds": 60})
    contact = desk.contact("ana@example.org")
    made = desk.get(f"{CONTACTS}/{contact}").json["createdAt"]
    assert made == "2026-11-20T12:01:00.000Z"


def test_tokens_tell_what_they_are_good_for(desk: Desk) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh"}
    token = _token(desk, form).json["access_token"]
    desk.clock.advance(timedelta(seconds=60))
    told = desk.get(f"/oauth/v1/access-tokens/{token}").json
    assert (told["expires_in"], told["hub_id"]) == (1_740, desk.portal.options.portal_id)
    introspected = _token(desk, {"token": token}, "/oauth/2026-03/token/introspect").json
    assert (introspected["active"], introspected["expires_in"]) == (True, 1_740)
    desk.clock.advance(timedelta(seconds=1_740))
    assert desk.get(f"/oauth/v1/access-tokens/{token}").status == 404
    dead = _token(desk, {"token": token}, "/oauth/2026-03/token/introspect")
    assert (dead.status, dead.json) == (200, {"active": False})


@pytest.mark.parametrize("is_dated", [True, False])
def test_a_revoked_refresh_token_is_dead(desk: Desk, *, is_dated: bool) -> None:
    path = "/oauth/v1/refresh-tokens/sandbox-refresh"
    assert desk.get(path).json["client_id"] == "sandbox-client"
    if is_dated:
        form = {"token": "sandbox-refresh"}
        assert _token(desk, form, "/oauth/2026-03/token/revoke").status == 200
    else:
        assert desk.call("DELETE", path).status == 204
    assert desk.get(path).status == 404
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh"}
    assert _token(desk, form).json["error"] == "invalid_grant"


def test_without_limits_the_headers_tell_a_client_that_it_need_not_wait(desk: Desk) -> None:
    headers = desk.get(CONTACTS).headers
    assert int(headers["x-hubspot-ratelimit-max"]) >= 1_000_000
    assert headers["x-hubspot-ratelimit-remaining"] == headers["x-hubspot-ratelimit-max"]
