"""The part of a rules file that keeps robots out: the signs, their figures, known gateways."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from connector.config.amounts import Seconds
from connector.config.section import Name, NonEmpty, Section, refuse
from connector.domain.text import fold
from connector.rules.conditions import AnyOf, Kind, Test
from connector.rules.operators import Op
from connector.rules.quarantine import SECOND_US, Attribute, Quarantine, Sign

GATEWAYS = (
    "barracuda",
    "mimecast",
    "proofpoint",
    "mailgateway",
    "mail gateway",
    "safelinks",
    "fireeye",
    "trendmicro",
    "sophos",
    "symantec",
    "messagelabs",
    "ironport",
    "scanner",
    "headless",
    "phantomjs",
    "python-requests",
    "go-http-client",
    "curl/",
    "wget/",
    "bot/",
    "bot ",
)
"""What stands in the user agents of gateways and of programs, where they say who they are."""


def _texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    empty = [text for text in texts if not fold(text).strip()]
    if empty:
        raise refuse("empty_text", "a text is missing: every address would contain it")
    return texts


Texts = Annotated[tuple[NonEmpty, ...], AfterValidator(_texts)]
"""Texts of which one has to stand somewhere in the value."""


class ManyLinksSection(Section):
    """So many links of one mail within a few seconds."""

    links: Annotated[int, Field(ge=2, le=1_000)] = 3
    """How many different links."""
    within: Seconds = 10
    """In how many seconds."""
    alone: bool = True
    """`false`: only if every recipient of the mail domain does so, see `whole_domain`."""


class AtOnceSection(Section):
    """No sooner delivered than clicked."""

    within: Seconds = 2
    """In how many seconds."""


class HiddenLinkSection(Section):
    """A link that no person sees."""

    urls: Texts = ()
    """Texts that stand in the addresses of the invisible links in your mails."""


class GatewaySection(Section):
    """A known gateway."""

    user_agents: Texts = GATEWAYS
    """Texts that stand in their user agents."""
    flagged: Name = "filtered"
    """The attribute in which the CRM itself says that it was no person."""


class WholeDomainSection(Section):
    """All recipients of a mail domain click so many links of one mail within seconds."""

    recipients: Annotated[int, Field(ge=1, le=100_000)] = 2
    """Of how many recipients the domain has to consist, at least."""


class AttributesSection(Section):
    """What the mapping calls the attributes of a click."""

    mail: Name = "campaign"
    """Which mail."""
    link: Name = "url"
    """Which link of it."""
    user_agent: Name = "user_agent"
    """What the program that clicked calls itself."""
    delivered_at: Name = "delivered_at"
    """When the mail was delivered, or sent."""


def _switch(value: object) -> object:
    """Return `false` as no section, and `true` as one without figures of its own."""
    if value is None:
        raise refuse("no_value", "a value is missing: `true`, `false`, or figures of its own")
    if isinstance(value, bool):
        return {} if value else None
    return value


ManyLinks = Annotated[
    ManyLinksSection | None,
    BeforeValidator(_switch, json_schema_input_type=ManyLinksSection | bool),
]
AtOnce = Annotated[
    AtOnceSection | None, BeforeValidator(_switch, json_schema_input_type=AtOnceSection | bool)
]
HiddenLink = Annotated[
    HiddenLinkSection | None,
    BeforeValidator(_switch, json_schema_input_type=HiddenLinkSection | bool),
]
Gateway = Annotated[
    GatewaySection | None, BeforeValidator(_switch, json_schema_input_type=GatewaySection | bool)
]
WholeDomain = Annotated[
    WholeDomainSection | None,
    BeforeValidator(_switch, json_schema_input_type=WholeDomainSection | bool),
]


class QuarantineSection(Section):
    """Which signs put an activity into quarantine. `false` switches a sign off."""

    clicks: tuple[Name, ...] = ("email_click",)
    """The activity types that are clicks in a mail."""
    deliveries: tuple[Name, ...] = ("email_delivered",)
    """The activity types that say that a mail was delivered."""
    many_links: ManyLinks = ManyLinksSection()
    """So many links of one mail within a few seconds."""
    at_once: AtOnce = AtOnceSection()
    """A click as soon as the mail is delivered."""
    hidden_link: HiddenLink = HiddenLinkSection()
    """A link that no person sees."""
    gateway: Gateway = GatewaySection()
    """The user agent of a known gateway."""
    whole_domain: WholeDomain = WholeDomainSection()
    """All recipients of a mail domain show the first sign on one mail."""
    attributes: AttributesSection = AttributesSection()
    """What the mapping calls the attributes that this is told by."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        both = sorted({*self.clicks} & {*self.deliveries})
        if both:
            message = f"«{both[0]}» cannot be both a click and a delivery"
            raise refuse("click_and_delivery", message, "deliveries")
        if not self.many_links and "whole_domain" in self.model_fields_set and self.whole_domain:
            raise refuse(
                "needs_many_links",
                "«whole_domain» looks at the figures of «many_links»: instead of switching that "
                "off, write `many_links: {alone: false}`",
                "whole_domain",
            )
        return self

    @property
    def signs(self) -> frozenset[Sign]:
        """The signs that count."""
        is_on = {
            Sign.MANY_LINKS: bool(self.many_links and self.many_links.alone),
            Sign.AT_ONCE: bool(self.at_once),
            Sign.HIDDEN_LINK: bool(self.hidden_link and self.hidden_link.urls),
            Sign.GATEWAY: bool(self.gateway),
            Sign.WHOLE_DOMAIN: bool(self.whole_domain and self.many_links),
        }
        return frozenset(sign for sign, counts in is_on.items() if counts)

    def named(self) -> Iterator[tuple[tuple[str, ...], str, Kind]]:
        """Yield each attribute that a sign needs: where it is named, its name, what it must hold.

        Of one that the file does not name itself the place is that of the section.
        """
        own = self.attributes.model_fields_set if "attributes" in self.model_fields_set else ()
        kinds = {"mail": Kind.TEXT, "link": Kind.TEXT, "user_agent": Kind.TEXT}
        for key, kind in {**kinds, "delivered_at": Kind.MOMENT}.items():
            path = ("attributes", key) if key in own else ()
            yield path, str(getattr(self.attributes, key)), kind
        if self.gateway:
            is_own = (
                "gateway" in self.model_fields_set and "flagged" in self.gateway.model_fields_set
            )
            yield ("gateway", "flagged") if is_own else (), self.gateway.flagged, Kind.BOOLEAN

    def meaning(self) -> Quarantine:
        """Return what this means to the rules."""
        names = self.attributes
        many, at_once = self.many_links or ManyLinksSection(), self.at_once or AtOnceSection()
        domain = self.whole_domain or WholeDomainSection()
        return Quarantine(
            signs=self.signs,
            clicks=frozenset(self.clicks),
            deliveries=frozenset(self.deliveries),
            mail=Attribute(names.mail),
            link=Attribute(names.link),
            delivered_at=Attribute(names.delivered_at, Kind.MOMENT),
            links=many.links,
            links_within_us=many.within * SECOND_US,
            at_once_us=at_once.within * SECOND_US,
            recipients=domain.recipients,
            hidden_link=_contains(names.link, self.hidden_link.urls if self.hidden_link else ()),
            gateway=self._gateway(),
        )

    def _gateway(self) -> AnyOf:
        if not self.gateway:
            return AnyOf(())
        says = Test(self.gateway.flagged, Kind.BOOLEAN, Op.EQUALS, (True,))
        named = _contains(self.attributes.user_agent, self.gateway.user_agents)
        return AnyOf((*named.parts, says))


def _contains(name: str, texts: tuple[str, ...]) -> AnyOf:
    return AnyOf(tuple(Test(name, Kind.TEXT, Op.CONTAINS, (text,)) for text in texts))
