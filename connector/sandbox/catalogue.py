"""What the made-up vendor publishes: papers, webinars, mailings, pages, and who fetches them.

The functions return the `details` of happenings. They are cached: a world of millions of happenings
holds each of them once, so nobody may change one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

Details = Mapping[str, str]

SITE = "https://www.orchestrel.example"
OWN_COMPANY = "Orchestrel"
OWN_DOMAIN = "orchestrel.example"
COMPETITORS = (
    ("Rivaflow Software", "rivaflow.example"),
    ("Concurrence Logicielle", "concurrence-logicielle.example"),
    ("Taskmill", "taskmill.example"),
)
SCHOOLS = (
    ("Université de Montclair", "univ-montclair.example"),
    ("École supérieure de l’Orée", "ecole-oree.example"),
    ("Wexcombe University", "wexcombe-university.example"),
)

TOPICS = ("workflow", "data quality", "security", "integration", "pricing")


@dataclass(frozen=True, slots=True)
class Asset:
    """Something to download; its form carries its kind and title."""

    kind: str
    title: str
    topic: str
    language: str

    @property
    def form(self) -> str:
        """The form's name in the CRM: the kind in the vendor's own words, then the title."""
        return f"{_KIND_LABELS[self.kind]}: {self.title}"


_KIND_LABELS = {
    "white_paper": "White paper",
    "guide": "Guide",
    "case_study": "Case study",
    "roi_tool": "ROI calculator",
    "comparison": "Comparison",
}

ASSETS = (
    Asset("white_paper", "Workflows that people keep to", "workflow", "en"),
    Asset("white_paper", "Optimiser ses processus, étape par étape", "workflow", "fr"),
    Asset("white_paper", "Ten measures of data quality", "data quality", "en"),
    Asset("white_paper", "La qualité des données à l’épreuve du terrain", "data quality", "fr"),
    Asset("white_paper", "Who may see what: access in practice", "security", "en"),
    Asset("white_paper", "Sécurité : les dix questions à poser", "security", "fr"),
    Asset("white_paper", "Connecting the ERP without a big bang", "integration", "en"),
    Asset("white_paper", "Intégration : réussir le premier flux", "integration", "fr"),
    Asset("white_paper", "What a licence really costs", "pricing", "en"),
    Asset("white_paper", "Comprendre le coût complet", "pricing", "fr"),
    Asset("guide", "First week guide", "workflow", "en"),
    Asset("guide", "Guide de démarrage", "workflow", "fr"),
    Asset("case_study", "A dairy cuts its delays by half", "workflow", "en"),
    Asset("case_study", "Une fonderie fiabilise ses données", "data quality", "fr"),
    Asset("case_study", "A carrier connects forty depots", "integration", "en"),
    Asset("roi_tool", "Savings in your first year", "pricing", "en"),
    Asset("roi_tool", "Vos gains dès la première année", "pricing", "fr"),
    Asset("comparison", "Five tools side by side", "integration", "en"),
    Asset("comparison", "Cinq outils à la loupe", "integration", "fr"),
)

NEED_PAGES = {
    "Demo request": "/demo",
    "Quote request": "/quote",
    "Contact us": "/contact",
    "Trial": "/trial",
}
NEED_FORMS = tuple(NEED_PAGES)

GENERAL_PAGES = (
    "/", "/product", "/product/workflow", "/customers", "/about", "/resources",
    "/blog/data-quality-basics", "/blog/qualite-des-donnees", "/blog/approvals-without-mail",
    "/blog/securite-des-acces", "/blog/erp-integration-checklist",
)  # fmt: skip
KEY_PAGES = ("/pricing", "/comparison", "/integrations")
CAREERS_PAGES = ("/careers", "/careers/developer", "/careers/stage-marketing")


@dataclass(frozen=True, slots=True)
class Campaign:
    """A marketing mail with the links in it."""

    name: str
    subject: str
    links: tuple[str, ...]


def _campaign(name: str, subject: str, *links: str) -> Campaign:
    # Every mail ends with the same three links: a robot that follows all of them shows by it.
    footer = ("/", "/privacy", "/preferences")
    return Campaign(name, subject, tuple(f"{SITE}{link}" for link in (*links, *footer)))


CAMPAIGNS = (
    _campaign("Newsletter spring", "What is new this spring", "/blog/approvals-without-mail"),
    _campaign("Newsletter summer", "Three ideas for quiet weeks", "/blog/data-quality-basics"),
    _campaign("Newsletter autumn", "Back to work: a checklist", "/blog/erp-integration-checklist"),
    _campaign("Newsletter winter", "The year in ten figures", "/customers", "/pricing"),
    _campaign("Lettre de printemps", "Les nouveautés du printemps", "/blog/qualite-des-donnees"),
    _campaign("Lettre d’été", "Trois idées pour l’été", "/blog/securite-des-acces"),
    _campaign("Lettre de rentrée", "La rentrée des processus", "/blog/qualite-des-donnees"),
    _campaign("Paper: data quality", "Ten measures, one paper", "/resources", "/pricing"),
    _campaign("Livre blanc : sécurité", "Dix questions à poser", "/resources", "/product"),
    _campaign("Webinar invitation", "An hour on integration", "/webinars", "/integrations"),
    _campaign("Invitation au webinaire", "Une heure sur l’intégration", "/webinars", "/product"),
    _campaign("Customer story", "How a dairy halved its delays", "/customers", "/demo"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """A webinar series or a trade fair."""

    name: str
    kind: str
    topic: str


WEBINARS = (
    Event("Webinar: workflows in one hour", "webinar", "workflow"),
    Event("Webinaire : la qualité des données", "webinar", "data quality"),
    Event("Webinar: connect your ERP", "webinar", "integration"),
    Event("Webinaire : sécurité des accès", "webinar", "security"),
    Event("Webinar: what it costs, what it saves", "webinar", "pricing"),
)
FAIRS = (
    Event("Salon des systèmes d’information", "trade_fair", "integration"),
    Event("Process Days London", "trade_fair", "workflow"),
)

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)
# The last robot calls itself a browser, as many gateways do: only its haste gives it away.
ROBOTS = (
    "Mozilla/5.0 (compatible; MailGateway-LinkScanner/3.2)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/141.0 Safari/537.36",
    BROWSERS[0],
)


@cache
def download(asset: Asset) -> Details:
    """Return the form that gives the asset away, filled in."""
    return {
        "form": asset.form,
        "page_url": f"{SITE}/resources",
        "asset": asset.title,
        "asset_kind": asset.kind,
        "topic": asset.topic,
    }


@cache
def need_form(form: str, topic: str) -> Details:
    """Return one of `NEED_FORMS`, filled in."""
    return {"form": form, "page_url": f"{SITE}{NEED_PAGES[form]}", "topic": topic}


@cache
def newsletter_form() -> Details:
    """Return the newsletter's form, filled in."""
    return {"form": "Newsletter", "page_url": f"{SITE}/newsletter"}


@cache
def mail(campaign: Campaign) -> Details:
    """Return what is known of a mail sent: its campaign and subject."""
    return {"campaign": campaign.name, "subject": campaign.subject}


@cache
def mail_event(campaign: Campaign) -> Details:
    """Return what is known of a delivery, a bounce or an unsubscription."""
    return {"campaign": campaign.name}


@cache
def mail_open(campaign: Campaign, user_agent: str) -> Details:
    """Return what is known of a mail opened."""
    return {"campaign": campaign.name, "user_agent": user_agent}


@cache
def mail_click(campaign: Campaign, link: int, user_agent: str) -> Details:
    """Return what is known of a click on the mail's n-th link."""
    return {"campaign": campaign.name, "url": campaign.links[link], "user_agent": user_agent}


@cache
def visit(path: str, pages: int) -> Details:
    """Return a visit that began at the path and saw so many pages."""
    return {"url": f"{SITE}{path}", "pages": str(pages)}


@cache
def registration(event: Event) -> Details:
    """Return a registration for the event."""
    return {"event": event.name, "event_kind": event.kind, "topic": event.topic}


@cache
def attendance(event: Event, minutes: int, *, is_replay: bool = False) -> Details:
    """Return the event attended, or its recording watched."""
    seen = {**registration(event), "minutes": str(minutes)}
    return {**seen, "replay": "true"} if is_replay else seen


@cache
def cancellation(event: Event) -> Details:
    """Return a registration taken back."""
    return {"event": event.name}


@cache
def call(direction: str, outcome: str, minutes: int) -> Details:
    """Return a telephone call; `minutes` is 0 unless it was connected."""
    return {"direction": direction, "outcome": outcome, "minutes": str(minutes)}


@cache
def email(direction: str, subject: str) -> Details:
    """Return a mail between two people, in the words of its subject alone."""
    return {"direction": direction, "subject": subject}


@cache
def meeting(outcome: str, title: str) -> Details:
    """Return a meeting as it stands."""
    return {"outcome": outcome, "title": title}


@cache
def message(direction: str) -> Details:
    """Return a message on LinkedIn."""
    return {"direction": direction, "channel": "linkedin"}


@cache
def note(body: str) -> Details:
    """Return a rep's note."""
    return {"body": body}
