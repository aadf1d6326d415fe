"""Makes the adapter of whichever CRM an account is in."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from connector.config.load import Loaded
from connector.config.mapping import HubSpotMapping
from connector.config.salesforce_mapping import SalesforceMapping
from connector.config.settings import (
    Connect,
    HubSpotSettings,
    SalesforceConnect,
    SalesforceSettings,
)
from connector.errors import ConfigError
from connector.ports import Clock, Crm

if TYPE_CHECKING:
    from connector.crm.hubspot.credentials import OAuthGrant
    from connector.crm.salesforce.credentials import Grant as SalesforceGrant

log = structlog.get_logger()

Echo = tuple[datetime, datetime]
"""A span of time in which an earlier process wrote, as given to `Crm.wrote`."""


def open_crm(loaded: Loaded, clock: Clock, echoes: Sequence[Echo] = ()) -> Crm:
    """Make the adapter; nothing is sent yet."""
    settings, mapping = loaded.settings, loaded.mapping
    if isinstance(settings, HubSpotSettings) and isinstance(mapping, HubSpotMapping):
        return _hubspot(settings, mapping, clock, echoes)
    if isinstance(settings, SalesforceSettings) and isinstance(mapping, SalesforceMapping):
        return _salesforce(settings, mapping, clock)
    raise ConfigError(  # the files are held against each other when they are read
        what=f"the settings are for {settings.crm}, the mapping is for {mapping.crm}",
        do="Name the mapping of your CRM in leadripe.yaml. Nothing was sent.",
    )


def _hubspot(
    settings: HubSpotSettings, mapping: HubSpotMapping, clock: Clock, echoes: Sequence[Echo]
) -> Crm:
    # Imported here: of the two vendors' clients a command loads one, or none.
    from connector.crm.hubspot.adapter import HubSpotCrm

    connect = settings.connect
    return HubSpotCrm(
        lambda: connect.token.reveal() if connect.token else "",
        mapping,
        clock,
        base_url=connect.base_url,
        language=settings.language,
        max_daily_calls=connect.max_daily_calls,
        oauth=_grant(connect),
        echoes=echoes,
    )


def _salesforce(settings: SalesforceSettings, mapping: SalesforceMapping, clock: Clock) -> Crm:
    from connector.crm.salesforce.adapter import SalesforceCrm
    from connector.crm.salesforce.client import Allowance

    connect = settings.connect
    return SalesforceCrm(
        _salesforce_grant(connect),
        mapping,
        clock,
        base_url=connect.base_url,
        version=connect.api_version,
        language=settings.language,
        time_zone=settings.time_zone,
        allowance=Allowance(connect.max_daily_calls, float(connect.max_daily_share)),
        username=connect.jwt.username if connect.jwt else None,
    )


def _salesforce_grant(connect: SalesforceConnect) -> "SalesforceGrant":
    from connector.crm.salesforce.credentials import JwtGrant, SecretGrant

    if connect.jwt is not None:
        jwt = connect.jwt
        return JwtGrant(
            jwt.client_id.reveal(), jwt.username, jwt.audience, jwt.private_key.reveal_key
        )
    app = connect.client_credentials
    if app is None:
        raise ConfigError(what="there is no way in", where="leadripe.yaml, connect")
    return SecretGrant(app.client_id.reveal(), app.client_secret.reveal())


def _grant(connect: Connect) -> "OAuthGrant | None":
    from connector.crm.hubspot.credentials import OAuthGrant

    oauth = connect.oauth
    if oauth is None:
        return None

    def keep(token: str) -> None:
        """Keep a refresh token that the CRM replaced: the old one may open nothing again."""
        if not oauth.refresh_token.keep(token):
            log.warning(
                "credentials.refresh_token_replaced",
                do="use «file:» for connect.oauth.refresh_token, so that a new one can be kept",
            )

    return OAuthGrant(
        oauth.client_id.reveal(), oauth.client_secret.reveal(), oauth.refresh_token.reveal(), keep
    )
