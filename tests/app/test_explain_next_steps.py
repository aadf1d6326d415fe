"""`leadripe explain` on what comes next: the clock of a hand-off, track, content, pressure."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.app.account import open_account
from connector.app.explain import Explained, explained
from connector.config.starter import write_starter
from connector.domain.contact import Activity, Contact
from connector.domain.ids import ActivityId, ContactId
from connector.domain.moment import micros
from connector.ports import Account, Page
from connector.store.embedded import EmbeddedStore
from tests.fakes.clock import MONDAY, FakeClock
from tests.leadripe_process import leadripe
from tests.store.shelf import accept, memory

CONTENT = """  content:
    - {id: guide, label: {en: <The guide>, fr: <Le guide>}, url: "https://www.example.com/guide"}
"""
CALLED = datetime(2026, 3, 2, 11, 30, tzinfo=UTC)


def did(kind: str, at: datetime, *, is_ours: bool = False) -> Activity:
    return Activity(ActivityId(kind), kind, micros(at), ContactId("7"), is_outbound=is_ours)


def remember(store: EmbeddedStore, contact: str, **columns: object) -> None:
    """Let the store remember a lead."""
    known = store.find_contact(contact)
    assert known is not None
    accept(store, score=memory(known.no, **columns))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which contact 7 was handed over on Monday at 10:00 in Paris, and called later."""
    write_starter(tmp_path, "hubspot", None)
    rules = tmp_path / "mappings" / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").rstrip() + "\n" + CONTENT, encoding="utf-8")
    people = [Contact(ContactId(id_), MONDAY, {"first_name": "Ana"}) for id_ in ("7", "8")]
    deeds = [
        did("demo_request", MONDAY - timedelta(hours=1)),
        did("email_delivered", MONDAY - timedelta(days=1), is_ours=True),
        did("call", CALLED, is_ours=True),
    ]
    opened = open_account(tmp_path / "leadripe.yaml", FakeClock())
    with opened.store(read_only=False) as store, store.lease():
        store.bind("hubspot", Account("1", "Europe/Paris"), "Europe/Paris")
        store.save_page("contacts", Page("c", contacts=people, activities=deeds))
        store.settle_activities()
        remember(
            store,
            "7",
            temperature="hot",
            handed_off_us=micros(MONDAY),
            hand_off_reason="need",
            hand_off_open=True,
        )
    return tmp_path


def of(project: Path, contact: str, after: timedelta) -> Explained:
    return explained(project / "leadripe.yaml", contact, MONDAY + after)


@pytest.mark.parametrize(
    ("minutes", "state"), [(30, "running"), (45, "warned"), (60, "breached"), (120, "escalated")]
)
def test_the_clock_is_told_as_it_runs(project: Path, minutes: int, state: str) -> None:
    told = of(project, "7", timedelta(minutes=minutes)).explanation
    assert told.clock is not None
    assert told.clock.state == state
    assert told.clock.due_at == MONDAY + timedelta(hours=1)
    assert told.clock.answered_at is None
    assert told.nurture is not None
    assert (told.nurture.track, told.nurture.content) == ("paused", None)
    assert told.pressure is not None
    assert told.pressure.touches_7d == 2, "a mail, and the open task"


def test_the_clock_is_told_once_sales_has_acted(project: Path) -> None:
    told = of(project, "7", timedelta(hours=5))
    assert told.explanation.clock is not None
    assert (told.explanation.clock.state, told.explanation.clock.answered_at) == ("late", CALLED)
    page = told.page(told.timeline(10))
    assert 'Handed to sales on 2026-03-02. <span class="pill">acted on late</span>' in page
    assert "due 2026-03-02 11:00, acted 2026-03-02 12:30" in page


def test_everything_is_told_in_every_form(project: Path) -> None:
    at = f"--as-of={(MONDAY + timedelta(minutes=70)).isoformat()}"
    shown = " ".join(leadripe("explain", "7", at, cwd=project).out.split())
    assert "because of need · overdue, due 2026-03-02T11:00+01:00" in shown
    assert "Track: paused, with sales" in shown
    assert "Touches: 2 in 7 days, 2 in 30; do not press until 2026-03-08" in shown
    plain = leadripe("explain", "7", at, "--json", cwd=project).json()
    assert plain["clock"] == {
        "state": "breached",
        "label": "overdue",
        "due_at": "2026-03-02T10:00:00+00:00",
        "answered_at": None,
    }
    assert plain["pressure"] == {
        "touches_7d": 2,
        "touches_30d": 2,
        "do_not_press_until": "2026-03-08",
    }
    settings = project / "leadripe.yaml"
    french = settings.read_text("utf-8").replace("language: en", "language: fr")
    settings.write_text(french, encoding="utf-8")
    told = of(project, "7", timedelta(minutes=70))
    page = told.page(told.timeline(10))
    assert "Parcours: en pause, chez les ventes" in page
    assert "<strong>Ne pas solliciter avant le 2026-03-08.</strong>" in page
    assert '<span class="pill">en retard</span> échéance 2026-03-02 11:00' in page


def test_the_next_content_is_told_and_escaped(project: Path) -> None:
    opened = open_account(project / "leadripe.yaml", FakeClock())
    with opened.store(read_only=False) as store, store.lease():
        remember(store, "8")
    told = of(project, "8", timedelta(hours=1))
    nurture = told.explanation.nurture
    assert nurture is not None
    assert (nurture.track, nurture.label) == ("welcome", "Welcome")
    assert (nurture.content, nurture.content_label) == ("guide", "<The guide>")
    page = told.page(told.timeline(10))
    assert "Next content: &lt;The guide&gt;" in page
    assert '<span class="soft">(https://www.example.com/guide)</span>' in page
    shown = " ".join(leadripe("explain", "8", cwd=project).out.split())
    assert "Track: Welcome; next: <The guide> (https://www.example.com/guide)" in shown
