"""Who may call: sessions, the apps that open them, and the keys with which those sign."""

from dataclasses import dataclass, field

DEFAULT_TOKEN = "00D5g0000000001!sandbox"  # noqa: S105 - opens a local toy org, meant to be known
HOUR_S = 3_600
CONSUMER_KEY = "sandbox-consumer-key"
CONSUMER_SECRET = "sandbox-consumer-secret"  # noqa: S105 - the same


@dataclass(slots=True)
class App:
    """An external client app. `public_key`: PEM of what signs its assertions, if it may use JWT.

    `approved`: the usernames that an admin has pre-authorised. `run_as`: who client credentials
    act as; empty where that flow is off.
    """

    consumer_key: str
    consumer_secret: str
    public_key: str = ""
    approved: set[str] = field(default_factory=set)
    run_as: str = ""


@dataclass(slots=True)
class Session:
    """One session; it ends `expires_s` unless it is used in the later half of its life."""

    token: str
    user: str
    began_s: int
    expires_s: int


@dataclass(slots=True)
class Sessions:
    """The sessions that are open."""

    lifetime_s: int
    by_token: dict[str, Session] = field(default_factory=dict)
    issued: int = 0
    logins: dict[str, list[int]] = field(default_factory=dict)  # user: seconds of the last hour's

    def open(self, user: str, now_s: int, token: str = "") -> Session:
        """Open a session."""
        self.issued += 1
        token = token or f"00D5g0000000001!AQ{self.issued:06d}".ljust(112, ".")
        session = Session(token, user, now_s, now_s + self.lifetime_s)
        self.by_token[token] = session
        return session

    def log_in(self, user: str, now_s: int, most: int) -> Session | None:
        """Open a session for a user who asks for one; None beyond so many in an hour."""
        recent = [at for at in self.logins.get(user, []) if at > now_s - HOUR_S]
        self.logins[user] = recent
        if len(recent) >= most:
            return None
        recent.append(now_s)
        return self.open(user, now_s)

    def find(self, token: str, now_s: int) -> Session | None:
        """Return an open session, whose life its use may lengthen."""
        session = self.by_token.get(token)
        if session is None or session.expires_s <= now_s:
            return None
        if now_s - session.began_s > self.lifetime_s // 2:
            session.began_s, session.expires_s = now_s, now_s + self.lifetime_s
        return session

    def close(self, token: str) -> None:
        """End one session."""
        self.by_token.pop(token, None)

    def close_all(self) -> None:
        """End every session, as an admin does who revokes all of them."""
        self.by_token.clear()
