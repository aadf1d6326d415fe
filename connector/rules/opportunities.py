"""The score of an opportunity: `docs/semantics.md` section 13 as SQL."""

from collections.abc import Mapping

from connector.rules.conditions import Kind

OPPORTUNITY_FIELDS: Mapping[str, Kind] = {
    "amount": Kind.NUMBER,
    "probability": Kind.NUMBER,
    "created": Kind.MOMENT,
    "closes": Kind.MOMENT,
}
"""What is known of every opportunity. `probability`: from 0 to 1."""

RESULTS: Mapping[str, Kind] = {
    "grade": Kind.TEXT,
    "persona": Kind.TEXT,
    "stage": Kind.TEXT,
    "temperature": Kind.TEXT,
    "need": Kind.BOOLEAN,
}
"""What the rules made of a contact, which conditions on people may name beside its fields."""
