"""Serves an org over HTTP, and says how to sign in."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.sandbox.listening import Listening, listen
from connector.sandbox.salesforce.faults import Faults
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Json
from connector.sandbox.salesforce.server import build_app
from connector.sandbox.salesforce.sessions import CONSUMER_KEY, CONSUMER_SECRET, DEFAULT_TOKEN
from connector.sandbox.salesforce.state import save

USERNAME = "integration@sandbox.example"


@dataclass
class RunningOrg(Listening):
    """A Salesforce that answers at `url`. Stop it, or use it in a `with` statement.

    `token` opens it at once. `private_key` (PEM) signs assertions for `consumer_key` and
    `username`; `consumer_secret` serves for client credentials.
    """

    token: str
    username: str
    consumer_key: str
    consumer_secret: str
    private_key: str
    org: Org


def serve_org(
    org: Org,
    *,
    port: int = 0,
    faults: Faults | None = None,
    private_key: str = "",
    state: Path | None = None,
) -> RunningOrg:
    """Serve an org on the loopback interface; port 0 takes any that is free.

    `private_key` is the key whose public half the org's app accepts; a new one if there is none.
    With `state` the org saves itself in that file, at the end too.
    """
    key = private_key or new_key()
    org.apps[CONSUMER_KEY].public_key = public_half(key)
    saving = None if state is None else partial(save, org, key, state)
    app: Json = {
        "username": USERNAME,
        "consumer_key": CONSUMER_KEY,
        "consumer_secret": CONSUMER_SECRET,
        "private_key": key,
    }
    return RunningOrg(
        *listen(build_app(org, faults=faults, save=saving, app=app), port),
        token=DEFAULT_TOKEN,
        username=USERNAME,
        consumer_key=CONSUMER_KEY,
        consumer_secret=CONSUMER_SECRET,
        private_key=key,
        org=org,
    )


def new_key() -> str:
    """Return a new RSA key as PEM."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_half(private_key: str) -> str:
    """Return the public half of a key, as PEM."""
    key = serialization.load_pem_private_key(private_key.encode(), None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
