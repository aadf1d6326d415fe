"""One person's story while it is being told: what happened, and when by that person's clock."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connector.sandbox import catalogue
from connector.sandbox.catalogue import Asset, Campaign, Details, Event
from connector.sandbox.world import Deed

_SATURDAY = 5
_OPENS_AT = 8 * 3600
_CLOSES_AT = 19 * 3600

Entry = tuple[datetime, Deed, Details, bool]  # the last: whether a rep did it or took part


@dataclass(frozen=True, slots=True)
class DealEntry:
    """A deal in the story; `close_at` lies ahead for an open one."""

    stage: str
    amount: int | None
    created_at: datetime
    close_at: datetime


class Diary:
    """Collects what one person did, and what was done towards them.

    Times are given as an age in days before the world's end, and fall into the working hours of the
    person's zone. A story runs from `oldest` to `newest`, both ages.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        ends_at: datetime,
        zone: ZoneInfo,
        language: str,
        oldest: int,
        newest: int,
        has_gateway: bool,
    ) -> None:
        self.rng = rng
        self.entries: list[Entry] = []
        self.deals: list[DealEntry] = []
        self.oldest = oldest
        self.newest = newest
        self.mailed_until = 0  # nobody mails someone who unsubscribed
        self.topic = rng.choice(catalogue.TOPICS)
        self._language = language
        self._ends_at = ends_at
        self._midnight = ends_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self._browser = rng.choice(catalogue.BROWSERS)
        self._gateway = rng.choice(catalogue.ROBOTS) if has_gateway else ""

    def ages(self, count: int) -> list[int]:
        """Return so many ages within the story, the oldest first."""
        return sorted((self.age() for _ in range(count)), reverse=True)

    def age(self) -> int:
        """Return an age within the story."""
        return self.rng.randint(self.newest, self.oldest)

    def moment(self, age: int) -> datetime:
        """Return a working hour of the person's, so many days ago; on a weekend mostly Friday's."""
        seconds = _OPENS_AT + int(self.rng.random() * (_CLOSES_AT - _OPENS_AT))
        at = self._midnight - timedelta(days=age, seconds=-seconds)
        weekday = at.weekday()
        moves = self.rng.random() < 0.85  # drawn on any day: who is made up hangs on no calendar
        if weekday >= _SATURDAY and moves:
            at -= timedelta(days=weekday - _SATURDAY + 1)
        at = at.astimezone(UTC)
        return at if at <= self._ends_at else at - timedelta(days=1)

    def note(self, at: datetime, deed: Deed, details: Details, *, by_rep: bool = False) -> None:
        """Write one thing down; nothing lies after the world's end."""
        self.entries.append((min(at, self._ends_at), deed, details, by_rep))

    def download(self, age: int, *kinds: str) -> Asset:
        """Fill in the form of an asset of one of the kinds, preferably on the favourite topic."""
        assets = _assets(kinds or ("white_paper",), self._language)
        on_topic = [asset for asset in assets if asset.topic == self.topic]
        asset = self.rng.choice(on_topic if on_topic and self.rng.random() < 0.6 else assets)
        self.note(self.moment(age), Deed.FORM, catalogue.download(asset))
        return asset

    def ask(self, age: int, form: str) -> None:
        """Express a need by one of the forms made for it, after a look at the prices."""
        at = self.moment(age)
        self.note(at - timedelta(minutes=7), Deed.PAGE_VISIT, catalogue.visit("/pricing", 3))
        self.note(at, Deed.FORM, catalogue.need_form(form, self.topic))

    def visit(self, age: int, *paths: str) -> None:
        """Visit the site, by default some page that tells nothing."""
        path = self.rng.choice(paths or catalogue.GENERAL_PAGES)
        self.note(self.moment(age), Deed.PAGE_VISIT, catalogue.visit(path, self.rng.randint(1, 8)))

    def mail(self, age: int, *, attention: float) -> None:
        """Receive a marketing mail: opened with this chance, clicked with half of it."""
        campaign = self.rng.choice(catalogue.CAMPAIGNS)
        at = self.moment(max(age, self.mailed_until))
        self.note(at, Deed.MAIL_SENT, catalogue.mail(campaign))
        delivered_at = at + timedelta(seconds=self.rng.randint(1, 20))
        self.note(delivered_at, Deed.MAIL_DELIVERED, catalogue.mail_event(campaign))
        if self._gateway:
            self._scan(delivered_at, campaign)
        if self.rng.random() < attention:
            self._read(delivered_at, campaign, clicks=self.rng.random() < 0.5)

    def _read(self, delivered_at: datetime, campaign: Campaign, *, clicks: bool) -> None:
        opened_at = delivered_at + timedelta(seconds=self.rng.randint(90, 30_000))
        self.note(opened_at, Deed.MAIL_OPENED, catalogue.mail_open(campaign, self._browser))
        if clicks:
            clicked_at = opened_at + timedelta(seconds=self.rng.randint(3, 200))
            self.note(
                clicked_at, Deed.MAIL_CLICKED, catalogue.mail_click(campaign, 0, self._browser)
            )

    def _scan(self, delivered_at: datetime, campaign: Campaign) -> None:
        """Let a mail-security gateway open the mail and follow every link within seconds."""
        for link in range(len(campaign.links)):
            at = delivered_at + timedelta(milliseconds=400 + 900 * link + self.rng.randrange(600))
            self.note(at, Deed.MAIL_CLICKED, catalogue.mail_click(campaign, link, self._gateway))

    def bounce(self, age: int) -> None:
        """Fail to receive a mail."""
        campaign = self.rng.choice(catalogue.CAMPAIGNS)
        at = self.moment(age)
        self.note(at, Deed.MAIL_SENT, catalogue.mail(campaign))
        self.note(at + timedelta(seconds=5), Deed.MAIL_BOUNCED, catalogue.mail_event(campaign))

    def unsubscribe(self, age: int) -> None:
        """Receive a last mail and unsubscribe by it."""
        campaign = self.rng.choice(catalogue.CAMPAIGNS)
        at = self.moment(age)
        self.note(at, Deed.MAIL_SENT, catalogue.mail(campaign))
        self.note(at + timedelta(seconds=9), Deed.MAIL_DELIVERED, catalogue.mail_event(campaign))
        self.note(at + timedelta(hours=2), Deed.UNSUBSCRIBED, catalogue.mail_event(campaign))
        self.mailed_until = age + 3  # past a weekend, whichever way it was moved

    def webinar(self, age: int, *, comes: bool = True, is_replay: bool = False) -> None:
        """Register for a webinar and come, watch it later, or stay away."""
        event = self.rng.choice(catalogue.WEBINARS)
        at = self.moment(age)
        self.note(
            at - timedelta(days=self.rng.randint(1, 6)),
            Deed.EVENT_REGISTERED,
            catalogue.registration(event),
        )
        if comes:
            minutes = self.rng.randrange(15, 60, 5)
            seen = catalogue.attendance(event, minutes, is_replay=is_replay)
            self.note(at, Deed.EVENT_ATTENDED, seen)

    def cancel_webinar(self, age: int) -> None:
        """Register for a webinar and take it back."""
        event = self.rng.choice(catalogue.WEBINARS)
        at = self.moment(age)
        self.note(at - timedelta(days=2), Deed.EVENT_REGISTERED, catalogue.registration(event))
        self.note(at, Deed.EVENT_CANCELLED, catalogue.cancellation(event))

    def fair(self, age: int) -> None:
        """Leave one's details at a trade fair's booth."""
        event: Event = self.rng.choice(catalogue.FAIRS)
        self.note(self.moment(age), Deed.EVENT_ATTENDED, catalogue.attendance(event, 15))

    def call(self, age: int, outcome: str, *, direction: str = "outbound") -> None:
        """Be rung by the rep, or ring them."""
        minutes = self.rng.randint(2, 30) if outcome == "connected" else 0
        details = catalogue.call(direction, outcome, minutes)
        self.note(self.moment(age), Deed.CALL, details, by_rep=True)

    def rep_mail(self, age: int, *, direction: str = "outbound") -> None:
        """Receive a mail by the rep, or answer one."""
        subject = f"{self.topic.capitalize()} at your company"
        if self._language == "fr":
            subject = "Votre projet en quelques mots"
        if direction == "inbound":
            subject = f"Re: {subject}"
        self.note(self.moment(age), Deed.EMAIL, catalogue.email(direction, subject), by_rep=True)

    def meeting(self, age: int, outcome: str) -> None:
        """Have a meeting with the rep, or not."""
        title = "Démonstration du produit" if self._language == "fr" else "Product demo"
        self.note(self.moment(age), Deed.MEETING, catalogue.meeting(outcome, title), by_rep=True)

    def message(self, age: int, direction: str = "outbound") -> None:
        """Receive a message on LinkedIn, or answer one."""
        self.note(self.moment(age), Deed.MESSAGE, catalogue.message(direction), by_rep=True)

    def remark(self, age: int, body: str) -> None:
        """Let the rep write a note about the person."""
        self.note(self.moment(age), Deed.NOTE, catalogue.note(body), by_rep=True)

    def deal(self, stage: str, *, opened: int, closes: int) -> None:
        """Open a deal at an age; a negative `closes` lies ahead. Early ones may lack an amount."""
        created_at = self.moment(opened)
        amount = self.rng.randrange(4, 120) * 1_000
        open_ended = stage in ("qualification", "demo") and self.rng.random() < 0.12
        close_at = created_at + timedelta(days=max(0, opened - closes))
        if stage in ("won", "lost"):
            close_at = min(close_at, self._ends_at)
        self.deals.append(DealEntry(stage, None if open_ended else amount, created_at, close_at))


def _assets(kinds: Sequence[str], language: str) -> list[Asset]:
    """Return the assets of some kinds in a language, or in any where there is none in it."""
    of_kind = [asset for asset in catalogue.ASSETS if asset.kind in kinds]
    return [asset for asset in of_kind if asset.language == language] or of_kind
