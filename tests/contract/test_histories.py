"""What every CRM tells of the past: the promises of `connector.ports.DatedCrm`."""

from datetime import datetime, timedelta

from connector.domain.contact import Value
from connector.domain.ids import ContactId
from connector.domain.moment import micros
from connector.ports import ContactHistory, FieldHistory, PastOf
from tests.contract.accounts import AccountUnderTest

TITLE = "job_title"


def told(account: AccountUnderTest, *contacts: ContactId) -> dict[ContactId, ContactHistory]:
    asked = [PastOf(no, id_) for no, id_ in enumerate(contacts)]
    return {each.contact: each for each in account.connect().fetch_histories(asked, [TITLE])}


def then(history: FieldHistory, at: datetime) -> Value | str:
    """Return what a field held at an instant, or that it is what it is now."""
    later = (former.value for former in history.former if former.until_us > micros(at))
    return next(later, "as now")


def test_each_value_is_told_until_the_instant_at_which_it_was_replaced(
    account: AccountUnderTest,
) -> None:
    ana = account.add_contact("Ana")
    moments = []
    for title in ("Intern", "Head of operations", None, "COO"):
        account.settle()
        account.name_title(ana, title)
        account.clock.turn(timedelta(minutes=1))
        moments.append(account.clock.now())
    account.settle()
    history = told(account, ana)[ana].fields[TITLE]
    found = [then(history, at) for at in moments]
    assert found == ["Intern", "Head of operations", None, "as now"]
    assert then(history, moments[0] - timedelta(minutes=2)) is None
    assert history.since_us is None or history.since_us < micros(moments[0] - timedelta(days=365))
    untils = [former.until_us for former in history.former]
    assert untils == sorted(set(untils))
    assert all(former.by for former in history.former), "who, or what, made each change"


def test_whoever_never_changed_is_told_as_well(account: AccountUnderTest) -> None:
    ana, ben = account.add_contact("Ana"), account.add_contact("Ben")
    account.settle()
    account.name_title(ana, "Intern")
    account.settle()
    before = account.clock.now() - timedelta(minutes=1)
    found = told(account, ana, ben)
    assert found.keys() == {ana, ben}
    assert [then(found[each].fields[TITLE], before) for each in (ana, ben)] == ["as now"] * 2


def test_only_what_was_asked_for_is_told(account: AccountUnderTest) -> None:
    ana = account.add_contact("Ana")
    account.name_title(ana, "Intern")
    assert told(account, ana)[ana].fields.keys() == {TITLE}


def test_the_estimate_is_what_asking_costs(account: AccountUnderTest) -> None:
    ids = [account.add_contact(f"P{number}") for number in range(7)]
    crm = account.connect()
    crm.account()
    before = sum(crm.calls.values())
    crm.fetch_histories([PastOf(no, id_) for no, id_ in enumerate(ids)], [TITLE])
    assert sum(crm.calls.values()) - before == crm.estimate_histories(len(ids))
    assert crm.history_size >= 50
