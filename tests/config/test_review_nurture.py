"""What a review says of tracks, contents and budgets that are valid and hardly meant so."""

from pathlib import Path

import pytest

from tests.config.test_review import places, reviewed

RULES = "rules: [{id: a, activity: x, points: 1}]\n"
PEOPLE = (
    "personas: [{id: it, criteria: [{field: title, is: cio}]},"
    " {id: cfo, criteria: [{field: title, is: cfo}]}]\n"
)


def tracks(*each: str, content: str = "") -> str:
    """Return a file with these tracks, from line 6 on."""
    listed = "".join(f"    - {{{track}}}\n" for track in each)
    return f"{RULES}{PEOPLE}nurture:\n  tracks:\n{listed}{content}"


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (["id: a"], "id: b, stages: [client]"),
        (["id: a, stages: [lead]"], "id: b, stages: [lead], temperatures: [hot]"),
        (["id: a, stages: [lead, prospect]"], "id: b, temperatures: [warm, hot]"),
        (["id: a, temperatures: [cold, hot]"], "id: b, stages: [prospect]"),
        (
            ["id: a, stages: [lead], temperatures: [cold]", "id: c, temperatures: [hot, warm]"],
            "id: b, stages: [lead]",
        ),
        (["id: a, stages: [lead]"], "id: b, stages: [lead], personas: [it], where: {x: y}"),
        (["id: a, personas: [it, cfo]"], "id: b, personas: [it], stages: [lead]"),
        (["id: a, where: {country: [fr, be]}"], "id: b, where: {country: FR}"),
        (["id: a, where: {vip: true}", "id: c, where: {not: {vip: true}}"], "id: b"),
    ],
)
def test_a_track_whose_contacts_others_take_is_told(
    tmp_path: Path, above: list[str], below: str
) -> None:
    (found,) = reviewed(tmp_path, tracks(*above, below))
    line = 6 + len(above)
    assert (found.line, found.column, found.weight) == (line, 12, "warning")
    assert found.code == "shadowed"
    assert found.what.startswith("nobody is ever on «b»: «a» ")
    assert found.do.startswith("Put it above «a»")
    assert ("«a» and «c» above it take all" in found.what) is (len(above) > 1)


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("id: a, stages: [lead], temperatures: [cold]", "id: b, stages: [lead]"),
        ("id: a, temperatures: [cold, warm, hot]", "id: b"),
        ("id: a, personas: [it, cfo]", "id: b"),
        ("id: a, personas: [it]", "id: b, personas: [it, cfo]"),
        ("id: a, where: {country: fr}", "id: b, where: {country: [fr, be]}"),
        ("id: a, where: {country: fr}", "id: b"),
        ("id: a, where: {country: fr}, personas: [it]", "id: b, where: {country: fr}"),
    ],
)
def test_a_track_to_which_contacts_are_left_is_not_blamed(
    tmp_path: Path, above: str, below: str
) -> None:
    assert reviewed(tmp_path, tracks(above, below)) == []


def test_the_condition_of_the_section_counts_for_every_track(tmp_path: Path) -> None:
    text = tracks("id: a, where: {country: fr}", "id: b, stages: [lead]")
    (found,) = reviewed(tmp_path, text + "  where: {country: fr}\n")
    assert found.code == "shadowed"


@pytest.mark.parametrize("stage", ["client", "suspect", "recycled", "disqualified"])
def test_a_stage_without_temperatures_has_no_hot_contacts(tmp_path: Path, stage: str) -> None:
    (found,) = reviewed(tmp_path, tracks(f"id: a, stages: [{stage}], temperatures: [hot]"))
    assert (found.line, found.weight, found.code) == (6, "error", "never_fires")
    assert found.what == (
        "nobody can be on «a»: a lead is cold, warm or hot, a prospect cold or hot, others are"
        " neither"
    )


def test_no_prospect_is_warm(tmp_path: Path) -> None:
    (found,) = reviewed(tmp_path, tracks("id: a, stages: [prospect], temperatures: [warm]"))
    assert found.code == "never_fires"


def test_a_stage_that_a_track_names_in_vain_is_told(tmp_path: Path) -> None:
    (found,) = reviewed(tmp_path, tracks("id: a, stages: [lead, client], temperatures: [hot]"))
    assert (found.line, found.column, found.weight) == (6, 23, "warning")
    assert found.code == "unused"
    assert found.what.startswith("nobody of stage «client» is ever on «a»")


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        (
            tracks("id: a, where: {n: {gt: 5, lt: 3}}"),
            *(6, 22, "nobody can be on «a»: what it asks of «n» contradicts itself"),
        ),
        (
            tracks("id: a, where: {c: fr}") + "  where: {not: {c: fr}}\n",
            *(6, 22, "nobody can be on «a»: its «where» and that of the section contradict"),
        ),
        (
            tracks("id: a") + "  where: {c: x, all: [{c: y}]}\n",
            *(7, 10, "nobody can be on a track: what it asks of «c» contradicts itself"),
        ),
        (
            tracks("id: a", content="  content: [{id: g, seen: {c: x, all: [{c: y}]}}]\n"),
            *(7, 27, "no activity can ever show that «g» was seen: what it asks of «c»"),
        ),
    ],
)
def test_a_condition_that_can_never_hold_is_told(
    tmp_path: Path, text: str, line: int, column: int, says: str
) -> None:
    (found,) = reviewed(tmp_path, text)
    assert (found.line, found.column, found.weight) == (line, column, "error")
    assert found.code == "never_fires"
    assert found.what.startswith(says)
    assert found.do


def test_a_track_that_nobody_is_on_takes_no_contacts(tmp_path: Path) -> None:
    found = reviewed(tmp_path, tracks("id: a, where: {n: {gt: 5, lt: 3}}", "id: b"))
    assert [each.line for each in found] == [6]


def test_a_content_that_no_track_offers_is_told(tmp_path: Path) -> None:
    content = "  content: [{id: g, tracks: [b]}, {id: h, tracks: [b, c]}]\n"
    found = reviewed(
        tmp_path, tracks("id: a, stages: [lead]", "id: b, stages: [lead]", "id: c", content=content)
    )
    assert places(found) == [
        (6, 12, "note", "without_content"),
        (7, 12, "warning", "shadowed"),
        (9, 18, "warning", "unused"),
    ]
    assert found[0].what == "nothing ever comes next on «a»: no content is for it"
    assert found[2].what.startswith("«g» comes next for nobody")


def test_a_content_for_every_track_leaves_none_without(tmp_path: Path) -> None:
    text = tracks("id: a, stages: [lead]", "id: b", content="  content: [{id: g}]\n")
    assert reviewed(tmp_path, text) == []


@pytest.mark.parametrize(
    ("budgets", "line", "code", "says"),
    [
        (
            ["at_most: 3, within: 7d", "at_most: 3, within: 7d"],
            *(6, "duplicate", "the budget of 3 in 7d changes nothing: it stands twice"),
        ),
        (
            ["at_most: 3, within: 7d", "at_most: 4, within: 7d"],
            *(6, "shadowed", "the budget of 4 in 7d changes nothing: the budget of 3 in 7d is"),
        ),
        (["at_most: 4, within: 7d", "at_most: 4, within: 30d"], 5, "shadowed", "budget of 4 in 7d"),
        (["at_most: 3, within: 7d", "touches: [mail], at_most: 3, within: 7d"], 6, "shadowed", ""),
    ],
)
def test_a_budget_that_another_makes_pointless_is_told(
    tmp_path: Path, budgets: list[str], line: int, code: str, says: str
) -> None:
    listed = "".join(f"  - {{{budget}}}\n" for budget in budgets)
    text = f"{RULES}pressure:\n  touches: [call, mail]\n  budget:\n{listed}"
    (found,) = reviewed(tmp_path, text)
    assert (found.line, found.weight, found.code) == (line + 1, "warning", code)
    assert says in found.what
    assert found.do


@pytest.mark.parametrize(
    "budgets",
    [
        ["at_most: 1, within: 7d", "at_most: 4, within: 30d"],
        ["touches: [mail], at_most: 1, within: 7d", "touches: [call], at_most: 1, within: 7d"],
        ["touches: [mail], at_most: 1, within: 7d", "at_most: 2, within: 7d"],
    ],
)
def test_budgets_that_each_say_something_are_not_blamed(tmp_path: Path, budgets: list[str]) -> None:
    listed = ", ".join(f"{{{budget}}}" for budget in budgets)
    text = f"{RULES}pressure: {{touches: [call, mail], budget: [{listed}]}}\n"
    assert reviewed(tmp_path, text) == []


MAPPED = (
    "rules: [{id: a, activity: content_download, points: 50, family: f}]\n"
    "hand_off: {families: {count: 1}, name_fields: [job_title]}\n"
    "sales: {touch: [call], meeting_lost: [meeting_booked]}\n"
)


@pytest.mark.parametrize(
    ("touches", "budget", "told"),
    [
        ("[call]", "{at_most: 1, within: 7d}", []),
        ("[mail, call]", "{at_most: 1, within: 7d}", []),
        ("[mail, call]", "{touches: [mail], at_most: 1, within: 7d}", [(5, 44, "note")]),
        ("[mail, post]", "{at_most: 1, within: 7d}", [(5, 44, "note")]),
        ("[open_task, mail]", "{at_most: 1, within: 7d}", []),
        ("[open_task, mail]", "{at_most: 2, within: 7d}", [(5, 49, "note")]),
        ("[open_task]", "{at_most: 2, within: 7d}", [(5, 43, "note")]),
        ("[call, meeting_boked]", "{at_most: 2, within: 7d}", [(5, 28, "warning")]),
        ("[call, open_taks]", "{at_most: 2, within: 7d}", [(5, 28, "warning")]),
    ],
)
def test_touches_that_the_mapping_does_not_yield_are_told(
    tmp_path: Path, touches: str, budget: str, told: list[tuple[int, int, str]]
) -> None:
    text = f"{MAPPED}pressure: {{touches: {touches}, budget: [{budget}]}}\n"
    found = reviewed(tmp_path, text, mapped=True)
    assert [(each.line, each.column, each.weight) for each in found] == told
    assert {each.code for each in found} <= {"not_filled"}


def test_the_remedy_names_the_type_that_was_meant(tmp_path: Path) -> None:
    text = f"{MAPPED}pressure: {{touches: [call, meeting_boked, open_taks]}}\n"
    found = reviewed(tmp_path, text, mapped=True)
    assert [each.do for each in found] == [
        "Did you mean «meeting_booked»?",
        "Did you mean «open_task»?",
    ]


@pytest.mark.parametrize(
    ("nurture", "column", "code", "says"),
    [
        (
            "tracks: [{id: a}], content: [{id: g, seen: {asset: {exists: false}, form: x}}]",
            *(None, None, None),
        ),
        ("tracks: [{id: a}], content: [{id: g, seen: {form: x}}]", None, None, None),
        ("tracks: [{id: a}], content: [{id: g}]", None, None, None),
        (
            "tracks: [{id: a}], content: [{id: g, seen: {asset_kind: guide}}]",
            *(54, "never_counts", "nobody is known to have seen «g» with this mapping"),
        ),
        (
            "tracks: [{id: a}], content: [{id: g, seen: {form: x, asset: y}}]",
            *(54, "never_counts", "no activity has such attributes"),
        ),
        (
            "attribute: page, tracks: [{id: a}], content: [{id: g}, {id: h, seen: {form: x}}]",
            *(47, "not_filled", "the mapping fills no «page»: nobody is known to have seen «g»"),
        ),
    ],
)
def test_contents_that_nobody_is_known_to_have_seen_are_told(
    tmp_path: Path, nurture: str, column: int | None, code: str | None, says: str | None
) -> None:
    found = reviewed(tmp_path, f"{MAPPED}nurture: {{{nurture}}}\n", mapped=True)
    if says is None:
        assert found == []
        return
    (only,) = found
    assert (only.line, only.column, only.weight, only.code) == (5, column, "warning", code)
    assert says in only.what
    assert only.do


def test_a_sensitive_field_by_which_a_track_is_chosen_is_a_warning(tmp_path: Path) -> None:
    text = (
        f"{MAPPED}nurture:\n"
        "  where: {born: {exists: true}}\n"
        "  tracks: [{id: a, where: {any: [{born: {exists: true}, country: fr}]}}]\n"
    )
    found = [each for each in reviewed(tmp_path, text, mapped=True) if each.code == "sensitive"]
    assert [(each.line, each.column) for each in found] == [(6, 11), (7, 35)]
