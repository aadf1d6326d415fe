"""What the CRM should show for one contact, and how that compares with what it shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from connector.domain.moment import date_of, day_of, moment
from connector.domain.numbers import shown
from connector.rules.explain import Line, Words, reasons_text

OUTPUTS = (
    "score",
    "fit",
    "grade",
    "persona",
    "stage",
    "temperature",
    "reasons",
    "need_at",
    "handed_off_at",
    "question",
    "interests",
    "due_at",
    "sla",
    "segment",
    "grid",
    "track",
    "next_content",
    "next_content_url",
    "do_not_press_until",
    "touches_7d",
    "touches_30d",
)
"""What can be written to a contact; the mapping says to which property of the CRM each goes.

And, of several scores, `scores.NAME` and `scores.NAME.reasons`.
"""

_ENGAGED = {"hot": 1, "warm": 2, "cold": 3}

Row = Mapping[str, object]
"""A row of `tables.SCORE` as {column: value}, those of `NURTURE` and `PRESSURE` if there are any,
and `interests`, in words."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One score of a contact in micro-points, and its lines."""

    points: int
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Builds the texts that the CRM should hold. `properties`: {output: CRM property}."""

    properties: Mapping[str, str]
    words: Words
    zone: ZoneInfo

    def values(
        self, row: Row, lines: Sequence[Line], others: Mapping[str, Scored] | None = None
    ) -> dict[str, str | None]:
        """Return {CRM property: text; None for nothing} for one contact.

        `others`: the scores beside the leading one, by name.
        """
        texts = {
            "score": _number(row["points"]),
            "fit": _number(row["fit"]),
            "grade": _text(row["grade"]),
            "persona": self._persona(row["persona"]),
            "stage": _text(row["stage"]),
            "temperature": _text(row["temperature"]),
            "reasons": reasons_text(lines, self.words),
            "need_at": self._day(row["need_us"]),
            "handed_off_at": _instant(row["handed_off_us"]),
            "question": self._question(row["missing"]),
            "interests": _text(row.get("interests")),
            "due_at": _instant(row["due_us"]),
            "sla": _text(row["sla"]),
            "segment": _segment(row),
            "grid": _grid(row),
            **self._nurture(row),
            **self._pressure(row),
        }
        leading = Scored(_whole(row["points"]), lines)
        for name, scored in {self.words.rules.score: leading, **(others or {})}.items():
            texts[f"scores.{name}"] = _number(scored.points)
            texts[f"scores.{name}.reasons"] = reasons_text(scored.lines, self.words)
        return {self.properties[name]: texts[name] for name in texts if name in self.properties}

    def _nurture(self, row: Row) -> Mapping[str, str | None]:
        content = self.words.content(str(row["content"])) if row.get("content") else None
        return {
            "track": _text(row.get("track")),
            "next_content": self.words.label(content.label) if content else None,
            "next_content_url": content.url if content else None,
        }

    def _pressure(self, row: Row) -> Mapping[str, str | None]:
        if self.words.rules.pressure is None:
            return dict.fromkeys(("do_not_press_until", "touches_7d", "touches_30d"))
        until = row.get("until_day")
        return {
            "do_not_press_until": None if until is None else date_of(_whole(until)).isoformat(),
            "touches_7d": str(row.get("touches_7d") or 0),
            "touches_30d": str(row.get("touches_30d") or 0),
        }

    def is_over(self, name: str, found: str | None, today: date) -> bool:
        """Return whether a property shows a day that passed: nobody has to take it back.

        So each mailing costs a contact one write and not two.
        """
        if found is None or name != self.properties.get("do_not_press_until"):
            return False
        return bool(found[: len("2026-01-31")] <= today.isoformat())

    def interests(self, rows: Iterable[Row]) -> str:
        """Return rows of `tables.INTEREST` of one contact, in order, as a text."""
        return ", ".join(self.words.topic(str(row["topic"]), str(row["spelling"])) for row in rows)

    def line(self, row: Row) -> Line:
        """Return a row of `tables.REASON` as a line with its local day."""
        latest = row["latest_us"]
        count = row["count"]
        return Line(
            kind=str(row["kind"]),
            rule=str(row["rule"]),
            points=_whole(row["points"]),
            count=_whole(count) if count is not None else None,
            latest=day_of(_whole(latest), self.zone) if latest is not None else None,
        )

    def _persona(self, value: object) -> str | None:
        return None if value is None else self.words.persona(str(value))

    def _question(self, missing: object) -> str | None:
        return None if missing is None else self.words.question(str(missing))

    def _day(self, value: object) -> str | None:
        return None if value is None else day_of(_whole(value), self.zone).isoformat()


def _whole(value: object) -> int:
    if not isinstance(value, int):
        msg = f"a whole number was expected, not {type(value).__name__}"
        raise TypeError(msg)
    return value


def _number(value: object) -> str | None:
    return None if value is None else str(shown(_whole(value)))


def _text(value: object) -> str | None:
    return str(value) if value else None


def _segment(row: Row) -> str:
    """Return stage, temperature and persona, as far as there are any: `lead.warm.it_lead`."""
    return ".".join(str(row[name]) for name in ("stage", "temperature", "persona") if row[name])


def _grid(row: Row) -> str | None:
    """Return fit and engagement in one, `A1` where both are best; nothing without a temperature."""
    place = _ENGAGED.get(str(row["temperature"]))
    return f"{row['grade']}{place}" if place else None


def _instant(value: object) -> str | None:
    if value is None:
        return None
    return moment(_whole(value)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
