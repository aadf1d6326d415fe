"""The CRM's own stage fields: filled, moved up, and never taken from people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.ids import ContactId
from connector.ports import KnownContact, Native
from connector.sync.native import native_values, places

ORDER = ("subscriber", "lead", "mql", "sql", "opportunity", "customer")
CYCLE = Native(
    "cycle",
    write={
        "lead": "lead",
        "handed_off": "mql",
        "prospect": "sql",
        "open_deal": "opportunity",
        "client": "customer",
    },
    order=ORDER,
)
RATING = Native(
    "rating",
    write={"lead_cold": "Cold", "lead_warm": "Warm", "lead_hot": "Hot"},
    order=("Cold", "Warm", "Hot"),
    may_fall=True,
)
FILL = Native("status", write={"lead_hot": "NEW"})


def known(
    found: dict[str, str | None],
    wrote: dict[str, str | None] | None = None,
    waiting: dict[str, str | None] | None = None,
    returning: tuple[str, ...] = (),
) -> KnownContact:
    return KnownContact(
        no=1,
        id=ContactId("1"),
        owner=None,
        found=found,
        wrote=wrote or {},
        fields={},
        is_fresh=True,
        waiting=waiting or {},
        returning=returning,
    )


def standing(
    stage: str, temperature: str = "", *, is_open: bool = False, deal: bool = False
) -> list[str]:
    row = {"stage": stage, "temperature": temperature, "hand_off_open": is_open}
    return list(places(row, has_deal=deal))


def test_the_narrowest_place_counts() -> None:
    assert standing("lead", "hot", is_open=True) == ["handed_off", "lead_hot", "lead"]
    assert standing("lead", "cold") == ["lead_cold", "lead"]
    assert standing("prospect", "hot", deal=True) == ["open_deal", "prospect_hot", "prospect"]
    assert standing("lead", "hot", deal=True) == ["lead_hot", "lead"]
    assert standing("client") == ["client"]


@pytest.mark.parametrize(
    ("found", "wrote", "place", "set_to"),
    [
        (None, None, standing("lead", "cold"), "lead"),  # empty: filled
        ("subscriber", None, standing("lead", "cold"), "lead"),  # up, over whatever was there
        ("lead", None, standing("lead", "hot", is_open=True), "mql"),
        ("sql", None, standing("lead", "hot", is_open=True), None),  # never down
        ("customer", "customer", standing("lead", "cold"), None),  # not even ours
        ("opportunity", None, standing("client"), "customer"),
        ("pilot", None, standing("client"), None),  # an option that has no place in the order
        ("lead", "lead", standing("suspect"), None),  # nothing is mapped
        ("mql", "mql", standing("lead", "hot", is_open=True), None),  # stands there already
    ],
)
def test_a_field_is_only_moved_up(
    found: str | None, wrote: str | None, place: list[str], set_to: str | None
) -> None:
    contact = known({"cycle": found}, {"cycle": wrote} if wrote else {})
    assert native_values([CYCLE], place, contact) == ({"cycle": set_to} if set_to else {})


@pytest.mark.parametrize(
    ("found", "wrote", "waiting", "set_to"),
    [
        ("Hot", "Hot", None, "Cold"),  # ours may fall
        ("Hot", None, None, None),  # a person's may not
        ("Hot", "Warm", None, None),  # a person changed it since
        ("Hot", "Warm", "Hot", "Cold"),  # ours has arrived, and only its answer was lost
        (None, "Hot", None, "Cold"),  # cleared: filled again
    ],
)
def test_only_what_is_ours_may_fall(
    found: str | None, wrote: str | None, waiting: str | None, set_to: str | None
) -> None:
    contact = known(
        {"rating": found},
        {"rating": wrote} if wrote else {},
        {"rating": waiting} if waiting else {},
    )
    expected = {"rating": set_to} if set_to else {}
    assert native_values([RATING], standing("lead", "cold"), contact) == expected


def test_what_an_undo_gives_back_is_the_persons() -> None:
    contact = known({"rating": "Hot"}, {"rating": "Warm"}, {"rating": "Hot"}, ("rating",))
    assert native_values([RATING], standing("lead", "cold"), contact) == {}


def test_without_an_order_only_an_empty_field_is_filled() -> None:
    hot = standing("lead", "hot")
    assert native_values([FILL], hot, known({"status": None})) == {"status": "NEW"}
    assert native_values([FILL], hot, known({"status": "OPEN"})) == {}


def test_a_field_that_the_object_does_not_have_is_left_out() -> None:
    assert native_values([CYCLE], standing("client"), known({})) == {}


def test_what_waits_is_sent_until_it_is_accepted() -> None:
    contact = known({"cycle": "customer"}, {}, {"cycle": "customer"})
    assert native_values([CYCLE], standing("client"), contact) == {"cycle": "customer"}


@given(
    st.sampled_from([*ORDER, "pilot", None]),
    st.sampled_from([*ORDER, None]),
    st.sampled_from(["lead", "prospect", "client", "suspect", "recycled"]),
    st.booleans(),
)
def test_a_persons_choice_is_never_lowered(
    found: str | None, wrote: str | None, stage: str, deal: bool
) -> None:
    contact = known({"cycle": found}, {"cycle": wrote} if wrote else {})
    for name, option in native_values([CYCLE], standing(stage, deal=deal), contact).items():
        assert name == "cycle"
        assert found is None or ORDER.index(option) > ORDER.index(found)
