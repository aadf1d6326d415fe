"""Values and conditions made up at random: odd texts, edges of numbers, nested comparisons."""

from random import Random

from connector.domain.numbers import MILLION
from connector.rules.conditions import All, AnyOf, Condition, Kind, Literal, Not, Op, Test

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
RELATIVE_OPS = (Op.WITHIN_LAST, Op.LONGER_AGO, Op.WITHIN_NEXT)
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
PATTERNS = (
    "^etu",
    "tude$",
    "[éè]t",
    "stra(ß|ss)e",
    "^.$",
    "É",
    "\\d+%$",
    "a.b",
    "^$",
    "fin|lead",
    "Ｌ",
    "(?s)new.line",
    "new.line",
    "\\bfin\\b",
    "_",
    "\\\\",
    "'",
    "\\pL{4}",
    "^\\S+$",
    "σ",
    "^lead",
    "(?:)",
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


def make_test(random: Random, kinds: dict[str, Kind]) -> Test:
    """Return any comparison that fits the kind of a name."""
    name = random.choice(sorted(kinds))
    kind = kinds[name]
    relative = RELATIVE_OPS if kind is Kind.MOMENT and name in FIELDS else ()
    op = random.choice((*operators(kind), *relative))
    if op in relative:
        return Test(name, kind, op, (random.choice((1, 30, 365, 20_000)),))
    return Test(name, kind, op, make_literals(random, kind, op), exact=likely(random, 30))


def operators(kind: Kind) -> tuple[Op, ...]:
    """Return the comparisons that a kind allows."""
    usual = (Op.EQUALS, Op.IN, Op.NOT_IN, Op.EXISTS)
    if kind is Kind.TEXT:
        return (*usual, Op.CONTAINS, Op.MATCHES)
    if kind is Kind.BOOLEAN:
        return (Op.EQUALS, Op.EXISTS)
    return (*usual, Op.GTE, Op.GT, Op.LTE, Op.LT)


def make_literals(random: Random, kind: Kind, op: Op) -> tuple[Literal, ...]:
    """Return what a comparison compares with."""
    if op is Op.EXISTS:
        return (likely(random, 50),)
    if op is Op.MATCHES:
        return (random.choice(PATTERNS),)
    pool = pool_of(kind)
    if op in (Op.IN, Op.NOT_IN):
        return tuple(random.sample(pool, min(len(pool), random.choice((0, 1, 2, 2, 3, 3)))))
    if op is Op.CONTAINS and likely(random, 50):
        return (random.choice(("t", "É", "ss", "%", "'", "\\", "fi", "\u0301")),)
    return (random.choice(pool),)


def pool_of(kind: Kind) -> tuple[Literal, ...]:
    """Return the values that stories and rules share."""
    if kind is Kind.TEXT:
        return TEXTS
    if kind is Kind.BOOLEAN:
        return (True, False)
    return NUMBERS if kind is Kind.NUMBER else MOMENTS
