"""Quarantine, for one contact and across contacts, by looking at every pair of clicks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connector.domain.text import fold
from connector.rules.model import RuleSet
from connector.rules.quarantine import Attribute, Quarantine, Sign
from tests.reference.conditions import holds
from tests.reference.story import Activity, Instant, Story

MailDomain = tuple[str, str]
"""A mail and the domain of some recipients."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of quarantine; of an activity, a contact, a domain, or of everything."""

    decision: int
    is_release: bool
    made_us: int
    sign: str = ""
    activity: str | None = None
    contact: int | None = None
    domain: str | None = None
    until_us: int | None = None

    def concerns(self, story: Story, activity: Activity, as_of: Instant) -> bool:
        """Tell whether it was made by now and speaks of this activity of this contact."""
        return (
            self.made_us <= as_of.us
            and (self.until_us is None or activity.occurred_us <= self.until_us)
            and self.activity in (None, activity.id)
            and self.contact in (None, story.contact)
            and self.domain in (None, domain_of(story))
        )

    @property
    def is_of_all(self) -> bool:
        """Tell whether it names nobody and nothing."""
        return self.activity is None and self.contact is None and self.domain is None


def flags(
    rules: RuleSet,
    story: Story,
    as_of: Instant,
    domains: frozenset[MailDomain] = frozenset(),
    decisions: Sequence[Decision] = (),
) -> dict[str, set[Sign]]:
    """Return {activity id: why it is in quarantine} of a contact."""
    happened = [each for each in story.activities if each.occurred_us <= as_of.us]
    found: dict[str, set[Sign]] = {}
    for activity in happened:
        said = [each for each in decisions if each.concerns(story, activity, as_of)]
        signs = {
            sign
            for sign in signs_of(rules.quarantine, story, activity, happened, domains)
            if not any(each.is_release and each.sign in ("", sign) for each in said)
        }
        if is_by_hand(said):
            signs.add(Sign.BY_HAND)
        if signs:
            found[activity.id] = signs
    return found


def signs_of(
    quarantine: Quarantine,
    story: Story,
    click: Activity,
    happened: Sequence[Activity],
    domains: frozenset[MailDomain],
) -> set[Sign]:
    """Return the signs that an activity shows."""
    if not is_click(quarantine, click):
        return set()
    mail = text(click, quarantine.mail)
    shown = {
        Sign.MANY_LINKS: is_in_burst(quarantine, click, happened),
        Sign.AT_ONCE: is_at_once(quarantine, click, happened),
        Sign.HIDDEN_LINK: holds(quarantine.hidden_link, click.attributes),
        Sign.GATEWAY: holds(quarantine.gateway, click.attributes),
        Sign.WHOLE_DOMAIN: (mail, domain_of(story)) in domains,
    }
    return {sign for sign, is_shown in shown.items() if is_shown and sign in quarantine.signs}


def is_click(quarantine: Quarantine, activity: Activity) -> bool:
    """Tell whether it is a click of the contact's own."""
    return activity.type in quarantine.clicks and not activity.is_outbound


def is_in_burst(quarantine: Quarantine, click: Activity, happened: Sequence[Activity]) -> bool:
    """Tell whether a window with enough links of the mail holds this click."""
    mail = text(click, quarantine.mail)
    if mail is None:
        return False
    clicks = [
        each
        for each in happened
        if is_click(quarantine, each) and text(each, quarantine.mail) == mail
    ]
    for first in clicks:
        last_us = first.occurred_us + quarantine.links_within_us
        if first.occurred_us <= click.occurred_us <= last_us:
            within = [each for each in clicks if first.occurred_us <= each.occurred_us <= last_us]
            links = {text(each, quarantine.link) for each in within} - {None}
            if len(links) >= quarantine.links:
                return True
    return False


def is_at_once(quarantine: Quarantine, click: Activity, happened: Sequence[Activity]) -> bool:
    """Tell whether a click follows at once on a delivery, by its own note or by another's."""
    delivered: list[int] = []
    noted = click.attributes.get(quarantine.delivered_at.name)
    if isinstance(noted, int):
        delivered.append(noted)
    mail = text(click, quarantine.mail)
    if mail is not None:
        delivered += [
            each.occurred_us
            for each in happened
            if each.type in quarantine.deliveries and text(each, quarantine.mail) == mail
        ]
    return any(0 <= click.occurred_us - at <= quarantine.at_once_us for at in delivered)


def is_by_hand(said: Sequence[Decision]) -> bool:
    """Tell whether the latest word on quarantine by hand is that it is."""
    # Of everything only a release can speak: nobody puts every activity there.
    spoken = [
        each
        for each in said
        if each.sign in ("", Sign.BY_HAND) and (each.is_release or not each.is_of_all)
    ]
    latest = max(spoken, key=lambda each: each.decision, default=None)
    return latest is not None and not latest.is_release


def whole_domains(
    rules: RuleSet, stories: Iterable[Story], as_of: Instant
) -> frozenset[MailDomain]:
    """Return the mails of which every known recipient of a domain clicked in a burst."""
    quarantine = rules.quarantine
    if Sign.WHOLE_DOMAIN not in quarantine.signs:
        return frozenset()
    recipients: dict[MailDomain, list[bool]] = {}
    for story in stories:
        happened = [each for each in story.activities if each.occurred_us <= as_of.us]
        delivered = {
            text(each, quarantine.mail) for each in happened if each.type in quarantine.deliveries
        }
        burst = {
            text(each, quarantine.mail)
            for each in happened
            if is_click(quarantine, each) and is_in_burst(quarantine, each, happened)
        }
        domain = domain_of(story)
        for mail in delivered:
            if mail is not None and domain is not None:
                recipients.setdefault((mail, domain), []).append(mail in burst)
    return frozenset(
        pair
        for pair, bursts in recipients.items()
        if all(bursts) and len(bursts) >= quarantine.recipients
    )


def domain_of(story: Story) -> str | None:
    """Return what stands behind the @ of the contact's address, folded."""
    email = story.fields.get("email")
    return fold(email).partition("@")[2] or None if isinstance(email, str) else None


def text(activity: Activity, attribute: Attribute) -> str | None:
    """Return an attribute as a text; an empty one is unknown."""
    value = activity.attributes.get(attribute.name)
    return None if value in (None, "") else str(value)
