"""Calls to HubSpot: what is tried again, what a person has to see, and what is never shown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from connector.crm.hubspot.client import RATES, UNPACED, Client
from connector.crm.hubspot.credentials import OAuth, OAuthGrant, ServiceKey
from connector.crm.hubspot.judging import ConflictError, Limit
from connector.crm.hubspot.transport import HubSpotTransport
from connector.errors import CredentialsError, CrmRefusedError, CrmUnavailableError
from tests.crm.scripted import Said, ScriptedServer
from tests.fakes.clock import MONDAY, FakeClock

FINE = Said(body={"results": [1]})
TOKEN = "pat-eu1-very-secret-0123456789"  # noqa: S105  opens nothing


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def _client(server: ScriptedServer, clock: FakeClock, **options: object) -> Client:
    transport = HubSpotTransport(server.url)
    options = {"rates": UNPACED, **options}
    return Client(transport, ServiceKey(lambda: TOKEN), clock, **options)  # type: ignore[arg-type]  # each test names what it needs


@pytest.mark.parametrize("status", [423, 429, 500, 502, 503, 504, 521])
def test_a_passing_failure_is_tried_again(
    server: ScriptedServer, clock: FakeClock, status: int
) -> None:
    server.answers = [Said(status, "<html>busy</html>"), FINE]
    assert _client(server, clock).get("/x", needs="results") == {"results": [1]}
    assert len(server.heard) == 2
    assert len(clock.waited) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Said(200, "<html>We will be right back</html>"),
        Said(200, ""),
        Said(200, "{"),
        Said(200, []),
        Said(200, {}),
        Said(200, {"results": [1]}, cuts=True),
    ],
    ids=["html", "empty", "half", "list", "nothing", "cut off"],
)
def test_an_answer_that_is_none_is_never_taken_for_success(
    server: ScriptedServer, clock: FakeClock, answer: Said
) -> None:
    server.answers = [answer, FINE]
    client = _client(server, clock)
    assert client.post("/x", {}) == {"results": [1]}
    assert client.calls == {"general": 2}


def test_trying_ends_and_says_that_nothing_is_lost(
    server: ScriptedServer, clock: FakeClock
) -> None:
    server.answers = [Said(503, "busy")]
    with pytest.raises(CrmUnavailableError, match="503") as caught:
        _client(server, clock).get("/x")
    assert len(server.heard) == 6
    assert "Nothing is lost" in caught.value.do
    assert sum(clock.waited, timedelta()) < timedelta(minutes=1)


def test_a_server_that_is_not_there_is_unavailable(clock: FakeClock) -> None:
    with ScriptedServer() as server:
        client = _client(server, clock)
    with capture_logs() as logged, pytest.raises(CrmUnavailableError) as caught:
        client.get("/x")
    assert f"did not answer: NewConnectionError at {server.url}" in caught.value.what
    assert "connect.base_url" in caught.value.do
    assert [line["attempt"] for line in logged] == [1, 2, 3, 4, 5]
    assert {line["event"] for line in logged} == {"call.tried_again"}


def test_what_the_crm_asks_to_wait_is_waited(server: ScriptedServer, clock: FakeClock) -> None:
    server.answers = [Said(429, {}, {"Retry-After": "7"}), FINE]
    _client(server, clock).get("/x")
    assert timedelta(seconds=7) <= clock.waited[0] <= timedelta(seconds=7.7)


@pytest.mark.parametrize(
    "asked", ["0", "-1", "\u00b2", "9" * 30, "9" * 5_000, "Fri, 31 Dec 1999 23:59:59 GMT"]
)
def test_a_wait_that_makes_no_sense_is_not_gone_by(
    server: ScriptedServer, clock: FakeClock, asked: str
) -> None:
    server.answers = [Said(429, {"policyName": "SECONDLY"}, {"Retry-After": asked}), FINE]
    _client(server, clock).get("/x")
    assert timedelta(seconds=1) <= clock.waited[0] <= timedelta(seconds=1.1)


@pytest.mark.parametrize(
    ("policy", "least"), [("TEN_SECONDLY_ROLLING", 10), ("SECONDLY", 1), ("", 10)]
)
def test_a_rate_limit_is_waited_for_by_its_policy(
    server: ScriptedServer, clock: FakeClock, policy: str, least: int
) -> None:
    server.answers = [Said(429, {"policyName": policy, "message": "limit"}), FINE]
    _client(server, clock).get("/x")
    seconds = clock.waited[0].total_seconds()
    assert least <= seconds <= least * 1.1


def test_the_daily_limit_ends_the_run_until_the_accounts_midnight(
    server: ScriptedServer, clock: FakeClock
) -> None:
    server.answers = [Said(429, {"policyName": "DAILY"})]
    client = _client(server, clock)
    client.zone = ZoneInfo("Europe/Paris")
    with pytest.raises(CrmUnavailableError) as caught:
        client.get("/x")
    assert caught.value.retry_at == datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    assert len(server.heard) == 1


def test_a_wait_that_is_too_long_for_a_run_is_not_waited(
    server: ScriptedServer, clock: FakeClock
) -> None:
    server.answers = [Said(477, {"message": "moving"}, {"Retry-After": "7200"})]
    with pytest.raises(CrmUnavailableError, match="data centre") as caught:
        _client(server, clock).get("/x")
    assert caught.value.retry_at == MONDAY + timedelta(hours=2)
    assert clock.waited == []


def test_max_daily_calls_leaves_the_rest_to_others(
    server: ScriptedServer, clock: FakeClock
) -> None:
    used = {"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": "400"}
    server.answers = [Said(headers=used)]
    client = _client(server, clock, max_daily_calls=600)
    client.get("/x")
    with pytest.raises(CrmUnavailableError, match="600 calls"):
        client.get("/x")
    assert len(server.heard) == 1


@pytest.mark.parametrize("status", [401, 530])
def test_a_token_that_is_not_accepted_is_the_admins_matter(
    server: ScriptedServer, clock: FakeClock, status: int
) -> None:
    server.answers = [Said(status, "no")]
    with pytest.raises(CredentialsError):
        _client(server, clock).get("/x")
    assert len(server.heard) == 1


def test_a_missing_scope_is_named(server: ScriptedServer, clock: FakeClock) -> None:
    context = {"requiredScopes": ["crm.objects.deals.read"]}
    server.answers = [Said(403, {"message": "no", "errors": [{"context": context}]})]
    with pytest.raises(CrmRefusedError) as caught:
        _client(server, clock).get("/x")
    assert caught.value.scopes == ("crm.objects.deals.read",)
    assert "crm.objects.deals.read" in caught.value.do


@pytest.mark.parametrize("status", [400, 404, 409, 414])
def test_a_refusal_is_not_tried_again(
    server: ScriptedServer, clock: FakeClock, status: int
) -> None:
    server.answers = [Said(status, {"message": "no", "correlationId": "abc-1"})]
    with pytest.raises(ConflictError, match="abc-1"):
        _client(server, clock).get("/x")
    assert len(server.heard) == 1


def test_a_redirect_is_not_followed_with_the_token(clock: FakeClock) -> None:
    with ScriptedServer() as elsewhere:
        away = Said(302, "", {"Location": f"{elsewhere.url}/x"})
        with ScriptedServer(away) as server, pytest.raises(CrmRefusedError, match="302"):
            _client(server, clock).get("/x")
        assert elsewhere.heard == []


def test_neither_token_nor_address_nor_body_gets_into_an_error(
    server: ScriptedServer, clock: FakeClock
) -> None:
    said = f"bad value of ana.b+c@example.org with {TOKEN} and Bearer abc.def " + "x " * 300
    server.answers = [Said(400, {"message": said})]
    with pytest.raises(ConflictError) as caught:
        _client(server, clock).get("/x")
    text = str(caught.value)
    assert "ana" not in text
    assert TOKEN not in text
    assert "abc.def" not in text
    assert len(caught.value.what) < 260


def test_a_rotated_token_is_taken_up(server: ScriptedServer, clock: FakeClock) -> None:
    tokens = iter(["old", "new"])
    server.answers = [Said(401, "no"), FINE]
    client = Client(HubSpotTransport(server.url), ServiceKey(lambda: next(tokens)), clock)
    client.get("/x")
    assert [heard.token for heard in server.heard] == ["old", "new"]


def _granted(token: str, refresh: str = "refresh-1") -> Said:
    return Said(body={"access_token": token, "refresh_token": refresh, "expires_in": 1800})


def test_an_access_token_is_renewed_before_it_ends(
    server: ScriptedServer, clock: FakeClock
) -> None:
    server.answers = [_granted("first"), FINE, FINE, _granted("second"), FINE]
    transport = HubSpotTransport(server.url)
    oauth = OAuth(OAuthGrant("id", "secret", "refresh-1"), transport, clock)
    client = Client(transport, oauth, clock)
    client.get("/x")
    clock.turn(timedelta(minutes=24))
    client.get("/x")
    clock.turn(timedelta(minutes=2))
    client.get("/x")
    tokens = [heard.token for heard in server.heard if heard.method == "GET"]
    assert tokens == ["first", "first", "second"]


def test_a_rotated_refresh_token_is_handed_on(server: ScriptedServer, clock: FakeClock) -> None:
    kept: list[str] = []
    server.answers = [_granted("first", "refresh-2"), FINE]
    transport = HubSpotTransport(server.url)
    grant = OAuthGrant("id", "secret", "refresh-1", rotated=kept.append)
    Client(transport, OAuth(grant, transport, clock), clock).get("/x")
    assert kept == ["refresh-2"]


def test_a_dead_grant_is_the_admins_matter_and_shows_no_secret(
    server: ScriptedServer, clock: FakeClock
) -> None:
    server.answers = [Said(400, {"message": "invalid_grant: s3cret"})]
    transport = HubSpotTransport(server.url)
    client = Client(transport, OAuth(OAuthGrant("id", "s3cret", "r"), transport, clock), clock)
    with pytest.raises(CredentialsError) as caught:
        client.get("/x")
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(OAuthGrant("id", "s3cret", "r"))


def test_searches_keep_to_their_own_second(server: ScriptedServer, clock: FakeClock) -> None:
    client = _client(server, clock, rates=RATES)
    for _ in range(12):
        client.post("/x/search", {}, limit=Limit.SEARCH)
        client.get("/x")
    assert timedelta(seconds=2) <= sum(clock.waited, timedelta()) <= timedelta(seconds=3)
    assert client.calls == {"search": 12, "general": 12}


def test_hubspots_clock_counts_not_ours(server: ScriptedServer, clock: FakeClock) -> None:
    server.answers = [Said(headers={"Date": "Mon, 02 Mar 2026 11:30:00 GMT"})]
    client = _client(server, clock)
    client.get("/x")
    assert client.now() == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
    clock.turn(timedelta(minutes=1))
    assert client.now() == datetime(2026, 3, 2, 11, 31, tzinfo=UTC)
