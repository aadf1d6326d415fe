"""Which values of a run can be taken back, from the ledger and what the CRM shows alone."""

from collections.abc import Mapping

from connector.domain.ids import RunId
from connector.ports import LedgerRecord
from connector.results import KeptWhy
from connector.sync.restore import Decision, decide
from tests.fakes.clock import MONDAY

Values = Mapping[str, str | None]


def wrote(
    run: int, before: str | None, value: str | None, *, is_undo: bool = False
) -> LedgerRecord:
    return LedgerRecord(MONDAY, {"p": value}, {"p": before}, RunId(str(run)), is_undo=is_undo)


def decided(*ledger: LedgerRecord, shows: str | None, of: int) -> Decision:
    return decide(ledger, {"p": shows}, RunId(str(of)))


def test_what_the_run_wrote_gives_way_to_what_stood_there() -> None:
    decision = decided(wrote(1, None, "40"), shows="40", of=1)
    assert (decision.values, decision.shown, decision.returned) == ({"p": None}, {"p": "40"}, [])


def test_of_two_writes_of_a_run_the_first_knows_what_stood_there() -> None:
    decision = decided(wrote(1, "3", "40"), wrote(1, "40", "41"), shows="41", of=1)
    assert decision.values == {"p": "3"}


def test_another_spelling_is_the_same_value() -> None:
    assert decided(wrote(1, None, "40"), shows="40.0", of=1).values == {"p": None}


def test_a_restored_value_of_ours_is_ours_and_of_a_person_theirs() -> None:
    first, second = wrote(1, "77", "40"), wrote(2, "40", "50")
    assert decided(first, second, shows="50", of=2).returned == []
    assert decided(first, shows="40", of=1).returned == ["p"]
    assert decided(first, wrote(2, "66", "50"), shows="50", of=2).returned == ["p"]


def test_what_a_person_changed_is_kept() -> None:
    decision = decided(wrote(1, None, "40"), shows="99", of=1)
    assert decision.values == {}
    assert decision.kept == {"p": (KeptWhy.PERSON, None)}


def test_what_a_later_run_wrote_is_kept_until_that_is_undone() -> None:
    ledger = [wrote(1, None, "40"), wrote(2, "40", "50")]
    assert decided(*ledger, shows="50", of=1).kept == {"p": (KeptWhy.LATER_RUN, RunId("2"))}
    ledger.append(wrote(3, "50", "40", is_undo=True))
    assert decided(*ledger, shows="40", of=1).values == {"p": None}
    ledger.append(wrote(4, "40", None, is_undo=True))
    assert decided(*ledger, shows=None, of=1).undone == 1


def test_an_undone_run_stays_undone_when_a_later_one_writes() -> None:
    ledger = (wrote(1, None, "40"), wrote(2, "40", None, is_undo=True), wrote(3, None, "40"))
    decision = decided(*ledger, shows="40", of=1)
    assert (decision.values, decision.undone) == ({}, 1)
    assert decided(*ledger, shows="40", of=3).values == {"p": None}


def test_what_shows_already_what_stood_there_is_left() -> None:
    decision = decided(wrote(1, "3", "40"), shows="3", of=1)
    assert (decision.values, decision.as_before) == ({}, 1)


def test_a_property_that_is_not_read_any_more_is_left() -> None:
    decision = decide([wrote(1, None, "40")], {}, RunId("1"))
    assert decision.kept == {"p": (KeptWhy.NOT_READ, None)}
