"""What keeps robots out of a score: which signs there are, and their figures.

Mail-security gateways open and click what they are to judge. An activity that shows a sign is in
quarantine: to every rule, stage and fact it does not exist, and it is listed with the sign. Nothing
here looks at how soon a click follows an opening: that fits people too. `docs/semantics.md`,
section 8, defines each sign.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector.rules.conditions import AnyOf, Condition, Kind

SECOND_US = 1_000_000


class Sign(StrEnum):
    """Why an activity is in quarantine; in this order where there are several reasons."""

    MANY_LINKS = "many_links"  # so many links of one mail within a few seconds
    AT_ONCE = "at_once"  # no sooner delivered than clicked
    HIDDEN_LINK = "hidden_link"  # a link that no person sees
    GATEWAY = "gateway"  # the user agent of a known gateway
    WHOLE_DOMAIN = "whole_domain"  # every recipient of a mail domain shows the first
    BY_HAND = "by_hand"  # a person put it there


SIGN_LABELS: Mapping[Sign, Mapping[str, str]] = {
    Sign.MANY_LINKS: {
        "en": "many links of one mail within seconds",
        "fr": "plusieurs liens d’un même e-mail en quelques secondes",
    },
    Sign.AT_ONCE: {"en": "clicked on delivery", "fr": "cliqué dès la remise"},
    Sign.HIDDEN_LINK: {"en": "an invisible link", "fr": "un lien invisible"},
    Sign.GATEWAY: {
        "en": "a security gateway, by its own name",
        "fr": "une passerelle de sécurité, d’après son nom",
    },
    Sign.WHOLE_DOMAIN: {
        "en": "all recipients of the mail domain clicked like that",
        "fr": "tous les destinataires du domaine ont cliqué ainsi",
    },
    Sign.BY_HAND: {"en": "put there by a person", "fr": "mis par une personne"},
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """An activity's attribute, as the mapping names it, and its kind."""

    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Which signs count, and by which activities and attributes they are told.

    `signs`: those that count; what a person puts into quarantine always does. `clicks`,
    `deliveries`: activity types. `mail`, `link`: what tells one mail, and one link of it, from
    another. `delivered_at`: a click's own note of when its mail was delivered, or sent. `links`,
    `links_within_us`: figures of many_links and of whole_domain, `recipients` of the latter alone.
    `hidden_link`, `gateway`: conditions on the attributes of a click.
    """

    signs: frozenset[Sign] = frozenset()
    clicks: frozenset[str] = frozenset({"email_click"})
    deliveries: frozenset[str] = frozenset({"email_delivered"})
    mail: Attribute = Attribute("campaign")
    link: Attribute = Attribute("url")
    delivered_at: Attribute = Attribute("delivered_at", Kind.MOMENT)
    links: int = 3
    links_within_us: int = 10 * SECOND_US
    at_once_us: int = 2 * SECOND_US
    recipients: int = 2
    hidden_link: Condition = field(default_factory=lambda: AnyOf(()))
    gateway: Condition = field(default_factory=lambda: AnyOf(()))

    def has(self, *signs: Sign) -> bool:
        """Tell whether one of these signs counts."""
        return not self.signs.isdisjoint(signs)

    @property
    def conditions(self) -> list[Condition]:
        """The conditions of the signs that count."""
        said = {Sign.HIDDEN_LINK: self.hidden_link, Sign.GATEWAY: self.gateway}
        return [condition for sign, condition in said.items() if self.has(sign)]
