"""An explanation as one page that needs nothing else: no script, no font, no picture from afar."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from connector import __version__
from connector.report.drawing import drawing
from connector.report.explanation import Explanation
from connector.report.page_words import MONTHS, WORDS
from connector.report.set_aside import SetAsideDay, by_day
from connector.report.timeline import Change, Event, Timeline
from connector.rules.explain import Words

_KINDS = ("activities", "move", "hand_off", "change", "write")


@dataclass(frozen=True, slots=True)
class _Told:
    """An event as a row of the page."""

    day: date
    score: str
    head: str
    text: str
    notes: str


def page(told: Explanation, timeline: Timeline, *, words: Words, zone: ZoneInfo) -> str:
    """Return the page, in the language of `words`; every text in it is escaped."""
    writer = _Writer(told, timeline, words, zone)
    return writer.page()


class _Writer:
    """Says one contact's explanation in one language and zone."""

    def __init__(self, told: Explanation, timeline: Timeline, words: Words, zone: ZoneInfo) -> None:
        self._told = told
        self._timeline = timeline
        self._words = words
        self._zone = zone
        self._w = {key: words.label(label) for key, label in WORDS.items()}

    def page(self) -> str:
        environment = Environment(
            loader=PackageLoader("connector.report"), autoescape=True, undefined=StrictUndefined
        )
        # Our own file, not a value: marked as markup, or its quotation marks would be escaped and
        # the style would no longer be what the page's policy allows.
        style = Markup(environment.get_template("explain.css").render())  # noqa: S704  ours
        return environment.get_template("explain.html").render(
            language=self._language,
            version=__version__,
            style=style,
            style_hash=Markup(_digest(str(style))),  # noqa: S704  letters, digits, + / = and -
            title=self._title(),
            as_of=self._local(self._told.as_of),
            e=self._told,
            t=self._timeline,
            w=self._w,
            persona=self._words.persona(self._told.persona) if self._told.persona else "",
            need_day=self._day(self._told.need_at),
            handed_off=self._day(self._told.handed_off_at),
            wide=drawing(self._timeline, self._months, width=880, height=320),
            narrow=drawing(self._timeline, self._months, width=360, height=300),
            kinds=self._kinds(),
            titles=self._titles(),
            told=[self._row(each) for each in reversed(self._timeline.events)],
            writes=[each for each in reversed(self._timeline.events) if each.kind == "write"],
            set_aside=self._set_aside(),
            place=self._place,
            number=self._number,
            share=self._share,
            local=self._local,
        )

    @property
    def _language(self) -> str:
        return self._words.language if self._words.language in MONTHS else "en"

    @property
    def _months(self) -> Sequence[str]:
        return MONTHS[self._language]

    def _title(self) -> str:
        return self._w["title"].format(contact=self._told.contact, score=self._told.score)

    def _kinds(self) -> Sequence[str]:
        present = {each.kind for each in self._timeline.events}
        return [kind for kind in _KINDS if kind in present]

    def _titles(self) -> Mapping[tuple[str, date], str]:
        """Return the tooltip of each mark."""
        titles: dict[tuple[str, date], str] = {}
        for event in self._timeline.events:
            row = self._row(event)
            said = " ".join(part for part in (row.head, row.text, row.notes) if part)
            before = titles.get((event.kind, event.day), event.day.isoformat())
            titles[event.kind, event.day] = f"{before}\n{said}"
        return titles

    def _row(self, event: Event) -> _Told:
        score = {each.day: str(each.score) for each in self._timeline.days}.get(event.day, "")
        head, text, notes = self._said(event)
        return _Told(event.day, score, head, text, notes)

    def _said(self, event: Event) -> tuple[str, str, str]:
        """Return what is said of an event: in bold, plain, and small below."""
        if event.kind == "activities":
            deeds = ", ".join(self._deeds(event))
            if event.added is None:
                return "", "", deeds
            added = ", ".join(f"{each.shown} {each.label}" for each in event.added)
            return "", added or self._w["no_points"], deeds
        if event.kind == "hand_off":
            return self._w["hand_off"], "", ""
        if event.move is not None:
            move = event.move
            before = self._place(move.from_stage, move.from_temperature)
            after = self._place(move.to_stage, move.to_temperature)
            reason = self._w.get(move.reason, move.reason.replace("_", " "))
            return f"{before} → {after}", f"({reason})" if reason else "", ""
        if event.kind == "change":
            return "", f"{self._w['change']}: {', '.join(map(self._arrow, event.changes))}", ""
        names = ", ".join(each.property for each in event.changes)
        return "", f"{self._w['write']}: {names}", ""

    def _deeds(self, event: Event) -> Iterator[str]:
        for each in event.done:
            times = f" ×{each.count}" if each.count > 1 else ""
            whose = f" ({self._w['by_us']})" if each.is_outbound else ""
            yield each.type.replace("_", " ") + times + whose

    def _set_aside(self) -> Sequence[SetAsideDay]:
        found = self._told.quarantined
        return by_day(found, self._zone) if found else []

    def _place(self, stage: str, temperature: str) -> str:
        return " ".join(self._w.get(part, part) for part in (stage, temperature) if part)

    def _number(self, points: str) -> str:
        text = points.replace("-", "−")
        return text.replace(".", ",") if self._language == "fr" else text

    def _share(self, points: str) -> float:
        """Return how long the bar of a reason is, of 100."""
        most = max((abs(float(each.points)) for each in self._told.reasons), default=1.0)
        return round(abs(float(points)) / most * 100, 1)

    def _local(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")

    def _arrow(self, change: Change) -> str:
        by = f" ({self._w['by']} {change.by})" if change.by else ""
        return f"{change.property} {change.before or '–'} → {change.after or '–'}{by}"

    def _day(self, at: datetime | None) -> str:
        return at.astimezone(self._zone).date().isoformat() if at else ""


def _digest(style: str) -> str:
    """Return the source expression that lets a policy allow exactly this style."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
