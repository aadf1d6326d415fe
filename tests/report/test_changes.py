"""Who made a change that we saw: as far as the CRM's history tells of that very change."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from connector.ports import FormerContact, FormerFields
from connector.report.changes import Said, person_changes
from connector.rules.conditions import Kind
from tests.fakes.clock import MONDAY

KINDS = {"job_title": Kind.TEXT, "country": Kind.TEXT}
VERSIONS = [
    FormerContact(MONDAY + timedelta(hours=hours), {"job_title": title}, None, None)
    for hours, title in ((1, "Intern"), (5, "Junior"))
]


def told(*changes: tuple[float, str, str]) -> list[FormerFields]:
    """Return a history: (hours, field, who)."""
    return [
        FormerFields(MONDAY + timedelta(hours=hours), {name: "x"}, by)
        for hours, name, by in changes
    ]


@pytest.mark.parametrize(
    ("history", "authors"),
    [
        ((), [None, None]),
        (((1, "job_title", "Ann"), (5, "job_title", "Bo")), ["Ann", "Bo"]),
        (((0.9, "job_title", "Ann"), (1, "job_title", "Bo")), ["Bo", None]),
        (((1 + 1 / 3600, "job_title", "Ann"),), ["Ann", None]),  # stamped a second later
        (((1, "job_title", "Ann"), (5, "country", "Bo")), ["Ann", None]),
        (((2, "job_title", "Ann"), (4, "job_title", "Bo")), [None, "Bo"]),
        (((6, "job_title", "Ann"),), [None, None]),
    ],
)
def test_a_change_is_of_the_last_who_made_one_by_then(
    history: Sequence[tuple[float, str, str]], authors: list[str | None]
) -> None:
    found = person_changes(VERSIONS, {"job_title": "COO"}, Said(), KINDS, told(*history))
    assert [each.after for each in found] == ["Junior", "COO"]
    assert [each.by for each in found] == authors
