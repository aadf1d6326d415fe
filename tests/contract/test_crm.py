"""What every CRM adapter must do: the promises of `connector.ports.Crm`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from connector.domain.contact import Contact, Gone
from connector.domain.ids import ContactId, TaskKey
from connector.ports import Crm, Outcome, Page, Stream, TaskWish, Verdict, WriteBack
from tests.contract.accounts import AccountUnderTest


def _contacts_stream(crm: Crm) -> Stream:
    return crm.streams()[0]


def _read(crm: Crm, checkpoint: str | None = None) -> list[Page]:
    return list(crm.pages(_contacts_stream(crm), checkpoint))


def _ids(pages: list[Page]) -> set[ContactId]:
    return {contact.id for page in pages for contact in page.contacts}


def _gone(pages: list[Page]) -> list[Gone]:
    return [gone for page in pages for gone in page.gone]


def _found(pages: list[Page], id_: ContactId) -> Contact:
    return next(each for page in pages for each in page.contacts if each.id == id_)


def _wish(account: AccountUnderTest, key: str, contact: ContactId) -> TaskWish:
    due_at = account.clock.now() + timedelta(hours=4)
    return TaskWish(TaskKey(key), contact, f"Call about {key}", "Why:\na <reason>", due_at)


def test_the_account_is_the_same_however_often_one_asks(account: AccountUnderTest) -> None:
    crm = account.connect()
    assert crm.account() == crm.account()
    assert crm.account().id


def test_contacts_come_first_and_streams_have_names_of_their_own(account: AccountUnderTest) -> None:
    streams = account.connect().streams()
    assert streams[0].name == "contacts"
    assert len({stream.name for stream in streams}) == len(streams)


def test_reading_from_the_beginning_shows_every_contact(account: AccountUnderTest) -> None:
    ids = {account.add_contact(name) for name in ("Ana", "Ben", "Cleo")}
    assert _ids(_read(account.connect())) == ids


def test_a_contact_has_its_addresses_in_lower_case(account: AccountUnderTest) -> None:
    ana = account.add_contact("Ana")
    contact = _found(_read(account.connect()), ana)
    assert contact.emails == ("ana@example.org",)
    assert contact.updated_at.tzinfo is not None


def test_reading_goes_on_behind_any_page(account: AccountUnderTest) -> None:
    ids = {account.add_contact(name) for name in ("Ana", "Ben", "Cleo")}
    read: set[ContactId] = set()
    for page in _read(account.connect()):
        read |= {contact.id for contact in page.contacts}
        rest = _ids(_read(account.connect(), page.checkpoint))
        assert read | rest == ids


def test_a_change_after_the_last_page_is_read_next_time(account: AccountUnderTest) -> None:
    ana, ben = account.add_contact("Ana"), account.add_contact("Ben")
    account.settle()
    checkpoint = _read(account.connect())[-1].checkpoint
    account.settle()
    account.edit(ben, **{account.score: "12"})
    account.settle()
    pages = _read(account.connect(), checkpoint)
    assert ana not in _ids(pages)
    assert _found(pages, ben).written[account.score] == "12"


def test_a_new_contact_is_read_next_time(account: AccountUnderTest) -> None:
    account.add_contact("Ana")
    checkpoint = _read(account.connect())[-1].checkpoint
    account.settle()
    ben = account.add_contact("Ben")
    account.settle()
    assert ben in _ids(_read(account.connect(), checkpoint))


def test_nothing_is_left_out_between_two_readings(account: AccountUnderTest) -> None:
    crm = account.connect()
    account.add_contact("Zoe")
    pages = _read(crm)
    expected, seen = set(), set()
    for number in range(6):
        expected.add(account.add_contact(f"P{number}"))
        account.clock.turn(timedelta(seconds=1))
        pages = _read(crm, pages[-1].checkpoint) or pages
        seen |= _ids(pages)
    account.settle()
    seen |= _ids(_read(crm, pages[-1].checkpoint))
    assert expected <= seen


def test_a_deleted_contact_is_reported_as_gone(account: AccountUnderTest) -> None:
    ana, ben = account.add_contact("Ana"), account.add_contact("Ben")
    checkpoint = _read(account.connect())[-1].checkpoint
    account.settle()
    account.delete(ana)
    account.settle_deletions()
    pages = _read(account.connect(), checkpoint)
    assert Gone(ana) in _gone(pages)
    assert ben not in {gone.id for gone in _gone(pages)}


def test_a_merged_contact_leads_to_its_survivor(account: AccountUnderTest) -> None:
    ana, ben = account.add_contact("Ana"), account.add_contact("Ben")
    checkpoint = _read(account.connect())[-1].checkpoint
    account.settle()
    survivor = account.merge(ana, into=ben)
    account.settle()
    pages = _read(account.connect(), checkpoint)
    assert ana in _found(pages, survivor).former_ids
    assert Gone(ana, into=survivor) in _gone(pages)
    assert set(_found(pages, survivor).emails) == {"ana@example.org", "ben@example.org"}


def test_a_contact_whose_survivor_is_deleted_is_gone_too(account: AccountUnderTest) -> None:
    ana, ben, cleo = (account.add_contact(name) for name in ("Ana", "Ben", "Cleo"))
    checkpoint = _read(account.connect())[-1].checkpoint
    account.settle()
    survivor = account.merge(ana, into=ben)
    account.delete(survivor)
    account.settle_deletions()
    gone = {each.id for each in _gone(_read(account.connect(), checkpoint))}
    assert {ana, ben} <= gone
    assert cleo not in gone


def test_contacts_are_fetched_as_they_are_now(account: AccountUnderTest) -> None:
    ana, ben = account.add_contact("Ana"), account.add_contact("Ben")
    account.edit(ana, **{account.score: "7"})
    account.delete(ben)
    fetched = account.connect().fetch_contacts([ana, ben])
    assert [(each.id, each.written[account.score]) for each in fetched] == [(ana, "7")]


def test_a_fetched_contact_that_was_merged_has_its_new_id(account: AccountUnderTest) -> None:
    ana, ben = account.add_contact("Ana"), account.add_contact("Ben")
    survivor = account.merge(ana, into=ben)
    assert {each.id for each in account.connect().fetch_contacts([ana])} == {survivor}


def test_a_write_arrives_and_says_what_now_stands_there(account: AccountUnderTest) -> None:
    ana = account.add_contact("Ana")
    outcome = account.connect().write([WriteBack(ana, {account.score: "42"})])[0]
    assert (outcome.verdict, outcome.values) == (Verdict.ACCEPTED, {account.score: "42"})
    assert account.shows(ana, account.score) == "42"


def test_writing_nothing_clears_a_property(account: AccountUnderTest) -> None:
    ana = account.add_contact("Ana")
    crm = account.connect()
    crm.write([WriteBack(ana, {account.score: "42"})])
    outcome = crm.write([WriteBack(ana, {account.score: None})])[0]
    assert outcome.values == {account.score: None}
    assert account.shows(ana, account.score) is None


def test_a_refused_contact_does_not_hold_back_the_batch(account: AccountUnderTest) -> None:
    ana, ben, cleo = (account.add_contact(name) for name in ("Ana", "Ben", "Cleo"))
    outcomes = account.connect().write(
        [
            WriteBack(ana, {account.score: "1"}),
            WriteBack(ben, {"no_such_property": "2"}),
            WriteBack(cleo, {account.score: "3"}),
        ]
    )
    assert [each.verdict for each in outcomes] == [
        Verdict.ACCEPTED,
        Verdict.REFUSED,
        Verdict.ACCEPTED,
    ]
    assert "no_such_property" in outcomes[1].reason
    assert (account.shows(ana, account.score), account.shows(cleo, account.score)) == ("1", "3")


def test_a_write_to_a_deleted_contact_is_told_as_gone(account: AccountUnderTest) -> None:
    ana, ben = account.add_contact("Ana"), account.add_contact("Ben")
    account.delete(ana)
    outcomes = account.connect().write(
        [WriteBack(ana, {account.score: "1"}), WriteBack(ben, {account.score: "2"})]
    )
    assert [each.verdict for each in outcomes] == [Verdict.GONE, Verdict.ACCEPTED]


def test_a_write_to_a_merged_contact_names_the_survivor(account: AccountUnderTest) -> None:
    ana, ben, cleo = (account.add_contact(name) for name in ("Ana", "Ben", "Cleo"))
    survivor = account.merge(ana, into=ben)
    outcomes = account.connect().write(
        [WriteBack(cleo, {account.score: "1"}), WriteBack(ana, {account.score: "2"})]
    )
    assert [each.verdict for each in outcomes] == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    assert [each.contact for each in outcomes] == [None, survivor]
    assert account.shows(survivor, account.score) == "2"


def test_a_task_is_created_once_however_often_it_is_wished(account: AccountUnderTest) -> None:
    ana = account.add_contact("Ana")
    crm = account.connect()
    first = crm.write_tasks([_wish(account, "key-1", ana)])[0]
    again = account.connect().write_tasks([_wish(account, "key-1", ana)])[0]
    assert first.verdict is again.verdict is Verdict.ACCEPTED
    assert first.task == again.task
    assert first.task is not None


def test_a_task_is_completed_by_its_key(account: AccountUnderTest) -> None:
    ana = account.add_contact("Ana")
    crm = account.connect()
    crm.write_tasks([_wish(account, "key-1", ana), _wish(account, "key-2", ana)])
    done = TaskWish(TaskKey("key-1"), ana, "", "", account.clock.now(), is_done=True)
    assert [each.verdict for each in crm.write_tasks([done])] == [Verdict.ACCEPTED]
    assert account.is_done(TaskKey("key-1"))
    assert not account.is_done(TaskKey("key-2"))


def test_completing_a_task_that_is_not_there_makes_none(account: AccountUnderTest) -> None:
    ana = account.add_contact("Ana")
    done = TaskWish(TaskKey("key-1"), ana, "", "", account.clock.now(), is_done=True)
    assert [each.verdict for each in account.connect().write_tasks([done])] == [Verdict.GONE]


def test_no_task_is_left_on_a_deleted_contact(account: AccountUnderTest) -> None:
    ana, ben = account.add_contact("Ana"), account.add_contact("Ben")
    account.delete(ana)
    wishes = [_wish(account, "key-1", ana), _wish(account, "key-2", ben)]
    outcomes = account.connect().write_tasks(wishes)
    assert [each.verdict for each in outcomes] == [Verdict.GONE, Verdict.ACCEPTED]


def test_a_completed_task_is_read(account: AccountUnderTest) -> None:
    ana = account.add_contact("Ana")
    crm = account.connect()
    crm.write_tasks([_wish(account, "key-1", ana)])
    stream = next(each for each in crm.streams() if each.name == "tasks")
    account.settle()
    checkpoint = _last(crm.pages(stream, None))
    done = TaskWish(TaskKey("key-1"), ana, "", "", account.clock.now(), is_done=True)
    account.settle()
    crm.write_tasks([done])
    account.settle()
    tasks = [task for page in crm.pages(stream, checkpoint) for task in page.tasks]
    assert [(task.key, task.is_done) for task in tasks][-1:] == [(TaskKey("key-1"), True)]


def _last(pages: Iterator[Page]) -> str | None:
    checkpoint = None
    for page in pages:
        checkpoint = page.checkpoint
    return checkpoint


def test_the_estimate_is_what_writing_costs(account: AccountUnderTest) -> None:
    ids = [account.add_contact(f"P{number}") for number in range(7)]
    crm = account.connect()
    crm.account()
    estimate = crm.estimate(contacts=len(ids), tasks=2, done=1)
    before = sum(crm.calls.values())
    crm.write([WriteBack(id_, {account.score: "1"}) for id_ in ids])
    wishes = [_wish(account, f"key-{number}", ids[number]) for number in range(2)]
    crm.write_tasks(wishes)
    crm.write_tasks([replace(wishes[0], is_done=True)])
    assert sum(crm.calls.values()) - before == estimate.total


def test_provisioning_again_finds_everything_present(account: AccountUnderTest) -> None:
    crm = account.connect()
    assert all(part.is_present for part in crm.provision(dry_run=False))
    assert all(part.is_present for part in account.connect().provision(dry_run=True))


def test_outcomes_come_in_the_order_of_the_batch(account: AccountUnderTest) -> None:
    ids = [account.add_contact(f"P{number}") for number in range(5)]
    batch = [WriteBack(id_, {account.score: str(place)}) for place, id_ in enumerate(reversed(ids))]
    outcomes: list[Outcome] = list(account.connect().write(batch))
    assert [each.values[account.score] for each in outcomes] == ["0", "1", "2", "3", "4"]
