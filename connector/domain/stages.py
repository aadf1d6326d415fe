"""Maturity stages and temperatures."""

from enum import StrEnum


class Stage(StrEnum):
    """How mature a contact is. The first four have an order; the last two stand beside it."""

    SUSPECT = "suspect"
    LEAD = "lead"
    PROSPECT = "prospect"
    CLIENT = "client"
    RECYCLED = "recycled"
    DISQUALIFIED = "disqualified"


class Temperature(StrEnum):
    """How close, inside a stage. A suspect or a client has none."""

    NONE = ""
    COLD = "cold"
    WARM = "warm"
    HOT = "hot"


class Grade(StrEnum):
    """Fit in a letter; U: too little is known to say."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    U = "U"
