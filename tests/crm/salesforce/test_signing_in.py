"""Signing in: assertions, secrets, expiry, threads, and what must never be told to anybody."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connector.crm.salesforce.adapter import SalesforceCrm
from connector.crm.salesforce.credentials import JwtGrant, SecretGrant
from connector.errors import ConnectorError, CredentialsError, CrmRefusedError, CrmUnavailableError
from connector.sandbox.salesforce.org import Options
from connector.sandbox.salesforce.serving import new_key, public_half
from tests.crm.reading import contacts, read
from tests.crm.salesforce.conftest import AccountOpener
from tests.crm.salesforce.relay import Given, Relay, error, told
from tests.crm.salesforce_account import SalesforceAccount, private_key

TOKEN = "/oauth2/token"  # noqa: S105  a path, no secret
LOGIN = "https://login.salesforce.com"


def signing(account: SalesforceAccount, **changes: object) -> JwtGrant:
    values = {
        "client_id": account.sandbox.consumer_key,
        "username": account.sandbox.username,
        "audience": LOGIN,
        "read_key": private_key,
    }
    return JwtGrant(**{**values, **changes})  # type: ignore[arg-type]  # as each test wants it


def who(crm: SalesforceCrm) -> str:
    return crm.account().id


def test_an_assertion_is_signed_short_lived_and_for_the_sign_in_host(
    account: SalesforceAccount, relay: Relay
) -> None:
    crm = account.connect(base_url=relay.url, grant=signing(account))
    assert who(crm).startswith("00D")
    form = parse_qs(relay.heard[0].body.decode())
    assert relay.heard[0].path == "/services/oauth2/token"
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = jwt.decode(
        form["assertion"][0],
        public_half(private_key()),
        algorithms=["RS256"],
        audience=LOGIN,
        options={"verify_exp": False},
    )
    assert (claims["iss"], claims["sub"]) == ("sandbox-consumer-key", account.sandbox.username)
    assert isinstance(claims["exp"], int)
    assert 0 < claims["exp"] - account.clock.now().timestamp() <= 180
    assert set(form) == {"grant_type", "assertion"}


def test_an_apps_secret_signs_in_as_well(account: SalesforceAccount, relay: Relay) -> None:
    crm = account.connect(base_url=relay.url)
    assert who(crm).startswith("00D")
    assert parse_qs(relay.heard[0].body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["sandbox-consumer-key"],
        "client_secret": ["sandbox-consumer-secret"],
    }


@pytest.mark.parametrize(
    ("changes", "said", "remedy"),
    [
        ({"audience": "https://acme.my.salesforce.com"}, "audience is invalid", "test.salesforce"),
        ({"username": "nobody@example.org"}, "hasn't approved this consumer", "pre-authorise"),
        ({"client_id": "unknown"}, "client identifier invalid", "consumer key"),
        ({"read_key": new_key}, "invalid assertion", "certificate of the app"),
    ],
)
def test_a_refused_assertion_names_what_to_do(
    account: SalesforceAccount, changes: dict[str, object], said: str, remedy: str
) -> None:
    with pytest.raises(CredentialsError) as refused:
        who(account.connect(grant=signing(account, **changes)))
    assert said in refused.value.what
    assert remedy in refused.value.do
    assert refused.value.do.endswith("Nothing was sent.")


def test_a_clock_that_is_wrong_is_named(account: SalesforceAccount) -> None:
    account.org.clock.advance(timedelta(hours=1))
    with pytest.raises(CredentialsError) as refused:
        who(account.connect(grant=signing(account)))
    assert "clock" in refused.value.do


@pytest.mark.parametrize("key", ["no key", "", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_is_none_is_named_and_nothing_is_sent(
    account: SalesforceAccount, relay: Relay, key: str
) -> None:
    grant = signing(account, read_key=lambda: key)
    with pytest.raises(CredentialsError, match="cannot sign"):
        who(account.connect(base_url=relay.url, grant=grant))
    assert relay.heard == []


@pytest.mark.parametrize(
    ("key", "secret", "remedy"),
    [
        ("sandbox-consumer-key", "wrong-secret", "consumer secret"),
        ("wrong-key", "sandbox-consumer-secret", "consumer key"),
    ],
)
def test_a_wrong_secret_is_named_but_not_told(
    account: SalesforceAccount, key: str, secret: str, remedy: str
) -> None:
    with pytest.raises(CredentialsError) as refused:
        who(account.connect(grant=SecretGrant(key, secret)))
    assert remedy in refused.value.do
    assert secret not in str(refused.value)


def test_an_app_that_acts_as_nobody_is_named(account: SalesforceAccount) -> None:
    account.org.apps[account.sandbox.consumer_key].run_as = ""
    with pytest.raises(CredentialsError) as refused:
        who(account.connect())
    assert "Name the user to act as" in refused.value.do


def test_signing_in_too_often_is_no_matter_of_secrets(open_account: AccountOpener) -> None:
    account = open_account(options=Options(logins_an_hour=1))
    who(account.connect())
    with pytest.raises(CrmUnavailableError, match="lets our user sign in no more") as refused:
        who(account.connect())
    assert refused.value.retry_at == account.clock.now() + timedelta(hours=1)


# -- how long a session is good for


def test_a_session_is_renewed_before_the_shortest_life_is_over(
    account: SalesforceAccount, relay: Relay
) -> None:
    crm = account.connect(base_url=relay.url)
    for minutes, logins in ((0, 1), (12, 1), (2, 2), (12, 2), (2, 3)):
        account.clock.turn(timedelta(minutes=minutes))
        crm.owners()
        assert len(relay.asked(TOKEN)) == logins
    assert crm.calls == {"rest": 5}


def test_a_session_that_ended_early_costs_one_sign_in(
    account: SalesforceAccount, relay: Relay
) -> None:
    crm = account.connect(base_url=relay.url)
    crm.account()
    account.org.sessions.close_all()
    crm.owners()
    assert [TOKEN in each.path for each in relay.heard] == [True, False, False, True, False]


def test_eight_threads_ask_for_one_session_at_each_expiry(
    account: SalesforceAccount, relay: Relay
) -> None:
    crm = account.connect(base_url=relay.url)

    def at_once() -> int:
        relay.heard.clear()
        with ThreadPoolExecutor(8) as pool:
            for future in [pool.submit(crm.owners) for _ in range(8)]:
                assert future.result()
        return len(relay.asked(TOKEN))

    assert at_once() == 1
    account.clock.turn(timedelta(minutes=14))
    assert at_once() == 1
    account.org.sessions.close_all()
    assert at_once() == 1
    assert at_once() == 0


def test_a_session_that_is_refused_for_good_ends_after_one_more_sign_in(
    account: SalesforceAccount, relay: Relay
) -> None:
    crm = account.connect(base_url=relay.url)
    crm.account()
    relay.clear()
    relay.meddle = lambda heard, ask: (
        ask() if TOKEN in heard.path else error(401, "INVALID_SESSION_ID", "Session expired")
    )
    with pytest.raises(CredentialsError, match="does not accept the session"):
        crm.owners()
    assert len(relay.asked(TOKEN)) == 1
    assert len(relay.asked("/composite")) == 2


@pytest.mark.parametrize(
    "expired",
    [
        told(401, "<html>gone</html>"),
        told(401, {"error": "odd"}),
        told(401, ""),
        error(400, "INVALID_SESSION_ID"),
        told(400, {"exceptionCode": "InvalidSessionId", "exceptionMessage": "no"}),
    ],
    ids=["html", "no list", "nothing", "400", "bulk api 1"],
)
def test_an_expired_session_is_known_in_every_shape(
    account: SalesforceAccount, relay: Relay, expired: Given
) -> None:
    ana = account.add_lead("Ana")
    crm = account.connect(base_url=relay.url)
    crm.account()
    relay.on(1, "/composite", expired)
    assert [each.id for each in contacts(read(crm, "contacts"))] == [ana]
    assert len(relay.asked(TOKEN)) == 2


# -- the token endpoint is a network service too


@pytest.mark.parametrize(
    "answer",
    [
        told(503, "busy"),
        told(429, ""),
        told(200, "<html>hello</html>"),
        told(200, {"access_token": "a\r\nX-Evil: 1"}),
        told(200, {"access_token": None}),
        Given(200, {}, b"", is_reset=True),
        Given(200, {}, b'{"acc', announced=90),
    ],
    ids=["503", "429", "html", "odd token", "no token", "reset", "cut"],
)
def test_a_token_endpoint_that_stumbles_is_asked_again(
    account: SalesforceAccount, relay: Relay, answer: Given
) -> None:
    relay.on(1, TOKEN, answer)
    crm = account.connect(base_url=relay.url)
    assert who(crm).startswith("00D")
    assert len(relay.asked(TOKEN)) == 2
    assert len(account.clock.waited) == 1


def test_a_token_endpoint_that_stays_silent_ends_in_an_error(
    account: SalesforceAccount, relay: Relay
) -> None:
    relay.meddle = lambda heard, ask: told(503, "busy")
    with pytest.raises(CrmUnavailableError, match="token endpoint did not answer: status 503"):
        who(account.connect(base_url=relay.url))
    assert len(relay.heard) == 6


def test_a_redirect_is_not_followed(account: SalesforceAccount, relay: Relay) -> None:
    with account.relay() as elsewhere:
        there = elsewhere.url + "/services/oauth2/token"
        relay.on(1, TOKEN, told(302, "", Location=there))
        with pytest.raises(CredentialsError) as refused:
            who(account.connect(base_url=relay.url))
        assert "My Domain" in refused.value.do
        crm = account.connect(base_url=relay.url)
        crm.account()
        relay.on(1, "/composite", told(307, "", Location=elsewhere.url + "/services/data"))
        with pytest.raises(CrmRefusedError, match="answered 307, which it never should"):
            crm.owners()
        assert elsewhere.heard == []


def test_netrc_takes_no_tokens_place(
    account: SalesforceAccount, relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login root password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    who(account.connect(base_url=relay.url))
    assert "authorization" not in relay.heard[0].headers
    assert relay.heard[1].headers["authorization"].startswith("Bearer 00D")


# -- secrets stay where they are


@pytest.fixture
def spoken(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """Return everything that was logged, by anybody and down to the finest detail."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logs:
        yield lambda: caplog.text + str(logs)


def test_no_secret_stands_in_a_message_a_log_or_a_repr(
    account: SalesforceAccount, relay: Relay, spoken: Callable[[], str]
) -> None:
    secret = account.sandbox.consumer_secret
    relay.meddle = lambda heard, ask: (
        told(400, {"error": "invalid_grant", "error_description": heard.body.decode() + secret})
        if TOKEN in heard.path
        else ask()
    )
    said = ""
    for grant in (signing(account), SecretGrant(account.sandbox.consumer_key, secret)):
        crm = account.connect(base_url=relay.url, grant=grant)
        with pytest.raises(ConnectorError) as refused:
            who(crm)
        said += f"{refused.value}{refused.value!r}{grant!r}{crm!r}"
        assertion = parse_qs(relay.heard[-1].body.decode()).get("assertion", ["-----BEGIN"])[0]
        assert assertion[:60] not in said + spoken()
    relay.clear()
    crm = account.connect(base_url=relay.url)
    crm.account()
    token = relay.asked("/composite")[0].headers["authorization"].removeprefix("Bearer ")
    relay.meddle = lambda heard, _: error(401, "INVALID_SESSION_ID", str(heard.headers))
    with pytest.raises(ConnectorError) as refused:
        crm.owners()
    said += f"{refused.value}{refused.value!r}{crm!r}"
    for hidden in (secret, token, token[16:40], "BEGIN PRIVATE KEY"):
        assert hidden not in said + spoken()


def test_an_elliptic_key_cannot_sign(account: SalesforceAccount) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(CredentialsError, match="no RSA key"):
        who(account.connect(grant=signing(account, read_key=key.decode)))
