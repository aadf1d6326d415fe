"""The org's daily calls, what is counted of them, and answers that say no for good or for now."""

from datetime import timedelta

import pytest

from connector.crm.salesforce.client import Allowance
from connector.errors import (
    ConfigError,
    ConnectorError,
    CredentialsError,
    CrmRefusedError,
    CrmUnavailableError,
)
from connector.sandbox.salesforce.org import Options
from tests.crm.reading import calls, contacts
from tests.crm.salesforce.conftest import AccountOpener
from tests.crm.salesforce.relay import Given, Relay, error, told
from tests.crm.salesforce_account import SalesforceAccount


def test_the_days_calls_used_up_stop_at_once(open_account: AccountOpener) -> None:
    account = open_account(options=Options(daily_requests=2))
    crm = account.connect()
    crm.account()
    crm.owners()
    with pytest.raises(CrmUnavailableError, match=r"are used|used up") as stopped:
        crm.owners()
    assert stopped.value.retry_at is not None
    assert timedelta(0) < stopped.value.retry_at - account.clock.now() <= timedelta(hours=1)
    assert account.clock.waited == []


def test_somebody_elses_calls_used_up_stop_at_once_too(account: SalesforceAccount) -> None:
    crm = account.connect()
    crm.account()
    account.fault("403")
    with pytest.raises(CrmUnavailableError, match="the org's calls of the last 24 hours"):
        crm.owners()
    assert account.clock.waited == []


def test_too_many_long_calls_at_once_are_waited_for(account: SalesforceAccount) -> None:
    crm = account.connect()
    crm.account()
    account.fault("busy")
    assert crm.owners()
    (waited,) = account.clock.waited
    assert timedelta(seconds=10) <= waited <= timedelta(seconds=11)


@pytest.mark.parametrize("tells_app", [True, False])
def test_a_share_of_the_orgs_calls_is_kept_for_others(
    open_account: AccountOpener, *, tells_app: bool
) -> None:
    account = open_account(options=Options(daily_requests=10, tells_app_usage=tells_app))
    crm = account.connect(allowance=Allowance(share=0.5))
    for _ in range(5):
        crm.owners()
    with pytest.raises(CrmUnavailableError, match="5 of the org's 10 daily calls are used") as told:
        crm.owners()
    assert "connect.max_daily_share" in told.value.what
    assert (calls(crm), account.calls()) == (5, 5)


def test_the_usage_of_our_app_is_not_taken_for_the_orgs(
    account: SalesforceAccount, relay: Relay
) -> None:
    usage = "per-app-api-usage=17/250(appName=x); api-usage=90/100"
    relay.on(1, "/composite", lambda given: Given(
        given.status, {**given.headers, "sforce-limit-info": usage}, given.body))  # fmt: skip
    crm = account.connect(base_url=relay.url, allowance=Allowance(share=0.9))
    crm.account()
    with pytest.raises(CrmUnavailableError, match="90 of the org's 100"):
        crm.owners()


def test_a_number_of_calls_is_not_exceeded(account: SalesforceAccount) -> None:
    crm = account.connect(allowance=Allowance(calls=3))
    for _ in range(3):
        crm.owners()
    with pytest.raises(CrmUnavailableError, match="the 3 calls that one day may take") as told:
        crm.owners()
    assert "connect.max_daily_calls" in told.value.what
    assert account.calls() == 3


def test_a_number_of_calls_counts_those_of_earlier_runs(account: SalesforceAccount) -> None:
    for _ in range(3):
        account.connect().owners()
    crm = account.connect(allowance=Allowance(calls=4))
    crm.owners()
    with pytest.raises(CrmUnavailableError):
        crm.owners()


def test_a_quiet_sync_reads_everything_in_three_calls(account: SalesforceAccount) -> None:
    ana = account.add_lead("Ana")
    account.settle()
    crm = account.connect()
    places: dict[str, str] = {}
    for stream in crm.streams():
        for page in crm.pages(stream, None):
            places[stream.name] = page.checkpoint
    account.settle()
    account.settle()
    before = account.calls()
    crm = account.connect()
    crm.expect({stream: places[stream.name] for stream in crm.streams()})
    crm.account()
    for stream in crm.streams():
        pages = list(crm.pages(stream, places[stream.name]))
        assert pages
        assert contacts(pages) == []
    assert ana
    assert len(crm.streams()) == 6
    assert calls(crm) == account.calls() - before
    assert calls(crm) <= 3


def test_the_org_counts_what_we_count(account: SalesforceAccount) -> None:
    account.add_leads(2_100)
    before = account.calls()
    crm = account.connect(bulk_from=1_000)
    for stream in crm.streams():
        list(crm.pages(stream, None))
    crm.owners()
    account.fault("503")
    crm.owners()
    assert crm.calls["bulk"] >= 4
    assert calls(crm) == account.calls() - before


@pytest.mark.parametrize("status", [414, 431, 413])
def test_a_request_that_is_too_long_is_refused_in_words(
    account: SalesforceAccount, relay: Relay, status: int
) -> None:
    crm = account.connect(base_url=relay.url)
    crm.account()
    relay.on(1, "/composite", told(status, "<html><h1>Too long</h1></html>"))
    with pytest.raises(CrmRefusedError, match=f"answered {status}: status {status}"):
        crm.owners()
    assert account.clock.waited == []


def test_a_retired_version_is_named(account: SalesforceAccount) -> None:
    crm = account.connect(version="20.0")
    with pytest.raises(ConfigError, match="no longer speaks") as refused:
        crm.account()
    assert refused.value.where == "leadripe.yaml, connect.api_version"


def test_a_right_that_is_missing_is_a_matter_for_a_person(
    account: SalesforceAccount, relay: Relay
) -> None:
    crm = account.connect(base_url=relay.url)
    crm.account()
    relay.on(1, "/composite", error(403, "API_DISABLED_FOR_ORG", "API is not enabled"))
    with pytest.raises(CrmRefusedError, match="API_DISABLED_FOR_ORG: API is not enabled"):
        crm.owners()
    assert account.clock.waited == []


def test_a_wait_that_is_asked_for_is_waited(account: SalesforceAccount, relay: Relay) -> None:
    crm = account.connect(base_url=relay.url)
    crm.account()
    relay.on(1, "/composite", told(429, "", Retry_After="30"))
    crm.owners()
    (waited,) = account.clock.waited
    assert timedelta(seconds=30) <= waited <= timedelta(seconds=33)


def test_a_wait_that_is_too_long_is_not_waited(account: SalesforceAccount, relay: Relay) -> None:
    crm = account.connect(base_url=relay.url)
    crm.account()
    relay.on(1, "/composite", told(503, "", Retry_After="3600"))
    with pytest.raises(CrmUnavailableError) as told_:
        crm.owners()
    assert told_.value.retry_at == account.clock.now() + timedelta(hours=1)
    assert account.clock.waited == []


def test_personal_data_in_an_error_is_not_repeated(
    account: SalesforceAccount, relay: Relay
) -> None:
    crm = account.connect(base_url=relay.url)
    crm.account()
    long = "Ana Silva <ana.silva@example.org> " + "x" * 400
    relay.on(1, "/composite", error(400, "ODD", long))
    with pytest.raises(ConnectorError) as refused:
        crm.owners()
    assert not isinstance(refused.value, CredentialsError)
    assert "example.org" not in str(refused.value)
    assert len(refused.value.what) < 300
