"""What every CRM adapter must do for the scores of opportunities: `OpportunityCrm`, and reading."""

from connector.domain.contact import Opportunity
from connector.domain.ids import OpportunityId
from connector.ports import OPPORTUNITIES, OpportunityWrite, Page, Severity, Verdict
from tests.contract.accounts import OpportunityAccount
from tests.crm.reading import calls, read


def _opportunities(pages: list[Page]) -> dict[OpportunityId, Opportunity]:
    """Return what is known of each in the end."""
    return {each.id: each for page in pages for each in page.opportunities}


def _read(account: OpportunityAccount, checkpoint: str | None = None) -> list[Page]:
    return read(account.connect(), OPPORTUNITIES, checkpoint)


def _wish(account: OpportunityAccount, of: OpportunityId, score: str | None) -> OpportunityWrite:
    return OpportunityWrite(of, {account.opportunity_score: score})


def test_every_opportunity_is_read_with_who_takes_part(selling: OpportunityAccount) -> None:
    ana, ben = selling.add_contact("Ana"), selling.add_contact("Ben")
    both, nobody = selling.add_opportunity(ana, ben), selling.add_opportunity()
    selling.settle()
    found = _opportunities(_read(selling))
    assert {id_: set(each.contacts or ()) for id_, each in found.items()} == {
        both: {ana, ben},
        nobody: set(),
    }
    assert all(each.counts and not each.is_closed for each in found.values())
    assert all(each.created_us <= each.changed_us for each in found.values())


def test_fields_of_the_mapping_are_read_by_their_kind(selling: OpportunityAccount) -> None:
    priced = selling.add_opportunity(name="Big one", amount="70.5")
    unknown = selling.add_opportunity(name="Small one")
    selling.settle()
    found = _opportunities(_read(selling))
    assert found[priced].fields == {"name": "Big one", "worth": 70_500_000}
    assert found[priced].amount == 70_500_000
    assert found[unknown].fields == {"name": "Small one", "worth": None}


def test_what_stands_in_our_properties_is_read(selling: OpportunityAccount) -> None:
    scored, bare = selling.add_opportunity(), selling.add_opportunity()
    selling.edit_opportunity(scored, **{selling.opportunity_score: "12"})
    selling.settle()
    found = _opportunities(_read(selling))
    assert found[scored].written[selling.opportunity_score] == "12"
    assert found[bare].written.keys() == found[scored].written.keys()
    assert set(found[bare].written.values()) == {None}


def test_what_changed_after_the_last_page_is_read_next_time(selling: OpportunityAccount) -> None:
    ana = selling.add_contact("Ana")
    rests, changes = selling.add_opportunity(ana), selling.add_opportunity(ana)
    selling.settle()
    checkpoint = _read(selling)[-1].checkpoint
    selling.settle()
    selling.edit_opportunity(changes, **{selling.opportunity_score: "12"})
    new = selling.add_opportunity(ana, name="New one")
    selling.settle()
    found = _opportunities(_read(selling, checkpoint))
    assert rests not in found
    assert found[changes].written[selling.opportunity_score] == "12"
    assert (found[new].contacts, found[new].fields["name"]) == ((ana,), "New one")


def test_a_deleted_opportunity_does_not_count_any_more(selling: OpportunityAccount) -> None:
    ana = selling.add_contact("Ana")
    stays, goes = selling.add_opportunity(ana), selling.add_opportunity(ana)
    selling.settle()
    checkpoint = _read(selling)[-1].checkpoint
    selling.settle()
    selling.delete_opportunity(goes)
    selling.settle_deletions()
    found = _opportunities(_read(selling, checkpoint))
    assert not found[goes].counts
    assert stays not in found or found[stays].counts


def test_opportunities_are_fetched_as_they_are_now(selling: OpportunityAccount) -> None:
    ana = selling.add_contact("Ana")
    stays, goes = selling.add_opportunity(ana, name="Big one"), selling.add_opportunity(ana)
    selling.edit_opportunity(stays, **{selling.opportunity_score: "7"})
    selling.delete_opportunity(goes)
    (found,) = selling.connect().fetch_opportunities([stays, goes])
    assert (found.id, found.contacts, found.counts) == (stays, None, True)
    assert found.fields["name"] == "Big one"
    assert found.written[selling.opportunity_score] == "7"


def test_a_write_arrives_and_says_what_now_stands_there(selling: OpportunityAccount) -> None:
    one = selling.add_opportunity()
    (outcome,) = selling.connect().write_opportunities([_wish(selling, one, "42")])
    assert outcome.verdict is Verdict.ACCEPTED
    assert outcome.values == {selling.opportunity_score: "42"}
    assert selling.opportunity_shows(one, selling.opportunity_score) == "42"


def test_writing_nothing_clears_a_property(selling: OpportunityAccount) -> None:
    one = selling.add_opportunity()
    crm = selling.connect()
    crm.write_opportunities([_wish(selling, one, "42")])
    (outcome,) = crm.write_opportunities([_wish(selling, one, None)])
    assert outcome.values == {selling.opportunity_score: None}
    assert selling.opportunity_shows(one, selling.opportunity_score) is None


def test_what_was_written_is_read_next_time(selling: OpportunityAccount) -> None:
    one = selling.add_opportunity()
    selling.settle()
    checkpoint = _read(selling)[-1].checkpoint
    selling.settle()
    selling.connect().write_opportunities([_wish(selling, one, "42")])
    selling.settle()
    found = _opportunities(_read(selling, checkpoint))
    assert found[one].written[selling.opportunity_score] == "42"


def test_outcomes_come_in_the_order_of_the_batch(selling: OpportunityAccount) -> None:
    made = [selling.add_opportunity() for _ in range(5)]
    batch = [_wish(selling, id_, str(place)) for place, id_ in enumerate(reversed(made))]
    outcomes = selling.connect().write_opportunities(batch)
    found = [each.values[selling.opportunity_score] for each in outcomes]
    assert found == ["0", "1", "2", "3", "4"]
    shown = [selling.opportunity_shows(id_, selling.opportunity_score) for id_ in made]
    assert shown == ["4", "3", "2", "1", "0"]


def test_a_refused_or_deleted_one_does_not_hold_back_the_batch(selling: OpportunityAccount) -> None:
    right, wrong, goes, last = (selling.add_opportunity() for _ in range(4))
    selling.delete_opportunity(goes)
    batch = [
        _wish(selling, right, "1"),
        OpportunityWrite(wrong, {"no_such_property": "2"}),
        _wish(selling, goes, "3"),
        _wish(selling, last, "4"),
    ]
    outcomes = selling.connect().write_opportunities(batch)
    assert [each.verdict for each in outcomes] == [
        Verdict.ACCEPTED,
        Verdict.REFUSED,
        Verdict.GONE,
        Verdict.ACCEPTED,
    ]
    assert "no_such_property" in outcomes[1].reason
    shown = [selling.opportunity_shows(id_, selling.opportunity_score) for id_ in (right, last)]
    assert shown == ["1", "4"]


def test_the_estimate_is_what_writing_costs(selling: OpportunityAccount) -> None:
    made = [selling.add_opportunity() for _ in range(7)]
    crm = selling.connect()
    crm.account()
    before = calls(crm)
    crm.write_opportunities([_wish(selling, id_, "1") for id_ in made])
    estimate = crm.estimate(contacts=0, tasks=0, opportunities=len(made))
    assert calls(crm) - before == estimate.total == estimate.opportunities == 1


def test_provisioning_again_finds_everything_present(selling: OpportunityAccount) -> None:
    crm = selling.connect()
    assert all(part.is_present for part in crm.provision(dry_run=False))
    assert all(part.is_present for part in selling.connect().provision(dry_run=True))


def test_a_provisioned_account_has_no_error(selling: OpportunityAccount) -> None:
    errors = [each for each in selling.connect().check() if each.severity is Severity.ERROR]
    assert errors == []
