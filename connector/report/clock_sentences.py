"""Says in sentences by when sales acts, in its working hours, in English or French."""

from collections.abc import Iterator

from connector.domain.moment import date_of
from connector.domain.numbers import from_millionths
from connector.report.condition_sentences import together
from connector.rules.explain import Words
from connector.rules.model import Label, Sla, WorkingHours
from connector.rules.working import span_text

_SAID: dict[str, Label] = {
    "due": {
        "en": "Sales has {need} after a need and {points} after a hand-off by points, counted in"
        " working hours; then the task is due.",
        "fr": "Les ventes ont {need} après un besoin et {points} après une transmission par les"
        " points, comptés en heures ouvrées ; alors la tâche est due.",
    },
    "hours": {
        "en": "Sales works {days}, {spans}, in {zone}{holidays}.",
        "fr": "Les ventes travaillent {days}, {spans}, {zone}{holidays}.",
    },
    "account_zone": {
        "en": "the time zone of the account",
        "fr": "dans le fuseau horaire du compte",
    },
    "zone": {"en": "the time zone {zone}", "fr": "dans le fuseau horaire {zone}"},
    "holidays": {"en": ", but not on {days}", "fr": ", sauf {days}"},
    "range": {"en": "from {first} to {last}", "fr": "du {first} au {last}"},
    "some_days": {"en": "on {days}", "fr": "{days}"},
    "one_of_them": {"en": "{day}", "fr": "le {day}"},
    "day": {"en": "{n} working day of {hours}", "fr": "{n} jour ouvré de {hours}"},
    "days": {"en": "{n} working days of {hours}", "fr": "{n} jours ouvrés de {hours}"},
    "one_hour": {"en": "{n} hour", "fr": "{n} heure"},
    "some_hours": {"en": "{n} hours", "fr": "{n} heures"},
    "one_minute": {"en": "{n} minute", "fr": "{n} minute"},
    "some_minutes": {"en": "{n} minutes", "fr": "{n} minutes"},
    "sla": {
        "en": "As long as sales does not act, the hand-off is warned from {warned} % of that time"
        " on, breached from 100 %, escalated from {escalated} %; once sales acted, met or late.",
        "fr": "Tant que les ventes n’agissent pas, le délai est en alerte (warned) dès {warned} %"
        " de ce temps, dépassé (breached) dès 100 %, escaladé (escalated) dès {escalated} % ; une"
        " fois qu’elles ont agi, il est tenu (met) ou non (late).",
    },
    "escalation": {
        "en": "When it escalates, a further task goes to the first active owner of: {owners}.",
        "fr": "Quand il est escaladé, une autre tâche va au premier propriétaire actif parmi :"
        " {owners}.",
    },
    "no_escalation": {
        "en": "When it escalates, nobody gets a further task.",
        "fr": "Quand il est escaladé, personne ne reçoit d’autre tâche.",
    },
}

_WEEK: Label = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
}
_LEAST_RANGE = 3


class ClockSpeaker:
    """Says how sales is kept to its word, in one language: (id, sentence) each."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def clock(self) -> Iterator[tuple[str, str]]:
        """Yield how much time there is, when it runs, and what comes of it when it is over."""
        hand_off = self._words.rules.hand_off
        sla, hours = hand_off.sla, hand_off.working
        need, points = (self._span(minutes, hours) for minutes in (sla.need, sla.points))
        yield "due", self._say("due", need=need, points=points)
        yield "working_hours", self._hours(hours)
        shares = {"warned": self._share(sla.warned), "escalated": self._share(sla.escalated)}
        yield "sla", self._say("sla", **shares)
        yield "escalation", self._escalation(sla)

    def _hours(self, hours: WorkingHours) -> str:
        off = [date_of(day).isoformat() for day in sorted(hours.holidays)]
        language = self._words.language
        return self._say(
            "hours",
            days=self._weekdays(sorted(hours.weekdays)),
            spans=together([span_text(span) for span in hours.spans], language),
            zone=self._say("zone" if hours.zone else "account_zone", zone=hours.zone),
            holidays=self._say("holidays", days=together(off, language)) if off else "",
        )

    def _weekdays(self, days: list[int]) -> str:
        """Return days of the week, 1 is Monday: `from Monday to Friday`."""
        names = [self._words.label(_WEEK).split()[day - 1] for day in days]
        if len(days) >= _LEAST_RANGE and days[-1] - days[0] == len(days) - 1:
            return self._say("range", first=names[0], last=names[-1])
        listed = [self._say("one_of_them", day=name) for name in names]
        return self._say("some_days", days=together(listed, self._words.language))

    def _span(self, minutes: int, hours: WorkingHours) -> str:
        """Return a time as whole working days where it is that, else in hours and minutes."""
        days, rest = divmod(minutes, hours.minutes_a_day)
        if rest:
            return self._in_hours(minutes)
        key = "day" if days == 1 else "days"
        return self._say(key, n=days, hours=self._in_hours(hours.minutes_a_day))

    def _in_hours(self, minutes: int) -> str:
        counted = zip(("hour", "minute"), divmod(minutes, 60), strict=True)
        return " ".join(
            self._say(f"one_{unit}" if number == 1 else f"some_{unit}s", n=number)
            for unit, number in counted
            if number
        )

    def _escalation(self, sla: Sla) -> str:
        owners = ", ".join(sla.escalate_to)
        return self._say("escalation" if owners else "no_escalation", owners=owners)

    def _share(self, millionths: int) -> str:
        text = from_millionths(millionths * 100)
        return text.replace(".", ",") if self._words.language == "fr" else text

    def _say(self, key: str, **values: object) -> str:
        return self._words.label(_SAID[key]).format(**values)
