"""What the event rows of the CSV set mean as happenings; nothing is made up that earns points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from zlib import crc32

from connector.sandbox import catalogue
from connector.sandbox.catalogue import Details
from connector.sandbox.csv_rows import Row
from connector.sandbox.world import Deed

_T = TypeVar("_T")
_DEMO = "Product demo"
_TALK = "First talk"
_SUBJECT = "Your purchasing process"
_MINUTES = 10  # the set does not say how long a call was


@dataclass(frozen=True, slots=True)
class Told:
    """One happening of a row, some time after the row's own instant."""

    deed: Deed
    details: Details
    after: timedelta = timedelta()


def pick(options: Sequence[_T], key: str) -> _T:
    """Return one of the options, always the same for a key."""
    return options[crc32(key.encode()) % len(options)]


# The set's companies are in the US and the UK.
_ASSETS = [
    asset
    for asset in catalogue.ASSETS
    if asset.language == "en" and asset.kind in ("white_paper", "guide", "case_study")
]
_WEBINARS = [event for event in catalogue.WEBINARS if event.name.startswith("Webinar:")]
_CONTENT_MAILS = [mail for mail in catalogue.CAMPAIGNS if mail.name == "Paper: data quality"]
_INVITATIONS = [mail for mail in catalogue.CAMPAIGNS if mail.name == "Webinar invitation"]


def touch(row: Row) -> tuple[Told, ...]:
    """Return what a touch was: inbound, something the person did; outbound, something we sent.

    An outbound download or webinar is the mail that offered it. An outbound call counts as not
    answered, for the set does not tell and a conversation would earn points.
    """
    told = _touch(row["touch_type"], row["touch_direction"], row["touch_id"])
    if told is None:
        row.reject(
            f"touch {row.quoted('touch_type')}, {row.quoted('touch_direction')} is unknown:"
            " the type is call, email, linkedin_message, content_download or webinar,"
            " inbound or outbound"
        )
        return ()
    return (told,)


def _touch(kind: str, direction: str, key: str) -> Told | None:
    match kind, direction:
        case "content_download", "inbound":
            return Told(Deed.FORM, catalogue.download(pick(_ASSETS, key)))
        case "webinar", "inbound":
            return Told(Deed.EVENT_ATTENDED, catalogue.attendance(pick(_WEBINARS, key), 45))
        case "content_download", "outbound":
            return Told(Deed.MAIL_SENT, catalogue.mail(pick(_CONTENT_MAILS, key)))
        case "webinar", "outbound":
            return Told(Deed.MAIL_SENT, catalogue.mail(pick(_INVITATIONS, key)))
        case _, "inbound" | "outbound":
            return _personal_touch(kind, direction)
    return None


def _personal_touch(kind: str, direction: str) -> Told | None:
    is_inbound = direction == "inbound"
    if kind == "call":
        outcome, minutes = ("connected", _MINUTES) if is_inbound else ("no_answer", 0)
        return Told(Deed.CALL, catalogue.call(direction, outcome, minutes))
    if kind == "email":
        subject = f"Re: {_SUBJECT}" if is_inbound else _SUBJECT
        return Told(Deed.EMAIL, catalogue.email(direction, subject))
    if kind == "linkedin_message":
        return Told(Deed.MESSAGE, catalogue.message(direction))
    return None


def session(row: Row) -> tuple[Told, ...]:
    """Return a session's visit, and the demo request that it ended with, if it did.

    In the set, the type of a session and its page counters do not depend on each other: nine in ten
    `demo_page` sessions count no view of the demo page, and one `website` session in eight counts
    some. Either alone says little, and reading each as a request would let half of all leads ask
    for a demo. Both together (188 of 4,942 sessions) are as rare as requests are, so that is what
    is read as one.
    """
    kind, pages = row["session_type"], row.number("page_views")
    pricing, demo = row.number("pricing_page_views"), row.number("demo_page_views")
    if kind not in ("website", "pricing_page", "demo_page"):
        row.reject(
            f"session_type {row.quoted('session_type')} is not website, pricing_page or demo_page"
        )
    path = pick(catalogue.GENERAL_PAGES, row["session_id"])
    if kind == "pricing_page" or pricing:
        path = "/pricing"
    elif kind == "demo_page" or demo:
        path = "/demo"
    visit = Told(Deed.PAGE_VISIT, catalogue.visit(path, max(1, pages)))
    if kind != "demo_page" or not demo:
        return (visit,)
    topic = pick(catalogue.TOPICS, row["lead_id"])
    form = Told(Deed.FORM, catalogue.need_form("Demo request", topic), timedelta(minutes=5))
    return (visit, form)


_CONNECTED = Told(Deed.CALL, catalogue.call("outbound", "connected", _MINUTES))
_NO_ANSWER = Told(Deed.CALL, catalogue.call("outbound", "no_answer", 0))
_VOICEMAIL = Told(Deed.CALL, catalogue.call("outbound", "left_voicemail", 0))
_WRITTEN = Told(Deed.EMAIL, catalogue.email("outbound", _SUBJECT))
_ANSWERED = Told(Deed.EMAIL, catalogue.email("inbound", f"Re: {_SUBJECT}"))


def _meeting(outcome: str, title: str, *, after: int = 0) -> Told:
    return Told(Deed.MEETING, catalogue.meeting(outcome, title), timedelta(minutes=after))


# Type and outcome of a sales activity are independent in the set, so that some pairs make no sense
# by themselves (a voicemail left by e-mail). Each is read as the least that it can mean.
_SALES: Mapping[tuple[str, str], tuple[Told, ...]] = {
    ("call", "connected"): (_CONNECTED,),
    ("call", "no_answer"): (_NO_ANSWER,),
    ("call", "left_voicemail"): (_VOICEMAIL,),
    ("call", "meeting_set"): (_CONNECTED, _meeting("scheduled", _TALK, after=15)),
    ("call", "demo_completed"): (_CONNECTED, _meeting("completed", _DEMO, after=15)),
    ("email", "connected"): (_ANSWERED,),
    ("email", "no_answer"): (_WRITTEN,),
    ("email", "left_voicemail"): (_WRITTEN,),
    ("email", "meeting_set"): (_WRITTEN, _meeting("scheduled", _TALK, after=15)),
    ("email", "demo_completed"): (_WRITTEN, _meeting("completed", _DEMO, after=15)),
    ("meeting", "connected"): (_meeting("completed", _TALK),),
    ("meeting", "no_answer"): (_meeting("no_show", _TALK),),
    # Not held, and the rep left word to find another day: put off rather than missed.
    ("meeting", "left_voicemail"): (_meeting("cancelled", _TALK),),
    ("meeting", "meeting_set"): (_meeting("scheduled", _TALK),),
    ("meeting", "demo_completed"): (_meeting("completed", _DEMO),),
    # Spoken to about a demo that is yet to come.
    ("demo", "connected"): (_CONNECTED,),
    ("demo", "no_answer"): (_meeting("no_show", _DEMO),),
    ("demo", "left_voicemail"): (_meeting("cancelled", _DEMO),),
    ("demo", "meeting_set"): (_meeting("scheduled", _DEMO),),
    ("demo", "demo_completed"): (_meeting("completed", _DEMO),),
}


def sales_activity(row: Row) -> tuple[Told, ...]:
    """Return what a rep's logged activity comes down to, by the table above."""
    pair = row["activity_type"], row["activity_outcome"]
    if pair in _SALES:
        return _SALES[pair]
    row.reject(
        f"sales activity {row.quoted('activity_type')}, {row.quoted('activity_outcome')} is"
        " unknown: the type is call, email, meeting or demo, the outcome connected, no_answer,"
        " left_voicemail, meeting_set or demo_completed"
    )
    return ()
