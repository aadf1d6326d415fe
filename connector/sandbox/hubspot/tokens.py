"""Access tokens: which exist, what they may do, and how long."""

from dataclasses import dataclass, field

DEFAULT_TOKEN = "pat-sandbox"  # noqa: S105 - opens a local toy account, and is meant to be known
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - the same
REFRESH_TOKEN = "sandbox-refresh"  # noqa: S105 - the same
AUTHORIZATION_CODE = "sandbox-code"
LIFETIME_S = 1_800


@dataclass(frozen=True, slots=True)
class Grant:
    """What one access token may do. `scopes` None: everything; `expires_ms` None: for ever."""

    scopes: frozenset[str] | None = None
    expires_ms: int | None = None
    is_oauth: bool = False


@dataclass(slots=True)
class Tokens:
    """The tokens that an account accepts."""

    grants: dict[str, Grant] = field(default_factory=lambda: {DEFAULT_TOKEN: Grant()})
    refresh_tokens: dict[str, frozenset[str] | None] = field(
        default_factory=lambda: {REFRESH_TOKEN: None}
    )
    codes: set[str] = field(default_factory=lambda: {AUTHORIZATION_CODE})
    issued: int = 0

    def register(self, token: str, *scopes: str) -> None:
        """Accept a further service key that holds just these scopes."""
        self.grants[token] = Grant(frozenset(scopes))

    def revoke(self, token: str) -> None:
        """Accept a token no more."""
        self.grants.pop(token, None)

    def issue(self, scopes: frozenset[str] | None, now_ms: int) -> str:
        """Return a fresh OAuth access token; long, as HubSpot's are."""
        self.issued += 1
        token = f"sandbox-access-{self.issued:06d}-".ljust(320, "x")
        self.grants[token] = Grant(scopes, now_ms + LIFETIME_S * 1_000, is_oauth=True)
        return token

    def grant(self, token: str, now_ms: int) -> Grant | None:
        """Return what a token may do, None if it is unknown or too old."""
        found = self.grants.get(token)
        if found is None or (found.expires_ms is not None and found.expires_ms <= now_ms):
            return None
        return found
