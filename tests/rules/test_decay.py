import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.config.activity_rules import DecaySection
from connector.domain.numbers import MILLION
from connector.rules.decay import (
    EXPIRE_AFTER,
    IN_DAYS,
    Constant,
    Curve,
    CurveInDays,
    Decay,
    HalfLife,
    Linear,
    Steps,
)

DAYS = st.integers(1, 400)
SHARES = st.lists(st.integers(0, MILLION), min_size=1, max_size=4).map(lambda it: sorted(it)[::-1])
STEPS = SHARES.flatmap(
    lambda shares: st.lists(DAYS, min_size=len(shares), max_size=len(shares), unique=True).map(
        lambda ages: Steps(tuple(zip(sorted(ages), shares, strict=True)))
    )
)


def in_days(kind: type[CurveInDays]) -> st.SearchStrategy[Curve]:
    """Curves of a kind, their days rising."""
    count = len(kind.names())
    several = st.lists(DAYS, min_size=count, max_size=count, unique=True)
    return several.map(lambda days: kind(*sorted(days)))


CURVES = st.one_of(st.just(Constant()), *map(in_days, IN_DAYS), STEPS)
DECAYS = st.builds(Decay, CURVES, st.integers(0, 90), st.integers(1, 500))


def test_points_do_not_fade_by_default_but_expire_after_a_year() -> None:
    weights = Decay().weights()
    assert set(weights) == {MILLION}
    assert len(weights) == EXPIRE_AFTER == 365


def test_a_half_life_halves() -> None:
    weights = Decay(HalfLife(60)).weights()
    assert [weights[age] for age in (0, 60, 120, 180, 240)] == [
        MILLION,
        500_000,
        250_000,
        125_000,
        62_500,
    ]


@given(st.integers(1, 400))
def test_a_half_life_is_rounded_half_to_even_at_every_age(days: int) -> None:
    exact = decimal.Context(prec=60)
    for age, weight in enumerate(Decay(HalfLife(days)).weights()):
        value = MILLION * exact.power(Decimal(2), exact.divide(Decimal(-age), Decimal(days)))
        assert weight == int(value.to_integral_value(decimal.ROUND_HALF_EVEN))


def test_a_line_reaches_nothing_at_its_end() -> None:
    weights = Decay(Linear(30)).weights()
    assert weights[:3] == (MILLION, 966_667, 933_333)
    assert weights[15] == 500_000
    assert weights[29] == 33_333
    assert set(weights[30:]) == {0}


def test_steps_hold_from_their_age_on() -> None:
    weights = Decay(Steps(((30, 500_000), (90, 0)))).weights()
    assert [weights[age] for age in (0, 29, 30, 89, 90, 364)] == [
        MILLION,
        MILLION,
        500_000,
        500_000,
        0,
        0,
    ]


def test_a_hold_delays_the_curve() -> None:
    weights = Decay(HalfLife(30), hold=30).weights()
    assert set(weights[:31]) == {MILLION}
    assert weights[31] == HalfLife(30).weight(1)
    assert weights[60] == 500_000


def test_an_expiry_ends_the_table() -> None:
    assert len(Decay(Constant(), expire_after=7).weights()) == 7
    assert len(Decay(Constant(), expire_after=None).weights()) > 36_000


@given(CURVES, st.integers(0, 1000))
def test_a_weight_is_a_share_and_never_rises(curve: Curve, age: int) -> None:
    assert 0 <= curve.weight(age + 1) <= curve.weight(age) <= MILLION


@given(DECAYS)
def test_a_table_starts_at_the_curves_own_start(decay: Decay) -> None:
    weights = decay.weights()
    assert weights[: decay.hold + 1] == (decay.curve.weight(0),) * min(len(weights), decay.hold + 1)


@pytest.mark.parametrize("age", [364, 365])
def test_the_default_expiry_is_the_365th_day(age: int) -> None:
    weights = Decay().weights()
    assert (age < len(weights)) == (age == 364)


@pytest.mark.parametrize("kind", IN_DAYS)
def test_a_kind_is_written_in_the_rules_file_and_said_in_every_language(
    kind: type[CurveInDays],
) -> None:
    spans = dict(zip(kind.names(), (30, 40, 50, 60), strict=False))
    written = {name: f"{days}d" for name, days in spans.items()}
    behind = written if len(spans) > 1 else "30d"
    assert DecaySection.model_validate({kind.key: behind}).curve == kind(**spans)
    assert kind.words.keys() == {"en", "fr"}
    for words in kind.words.values():
        assert all(str(days) in words.format(**spans) for days in spans.values())
    assert kind.meaning in str(DecaySection.model_json_schema())
