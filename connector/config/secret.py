"""Secrets by reference: a file says where a secret is, and never what it is."""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, InstanceOf, ValidationInfo, WithJsonSchema

from connector.config.section import folder_of, refuse
from connector.errors import CredentialsError

_ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FILE = "file:"
_SCHEMA = {"type": "string", "pattern": r"^(\$\{[A-Za-z_][A-Za-z0-9_]*\}|file:.+)$"}


_ALONE = "must hold the secret and nothing else: no spaces, line breaks or accents"


def _is_sendable(value: str) -> bool:
    """Tell whether a secret fits into a header; one that does not is quoted by HTTP libraries."""
    return bool(value) and all("!" <= letter <= "~" for letter in value)


@dataclass(frozen=True, slots=True)
class EnvironmentSecret:
    """A secret in an environment variable."""

    variable: str

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"the environment variable {self.variable}"

    def reveal_key(self, environ: Mapping[str, str] = os.environ) -> str:
        r"""Return a private key: several lines, or one with `\n` where each ends."""
        value = environ.get(self.variable, "").replace("\\n", "\n").strip()
        if not value:
            raise CredentialsError(
                f"The environment variable {self.variable} is not set",
                do=f"Set it (export {self.variable}=…) and start again; nothing was sent.",
            )
        return value

    def reveal(self, environ: Mapping[str, str] = os.environ) -> str:
        """Return the secret. Raises CredentialsError if the variable is not set, or empty."""
        value = environ.get(self.variable, "").strip()
        if not value:
            raise CredentialsError(
                f"The environment variable {self.variable} is not set",
                do=f"Set it (export {self.variable}=…) and start again; nothing was sent.",
            )
        if not _is_sendable(value):
            raise CredentialsError(
                f"The environment variable {self.variable} {_ALONE}",
                do=f"Set it anew (export {self.variable}=…) and start again; nothing was sent.",
            )
        return value

    def keep(self, secret: str) -> bool:  # noqa: ARG002  one interface for both
        """Tell that a new secret cannot be kept there: the environment is not ours to change."""
        return False

    def warning(self) -> str:
        """Return nothing: whoever may read the environment is the system's affair."""
        return ""


@dataclass(frozen=True, slots=True)
class FileSecret:
    """A secret in a file of its own, alone on its line."""

    path: Path

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"the file {self.path}"

    def reveal(self, environ: Mapping[str, str] = os.environ) -> str:  # noqa: ARG002  one interface for both
        """Return the secret. Raises CredentialsError if the file does not hold it."""
        value = self._text()
        if not _is_sendable(value):
            raise self._error(_ALONE)
        return value

    def reveal_key(self, environ: Mapping[str, str] = os.environ) -> str:  # noqa: ARG002  the same
        """Return a private key, of several lines."""
        return self._text()

    def _text(self) -> str:
        try:
            value = self.path.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            raise self._error("holds no text") from None
        except OSError as error:
            reason = "does not exist" if isinstance(error, FileNotFoundError) else error.strerror
            raise self._error(str(reason)) from None
        if not value:
            raise self._error("is empty")
        return value

    def keep(self, secret: str) -> bool:
        """Put a new secret in the place of the old one; tell whether it is kept, whole."""
        new = self.path.with_name(f".{self.path.name}.new")
        try:
            new.touch(mode=0o600)
            with new.open("w", encoding="utf-8") as stream:
                stream.write(secret + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(self.path)
        except OSError:
            new.unlink(missing_ok=True)
            return False
        return True

    def _error(self, reason: str) -> CredentialsError:
        return CredentialsError(
            f"The secret cannot be read: {self.path}: {reason}",
            where=str(self.path),
            do="Put the secret alone into that file and start again; nothing was sent.",
        )

    def warning(self) -> str:
        """Return a warning if others on this machine may read the file, else nothing."""
        try:
            mode = self.path.stat().st_mode
        except OSError:
            return ""  # `reveal` says what is wrong with it
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            return f"{self.path} can be read by others on this machine: chmod 600 {self.path}"
        return ""


def _reference(value: object, info: ValidationInfo) -> object:
    """Return a reference as a secret. Anything else may be the secret itself: never quoted."""
    how = _how(info.field_name or "token")
    if not isinstance(value, str):
        raise refuse("secret", how)
    text = value.strip()
    variable = _ENVIRONMENT.fullmatch(text)
    if variable:
        return EnvironmentSecret(variable[1])
    if text.startswith(_FILE) and text != _FILE:
        return FileSecret(folder_of(info) / Path(text.removeprefix(_FILE)).expanduser())
    if text.startswith("keyring:"):
        raise refuse(
            "secret", "«keyring:» is not supported yet; use an environment variable or «file:»"
        )
    raise refuse("secret", how)


def _how(key: str) -> str:
    variable, file = _NAMES.get(key, (f"CRM_{key.upper()}", f"{key}.secret"))
    return (
        f'a secret must not stand in this file: write "${{{variable}}}" and set that environment '
        f'variable, or "file:{file}" and put it alone into that file'
    )


_NAMES = {
    "token": ("HUBSPOT_TOKEN", "hubspot.token"),
    "private_key": ("SF_PRIVATE_KEY", "server.key"),
}
"""Of the secrets that have names which everybody uses: the variable and the file."""

Secret = Annotated[
    InstanceOf[EnvironmentSecret] | InstanceOf[FileSecret],
    BeforeValidator(_reference),
    WithJsonSchema(_SCHEMA),
]
"""`${VARIABLE}` or `file:path`; `reveal()` looks it up when it is needed."""
