"""What people read on a terminal."""

from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from connector.domain.ids import RunId
from connector.ports import MoveRecord
from connector.report import terminal
from connector.report.explanation import Explanation, Gate

LATE_IN_THE_EVENING = datetime(2026, 10, 16, 22, 30, tzinfo=UTC)  # past midnight in Paris


def told(time_zone: str) -> Explanation:
    move = MoveRecord(
        LATE_IN_THE_EVENING, "suspect", "", "lead", "hot", "first_activity", RunId("1")
    )
    return Explanation(
        contact="443",
        as_of=LATE_IN_THE_EVENING,
        time_zone=time_zone,
        score=20,
        points="20",
        raw="20",
        fit=None,
        grade="U",
        persona=None,
        missing=None,
        stage="lead",
        temperature="hot",
        need_at=LATE_IN_THE_EVENING,
        handed_off_at=LATE_IN_THE_EVENING,
        hand_off_reason="need",
        hand_off_open=True,
        would_hand_off=False,
        blocker=None,
        question=None,
        others=[],
        reasons=[],
        gates=[Gate("fit", "fit A or B, or C or U with an explicit need lately", is_open=True)],
        moves=[move],
        written=[],
        kept=[],
        rules_hash="0" * 64,
    )


def printed(explanation: Explanation) -> str:
    stream = StringIO()
    terminal.show(Console(file=stream, width=120), terminal.explanation(explanation, most=100))
    return stream.getvalue()


def test_an_explanation_names_the_days_that_the_crm_shows() -> None:
    text = printed(told("Europe/Paris"))
    assert "Explicit need on 2026-10-17." in text
    assert "open since 2026-10-17T00:30+02:00" in text
    assert "2026-10-16" not in text
    assert "Explicit need on 2026-10-16." in printed(told("America/New_York"))
