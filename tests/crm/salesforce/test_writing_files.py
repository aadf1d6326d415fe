"""Writing as files: what became of each row, cells, and faults at any call."""

import csv
import io

import pytest

from connector.errors import CrmUnavailableError
from connector.ports import FileJob, Outcome, Verdict, WriteBack
from tests.crm.salesforce.relay import Relay
from tests.crm.salesforce.scores import PERSONA, REASONS, SCORE, scored
from tests.crm.salesforce_account import SalesforceAccount


def filed(
    account: SalesforceAccount, rows: list[WriteBack], **options: object
) -> dict[str, Outcome | None]:
    """Write a file, and return {contact: what became of it}."""
    crm = account.connect(**options)
    job = FileJob(crm.open_file("Lead"), "Lead")
    crm.send_file(job, rows)
    return {row.write_back.contact: row.outcome for row in crm.finish_file(job)}


def test_a_file_tells_what_became_of_each_row(ready: SalesforceAccount) -> None:
    odd = 'a "quoted"\nline,\r\nand; «more»'
    ana, ben, cleo, dan, eve = (ready.add_lead(n) for n in ("Ana", "Ben", "Cleo", "Dan", "Eve"))
    ready.edit(cleo, **{SCORE: 7.0})
    ready.convert(ben)
    ready.org.locked = {eve: 99}
    rows = [
        WriteBack(ana, {SCORE: "42", REASONS: odd}),
        WriteBack(ben, {SCORE: "42"}),
        WriteBack(cleo, {SCORE: None}),
        WriteBack(dan, {PERSONA: "x" * 300}),
        WriteBack(eve, {SCORE: "1"}),
    ]
    found = filed(ready, rows)
    assert found[ana] == Outcome(Verdict.ACCEPTED, values={SCORE: "42", REASONS: odd})
    assert found[cleo] == Outcome(Verdict.ACCEPTED, values={SCORE: None})
    assert (found[ben], found[eve]) == (None, None)
    refused = found[dan]
    assert refused is not None
    assert refused.verdict is Verdict.REFUSED
    assert refused.reason.startswith("STRING_TOO_LONG: ")
    assert (ready.shows(ana, REASONS), ready.shows(cleo, SCORE)) == (odd, None)
    assert ready.shows(ana, SCORE) == "42"


def test_a_file_holds_the_names_of_all_rows_and_leaves_empty_what_is_not_said(
    ready: SalesforceAccount, wire: Relay
) -> None:
    ana, ben = ready.add_lead("Ana"), ready.add_lead("Ben")
    ready.edit(ana, **{REASONS: "stays"})
    filed(
        ready, [WriteBack(ana, {SCORE: "1"}), WriteBack(ben, {REASONS: "new"})], base_url=wire.url
    )
    (sent,) = wire.asked("/batches")
    header, *rows = list(csv.reader(io.StringIO(sent.body.decode(), newline="")))
    assert header[0] == "Id"
    assert {SCORE, REASONS, "Leadripe_Sla__c", "Leadripe_Do_Not_Press_Until__c"} <= set(header)
    # What reps say there is theirs.
    assert {"Leadripe_Feedback__c", "Leadripe_Not_Before__c"}.isdisjoint(header)
    assert [row[0] for row in rows] == [ana, ben]
    assert ready.shows(ana, REASONS) == "stays"


@pytest.mark.parametrize("fault", ["401", "503", "truncate"])
def test_a_file_gets_through_a_fault_at_any_call(ready: SalesforceAccount, fault: str) -> None:
    ana = ready.add_lead("Ana")
    for call in range(1, 8):
        crm = ready.connect()
        crm.account()
        ready.fault(fault, after=call)
        try:
            job = FileJob(crm.open_file("Lead"), "Lead")
            crm.send_file(job, scored([ana], str(call)))
            told = [row.outcome for row in crm.finish_file(job)]
        except CrmUnavailableError:
            told = [row.outcome for row in ready.connect().finish_file(job)]
        ready.faults.planned.clear()
        if not told:  # given up: the row waits, and nothing was changed
            assert ready.shows(ana, SCORE) != str(call)
            continue
        assert [each.verdict for each in told if each] == [Verdict.ACCEPTED]
        assert ready.shows(ana, SCORE) == str(call)
