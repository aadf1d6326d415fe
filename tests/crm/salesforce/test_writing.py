"""Writing: headers that protect owners, rows that fail each in its way, values, files."""

from collections.abc import Callable
from datetime import timedelta

import orjson
import pytest

from connector.crm.salesforce.client import PROTECTING
from connector.crm.salesforce.people import whole_id
from connector.crm.salesforce.schema import FieldInfo
from connector.crm.salesforce.writing import UnfitError, typed
from connector.domain.ids import ContactId, TaskKey
from connector.errors import ConnectorError, CredentialsError, CrmUnavailableError
from connector.ports import FileCrm, FileJob, TaskWish, Verdict, WriteBack
from connector.sandbox.salesforce.org import Options, ValidationRule
from connector.sandbox.salesforce.soql_parser import parse
from tests.crm.salesforce.conftest import AccountOpener
from tests.crm.salesforce.relay import Given, Heard, Json, Relay, error
from tests.crm.salesforce.scores import PERSONA, REASONS, SCORE, scored
from tests.crm.salesforce_account import SalesforceAccount

TRIGGER = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
Meddle = Callable[[Heard, Callable[[], Given]], Given]


def wish(account: SalesforceAccount, key: str, contact: str) -> TaskWish:
    due_at = account.clock.now() + timedelta(hours=4)
    return TaskWish(TaskKey(key), ContactId(contact), "Call", "Why", due_at)


def verdicts(outcomes: object) -> list[Verdict]:
    assert isinstance(outcomes, list)
    return [each.verdict for each in outcomes]


def guarded(heard: Heard) -> bool:
    """Tell whether a request, and every part of it, has the headers that protect owners."""
    lowered = {name.lower(): text for name, text in PROTECTING.items()}
    outer = all(heard.headers.get(name) == text for name, text in lowered.items())
    return outer and all(PROTECTING.items() <= sub["httpHeaders"].items() for sub in heard.subs)


# -- headers, on every attempt, and what they are for


@pytest.mark.parametrize("passes_on", [True, False])
def test_no_write_changes_an_owner_or_stops_at_an_alert(
    open_account: AccountOpener, *, passes_on: bool
) -> None:
    options = Options(
        composite_passes_headers=passes_on, duplicate_rules=frozenset({"Lead", "Contact"})
    )
    account = open_account(provisioned=True, options=options)
    ana = account.add_lead("Ana")
    account.org.add("Lead", {"Name": "Anna", "Email": "ana@example.org"})
    owner = account.row(ana)["OwnerId"]
    account.org.assigned_to["Lead"] = account.org.main_user
    assert owner != account.org.main_user
    for fault in ("", "401", "lock", "503", "lost", "truncate"):
        with account.relay() as relay:
            crm = account.connect(base_url=relay.url)
            crm.account()
            if fault:
                account.fault(fault)
            outcomes = crm.write(scored([ana], str(len(fault))))
            assert verdicts(outcomes) == [Verdict.ACCEPTED]
            assert account.shows(ana, SCORE) == str(len(fault))
            assert account.row(ana)["OwnerId"] == owner
            sent = relay.asked("/composite")[1:]
            assert len(sent) == (2 if fault else 1)
            assert all(guarded(each) for each in sent)
            assert all(sub["method"] == "PATCH" for each in sent for sub in each.subs)


def test_every_call_to_an_org_is_guarded(ready: SalesforceAccount, wire: Relay) -> None:
    ana = ready.add_lead("Ana")
    crm = ready.connect(base_url=wire.url, file_from=1)
    crm.write(scored([ana]))
    crm.write_tasks([wish(ready, "key-1", ana)])
    assert isinstance(crm, FileCrm)
    job = FileJob(crm.open_file("Lead"), "Lead")
    crm.send_file(job, scored([ana], "43"))
    list(crm.finish_file(job))
    calls = [each for each in wire.heard if "/services/data" in each.path]
    assert len(calls) > 8
    assert all(guarded(each) for each in calls)
    assert not any("assignmentRuleId" in each.body.decode("latin-1") for each in calls)
    assert {each.headers["sforce-call-options"] for each in calls} == {"client=leadripe"}
    assert {each.headers["x-prettyprint"] for each in calls} == {"0"}


def test_a_file_runs_no_assignment_rule(ready: SalesforceAccount) -> None:
    ana = ready.add_lead("Ana")
    owner = ready.row(ana)["OwnerId"]
    ready.org.assigned_to["Lead"] = ready.org.main_user
    assert owner != ready.org.main_user
    crm = ready.connect()
    job = FileJob(crm.open_file("Lead"), "Lead")
    crm.send_file(job, scored([ana]))
    assert [row.outcome.verdict for row in crm.finish_file(job) if row.outcome] == ["accepted"]
    assert (ready.shows(ana, SCORE), ready.row(ana)["OwnerId"]) == ("42", owner)


# -- many rows, and rows that fail


def test_a_thousand_rows_are_one_call(ready: SalesforceAccount, wire: Relay) -> None:
    leads = ready.add_leads(1_000)
    crm = ready.connect(base_url=wire.url)
    crm.account()
    wire.clear()
    outcomes = crm.write(
        [WriteBack(ContactId(id_), {SCORE: str(n % 100)}) for n, id_ in enumerate(leads)]
    )
    assert verdicts(outcomes) == [Verdict.ACCEPTED] * 1_000
    assert [each.values[SCORE] for each in outcomes] == [str(n % 100) for n in range(1_000)]
    assert [ready.shows(id_, SCORE) for id_ in leads] == [str(n % 100) for n in range(1_000)]
    assert [len(sub["body"]["records"]) for sub in wire.heard[0].subs] == [200] * 5
    assert len(wire.heard) == 1
    assert not any(sub["body"]["allOrNone"] for sub in wire.heard[0].subs)


def test_leads_and_contacts_in_turn_keep_their_order(ready: SalesforceAccount) -> None:
    people = [
        ready.add_lead(f"P{n}") if n % 2 else ready.add("Contact", LastName=f"P{n}")
        for n in range(50)
    ]
    crm = ready.connect()
    crm.account()
    before = sum(crm.calls.values())
    outcomes = crm.write(
        [WriteBack(ContactId(id_), {SCORE: str(n)}) for n, id_ in enumerate(people)]
    )
    assert [each.values[SCORE] for each in outcomes] == [str(n) for n in range(50)]
    assert [ready.shows(id_, SCORE) for id_ in people] == [str(n) for n in range(50)]
    assert sum(crm.calls.values()) - before == 1


def test_each_row_is_refused_in_the_words_of_the_crm(ready: SalesforceAccount) -> None:
    fine, ruled, approved, alone = (ready.add_lead(name) for name in ("Ana", "Ben", "Cleo", "Dan"))
    where = parse("SELECT Id FROM Lead WHERE FirstName = 'Ben'").where
    assert where is not None
    ready.org.validation_rules.append(ValidationRule("Lead", where, "Ben is not to be touched"))
    ready.org.in_approval.add(approved)
    outcomes = ready.connect().write(
        [*scored([fine, ruled, approved]), WriteBack(alone, {PERSONA: "x" * 300})]
    )
    assert verdicts(outcomes) == ["accepted", "refused", "refused", "refused"]
    assert outcomes[1].reason == "FIELD_CUSTOM_VALIDATION_EXCEPTION: Ben is not to be touched"
    assert outcomes[2].reason.startswith("ENTITY_IS_LOCKED: the entity is locked for editing")
    assert outcomes[3].reason.startswith("STRING_TOO_LONG: ")
    assert outcomes[3].reason.endswith(f"[{PERSONA}]")
    assert ready.shows(fine, SCORE) == "42"


def test_locked_rows_are_sent_again_a_few_times(ready: SalesforceAccount) -> None:
    briefly, long = ready.add_lead("Ana"), ready.add_lead("Ben")
    ready.org.locked = {briefly: 2, long: 99}
    crm = ready.connect()
    crm.account()
    ready.clock.waited.clear()
    outcomes = crm.write(scored([briefly, long]))
    assert verdicts(outcomes) == [Verdict.ACCEPTED, Verdict.UNAVAILABLE]
    assert outcomes[1].reason.startswith("UNABLE_TO_LOCK_ROW: ")
    assert ready.clock.waited == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
    assert 99 - ready.org.locked[long] == 4


def _failing(relay: Relay, poison: set[str]) -> Meddle:
    """Return an org whose trigger fails for every group that has one of these records in it."""
    told = {"statusCode": TRIGGER, "message": "LeadTrigger: limit", "fields": []}
    bad = {"success": False, "errors": [told]}

    def answer(sub: Json) -> Json | None:
        rows = sub["body"]["records"]
        if not poison & {row["id"] for row in rows}:
            return None
        return {"httpStatusCode": 200, "body": [bad for _ in rows]}

    return lambda heard, _: relay.parted(heard, answer)


def test_a_row_on_which_a_trigger_fails_does_not_hold_back_its_group(
    ready: SalesforceAccount, wire: Relay
) -> None:
    leads = ready.add_leads(400)
    crm = ready.connect(base_url=wire.url)
    crm.account()
    wire.clear()
    wire.meddle = _failing(wire, {leads[7]})
    outcomes = crm.write(scored(leads))
    refused = [n for n, each in enumerate(outcomes) if each.verdict is not Verdict.ACCEPTED]
    assert refused == [7]
    assert outcomes[7].verdict is Verdict.REFUSED
    assert outcomes[7].reason == f"{TRIGGER}: LeadTrigger: limit"
    # All at once; four of 50; five of 10; ten by themselves.
    assert len(wire.heard) == 5


def test_a_trigger_that_fails_on_everything_costs_few_calls(
    ready: SalesforceAccount, wire: Relay
) -> None:
    leads = ready.add_leads(1_000)
    crm = ready.connect(base_url=wire.url)
    crm.account()
    wire.clear()
    wire.meddle = _failing(wire, set(leads))
    assert verdicts(crm.write(scored(leads))) == [Verdict.REFUSED] * 1_000
    assert len(wire.heard) == 5


def test_a_lock_within_a_triggers_words_passes(ready: SalesforceAccount, wire: Relay) -> None:
    leads = ready.add_leads(3)
    crm = ready.connect(base_url=wire.url)
    crm.account()
    times = iter([True, True])

    def meddle(heard: Heard, ask: Callable[[], Given]) -> Given:
        given = ask()
        if not heard.subs or not next(times, False):
            return given
        text = given.body.replace(
            b'"success":true',
            b'"success":false,"errors":[{"statusCode":'
            b'"CANNOT_EXECUTE_FLOW_TRIGGER",'
            b'"message":"flow: UNABLE_TO_LOCK_ROW","fields":[]}],"x":1',
        )
        return Given(given.status, given.headers, text.replace(b',"errors":[]}', b"}"))

    wire.meddle = meddle
    assert verdicts(crm.write(scored(leads))) == [Verdict.ACCEPTED] * 3


def test_a_group_that_is_refused_as_a_whole_is_halved(
    ready: SalesforceAccount, wire: Relay
) -> None:
    leads = ready.add_leads(20)
    crm = ready.connect(base_url=wire.url)
    crm.account()
    wire.clear()

    def answer(sub: Json) -> Json | None:
        if all(row["id"] != leads[7] for row in sub["body"]["records"]):
            return None
        told = [{"errorCode": "JSON_PARSER_ERROR", "message": "odd row"}]
        return {"httpStatusCode": 400, "body": told}

    wire.meddle = lambda heard, _: wire.parted(heard, answer)
    outcomes = crm.write(scored(leads))
    assert [n for n, each in enumerate(outcomes) if each.verdict is not Verdict.ACCEPTED] == [7]
    assert outcomes[7].reason == "JSON_PARSER_ERROR: odd row"
    assert len(wire.heard) == 5


def test_what_is_known_of_a_batch_is_told_though_the_rest_failed(
    ready: SalesforceAccount, wire: Relay
) -> None:
    fine, gone, locked = (ready.add_lead(name) for name in ("Ana", "Ben", "Cleo"))
    ready.delete(gone)
    ready.org.locked = {locked: 99}
    crm = ready.connect(base_url=wire.url)
    crm.account()
    seen = 0

    def meddle(heard: Heard, ask: Callable[[], Given]) -> Given:
        nonlocal seen
        seen += bool(heard.subs)
        return ask() if seen <= 1 else error(403, "API_DISABLED_FOR_ORG", "no more")

    wire.meddle = meddle
    outcomes = crm.write(scored([fine, gone, locked]))
    assert verdicts(outcomes) == [Verdict.ACCEPTED, Verdict.UNAVAILABLE, Verdict.UNAVAILABLE]
    assert "no more" in outcomes[1].reason


def test_two_leads_that_became_one_contact_are_written_once(ready: SalesforceAccount) -> None:
    ana, ben = ready.add_lead("Ana"), ready.add_lead("Ben")
    contact = ready.convert(ana)
    ready.people.convert(ben, into=contact)
    outcomes = ready.connect().write([*scored([ana], "10"), *scored([ben], "20")])
    assert verdicts(outcomes) == [Verdict.ACCEPTED, Verdict.GONE]
    assert [each.contact for each in outcomes] == [contact, contact]
    assert ready.shows(contact, SCORE) == "10"


@pytest.mark.parametrize("fault", ["503", "502", "420", "429", "406", "busy", "lost", "truncate"])
def test_a_write_is_sent_again_when_nothing_is_known(ready: SalesforceAccount, fault: str) -> None:
    ana = ready.add_lead("Ana")
    crm = ready.connect()
    crm.account()
    ready.fault(fault)
    assert verdicts(crm.write(scored([ana]))) == [Verdict.ACCEPTED]
    assert ready.shows(ana, SCORE) == "42"


def test_a_task_whose_acknowledgement_was_lost_is_not_made_twice(
    ready: SalesforceAccount,
) -> None:
    ana = ready.add_lead("Ana")
    crm = ready.connect()
    crm.account()
    ready.fault("lost")
    outcome = crm.write_tasks([wish(ready, "key-1", ana)])[0]
    assert outcome.verdict is Verdict.ACCEPTED
    (task,) = ready.org.table("Task").rows.values()
    assert outcome.task == task.id


def test_a_doubled_key_is_told_by_short_ids_too(ready: SalesforceAccount, wire: Relay) -> None:
    ana = ready.add_lead("Ana")
    crm = ready.connect(base_url=wire.url)
    first = crm.write_tasks([wish(ready, "key-1", ana)])[0]
    assert first.task is not None
    whole = first.task.encode()
    wire.on(1, "/composite", lambda given: Given(
        given.status, given.headers, given.body.replace(whole, whole[:15])))  # fmt: skip
    again = crm.write_tasks([wish(ready, "key-1", ana)])[0]
    assert (again.verdict, again.task) == (Verdict.ACCEPTED, first.task)
    assert whole_id(first.task[:15]) == first.task
    assert whole_id("001A0000006Vm9r") == "001A0000006Vm9rIAC"


def test_another_unique_field_is_not_taken_for_our_key(
    ready: SalesforceAccount, wire: Relay
) -> None:
    ana = ready.add_lead("Ana")
    other = ready.add("Task", Subject="Theirs", WhoId=ana)
    crm = ready.connect(base_url=wire.url)
    crm.account()
    told = f"duplicate value found: Their_Key__c duplicates value on record with id: {other}"
    row = {"statusCode": "DUPLICATE_VALUE", "message": told, "fields": []}
    body = {
        "compositeResponse": [
            {
                "referenceId": "r0",
                "httpStatusCode": 200,
                "body": [{"success": False, "errors": [row]}],
            }
        ]
    }
    wire.on(1, "/composite", Given(200, {}, orjson.dumps(body)))
    outcome = crm.write_tasks([wish(ready, "key-1", ana)])[0]
    assert outcome.verdict is Verdict.REFUSED
    assert "Their_Key__c" in outcome.reason


# -- values, fields and rights


def test_values_go_out_as_their_fields_take_them(ready: SalesforceAccount, wire: Relay) -> None:
    ana = ready.add_lead("Ana")
    crm = ready.connect(base_url=wire.url)
    values = {
        SCORE: "42",
        "Leadripe_Handed_Off_At__c": "2026-03-02T09:30:00Z",
        "Leadripe_Need_At__c": "2026-03-02",
        "leadripe_reasons__C": "Because: «é»\nand more",
        "Leadripe_Stage__c": None,
    }
    assert verdicts(crm.write([WriteBack(ana, values)])) == [Verdict.ACCEPTED]
    (record,) = wire.heard[-1].subs[0]["body"]["records"]
    assert record == {
        "attributes": {"type": "Lead"},
        "id": ana,
        SCORE: 42,
        "Leadripe_Handed_Off_At__c": "2026-03-02T09:30:00Z",
        "Leadripe_Need_At__c": "2026-03-02",
        REASONS: "Because: «é»\nand more",
        "Leadripe_Stage__c": None,
    }


def test_numbers_and_truth_values_are_typed() -> None:
    number = FieldInfo("N__c", "double")
    assert typed(number, "45.5") == 45.5
    assert typed(number, "45.0") == 45
    assert typed(number, "123456789012345678") == 123456789012345678
    assert typed(number, "") is None
    for text in ("nan", "inf", "-Infinity", "1e400", "1" * 19, "many"):
        with pytest.raises(UnfitError, match="N__c takes numbers"):
            typed(number, text)
    yes = FieldInfo("B__c", "boolean")
    assert [typed(yes, text) for text in ("true", "False", None)] == [True, False, False]
    assert typed(FieldInfo("T__c", "string"), "true") == "true"


def test_a_restricted_choice_and_a_field_that_is_none_are_named(ready: SalesforceAccount) -> None:
    ana, ben = ready.add_lead("Ana"), ready.add_lead("Ben")
    ready.org.objects["Lead"].fields["leadripe_stage__c"].restricted = True
    outcomes = ready.connect().write(
        [
            WriteBack(ana, {"Leadripe_Stage__c": "of no such kind"}),
            WriteBack(ben, {"Leadripe_Nothing__c": "1"}),
            WriteBack(ben, {"IsConverted": "true"}),
        ]
    )
    assert verdicts(outcomes) == [Verdict.REFUSED] * 3
    assert outcomes[0].reason.startswith("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: ")
    assert "field Leadripe_Nothing__c of Lead does not exist, or is hidden" in outcomes[1].reason
    assert outcomes[2].reason == "field IsConverted of Lead is read-only for the integration user"


def test_a_field_that_became_hidden_meanwhile_is_named_by_the_crm(
    ready: SalesforceAccount,
) -> None:
    ana = ready.add_lead("Ana")
    crm = ready.connect()
    crm.account()
    for row in ready.org.table("FieldPermissions").rows.values():
        row.values["PermissionsEdit"] = False
    outcome = crm.write(scored([ana]))[0]
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.reason.startswith("INVALID_FIELD_FOR_INSERT_UPDATE: ")
    assert outcome.reason.endswith(f"[{SCORE}]")


def test_an_id_that_is_no_persons_is_refused_alone(ready: SalesforceAccount) -> None:
    ana = ready.add_lead("Ana")
    outcomes = ready.connect().write(scored(["001000000000001AAA", ana]))
    assert verdicts(outcomes) == [Verdict.REFUSED, Verdict.ACCEPTED]
    assert "is no lead or contact that the mapping writes" in outcomes[0].reason


def test_a_session_that_stays_refused_ends_a_write(ready: SalesforceAccount, wire: Relay) -> None:
    ana = ready.add_lead("Ana")
    crm = ready.connect(base_url=wire.url)
    crm.account()
    wire.clear()
    wire.meddle = lambda heard, ask: (
        error(401, "INVALID_SESSION_ID") if "/services/data" in heard.path else ask()
    )
    with pytest.raises(CredentialsError):
        crm.write(scored([ana]))
    assert len(wire.asked("/composite")) == 2
    assert len(wire.asked("/oauth2/token")) == 1


def test_limits_of_the_org_stop_a_write_with_a_time(ready: SalesforceAccount) -> None:
    ana = ready.add_lead("Ana")
    crm = ready.connect()
    crm.account()
    ready.fault("403")
    ready.clock.waited.clear()
    with pytest.raises(ConnectorError) as told:
        crm.write(scored([ana]))
    assert isinstance(told.value, CrmUnavailableError)
    assert told.value.retry_at is not None
    assert ready.clock.waited == []
