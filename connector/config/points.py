"""Points and labels, as every part of a rules file writes them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from connector.config.section import NonEmpty, Number, Section, refuse
from connector.domain.numbers import MILLION

_MOST_POINTS = 1_000


def _exact(points: Decimal) -> Decimal:
    if not points.is_finite() or abs(points) > _MOST_POINTS:
        raise refuse(
            "points", f"must be from -{_MOST_POINTS} to {_MOST_POINTS}; {points} was found"
        )
    if points * MILLION % 1:
        raise refuse("points", f"must have at most six decimals; {points} was found")
    return points


Points = Annotated[Number, AfterValidator(_exact)]
"""Points, up to six decimals."""

Count = Annotated[int, Field(ge=1, le=100_000)]
"""How many, at least one."""


def micro(points: Decimal) -> int:
    """Return points as micro-points."""
    return int(points * MILLION)


class LabelSection(Section):
    """A text in English and French; one of them is enough."""

    en: NonEmpty | None = None
    """In English."""
    fr: NonEmpty | None = None
    """In French."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.en is None and self.fr is None:
            raise refuse(
                "empty_label", "a text is missing, for example `en: White paper downloaded`"
            )
        return self

    @property
    def texts(self) -> Mapping[str, str]:
        """{language: text}, `en` always among them."""
        texts = {"en": self.en or self.fr or ""}
        return texts if self.fr is None else {**texts, "fr": self.fr}


def _label(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


Label = Annotated[
    LabelSection, BeforeValidator(_label, json_schema_input_type=NonEmpty | LabelSection)
]
"""A text for people: one for all languages, or `{en: …, fr: …}`."""
