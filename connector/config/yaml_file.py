"""Reads a YAML 1.2 file; says in plain words why it cannot."""

import re
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import Event

from connector.config.compose import Composer
from connector.config.document import Document, config_error
from connector.errors import ConfigError, Problem

_MOST_BYTES = 1_000_000


def read_document(path: Path) -> Document:
    """Read a file.

    Raises ConfigError if it cannot be read or is no YAML; smaller mistakes are in its `problems`.
    """
    file = str(path)
    return parse_document(file, _read_text(path, file))


def parse_document(file: str, text: str) -> Document:
    """Return what the text of a file says; raises as `read_document`."""
    composer = Composer(file)
    try:
        value = composer.compose(_events(text))
    except MarkedYAMLError as error:
        raise config_error([_syntax_problem(file, error)]) from None
    except YAMLError:
        raise config_error([_control_character(file, text)]) from None
    if value is None:
        raise config_error([Problem(file, 0, 0, "the file is empty")])
    return Document(file, value, composer.keys, composer.values, tuple(composer.problems))


def _events(text: str) -> Iterator[Event]:
    # The pure parser: the one in C speaks YAML 1.1, in which `no` is false.
    return iter(YAML(typ="safe", pure=True).parse(text))


def _read_text(path: Path, file: str) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(file, "the file does not exist") from None
    except IsADirectoryError:
        raise _unreadable(file, "this is a folder, not a file") from None
    except OSError as error:
        raise _unreadable(file, f"the file cannot be read: {error.strerror}") from None
    if len(raw) > _MOST_BYTES:
        raise _unreadable(file, f"the file is larger than {_MOST_BYTES // 1000:,} kB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        problem = Problem(file, line, column, "the file is not UTF-8: save it as UTF-8")
        raise config_error([problem]) from None


def _unreadable(file: str, message: str) -> ConfigError:
    return config_error([Problem(file, 0, 0, message)])


def _syntax_problem(file: str, error: MarkedYAMLError) -> Problem:
    said = f"{error.context or ''}: {error.problem or ''}"
    # What is never closed is shown where it opens; the parser notices at the end of the file.
    is_open = "quoted scalar" in said or "flow" in said
    mark = (error.context_mark if is_open else None) or error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Problem(file, line, column, _plain_words(said))


_SYNTAX = (
    ("'\\t'", "a tab where spaces are needed: indent with spaces"),
    (
        "mapping values are not allowed",
        "a «:» where none can be: look at the indentation, or put a text with «: » in quotes",
    ),
    ("expected <block end>", "this line does not fit the one above: look at the indentation"),
    ("while scanning a quoted scalar", "a quotation mark is never closed"),
    (
        "expected ',' or",
        "a bracket is not closed, a comma is missing, or a text with brackets needs quotes",
    ),
    ("could not find expected ':'", "a «:» is missing after the key"),
    ("cannot start any token", "a text that begins with a sign like @, % or ` needs quotes"),
)


def _plain_words(said: str) -> str:
    for sign, words in _SYNTAX:
        if sign in said:
            return words
    return f"this is not YAML: {said.removeprefix(': ')}"


def _control_character(file: str, text: str) -> Problem:
    """Name the place of the character that no YAML may hold; the parser gives none."""
    found = re.search("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    before = text[: found.start()] if found else ""
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return Problem(file, line, column, "a control character that no YAML file may hold: delete it")
