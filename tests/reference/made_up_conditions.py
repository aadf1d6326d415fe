"""Values and conditions made up at random: odd texts, edges of numbers, nested comparisons."""

from random import Random

from connector.domain.numbers import MILLION
from connector.rules.conditions import All, AnyOf, Condition, Kind, Literal, Not, Operator, Test
from connector.rules.operators import OPERATORS
from tests.reference.conditions import MEANINGS

ATTRIBUTES = {
    "asset": Kind.TEXT,
    "topic": Kind.TEXT,
    "minutes": Kind.NUMBER,
    "live": Kind.BOOLEAN,
    "until": Kind.MOMENT,
}
FIELDS = {
    "first_name": Kind.TEXT,
    "email": Kind.TEXT,
    "job_title": Kind.TEXT,
    "employees": Kind.NUMBER,
    "is_customer": Kind.BOOLEAN,
    "created": Kind.MOMENT,
}
OF_OPPORTUNITIES = {
    "amount": Kind.NUMBER,
    "probability": Kind.NUMBER,
    "created": Kind.MOMENT,
    "closes": Kind.MOMENT,
    "region": Kind.TEXT,
    "renewal": Kind.BOOLEAN,
}
TEXTS = (
    "Étude",
    "etude",
    "E\u0301TUDE",
    "Straße",
    "STRASSE",
    "ﬁn",
    "Fin de série",
    "İstanbul",
    "istanbul",
    "Œuvre",
    "ΣΊΣΥΦΟΣ",
    "한글",
    "Ｌｅａｄ",
    "lead 😀",
    "100%",
    "a_b",
    "l'été",
    'say "no"',
    "back\\slash",
    "new\nline",
    " ",
    "\u0301",
    "${x}",
)
NUMBERS = (0, 1, -1, 500_000, MILLION, 50 * MILLION, 9 * 10**18, -9 * 10**18)
MOMENTS = (
    *(0, -1, 1_700_000_000_000_000, 1_772_452_800_000_000),
    *(1_769_860_800_000_000, 1_775_044_800_000_000),  # 30 days before the last, and after it
)


def seeded(seed: int) -> Random:
    """Return a source of choices that is the same for the same seed."""
    return Random(seed)  # noqa: S311  nothing secret is made of it


def likely(random: Random, percent: int) -> bool:
    """Return True in so many of a hundred cases."""
    return random.randrange(100) < percent


def make_condition(random: Random, kinds: dict[str, Kind], depth: int = 2) -> Condition:
    """Return any condition, nested up to `depth`."""
    if depth == 0 or likely(random, 50):
        return make_test(random, kinds)
    if likely(random, 30):
        return Not(make_condition(random, kinds, depth - 1))
    parts = tuple(
        make_condition(random, kinds, depth - 1) for _ in range(random.choice((0, 1, 2, 2, 3)))
    )
    return random.choice((All(parts), AnyOf(parts)))


def make_test(random: Random, kinds: dict[str, Kind], op: Operator | None = None) -> Test:
    """Return any comparison that fits the kind of a name; `op`: one that fits all of them."""
    name = random.choice(sorted(kinds))
    kind = kinds[name]
    op = op or random.choice([op for op in OPERATORS if fits(op, name, kind)])
    literals = MEANINGS[op.key].literals(random, pool_of(kind))
    return Test(name, kind, op, literals, exact=likely(random, 30))


def fits(op: Operator, name: str, kind: Kind) -> bool:
    """Tell whether a value may be so compared: with the instant of evaluation, no activities."""
    meaning = MEANINGS[op.key]
    known = name in FIELDS or name in OF_OPPORTUNITIES
    return kind in meaning.kinds and (known or not meaning.is_relative)


def pool_of(kind: Kind) -> tuple[Literal, ...]:
    """Return the values that stories and rules share."""
    if kind is Kind.TEXT:
        return TEXTS
    if kind is Kind.BOOLEAN:
        return (True, False)
    return NUMBERS if kind is Kind.NUMBER else MOMENTS
