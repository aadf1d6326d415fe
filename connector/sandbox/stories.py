"""The plots: what kinds of people a vendor's CRM holds, how many of each, and what they do.

`stage` is what the plot's author has in mind; what a rule set makes of it is the rule set's affair.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from connector.sandbox import catalogue
from connector.sandbox.diary import Diary
from connector.sandbox.world import Deed

Cast = Literal["anybody", "buyer", "student", "staff", "competitor"]


@dataclass(frozen=True, slots=True)
class Plot:
    """A kind of story.

    Attributes:
        share: how many of a thousand people live it.
        weight: how much happens, relative to the other plots.
        attention: the chance that a marketing mail is opened.
        newest: range of the age in days of the story's end; None for the general mixture.
        span: range of the story's length in days.
        cast: who lives it.
    """

    name: str
    stage: str
    share: int
    weight: float
    attention: float
    tell: Callable[[Diary], None]
    newest: tuple[int, int] | None = None
    span: tuple[int, int] = (20, 200)
    cast: Cast = "anybody"


def _silent(diary: Diary) -> None:
    """Receive the mails that everybody gets, and do nothing."""
    if diary.rng.random() < 0.2:
        diary.rep_mail(diary.age())


def _bounced(diary: Diary) -> None:
    for age in diary.ages(2):
        diary.bounce(age)


def _cold_called(diary: Diary) -> None:
    for age in diary.ages(4):
        diary.call(age, diary.rng.choice(("no_answer", "left_voicemail")))
    diary.message(diary.age())
    diary.rep_mail(diary.age())


def _browsing(diary: Diary) -> None:
    for age in diary.ages(diary.rng.randint(2, 4)):
        diary.visit(age)


def _one_paper(diary: Diary) -> None:
    diary.download(diary.age(), "white_paper", "guide")


def _subscriber(diary: Diary) -> None:
    diary.note(diary.moment(diary.oldest), Deed.FORM, catalogue.newsletter_form())


def _booth_visitor(diary: Diary) -> None:
    diary.fair(diary.oldest)
    diary.remark(diary.age(), "Badge scanned at the booth, asked for our leaflet.")


def _gone_cold(diary: Diary) -> None:
    first, second, talk = diary.ages(3)
    diary.download(first)
    diary.download(second, "white_paper", "case_study")
    diary.webinar(talk)
    for age in diary.ages(3):
        diary.call(min(age, diary.newest + 15), "no_answer")


def _unsubscribed(diary: Diary) -> None:
    diary.download(diary.oldest)
    diary.unsubscribe(diary.newest)


def _student(diary: Diary) -> None:
    for age in diary.ages(diary.rng.randint(3, 6)):
        diary.visit(age, *catalogue.CAREERS_PAGES)
    diary.download(diary.age())


def _own_staff(diary: Diary) -> None:
    for age in diary.ages(6):
        diary.visit(age, *catalogue.GENERAL_PAGES, *catalogue.KEY_PAGES)
    diary.ask(diary.age(), "Demo request")  # a colleague who tries the form


def _competitor(diary: Diary) -> None:
    for age in diary.ages(5):
        diary.visit(age, *catalogue.KEY_PAGES)
    diary.download(diary.age(), "comparison")
    diary.webinar(diary.age())


def _tyre_kicker(diary: Diary) -> None:
    """Read everything, for years if need be, and never ask for anything."""
    for age in diary.ages(diary.rng.randint(5, 8)):
        diary.download(age, "white_paper", "guide", "case_study")
    for age in diary.ages(4):
        diary.visit(age)


def _webinar_regular(diary: Diary) -> None:
    first, second, third = diary.ages(3)
    diary.webinar(first)
    diary.webinar(second, is_replay=True)
    diary.webinar(third)
    if diary.rng.random() < 0.3:
        diary.cancel_webinar(diary.age())
    diary.download(diary.age())


def _researcher(diary: Diary) -> None:
    """Search actively: prices, proofs and figures, without asking for anything yet."""
    for age in diary.ages(4):
        diary.visit(age, *catalogue.KEY_PAGES)
    diary.download(diary.age(), "case_study")
    diary.download(diary.age(), "roi_tool", "comparison")
    diary.webinar(diary.age())
    diary.rep_mail(diary.newest, direction="inbound")
    if diary.rng.random() < 0.5:
        diary.call(diary.newest, "connected", direction="inbound")


def _one_time_request(diary: Diary) -> None:
    diary.ask(diary.newest, diary.rng.choice(catalogue.NEED_FORMS))


def _nurtured(diary: Diary) -> None:
    """Follow the path that marketing dreams of: papers, then a webinar, then a demo."""
    first, second, talk = diary.ages(3)
    diary.download(first)
    diary.download(second, "white_paper", "case_study")
    diary.webinar(talk)
    diary.ask(diary.newest, "Demo request")


def _missed_meetings(diary: Diary) -> None:
    diary.ask(diary.oldest, "Demo request")
    first, second = diary.ages(2)
    diary.call(first, "connected")
    diary.meeting(second, "no_show")
    diary.meeting(diary.newest, diary.rng.choice(("no_show", "cancelled")))


def _meeting_obtained(diary: Diary) -> None:
    asked, rung = diary.ages(2)
    diary.download(diary.oldest)
    diary.ask(asked, "Demo request")
    diary.call(rung, "connected")
    diary.meeting(diary.newest, diary.rng.choice(("scheduled", "completed")))


def _courted(diary: Diary) -> tuple[int, int]:
    """Come by demo to a deal; return the ages of its beginning and of the last meeting."""
    asked, met, last = diary.ages(3)
    diary.download(diary.oldest, "white_paper", "case_study")
    diary.ask(asked, "Demo request")
    diary.call(asked, "connected")
    diary.meeting(met, "completed")
    diary.meeting(last, "completed")
    return met, last


def _open_deal(diary: Diary) -> None:
    opened, _ = _courted(diary)
    stage = diary.rng.choice(("qualification", "demo", "proposal", "proposal", "negotiation"))
    diary.deal(stage, opened=opened, closes=-diary.rng.randint(5, 90))


def _lost_deal(diary: Diary) -> None:
    opened, last = _courted(diary)
    diary.deal("lost", opened=opened, closes=last)
    diary.remark(diary.newest, "Lost: they stay with what they have for now.")


def _customer(diary: Diary) -> None:
    opened, last = _courted(diary)
    diary.deal("won", opened=opened, closes=last)
    diary.call(diary.newest, "connected")


PLOTS = (
    Plot("silent", "suspect", 230, 0.45, 0.0, _silent),
    Plot("bounced", "suspect", 20, 0.2, 0.0, _bounced),
    Plot("cold called", "suspect", 60, 0.6, 0.0, _cold_called, cast="buyer"),
    Plot("browsing", "suspect", 80, 0.7, 0.2, _browsing),
    Plot("one paper", "lead cold", 70, 0.8, 0.2, _one_paper),
    Plot("subscriber", "lead cold", 40, 0.9, 0.6, _subscriber),
    Plot("booth visitor", "lead cold", 30, 0.7, 0.2, _booth_visitor, cast="buyer"),
    Plot("gone cold", "lead cold", 55, 1.0, 0.3, _gone_cold, (150, 520), cast="buyer"),
    Plot("unsubscribed", "lead cold", 25, 0.8, 0.3, _unsubscribed),
    Plot("student", "lead cold", 20, 1.0, 0.4, _student, cast="student"),
    Plot("own staff", "lead cold", 6, 2.0, 0.9, _own_staff, (0, 30), cast="staff"),
    Plot("competitor", "lead cold", 9, 1.2, 0.7, _competitor, (0, 60), cast="competitor"),
    Plot("tyre kicker", "lead warm", 70, 1.6, 0.6, _tyre_kicker, (0, 40)),
    Plot("webinar regular", "lead warm", 60, 1.3, 0.5, _webinar_regular, (0, 40), (20, 90)),
    Plot("researcher", "lead hot", 40, 1.7, 0.6, _researcher, (0, 8), (8, 25), "buyer"),
    Plot("one-time request", "lead hot", 35, 0.7, 0.3, _one_time_request, (0, 30), (1, 20)),
    Plot("nurtured", "prospect cold", 40, 1.6, 0.6, _nurtured, (0, 20), (30, 120), "buyer"),
    Plot("missed meetings", "prospect cold", 15, 1.4, 0.3, _missed_meetings, (0, 60), cast="buyer"),
    Plot("meeting obtained", "prospect hot", 20, 1.6, 0.5, _meeting_obtained, (0, 12), (15, 60),
         "buyer"),
    Plot("open deal", "prospect hot", 25, 2.0, 0.5, _open_deal, (0, 15), (25, 120), "buyer"),
    Plot("lost deal", "prospect cold", 15, 2.0, 0.3, _lost_deal, (20, 400), cast="buyer"),
    Plot("customer", "client", 35, 2.4, 0.5, _customer, (5, 500), (40, 200), "buyer"),
)  # fmt: skip

_TOTAL_SHARE = sum(plot.share for plot in PLOTS)
MEAN_WEIGHT = sum(plot.share * plot.weight for plot in PLOTS) / _TOTAL_SHARE


def plot_at(quantile: float) -> Plot:
    """Return the plot that stands at this part, 0 to 1, of the whole cast."""
    left = quantile * _TOTAL_SHARE
    for plot in PLOTS:
        left -= plot.share
        if left < 0:
            return plot
    return PLOTS[-1]


def fill(diary: Diary, plot: Plot, count: int) -> None:
    """Add what happens besides the plot until the diary holds about `count` entries."""
    rng = diary.rng
    while len(diary.entries) < count:
        dice = rng.random()
        if dice < 0.12 * plot.attention:
            diary.visit(diary.age())
        elif dice < 0.1 and plot.cast == "buyer":
            _press(diary)
        else:
            diary.mail(diary.age(), attention=plot.attention)


def _press(diary: Diary) -> None:
    """Let the rep try once more."""
    attempt = diary.rng.random()
    if attempt < 0.5:
        diary.rep_mail(diary.age())
    elif attempt < 0.85:
        diary.call(diary.age(), diary.rng.choice(("no_answer", "left_voicemail")))
    else:
        diary.message(diary.age())
