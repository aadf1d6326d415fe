"""The settings file, `leadripe.yaml`: which account, how to connect, what may change in one run."""

import re
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from connector.config.amounts import Duration, FilePath, Share
from connector.config.document import Document, config_error
from connector.config.mappings import unknown_crm
from connector.config.secret import EnvironmentSecret, FileSecret, Secret
from connector.config.section import NonEmpty, Section, refuse
from connector.config.validate import validate
from connector.config.yaml_file import read_document
from connector.errors import Problem


def _as_text(value: object) -> object:
    """Return a number as text: an account's id is made of digits and easily left without quotes."""
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return str(value) if is_number else value


def _safe_url(url: str) -> str:
    """Return the address without a closing slash; the token must not travel in the clear."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise refuse("url", "must be an address like https://api.hubapi.com")
    if parts.username or parts.password:
        raise refuse("url", "must not hold a user name or password")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise refuse("url", "must begin with https:// (http:// is for this machine only)")
    return url.rstrip("/")


def _safe_org_url(url: str) -> str:
    """Return the address of an org's interface; its pages for people stand elsewhere."""
    safe = _safe_url(url)
    host = urlsplit(safe).hostname or ""
    if host.endswith(".lightning.force.com"):
        org = host.removesuffix(".lightning.force.com")
        told = f"must not be the address of pages; write https://{org}.my.salesforce.com"
        raise refuse("url", told)
    if host in ("login.salesforce.com", "test.salesforce.com"):
        raise refuse("url", "must be the org's own My Domain, like https://acme.my.salesforce.com")
    return safe


def _version(text: str) -> str:
    if not re.fullmatch(r"[0-9]{2,3}\.0", text):
        raise refuse("api_version", 'must be a version like "66.0"')
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise refuse(
            "time_zone", f"«{name}» is no time zone; write for example Europe/Paris"
        ) from None
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]
"""An IANA time zone, as Europe/Paris."""


class OAuth(Section):
    """The credentials of an OAuth app, as references."""

    client_id: Secret
    """The app's id."""
    client_secret: Secret
    """The app's secret."""
    refresh_token: Secret
    """The token that the account's admin granted."""


class Connect(Section):
    """How to reach the CRM: with the token of a service key or private app, or as an OAuth app."""

    token: Secret | None = None
    """`${VARIABLE}` or `file:path`, never the token itself."""
    oauth: OAuth | None = None
    """Instead of `token`: an OAuth app's credentials."""
    base_url: Annotated[str, AfterValidator(_safe_url)] = "https://api.hubapi.com"
    """Where the CRM's interface is; the sandbox prints its own."""
    max_daily_calls: Annotated[int, Field(gt=0)] | None = None
    """The most calls in a day, if others need the account's calls too."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.token is None) == (self.oauth is None):
            raise refuse(
                "one_way_in",
                'give either «token» or «oauth», for example `token: "${HUBSPOT_TOKEN}"`',
            )
        return self

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an admin should know about the secrets, such as that others can read them."""
        secrets = [self.token]
        if self.oauth:
            secrets += [self.oauth.client_id, self.oauth.client_secret, self.oauth.refresh_token]
        return tuple(filter(None, (secret.warning() for secret in secrets if secret)))


class Jwt(Section):
    """An external client app that signs in with a certificate: no password, no browser."""

    client_id: Secret
    """The app's consumer key."""
    username: NonEmpty
    """The user to act as: one for Leadripe alone, so that its changes can be told from people's."""
    private_key: Secret
    """The private key of the certificate that the app knows: `file:server.key`."""
    audience: Annotated[str, AfterValidator(_safe_url)] = "https://login.salesforce.com"
    """Who the assertion is for: https://test.salesforce.com for a sandbox org. Not your domain."""


class ClientCredentials(Section):
    """An external client app with a secret, which acts as the user that the app names."""

    client_id: Secret
    """The app's consumer key."""
    client_secret: Secret
    """The app's consumer secret."""


class SalesforceConnect(Section):
    """How to reach the org: with a certificate (`jwt`), or with an app's secret."""

    base_url: Annotated[str, AfterValidator(_safe_org_url)]
    """The org's My Domain, https://acme.my.salesforce.com; the sandbox prints its own."""
    jwt: Jwt | None = None
    """Signing in with a certificate."""
    client_credentials: ClientCredentials | None = None
    """Instead of `jwt`: signing in with the app's secret."""
    api_version: Annotated[
        str,
        AfterValidator(_version),
        BeforeValidator(_as_text, json_schema_input_type=str | float),
    ] = "66.0"
    """The version of Salesforce's interface to speak."""
    max_daily_calls: Annotated[int, Field(gt=0)] | None = None
    """The most calls in a day, all of the org's counted, if others need them too."""
    max_daily_share: Share = Decimal("0.8")
    """The share of the org's daily calls at which we stop, whoever made them."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.jwt is None) == (self.client_credentials is None):
            raise refuse(
                "one_way_in",
                "give either «jwt» or «client_credentials», for example `jwt: {client_id: "
                '"${SF_CLIENT_ID}", username: leadripe@acme.com, private_key: file:server.key}`',
            )
        return self

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an admin should know about the secrets, such as that others can read them."""
        secrets: list[EnvironmentSecret | FileSecret] = []
        if self.jwt:
            secrets += [self.jwt.client_id, self.jwt.private_key]
        if self.client_credentials:
            secrets += [self.client_credentials.client_id, self.client_credentials.client_secret]
        return tuple(filter(None, (secret.warning() for secret in secrets)))


class WriteSettings(Section):
    """When a changed score is worth a write."""

    min_change: Annotated[int, Field(ge=1, le=100)] = 3
    """Points by which a score must have moved, unless stage, temperature or grade changed."""
    max_age: Duration = timedelta(days=30)
    """A score is written anew after this time, however little it moved."""


class Guards(Section):
    """What one run may change before it stops and asks for `--accept-large-change`."""

    stage_changes: Share = Decimal("0.3")
    """The share of contacts whose stage may change in one run; the first run is free."""
    tasks_per_owner: Annotated[int, Field(ge=1)] = 25
    """The most tasks that one run may make for one owner."""
    fewer_contacts: Share = Decimal("0.2")
    """The share of contacts that may be gone since the last run."""


class Settings(Section):
    """One CRM account and how we work with it. Paths are seen from the file's own folder."""

    version: Literal[1]
    """The version of this file's format."""
    account: (
        Annotated[NonEmpty, BeforeValidator(_as_text, json_schema_input_type=str | int)] | None
    ) = None
    """The account's id (HubSpot: the portal id; Salesforce: the org's id, 18 characters). With it,
    no other account is ever touched."""
    mapping: FilePath
    """The mapping file."""
    rules: FilePath
    """The rules file."""
    store: FilePath = Path(".leadripe")
    """The folder in which we keep what was read and written."""
    language: Literal["en", "fr"] = "en"
    """The language of reasons and tasks in the CRM."""
    time_zone: ZoneName | None = None
    """The time zone in which days are counted, as Europe/Paris; by default the account's."""
    write: WriteSettings = WriteSettings()
    """When a changed score is written."""
    guards: Guards = Guards()
    """What stops a run before harm."""


class HubSpotSettings(Settings):
    """A HubSpot account and how we work with it."""

    crm: Literal["hubspot"]
    """The CRM."""
    connect: Connect
    """How to reach the CRM."""


class SalesforceSettings(Settings):
    """A Salesforce org and how we work with it."""

    crm: Literal["salesforce"]
    """The CRM."""
    connect: SalesforceConnect
    """How to reach the CRM."""


Model = TypeVar("Model", bound=Settings)
AnySettings = HubSpotSettings | SalesforceSettings


def load_settings(path: Path) -> AnySettings:
    """Read a settings file. Secrets are looked up when they are needed, not here.

    Raises ConfigError with every mistake in it.
    """
    settings, problems = check_settings(read_document(path), path.parent)
    if settings is None or problems:
        raise config_error(problems)
    return settings


def check_settings(document: Document, folder: Path) -> tuple[AnySettings | None, list[Problem]]:
    """Return the settings as far as they make sense, and every mistake in them."""
    unknown = unknown_crm(document)
    if unknown is not None:
        return None, [unknown]
    if document.at(("crm",)) == "salesforce":
        return _checked(SalesforceSettings, document, folder)
    return _checked(HubSpotSettings, document, folder)


def _checked(
    model: type[Model], document: Document, folder: Path
) -> tuple[Model | None, list[Problem]]:
    checked = validate(model, document, folder)
    settings = checked.model
    if settings is not None and "store" not in settings.model_fields_set:
        settings = settings.model_copy(update={"store": folder / settings.store})
    return settings, list(checked.problems)
