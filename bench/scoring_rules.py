"""A rule set like the shipped one, built in code: what the scoring benchmark runs."""

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.conditions import ALWAYS, Condition, Kind, Op, Test
from connector.rules.decay import Constant, Decay, HalfLife
from connector.rules.model import (
    ActivityRule,
    AtMost,
    Blocker,
    Bucket,
    Criterion,
    Each,
    Ever,
    Fit,
    Group,
    HandOff,
    PerAttribute,
    PerDays,
    Persona,
    Repeated,
    RuleSet,
    Stages,
)

_EACH, _DAY, _WEEK = Each(), PerDays(1), PerDays(7)
_ASSET, _EVENT = PerAttribute("asset"), PerAttribute("event")


def _is(name: str, *values: str) -> Test:
    return Test(name, Kind.TEXT, Op.IN, values)


def _rule(
    name: str,
    activity: str,
    points: int,
    half_life: int,
    *,
    where: Condition = ALWAYS,
    once_per: Bucket = _EACH,
    at_most: AtMost | None = None,
    group: str | None = None,
    family: str = "",
) -> ActivityRule:
    return ActivityRule(
        id=RuleId(name),
        label={"en": name},
        activities=(activity,),
        points=points * MILLION,
        where=where,
        once_per=once_per,
        at_most=at_most,
        decay=Decay(HalfLife(half_life)),
        group=group,
        family=family,
    )


def _content(name: str, points: int, *kinds: str) -> ActivityRule:
    return _rule(
        name,
        "content_downloaded",
        points,
        60,
        where=_is("asset_kind", *kinds),
        once_per=_ASSET,
        group="content",
        family="content",
    )


def _event(name: str, activity: str, points: int) -> ActivityRule:
    return _rule(name, activity, points, 60, once_per=_EVENT, group="event", family="event")


_REGISTERED = ActivityRule(
    id=RuleId("webinar_registered"),
    label={"en": "webinar_registered"},
    activities=("webinar_registered",),
    points=3 * MILLION,
    once_per=_EVENT,
    replaced_by=RuleId("webinar_attended"),
    decay=Decay(HalfLife(60)),
    group="event",
    family="event",
)

_NEED = ActivityRule(
    id=RuleId("need"),
    label={"en": "need"},
    activities=("form_submitted",),
    points=20 * MILLION,
    where=_is("form_kind", "demo", "quote", "trial", "contact"),
    once_per=_DAY,
    decay=Decay(HalfLife(30), hold=30),
    group="need",
    family="need",
    is_need=True,
)

_CAREERS = ActivityRule(
    id=RuleId("careers"),
    label={"en": "careers"},
    activities=("page_viewed",),
    points=-10 * MILLION,
    where=_is("page_kind", "careers"),
    once_per=PerDays(30),
    repeated=Repeated(count=3, within=30),
    decay=Decay(HalfLife(90)),
    group="negative",
)

_UNSUBSCRIBED = ActivityRule(
    id=RuleId("unsubscribed"),
    label={"en": "unsubscribed"},
    activities=("unsubscribed",),
    points=-15 * MILLION,
    once_per=Ever(),
    decay=Decay(Constant(), expire_after=None),
    group="negative",
)


def shipped_like() -> RuleSet:
    """Return the default points, with two personas and a blocker."""
    clicks = AtMost(3, per=7)
    return RuleSet(
        rules=(
            _rule("mail_open", "email_opened", 0, 21, group="mail"),
            _rule(
                "mail_click", "email_clicked", 1, 21, at_most=clicks, group="mail", family="mail"
            ),
            _rule("mail_reply", "email_replied", 10, 45, once_per=_WEEK, family="mail"),
            _rule(
                "page",
                "page_viewed",
                1,
                14,
                once_per=_DAY,
                at_most=AtMost(5),
                group="web",
                family="web",
            ),
            _rule(
                "key_page",
                "page_viewed",
                5,
                21,
                where=_is("page_kind", "pricing", "comparison", "integration"),
                once_per=_DAY,
                group="web",
                family="web",
            ),
            _content("white_paper", 5, "white_paper", "guide"),
            _content("case_study", 10, "case_study", "roi_tool", "comparison"),
            _REGISTERED,
            _event("webinar_attended", "webinar_attended", 10),
            _event("replay", "webinar_replayed", 5),
            _event("booth", "booth_visited", 15),
            _NEED,
            _rule("call", "call_connected", 10, 45, once_per=_DAY, group="sales", family="sales"),
            _CAREERS,
            _UNSUBSCRIBED,
            _rule("missed", "meeting_missed", -5, 45, group="negative"),
        ),
        groups=tuple(
            Group(name, {"en": name}, cap=cap and cap * MILLION)
            for name, cap in (
                ("mail", 5),
                ("web", 15),
                ("content", 25),
                ("event", 30),
                ("need", None),
                ("sales", None),
                ("negative", None),
            )
        ),
        fit=Fit(personas=(_persona("buyer", "director"), _persona("user", "engineer"))),
        stages=Stages(not_engaging=frozenset({"email_opened", "ad_seen"})),
        hand_off=HandOff(
            blockers=(Blocker("competitor", {"en": "Competitor"}, _is("kind", "competitor")),)
        ),
    )


def _persona(name: str, title: str) -> Persona:
    return Persona(
        name,
        {"en": name},
        (
            Criterion("title", Kind.TEXT, Test("title", Kind.TEXT, Op.CONTAINS, (title,)), 4),
            Criterion("industry", Kind.TEXT, _is("industry", "energy", "transport"), 3),
            Criterion(
                "employees",
                Kind.NUMBER,
                Test("employees", Kind.NUMBER, Op.GTE, (50 * MILLION,)),
                2,
            ),
        ),
    )
