"""Mails, clicks and what people said of them, made up at random around the edges of each sign."""

import dataclasses
from random import Random
from zoneinfo import ZoneInfo

from connector.rules.conditions import AnyOf, Condition, Kind, Test
from connector.rules.model import RuleSet
from connector.rules.operators import Op
from connector.rules.quarantine import SECOND_US, Quarantine, Sign
from tests.reference.made_up_conditions import likely
from tests.reference.made_up_stories import local_day
from tests.reference.robots import Decision
from tests.reference.story import US_PER_DAY, Activity, Instant, Story

SIGNS = [sign for sign in Sign if sign is not Sign.BY_HAND]
MAILS = ("spring", "Spring", "autumn", "", None)
LINKS = ("/a", "/b", "/c", "/C", "", None)
DOMAINS = ("acme.example", "Acmé.example", "solo.example", "b@c.example")
STEPS = (0, 0, 1, 999_999, 1, 2, 2_000_000, 2_000_001, 5_000_000, 9_999_999, 10_000_000, 10_000_001)
SPANS = (0, 1, 3_000_000, 30_000_000)


def make_quarantine(random: Random) -> Quarantine:
    """Return any settings, mostly with every sign."""
    return Quarantine(
        signs=frozenset(
            SIGNS if likely(random, 40) else random.sample(SIGNS, random.randint(0, 5))
        ),
        clicks=frozenset({"click"} if likely(random, 80) else {"click", "page"}),
        deliveries=frozenset({"delivered"} if likely(random, 85) else ()),
        links=random.choice((2, 3, 3, 4)),
        links_within_us=random.choice((0, 10, 10, 10)) * SECOND_US,
        at_once_us=random.choice((0, 2, 2)) * SECOND_US,
        recipients=random.choice((1, 2, 2, 3)),
        hidden_link=make_texts(random, "url", ("/hidden", "/c")),
        gateway=make_texts(random, "user_agent", ("barracuda", "BOT", "mimécast")),
    )


def make_texts(random: Random, name: str, texts: tuple[str, ...]) -> Condition:
    """Return that an attribute contains one of some texts."""
    chosen = random.sample(texts, random.randint(0, len(texts)))
    return AnyOf(tuple(Test(name, Kind.TEXT, Op.CONTAINS, (each,)) for each in chosen))


def with_quarantine(random: Random, rules: RuleSet) -> RuleSet:
    """Return rules that look at clicks too, and keep robots out."""
    counted = tuple(
        dataclasses.replace(rule, activities=(*rule.activities, "click")) for rule in rules.rules
    )
    return dataclasses.replace(rules, rules=counted, quarantine=make_quarantine(random))


def with_mails(random: Random, stories: list[Story], as_of: Instant, zone: ZoneInfo) -> list[Story]:
    """Return contacts who also got mails. Some domains stand behind a gateway, some nearly."""
    begins = [as_of.us - age * US_PER_DAY - random.choice(SPANS) for age in (0, 0, 3)]
    zeal = {domain: random.choice((0, 0, 90, 100)) for domain in DOMAINS}
    return [with_mail(random, story, begins, zeal, zone) for story in stories]


def with_mail(
    random: Random, story: Story, begins: list[int], zeal: dict[str, int], zone: ZoneInfo
) -> Story:
    """Return a contact with mails, each with its clicks."""
    domain = random.choice(DOMAINS)
    address = f"p{story.contact}@{domain}" if likely(random, 85) else None
    happened: list[Activity] = []
    for mail in random.sample(MAILS, random.choice((0, 1, 1, 2))):
        at = random.choice(begins)
        if likely(random, 75):
            happened.append(mail_activity(random, "delivered", at, mail, len(happened)))
        is_robot = likely(random, zeal[domain])
        for link in LINKS[:4] if is_robot else random.choices(LINKS, k=random.randint(0, 6)):
            at += random.choice(STEPS[:4] if is_robot else STEPS)
            click = mail_activity(random, "click", at, mail, len(happened))
            happened.append(
                dataclasses.replace(click, attributes={**click.attributes, "url": link})
            )
        if likely(random, 20):  # somewhat later, out of any window
            happened.append(mail_activity(random, "click", at + US_PER_DAY, mail, len(happened)))
    dated = (dataclasses.replace(each, day=local_day(each.occurred_us, zone)) for each in happened)
    return dataclasses.replace(
        story,
        fields={**story.fields, "email": address},
        activities=(*story.activities, *dated),
    )


def mail_activity(random: Random, kind: str, at: int, mail: str | None, no: int) -> Activity:
    """Return a delivery or a click, with some of what a CRM may say of it."""
    noted = at - random.choice(STEPS) if likely(random, 20) else None
    return Activity(
        id=f"{random.choice(('sent', 'Sent'))}:{no}",
        type=kind if likely(random, 95) else "page",
        occurred_us=at,
        day=0,
        is_outbound=kind == "delivered" or likely(random, 3),
        attributes={
            "campaign": mail,
            "url": random.choice(LINKS),
            "user_agent": random.choice(("Mozilla", "Mozilla", "Barracuda 1", "linkbot", None)),
            "delivered_at": noted,
        },
    )


def make_decisions(random: Random, stories: list[Story], as_of: Instant) -> list[Decision]:
    """Return what people may have said, in order."""
    return [
        make_decision(random, no, stories, as_of) for no in range(1, random.choice((1, 1, 2, 5)))
    ]


def make_decision(random: Random, no: int, stories: list[Story], as_of: Instant) -> Decision:
    """Return one word on quarantine."""
    story = random.choice(stories)
    subjects: list[dict[str, object]] = [
        {"contact": story.contact},
        {"domain": random.choice(("acme.example", "solo.example"))},
    ]
    subjects += [{"activity": each.id} for each in story.activities[-3:]]
    is_release = likely(random, 60)
    subject = {} if is_release and likely(random, 30) else random.choice(subjects)
    return Decision(
        no,
        is_release,
        made_us=as_of.us - random.choice((-1, 0, US_PER_DAY)),
        sign=random.choice(("", *SIGNS, Sign.BY_HAND)) if is_release else Sign.BY_HAND,
        until_us=random.choice((None, as_of.us, as_of.us - 2 * US_PER_DAY)),
        **subject,  # type: ignore[arg-type]  # one of three, by its name
    )
