"""Opportunities that get a score of their own: what is read of them, and what is written."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.adapter import SalesforceCrm
from connector.domain.contact import Opportunity
from connector.domain.ids import OpportunityId
from connector.errors import CrmUnavailableError
from connector.ports import OpportunityWrite, Outcome, Page, Verdict
from connector.sandbox.salesforce.org import ValidationRule
from connector.sandbox.salesforce.record_types import define_record_type
from connector.sandbox.salesforce.soql_parser import parse
from tests.crm.reading import calls, read
from tests.crm.salesforce.conftest import AccountOpener
from tests.crm.salesforce.provisioned import mapped
from tests.crm.salesforce.relay import Given, Heard, error
from tests.crm.salesforce_account import SalesforceAccount

STREAM = "opportunities"
SCORE, REASONS = "Deal_Score__c", "Deal_Reasons__c"
FIELDS = {
    "stage": "StageName",
    "industry": "Account.Industry",
    "staff": {"property": "Account.NumberOfEmployees", "type": "number"},
    "revenue": {"property": "ExpectedRevenue", "type": "number", "divide_by": 1000},
    "is_won": {"property": "IsWon", "type": "boolean"},
    "closed_on": {"property": "CloseDate", "type": "datetime"},
}
WRITE = {"score": SCORE, "reasons": REASONS}
MODES = pytest.mark.parametrize("bulk_from", [10_000, 0], ids=["pages", "file"])
MIDNIGHT_IN_PARIS = 1_774_994_400_000_000  # of 2026-04-01


def mapping_of(**opportunities: object) -> SalesforceMapping:
    return mapped(opportunities={"fields": FIELDS, "write": WRITE, **opportunities})


class Deals:
    """An org, and the opportunities that people make in it."""

    def __init__(self, account: SalesforceAccount) -> None:
        self.account = account
        self.company = account.add("Account", Name="Acme", Industry="Retail", NumberOfEmployees=45)

    def add(self, name: str = "Deal", **values: object) -> OpportunityId:
        known = {"StageName": "Qualification", "CloseDate": "2026-04-01", "Amount": 12_500.5}
        known |= {"AccountId": self.company}
        return OpportunityId(self.account.add("Opportunity", Name=name, **{**known, **values}))

    def add_many(self, count: int) -> list[OpportunityId]:
        """Create many at once, as an import does."""
        values = {"StageName": "Qualification", "CloseDate": "2026-04-01", "Probability": 20.0}
        made = (
            self.account.org.add("Opportunity", {**values, "Name": str(n)}) for n in range(count)
        )
        return [OpportunityId(each.id) for each in made]

    def crm(self, **options: object) -> SalesforceCrm:
        crm = self.account.connect(**options)
        crm.account()
        return crm

    def news(self, crm: SalesforceCrm, checkpoint: str | None = None) -> list[Page]:
        self.account.settle()
        pages = read(crm, STREAM, checkpoint)
        self.account.settle()
        return pages

    def shows(self, deal: str) -> tuple[str | None, str | None]:
        return self.account.shows(deal, SCORE), self.account.shows(deal, REASONS)


def found(pages: Sequence[Page]) -> dict[str, Opportunity]:
    """Return {id: the opportunity as it was told last}."""
    return {each.id: each for page in pages for each in page.opportunities}


def scored(deals: Sequence[OpportunityId], score: str = "42") -> list[OpportunityWrite]:
    return [OpportunityWrite(deal, {SCORE: score}) for deal in deals]


def verdicts(outcomes: Sequence[Outcome]) -> list[Verdict]:
    return [each.verdict for each in outcomes]


@pytest.fixture
def deals(open_account: AccountOpener) -> Deals:
    """An org with our fields of opportunities."""
    return Deals(open_account(provisioned=True, mapping=mapping_of()))


# -- reading


@MODES
def test_fields_are_read_by_their_kinds_and_what_we_wrote_as_text(
    deals: Deals, bulk_from: int
) -> None:
    deal, bare = deals.add(), deals.add("Bare", AccountId=None, Amount=None)
    deals.account.edit(deal, **{SCORE: 42, REASONS: "+40 Fits: «é»\n+2 …"})
    read_back = found(deals.news(deals.crm(bulk_from=bulk_from)))
    assert read_back[deal].fields == {
        "stage": "Qualification",
        "industry": "Retail",
        "staff": 45_000_000,
        "revenue": 2_500_100,
        "is_won": False,
        "closed_on": MIDNIGHT_IN_PARIS,
    }
    assert read_back[deal].written == {SCORE: "42", REASONS: "+40 Fits: «é»\n+2 …"}
    assert (read_back[deal].amount, read_back[deal].counts) == (12_500_500_000, True)
    assert (read_back[bare].fields["industry"], read_back[bare].fields["revenue"]) == (None, None)
    assert read_back[bare].written == {SCORE: None, REASONS: None}


def test_what_is_none_of_its_kind_hidden_or_missing_is_unknown(deals: Deals) -> None:
    deal = deals.add()
    deals.account.org.hidden.add("opportunity.leadsource")
    fields = {
        "stage": {"property": "StageName", "type": "number"},
        "source": "LeadSource",
        "none": "Nothing__c",
        "odd": "X.Y",
        "type": "type",
    }
    deals.account.edit(deal, Type="New", LeadSource="Web")
    crm = deals.crm(mapping=mapping_of(fields=fields))
    assert found(deals.news(crm))[deal].fields == {
        "stage": None, "source": None, "none": None, "odd": None, "type": "New",
    }  # fmt: skip


def test_a_field_that_the_mapping_names_later_is_read_of_all(deals: Deals) -> None:
    deal = deals.add()
    first = deals.news(deals.crm(mapping=mapping_of(fields={})))
    assert found(first)[deal].fields == {}
    again = deals.news(deals.crm(), first[-1].checkpoint)
    assert found(again)[deal].fields["industry"] == "Retail"


def test_one_that_is_deleted_no_longer_counts(deals: Deals) -> None:
    deal = deals.add()
    crm = deals.crm()
    first = deals.news(crm)
    assert found(first)[deal].counts
    deals.account.delete(deal)
    told = found(deals.news(crm, first[-1].checkpoint))[deal]
    assert (told.counts, told.contacts) == (False, ())


def test_one_of_another_record_type_no_longer_counts(deals: Deals) -> None:
    org = deals.account.org
    ours, theirs = (define_record_type(org, "Opportunity", name) for name in ("New", "Renewal"))
    ana = deals.account.add("Contact", LastName="Silva")
    counted, other, master = (
        deals.add(RecordTypeId=ours), deals.add(RecordTypeId=theirs), deals.add()
    )  # fmt: skip
    for deal in (counted, other):
        deals.account.add("OpportunityContactRole", OpportunityId=deal, ContactId=ana)
    crm = deals.crm(mapping=mapping_of(record_types=("New",)))
    first = deals.news(crm)
    told = {id_: (each.counts, each.contacts) for id_, each in found(first).items()}
    assert told == {counted: (True, (ana,)), other: (False, ()), master: (False, ())}
    deals.account.edit(counted, RecordTypeId=theirs)
    assert not found(deals.news(crm, first[-1].checkpoint))[counted].counts
    assert [each.counts for each in crm.fetch_opportunities([counted])] == [False]


def test_our_own_write_comes_back_with_the_next_reading(deals: Deals) -> None:
    deal = deals.add()
    crm = deals.crm()
    first = deals.news(crm)
    assert found(deals.news(crm, first[-1].checkpoint)) == {}
    crm.write_opportunities(scored([deal]))
    told = found(deals.news(crm, first[-1].checkpoint))[deal]
    assert told.written == {SCORE: "42", REASONS: None}
    assert told.changed_us > found(first)[deal].changed_us


def test_some_can_be_fetched_as_they_are_now(deals: Deals) -> None:
    kept, gone = deals.add(), deals.add()
    crm = deals.crm()
    crm.write_opportunities(scored([kept]))
    deals.account.delete(gone)
    [told] = crm.fetch_opportunities([kept, gone, OpportunityId("006000000099999AAA")])
    assert (told.id, told.contacts, told.counts) == (kept, None, True)
    assert (told.written[SCORE], told.fields["industry"]) == ("42", "Retail")
    assert crm.fetch_opportunities([]) == []


def test_a_thousand_are_fetched_in_one_call(deals: Deals) -> None:
    ids = deals.add_many(1_000)
    crm = deals.crm()
    crm.fetch_opportunities(ids[:1])
    before = calls(crm)
    assert {each.id for each in crm.fetch_opportunities(ids)} == set(ids)
    assert calls(crm) - before == 1


def test_a_mapping_or_an_org_without_opportunities_has_none(deals: Deals) -> None:
    deal = deals.add()
    assert deals.crm(mapping=mapped()).fetch_opportunities([deal]) == []
    deals.account.org.denied.add("Opportunity.read")
    assert deals.crm().fetch_opportunities([deal]) == []


# -- writing


def test_a_thousand_scores_cost_the_call_that_was_estimated(deals: Deals) -> None:
    ids = deals.add_many(1_000)
    with deals.account.relay() as relay:
        crm = deals.crm(base_url=relay.url)
        crm.write_opportunities(scored(ids[:1], "1"))
        relay.clear()
        before = calls(crm)
        outcomes = crm.write_opportunities(
            [OpportunityWrite(id_, {SCORE: str(n % 100)}) for n, id_ in enumerate(ids)]
        )
        estimate = crm.estimate(contacts=0, tasks=0, opportunities=1_000)
        assert calls(crm) - before == estimate.opportunities == estimate.total == 1
        assert [len(sub["body"]["records"]) for sub in relay.heard[0].subs] == [200] * 5
        assert not any(sub["body"]["allOrNone"] for sub in relay.heard[0].subs)
    assert verdicts(outcomes) == [Verdict.ACCEPTED] * 1_000
    assert [each.values[SCORE] for each in outcomes] == [str(n % 100) for n in range(1_000)]
    assert [deals.account.shows(id_, SCORE) for id_ in ids[-2:]] == ["98", "99"]
    counts = (0, 1, 1_000, 1_001)
    estimates = [crm.estimate(contacts=2, tasks=0, opportunities=count) for count in counts]
    assert [(each.contacts, each.opportunities) for each in estimates] == [
        (1, 0), (1, 1), (1, 1), (1, 2),
    ]  # fmt: skip


def test_one_that_is_refused_does_not_hold_back_the_batch(deals: Deals) -> None:
    fine, ruled, long, gone, locked = (deals.add(name) for name in "ABCDE")
    where = parse("SELECT Id FROM Opportunity WHERE Name = 'B'").where
    assert where is not None
    org = deals.account.org
    org.validation_rules.append(ValidationRule("Opportunity", where, "B is not to be touched"))
    org.locked[locked] = 99
    deals.account.delete(gone)
    outcomes = deals.crm().write_opportunities(
        [
            OpportunityWrite(ruled, {SCORE: "1"}),
            OpportunityWrite(long, {REASONS: "x" * 40_000}),
            OpportunityWrite(gone, {SCORE: "1"}),
            OpportunityWrite(OpportunityId("006000000099999AAA"), {SCORE: "1"}),
            OpportunityWrite(locked, {SCORE: "1"}),
            OpportunityWrite(OpportunityId("00Q000000000001AAA"), {SCORE: "1"}),
            OpportunityWrite(fine, {SCORE: "many"}),
            OpportunityWrite(fine, {"Nothing__c": "1"}),
            OpportunityWrite(fine, {SCORE: "87", REASONS: "+87 Fits"}),
        ]
    )
    assert verdicts(outcomes) == [
        "refused", "refused", "gone", "gone", "unavailable", "refused", "refused", "refused",
        "accepted",
    ]  # fmt: skip
    reasons = [each.reason for each in outcomes]
    assert reasons[0] == "FIELD_CUSTOM_VALIDATION_EXCEPTION: B is not to be touched"
    assert reasons[1].startswith("STRING_TOO_LONG: ")
    assert reasons[4].startswith("UNABLE_TO_LOCK_ROW: ")
    assert reasons[5:7] == ["00Q000000000001AAA is no opportunity", f"{SCORE} takes numbers only"]
    assert "field Nothing__c of Opportunity does not exist, or is hidden" in reasons[7]
    assert deals.shows(fine) == ("87", "+87 Fits")


def test_nothing_clears_a_field_and_nothing_else_is_touched(deals: Deals) -> None:
    deal = deals.add(Probability=20)
    before = dict(deals.account.row(deal))
    crm = deals.crm()
    crm.write_opportunities([OpportunityWrite(deal, {SCORE: "42", REASONS: "why"})])
    crm.write_opportunities([OpportunityWrite(deal, {SCORE: None, REASONS: None})])
    assert deals.shows(deal) == (None, None)
    assert {name: deals.account.row(deal)[name] for name in before} == before


def test_a_mistake_of_an_automation_is_not_taken_for_a_deletion(deals: Deals) -> None:
    deal = deals.add()
    told = {"statusCode": "INVALID_CROSS_REFERENCE_KEY", "message": "flow", "fields": []}
    row = {"success": False, "errors": [told]}
    with deals.account.relay() as relay:
        crm = deals.crm(base_url=relay.url)
        relay.meddle = lambda heard, _: relay.parted(
            heard,
            lambda sub: (
                {"httpStatusCode": 200, "body": [row]} if sub["method"] == "PATCH" else None
            ),
        )
        [outcome] = crm.write_opportunities(scored([deal]))
    assert (outcome.verdict, outcome.reason) == (
        Verdict.REFUSED,
        "INVALID_CROSS_REFERENCE_KEY: flow",
    )


def test_what_is_known_of_a_batch_is_told_though_nobody_tells_who_is_gone(deals: Deals) -> None:
    fine, gone = deals.add(), deals.add()
    deals.account.delete(gone)
    with deals.account.relay() as relay:
        crm = deals.crm(base_url=relay.url)
        relay.meddle = _only_writes
        outcomes = crm.write_opportunities(scored([fine, gone]))
    assert verdicts(outcomes) == [Verdict.ACCEPTED, Verdict.UNAVAILABLE]
    assert "no more" in outcomes[1].reason


def _only_writes(heard: Heard, ask: Callable[[], Given]) -> Given:
    reads = any(sub["method"] == "GET" and "queryAll" in sub["url"] for sub in heard.subs)
    return error(403, "API_DISABLED_FOR_ORG", "no more") if reads else ask()


def test_a_write_of_which_nothing_is_known_raises(deals: Deals) -> None:
    deal = deals.add()
    crm = deals.crm()
    deals.account.fault("403")
    with pytest.raises(CrmUnavailableError):
        crm.write_opportunities(scored([deal]))
    deals.account.fault("lost")
    assert verdicts(crm.write_opportunities(scored([deal]))) == [Verdict.ACCEPTED]


def test_a_field_that_may_only_be_read_is_refused(deals: Deals) -> None:
    deal = deals.add()
    for row in deals.account.org.table("FieldPermissions").rows.values():
        if row.values["Field"] == f"Opportunity.{SCORE}":
            row.values["PermissionsEdit"] = False
    [outcome] = deals.crm().write_opportunities(scored([deal]))
    assert outcome.reason == f"field {SCORE} of Opportunity is read-only for the integration user"


def test_writes_name_the_fields_as_the_org_does(deals: Deals) -> None:
    deal = deals.add()
    values: dict[str, Any] = {SCORE.lower(): "42"}
    [outcome] = deals.crm().write_opportunities([OpportunityWrite(deal, values)])
    assert (outcome.verdict, deals.shows(deal)[0]) == (Verdict.ACCEPTED, "42")
