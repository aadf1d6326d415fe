"""Makes the adapter of whichever CRM an account is in."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from connector.config.load import Loaded
from connector.config.mapping import HubSpotMapping
from connector.config.settings import Connect, HubSpotSettings
from connector.errors import ConfigError
from connector.ports import Clock, Crm

if TYPE_CHECKING:
    from connector.crm.hubspot.credentials import OAuthGrant

log = structlog.get_logger()

Echo = tuple[datetime, datetime]
"""A span of time in which an earlier process wrote, as given to `Crm.wrote`."""


def open_crm(loaded: Loaded, clock: Clock, echoes: Sequence[Echo] = ()) -> Crm:
    """Make the adapter; nothing is sent yet."""
    settings, mapping = loaded.settings, loaded.mapping
    if isinstance(settings, HubSpotSettings) and isinstance(mapping, HubSpotMapping):
        return _hubspot(settings, mapping, clock, echoes)
    raise ConfigError(what=f"no adapter for {settings.crm}")


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
