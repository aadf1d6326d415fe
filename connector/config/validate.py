"""Holds a file against its model, and says in plain words what does not fit, and where."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from connector.config.document import DataPath, Document, child
from connector.config.salvage import Salvaged, salvage
from connector.config.section import Section
from connector.config.wording import found, likely, listed, nearest, quoted
from connector.errors import Problem

Model = TypeVar("Model", bound=Section)

_MOST_LISTED = 20

_EXPECTED: Mapping[str, tuple[str, str]] = {
    "string_type": ("a text", "some text"),
    "int_type": ("a whole number", "5"),
    "bool_type": ("true or false", "true"),
    "decimal_type": ("a number", "2.5"),
    "is_instance_of": ("a number", "2.5"),
    "tuple_type": ("a list", "[a, b]"),
    "dict_type": ("a section", "{key: value}"),
    "model_type": ("a section", "{key: value}"),
    "model_attributes_type": ("a section", "{key: value}"),
}
"""Pydantic's word for a wrong type: what is expected, and an example."""

_EXAMPLES: Mapping[str, str] = {
    "connect": '{token: "${HUBSPOT_TOKEN}"}',
    "write": "{score: leadripe_score}",
    "guards": "{tasks_per_owner: 25}",
    "contact": "{fields: {job_title: jobtitle}}",
    "fields": "{job_title: jobtitle}",
    "attributes": "{asset: form_name}",
    "where": "{asset_kind: white_paper}",
    "groups": "{content: {cap: 25}}",
    "not_engaging": "[email_open]",
    "due": "{need: 1h, points: 1d}",
    "days": "[mon, tue, wed, thu, fri]",
    "hours": '["09:00-18:00"]',
    "holidays": "[2026-12-25]",
    "escalate_to": "[head.of.sales@example.com]",
    "touches": "[call, email_sent]",
    "budget": "[{at_most: 3, within: 7d}]",
    "temperatures": "[warm, hot]",
}
"""By key, what could stand there; for others the example of what is expected."""


class KnownKeys:
    """Remembers which keys each mapping of a file may have, while the file is validated."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keys: dict[int, Sequence[str]] = {}

    def note(self, mapping: Mapping[str, object], keys: Sequence[str]) -> None:
        """Remember; the document keeps the mapping alive, so that its identity is its name."""
        self._keys[id(mapping)] = keys

    def of(self, mapping: object) -> Sequence[str]:
        """Return the keys that `mapping` may have; none if it was never looked at."""
        return self._keys.get(id(mapping), ())


@dataclass(frozen=True, slots=True)
class Validated(Generic[Model]):
    """A file held against its model, and every mistake in it.

    With mistakes, the model is what is left without the faulty parts, so that what is wrong
    elsewhere can be found in the same go; it is None if nothing remains that makes sense.
    """

    document: Document
    model: Model | None
    problems: Sequence[Problem]
    left: Salvaged

    def problem(self, path: DataPath, message: str, *, of_key: bool = False) -> Problem:
        """Return a mistake at a place of the model."""
        return self.document.problem(self.left.origin(path), message, of_key=of_key)


def validate(model: type[Model], document: Document, folder: Path = Path()) -> Validated[Model]:
    """Hold a document against its model. Paths in it are seen from `folder`."""
    data = document.value
    if not isinstance(data, dict):
        message = f"the file must have keys, like `version: 1`; {found(data)} was found"
        problems = (*document.problems, document.problem((), message))
        return Validated(document, None, problems, Salvaged(data))
    keys = KnownKeys(folder)
    try:
        whole = model.model_validate(data, context=keys)
    except ValidationError as error:
        return _faulty(model, document, error.errors(include_url=False), keys)
    return Validated(document, whole, document.problems, Salvaged(data))


def _faulty(
    model: type[Model], document: Document, errors: Sequence[ErrorDetails], keys: KnownKeys
) -> Validated[Model]:
    """Return the mistakes, and what is left without them."""
    known = {(problem.line, problem.column) for problem in document.problems}
    told = [
        problem
        for problem in _problems(document, errors, keys)
        if (problem.line, problem.column) not in known  # such as a key that is not YAML either
    ]
    left = salvage(document.value, [_place(document, error)[0] for error in errors])
    try:
        rest = model.model_validate(left.value, context=keys)
    except ValidationError:
        rest = None
    return Validated(document, rest, (*document.problems, *told), left)


def _place(document: Document, error: ErrorDetails) -> tuple[DataPath, bool]:
    """Return the way to what offends, and whether its key does."""
    path, of_key = _data_path(document.value, error["loc"])
    return (*path, *error.get("ctx", {}).get("at", ())), of_key


def _problems(
    document: Document, errors: Iterable[ErrorDetails], keys: KnownKeys
) -> Iterator[Problem]:
    """Yield one problem for each place: a value that offends in several ways is one mistake."""
    places: dict[tuple[DataPath, bool], list[ErrorDetails]] = defaultdict(list)
    misspelt: set[DataPath] = set()
    for error in errors:
        path, of_key = _place(document, error)
        if error["type"] == "missing":
            path = (*path, str(error["loc"][-1]))
        if error["type"] == "extra_forbidden":
            of_key = True
            guess = nearest(str(path[-1]), keys.of(document.at(path[:-1])))
            misspelt.add((*path[:-1], guess or ""))
        if not _follows_from_others(document, path, error):
            places[path, of_key].append(error)
    for (path, of_key), several in places.items():
        if several[0]["type"] != "missing" or path not in misspelt:
            yield document.problem(path, _message(document, path, several, keys), of_key=of_key)


def _follows_from_others(document: Document, path: DataPath, error: ErrorDetails) -> bool:
    """Tell whether it is only said because the entries of a list were refused themselves."""
    return error["type"] == "too_short" and bool(document.at(path))


def _data_path(data: object, loc: Iterable[str | int]) -> tuple[DataPath, bool]:
    """Return pydantic's location as a path in the file, and whether it speaks of the key.

    Pydantic's own marks (which member of a union, the long form of a short one) are no part of the
    file and are left out.
    """
    path: list[str | int] = []
    of_key = False
    for step in loc:
        if step == "[key]":
            of_key = True
        elif (isinstance(data, dict) and step in data) or (
            isinstance(data, tuple) and isinstance(step, int) and step < len(data)
        ):
            path.append(step)
            data = child(data, step)
    return tuple(path), of_key


def _message(
    document: Document, path: DataPath, errors: Sequence[ErrorDetails], keys: KnownKeys
) -> str:
    """Return what is wrong at one place."""
    types = [error["type"] for error in errors]
    if "extra_forbidden" in types:
        return _unknown_key(str(path[-1]), keys.of(document.at(path[:-1])))
    if "missing" in types:
        return f"«{path[-1]}» is missing in {_inside(document, path[:-1])}"
    if "literal_error" in types:
        return _not_among(path, errors, document.at(path))
    if all(kind in _EXPECTED for kind in types):
        return _wrong_type(path, types, document.at(path))
    plain = next(error for error in errors if error["type"] not in _EXPECTED)
    return _other(plain, path)


def _unknown_key(key: str, allowed: Sequence[str]) -> str:
    guess = likely(key, allowed)
    if not guess and 0 < len(allowed) <= _MOST_LISTED:
        guess = f"; possible here: {listed(allowed)}"
    return f"unknown key {quoted(key)}{guess}"


def _inside(document: Document, path: DataPath) -> str:
    """Return a section as an admin would name it."""
    section = document.at(path)
    name = child(section, "id") or child(section, "type")
    if isinstance(name, str):
        return quoted(name)
    if not path:
        return "this file"
    if isinstance(path[-1], int):
        named = [step for step in path if isinstance(step, str)]
        return f"entry {path[-1] + 1} of «{named[-1]}»"
    return f"«{path[-1]}»"


def _not_among(path: DataPath, errors: Sequence[ErrorDetails], value: object) -> str:
    choices = [
        choice.strip("' ")
        for error in errors
        for choice in str(error.get("ctx", {}).get("expected", ""))
        .replace(" or ", ", ")
        .split(", ")
        if choice
    ]
    guess = likely(value, choices) if isinstance(value, str) else ""
    also = [_EXPECTED[error["type"]][0] for error in errors if error["type"] in _EXPECTED]
    return (
        _subject(path)
        + f"must be {listed([*dict.fromkeys(choices + also)])}; {found(value)} was found{guess}"
    )


def _wrong_type(path: DataPath, types: Sequence[str], value: object) -> str:
    expected = dict.fromkeys(_EXPECTED[kind][0] for kind in types)
    key = path[-1] if path and isinstance(path[-1], str) else None
    example = _EXAMPLES.get(key or "", _EXPECTED[types[0]][1])
    shown = f"`{key}: {example}`" if key else f"`{example}`"
    subject = f"«{key}» must be" if key else "must be"
    return f"{subject} {listed(expected)}, for example {shown}; {found(value)} was found"


_OTHER: Mapping[str, str] = {
    "string_pattern_mismatch": "«{name}» is no name: use lower-case letters, digits, underscores",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "must have at least {min_length} entry",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
}


def _other(error: ErrorDetails, path: DataPath) -> str:
    words = _OTHER.get(error["type"])
    context = {**error.get("ctx", {}), "name": error["input"]}
    message = words.format(**context) if words else error["msg"].removeprefix("Value error, ")
    return _subject(path) + message if message.startswith(("must", "is longer")) else message


def _subject(path: DataPath) -> str:
    return next((f"«{step}» " for step in reversed(path) if isinstance(step, str)), "")
