"""Write-backs and tasks on HubSpot: each row has its own outcome, and nothing is made twice."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from connector.crm.hubspot.adapter import HubSpotCrm
from connector.domain.ids import ContactId, TaskKey
from connector.errors import CrmRefusedError, CrmUnavailableError
from connector.ports import Outcome, TaskWish, Verdict, WriteBack
from connector.sandbox.hubspot.portal import Options
from tests.crm.hubspot_account import HubSpotAccount
from tests.crm.reading import calls, read
from tests.crm.scripted import Said, ScriptedServer
from tests.crm.shipped import shipped_for_hubspot
from tests.fakes.clock import FakeClock

SCORE = "leadripe_score"
STAGE = "leadripe_stage"

MAPPING = shipped_for_hubspot()


@pytest.fixture(params=["400", "207"])
def strict(request: pytest.FixtureRequest) -> Iterator[HubSpotAccount]:
    """An account that answers one bad row as either reading of the documentation has it."""
    partial: Literal["400", "207"] = request.param
    with HubSpotAccount(options=Options(partial_updates=partial)) as account:
        account.settle()
        yield account


def _verdicts(outcomes: object) -> list[Verdict]:
    assert isinstance(outcomes, list)
    return [each.verdict for each in outcomes]


@pytest.mark.parametrize("poisoned", [[0], [99], [13, 14], [5, 50, 95], list(range(100))])
def test_poisoned_rows_are_found_and_the_others_written(
    strict: HubSpotAccount, poisoned: list[int]
) -> None:
    ids = strict.add_many(100)
    crm = strict.connect()
    batch = [
        WriteBack(id_, {STAGE: "no_such_stage" if number in poisoned else "lead"})
        for number, id_ in enumerate(ids)
    ]
    strict.clock.turn(timedelta(seconds=11))
    outcomes = crm.write(batch)
    refused = [n for n, each in enumerate(outcomes) if each.verdict is Verdict.REFUSED]
    assert refused == poisoned
    assert {each.verdict for each in outcomes} <= {Verdict.REFUSED, Verdict.ACCEPTED}
    assert calls(crm) <= 1 + len(poisoned) * 2 * math.ceil(math.log2(100))


def test_a_property_that_does_not_exist_does_not_cost_a_call_for_each_row(
    account: HubSpotAccount,
) -> None:
    ids = account.add_many(100)
    crm = account.connect()
    batch = [
        WriteBack(id_, {SCORE: "1", "gone_property": "x"} if number < 60 else {SCORE: "1"})
        for number, id_ in enumerate(ids)
    ]
    outcomes = crm.write(batch)
    assert [each.verdict for each in outcomes[:60]] == [Verdict.REFUSED] * 60
    assert [each.verdict for each in outcomes[60:]] == [Verdict.ACCEPTED] * 40
    assert calls(crm) == 2


def test_what_is_not_answered_is_unavailable_not_lost() -> None:
    row = {"id": "1", "properties": {SCORE: "1"}, "updatedAt": "2026-03-02T09:00:00Z"}
    with ScriptedServer(Said(body={"results": [row]})) as server:
        crm = HubSpotCrm(lambda: "t", shipped_for_hubspot(), FakeClock(), base_url=server.url)
        outcomes = crm.write([WriteBack(ContactId(id_), {SCORE: "1"}) for id_ in ("1", "2", "3")])
    assert _verdicts(outcomes) == [Verdict.ACCEPTED, Verdict.UNAVAILABLE, Verdict.UNAVAILABLE]


def test_halves_that_were_written_stay_known_when_the_line_is_cut() -> None:
    row = {"id": "1", "properties": {SCORE: "1"}, "updatedAt": "2026-03-02T09:00:00Z"}
    answers = [Said(400, {"message": "no"}), Said(body={"results": [row]}), Said(503, "")]
    with ScriptedServer(*answers) as server:
        crm = HubSpotCrm(lambda: "t", shipped_for_hubspot(), FakeClock(), base_url=server.url)
        outcomes = crm.write([WriteBack(ContactId(id_), {SCORE: "1"}) for id_ in ("1", "2")])
    assert _verdicts(outcomes) == [Verdict.ACCEPTED, Verdict.UNAVAILABLE]


def test_a_missing_scope_is_one_refusal_not_a_hundred(account: HubSpotAccount) -> None:
    ids = account.add_many(3)
    account.portal.tokens.register("reader", "crm.objects.contacts.read")
    crm = account.connect(token="reader")  # noqa: S106  opens a toy account
    with pytest.raises(CrmRefusedError) as caught:
        crm.write([WriteBack(id_, {SCORE: "1"}) for id_ in ids])
    assert caught.value.scopes == ("crm.objects.contacts.write",)
    assert calls(crm) == 1


def test_ten_thousand_scores_fit_into_a_hundred_calls(account: HubSpotAccount) -> None:
    ids = account.add_many(300)
    crm = account.connect()
    for start in range(0, 300, crm.batch_size):
        crm.write([WriteBack(id_, {SCORE: "1"}) for id_ in ids[start : start + crm.batch_size]])
    assert calls(crm) == crm.estimate(contacts=300, tasks=0).total == 3
    assert crm.estimate(contacts=10_000, tasks=0).total == 100


def _wish(account: HubSpotAccount, number: int, contact: ContactId) -> TaskWish:
    due_at = account.clock.now() + timedelta(hours=2)
    body = "Why:\n<b>35</b> demo & more"
    return TaskWish(TaskKey(f"k{number}"), contact, f"Call {number}", body, due_at, None, True)


def test_a_task_says_what_to_do_for_whom_and_by_when(account: HubSpotAccount) -> None:
    (ana,) = account.add_many(1)
    account.connect().write_tasks([_wish(account, 1, ana)])
    task = account.tasks()["k1"]
    assert task["contacts"] == [ana]
    assert task["hs_task_subject"] == "Call 1"
    assert task["hs_task_body"] == "Why:<br>&lt;b&gt;35&lt;/b&gt; demo &amp; more"
    assert str(task["hs_timestamp"]).startswith("2026-03-02T11:05")


def test_repeating_a_wish_does_not_reopen_a_task(account: HubSpotAccount) -> None:
    (ana,) = account.add_many(1)
    crm = account.connect()
    task = crm.write_tasks([_wish(account, 1, ana)])[0].task
    body = {"properties": {"hs_task_status": "COMPLETED"}}
    account.ask("PATCH", f"/crm/objects/2026-09/tasks/{task}", body)
    crm.write_tasks([_wish(account, 1, ana)])
    assert account.is_done(TaskKey("k1"))


def test_no_orphan_is_left_when_the_contact_is_deleted(account: HubSpotAccount) -> None:
    ana, ben = account.add_many(2)
    account.delete(ana)
    account.connect().write_tasks([_wish(account, 1, ana), _wish(account, 2, ben)])
    assert list(account.tasks()) == ["k2"]


def test_tasks_that_we_just_made_are_not_read_back(account: HubSpotAccount) -> None:
    ids = account.add_many(5)
    crm = account.connect()
    checkpoint = read(crm, "tasks")[-1].checkpoint
    account.settle()
    began = account.clock.now()
    outcomes = crm.write_tasks([_wish(account, n, id_) for n, id_ in enumerate(ids)])
    crm.wrote(since=began, until=max(each.changed_at for each in outcomes if each.changed_at))
    account.settle()
    before = calls(crm)
    pages = read(crm, "tasks", checkpoint)
    assert [task for page in pages for task in page.tasks] == []
    assert calls(crm) - before == 1
    body = {"properties": {"hs_task_status": "COMPLETED"}}
    account.ask("PATCH", f"/crm/objects/2026-09/tasks/{outcomes[2].task}", body)
    account.settle()
    tasks = [task for page in read(crm, "tasks", pages[-1].checkpoint) for task in page.tasks]
    assert [(task.key, task.contact, task.is_done) for task in tasks] == [("k2", ids[2], True)]


@pytest.mark.parametrize("fault", ["lost", "500", "truncate", "html", "429", "423"])
def test_whatever_call_fails_in_between_all_is_written_and_nothing_twice(
    account: HubSpotAccount, fault: str
) -> None:
    crm = account.connect()
    for call in itertools.count(1):
        ids = account.add_many(3)
        account.faults.calls, account.faults.planned = 0, {call: fault}
        written = crm.write([WriteBack(id_, {SCORE: "9"}) for id_ in ids])
        wishes = [_wish(account, call * 10 + place, id_) for place, id_ in enumerate(ids)]
        made = crm.write_tasks(wishes)
        done = replace(wishes[0], is_done=True)
        closed = crm.write_tasks([done])
        was_reached = account.faults.calls >= call
        account.faults.planned = {}
        assert {each.verdict for each in (*written, *made, *closed)} == {Verdict.ACCEPTED}
        assert len(account.tasks()) == 3 * call
        assert account.is_done(done.key)
        assert [account.shows(id_, SCORE) for id_ in ids] == ["9"] * 3
        if not was_reached:
            return


def test_an_outage_that_lasts_is_raised_and_sending_again_makes_it_good(
    account: HubSpotAccount,
) -> None:
    (ana,) = account.add_many(1)
    crm = account.connect()
    account.faults.shares = {"lost": 1.0}
    with pytest.raises(CrmUnavailableError):
        crm.write_tasks([_wish(account, 1, ana)])
    account.faults.shares = {}
    outcome: Outcome = crm.write_tasks([_wish(account, 1, ana)])[0]
    assert outcome.verdict is Verdict.ACCEPTED
    assert account.tasks()["k1"]["contacts"] == [ana]
