"""What the parts of every file share: nothing unknown, nothing changed later, plain names."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Protocol, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from connector.config.attribute_texts import texts_of

Scalar = str | int | Decimal | bool
"""What stands in a file as one value; a number with a decimal point is a Decimal."""


class Reading(Protocol):
    """What validation knows of the file that is read: pydantic's context.

    It takes note of which keys are allowed where, so that a message can name the likely one.
    """

    @property
    def folder(self) -> Path:
        """The folder that relative paths are seen from."""
        ...

    def note(self, mapping: Mapping[str, object], keys: Sequence[str]) -> None:
        """Remember the keys that `mapping`, this very object, may have."""
        ...


class Section(BaseModel):
    """A mapping of a file with known keys. Frozen; an unknown key or a wrong type is refused."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        populate_by_name=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the keys by what stands below them in the code.

        Only when a schema is asked for: pydantic's own `use_attribute_docstrings` reads the source
        of every section each time that a command starts.
        """
        found = handler(schema)
        properties = handler.resolve_ref_schema(found).get("properties", {})
        said = texts_of(cls)
        for name, field in cls.model_fields.items():
            if name in said and field.description is None:
                properties[field.alias or name]["description"] = said[name]
        return found

    @model_validator(mode="before")
    @classmethod
    def _note_keys(cls, data: object, info: ValidationInfo) -> object:
        if info.context is not None and isinstance(data, Mapping):
            reading: Reading = info.context
            reading.note(data, cls.known_keys())
        return data

    @classmethod
    def known_keys(cls) -> list[str]:
        """Return the keys as they stand in the file."""
        return [info.alias or name for name, info in cls.model_fields.items()]

    @classmethod
    def of(cls, data: Mapping[str, object]) -> Self:
        """Return the section that plain values make, lists allowed; for tests and defaults.

        Raises pydantic's ValidationError.
        """
        return cls.model_validate(_as_read(data))


def _as_read(value: object) -> object:
    """Return plain values as the YAML reader gives them: tuples and decimals."""
    match value:
        case Mapping():
            return {key: _as_read(part) for key, part in value.items()}
        case list() | tuple():
            return tuple(_as_read(part) for part in value)
        case float():
            return Decimal(str(value))
        case _:
            return value


def folder_of(info: ValidationInfo) -> Path:
    """Return the folder that relative paths of the file are seen from."""
    reading: Reading | None = info.context
    return reading.folder if reading else Path()


def refuse(kind: str, message: str, *at: str | int) -> PydanticCustomError:
    """Return an error whose message is shown to the admin as it is.

    `at`: the way from the section that is validated to the value that offends.
    """
    return PydanticCustomError(kind, "{message}", {"message": message, "at": at})


def _number(value: object) -> object:
    if isinstance(value, bool):
        return value
    return Decimal(value) if isinstance(value, int) else value


def _not_reserved(name: str) -> str:
    if name.endswith("_folded"):
        raise refuse("reserved_name", "a name must not end in «_folded»: that ending is ours")
    return name


Number = Annotated[Decimal, BeforeValidator(_number, json_schema_input_type=float)]
"""A number, with or without a decimal point."""

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60),
    AfterValidator(_not_reserved),
]
"""A name of ours: lower-case letters, digits, underscores. It becomes part of a column's name."""

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
