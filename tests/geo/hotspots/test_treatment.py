"""Treated places are compared with a control, in windows of equal length, each incident once."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import stats

from geo.errors import InputError
from geo.hotspots.treatment import (
    CLEAR_FALL,
    CLEAR_RISE,
    NO_CLEAR_EFFECT,
    NO_CONTROL,
    NO_EFFECT,
    TOO_FEW,
    Spread,
    displacement_difference,
    displacement_quotient,
    effective_number,
    effects,
    rate_ratio,
    spread_of_changes,
    verdict_of,
)
from geo.hotspots.zones import zone_counts
from geo.period import Period

CONTROL, TREATED = (308, 318), (207, 110)
CONTROL_BUFFER, BUFFER = (150, 140), (178, 157)


def test_the_difference_has_its_published_value_and_interval():
    result = displacement_difference(TREATED, CONTROL, buffer=BUFFER, control_buffer=CONTROL_BUFFER)
    assert result.wdd == -118
    assert result.se == pytest.approx(np.sqrt(1568))
    assert result.z == pytest.approx(-2.98, abs=0.005)
    assert (round(result.low), round(result.high)) == (-196, -40)
    assert result.p == pytest.approx(0.0029, abs=0.0001)


def test_without_buffers_the_treated_stand_against_the_control_alone():
    result = displacement_difference(TREATED, CONTROL, level=0.9)
    assert result.wdd == (110 - 207) - (318 - 308)
    assert result.se == pytest.approx(np.sqrt(sum(TREATED + CONTROL)))
    assert result.high - result.low == pytest.approx(2 * 1.644854 * result.se, rel=1e-6)


def test_the_interval_holds_none_nineteen_times_in_twenty():
    rng = np.random.default_rng(1)
    covered = [
        result.low <= 0 <= result.high
        for result in (
            displacement_difference(tuple(rng.poisson(60, 2)), tuple(rng.poisson(200, 2)))
            for _ in range(2000)
        )
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_where_nothing_was_counted_there_is_no_test():
    result = displacement_difference((0, 0), (0, 0))
    assert (result.wdd, result.low, result.high) == (0, 0, 0)
    assert np.isnan([result.z, result.p]).all()


def test_one_buffer_without_the_other_is_refused():
    with pytest.raises(InputError, match="displacement needs two buffers"):
        displacement_difference(TREATED, CONTROL, buffer=BUFFER)


def test_the_ratio_of_rates_does_not_care_how_large_the_control_is():
    result, tenfold = rate_ratio(TREATED, CONTROL), rate_ratio(TREATED, (3080, 3180))
    assert result.ratio == pytest.approx((110 / 207) / (318 / 308)) == tenfold.ratio
    spread = np.sqrt(1 / 207 + 1 / 110 + 1 / 308 + 1 / 318)
    assert np.log(result.high / result.low) == pytest.approx(2 * 1.959964 * spread, rel=1e-6)
    assert result.p < 1e-5 < tenfold.p + 1e-5


def test_a_ratio_needs_a_count_in_each_of_the_four():
    assert np.isnan(rate_ratio((5, 0), CONTROL).ratio)


def test_the_ratio_holds_none_nineteen_times_in_twenty():
    rng = np.random.default_rng(1)
    draws = (rate_ratio(rng.poisson(60, 2), rng.poisson(200, 2)) for _ in range(2000))
    covered = [result.low <= 1 <= result.high for result in draws]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def counts_of(**zones):
    return pd.DataFrame.from_dict(zones, orient="index", columns=["before", "after"])


def test_the_headline_is_the_ratio_and_a_difference_needs_a_control_of_like_size():
    demo = effects(counts_of(treated=(881, 1299), control=(3167, 4349)))
    assert demo["effect"] == NO_CLEAR_EFFECT
    assert demo["headline"].startswith(
        "No clear effect. Incidents at the treated places rose by 47 %, from 881 to 1,299; in the "
        "control they rose by 37 %, from 3,167 to 4,349. The ratio of the two is 1.07 (95 % "
    )
    assert "wdd" not in demo
    assert "the control had 3.6 times as many incidents" in demo["wdd_reason"]
    assert demo["difference"] == pytest.approx(1299 - 881 * 4349 / 3167)


@pytest.mark.parametrize("times", [1, 3.5, 50])
def test_a_fall_of_the_whole_city_is_no_effect(times):
    rng = np.random.default_rng(round(times * 10))
    clear = differences = 0
    for _ in range(600):
        before, after = rng.poisson(60, 5), rng.poisson(54, 5)
        others = rng.poisson(60, 40), rng.poisson(54, 40)
        control = rng.poisson(300 * times), rng.poisson(270 * times)
        result = effects(
            counts_of(treated=(before.sum(), after.sum()), control=control),
            spread=spread_of_changes([(before, after), others]),
            places=(5.0, 5.0 * times),
        )
        clear += result["effect"] in (CLEAR_FALL, CLEAR_RISE)
        differences += "wdd" in result
    assert clear <= 0.05 * 600
    assert differences == (600 if times == 1 else 0)


@pytest.mark.parametrize("dispersion", [1, 2, 3])
def test_places_that_change_of_themselves_are_no_effect(dispersion):
    rng = np.random.default_rng(dispersion)

    def counts(mean, size):
        return (
            rng.poisson(mean, size)
            if dispersion == 1
            else rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, size)
        )

    clear, plain = 0, 0
    for _ in range(600):
        treated, others = (counts(80, n) for n in (6, 6)), (counts(80, n) for n in (30, 30))
        (t_0, t_1), (o_0, o_1) = treated, others
        pairs = (t_0.sum(), t_1.sum()), (o_0[:12].sum(), o_1[:12].sum())
        spread = spread_of_changes([(t_0, t_1), (o_0, o_1)])
        clear += verdict_of(rate_ratio(*pairs, spread=spread, places=(6.0, 12.0))) in (
            CLEAR_FALL, CLEAR_RISE,
        )  # fmt: skip
        plain += verdict_of(rate_ratio(*pairs)) != NO_CLEAR_EFFECT
    assert clear <= 0.06 * 600
    assert plain > 0.1 * 600 or dispersion == 1


def test_a_real_fall_is_clear_and_its_displacement_is_read():
    zones = {"treated": (300, 180), "control": (320, 310), "buffer": (200, 195)}
    result = effects(counts_of(**zones))
    assert result["effect"] == CLEAR_FALL
    assert "no clear change around the treated places" in result["displacement"]
    moved = effects(counts_of(**zones | {"buffer": (200, 290)}))
    assert "displacement, no larger than the effect" in moved["displacement"]
    nothing = effects(counts_of(**zones | {"treated": (300, 290), "buffer": (200, 290)}))
    assert "displacement" not in nothing


def test_a_fall_that_the_choice_alone_explains_is_no_effect():
    ratio = rate_ratio((300, 220), (900, 880))
    assert verdict_of(ratio) == CLEAR_FALL
    assert verdict_of(ratio, expected=0.85) == NO_CLEAR_EFFECT
    said = effects(counts_of(treated=(300, 220), control=(900, 880)), expected=0.85)["headline"]
    assert "would be expected to fall to about 0.85" in said
    rise = rate_ratio((300, 420), (900, 880))
    assert verdict_of(rise, expected=0.85) == CLEAR_RISE


def test_an_effect_of_none_is_said_as_that():
    result = effects(counts_of(treated=(100, 100), control=(100, 100)))
    assert (result["effect"], result["rate_ratio"], result["wdd"]) == (NO_CLEAR_EFFECT, 1, 0)
    assert "did not change (100)" in result["headline"]


def test_with_a_count_of_none_nothing_is_said():
    result = effects(counts_of(treated=(5, 0), control=(6, 5)))
    assert result["effect"] == TOO_FEW
    assert result["headline"].startswith("Too few incidents to say")


def test_the_spread_is_that_of_dersimonian_and_laird():
    before, after = np.array([40, 60, 80, 50]), np.array([60, 50, 120, 20])
    first, second = before + 0.5, after + 0.5
    effect, variance = np.log(second / first), 1 / first + 1 / second
    weight = 1 / variance
    mean = np.average(effect, weights=weight)
    q = (weight * (effect - mean) ** 2).sum()
    tau = (q - 3) / (weight.sum() - (weight**2).sum() / weight.sum())
    expected = Spread(pytest.approx(tau), pytest.approx(q / 3), 3.0)
    assert spread_of_changes([(before, after), ([0], [0]), ([9], [12])]) == expected
    # Places without incidents say nothing, also among others.
    assert spread_of_changes([([*before, 0, 0], [*after, 0, 0])]) == expected
    assert spread_of_changes([([50, 50], [50, 50])]) == Spread(0.0, 1.0, 1.0)


def test_places_of_equal_size_count_fully():
    assert effective_number([10, 10, 10], correlation=0) == pytest.approx(3)
    assert effective_number([10, 10, 10], correlation=1) == pytest.approx(1)
    assert effective_number([10] * 6, correlation=0.2) == pytest.approx(3)
    assert effective_number([100, 0, 0]) == effective_number([]) == 1


def test_a_spread_widens_the_interval_by_the_number_of_places():
    spread = Spread(variance=0.04, degrees=float("inf"))
    plain = rate_ratio(TREATED, CONTROL)
    wide = rate_ratio(TREATED, CONTROL, spread=spread, places=(4.0, 8.0))
    variance = 1 / 207 + 1 / 110 + 1 / 308 + 1 / 318 + 0.04 * (1 / 4 + 1 / 8)
    assert np.log(wide.high / wide.low) == pytest.approx(2 * 1.959964 * variance**0.5, rel=1e-6)
    assert wide.p == pytest.approx(2 * stats.norm.sf(abs(np.log(wide.ratio)) / variance**0.5))
    assert wide.p > plain.p
    # Where the spread is an estimate, by Student's t.
    few = rate_ratio(TREATED, CONTROL, spread=replace(spread, degrees=5.0), places=(4.0, 8.0))
    reach = stats.t.ppf(0.975, 5) * variance**0.5
    assert np.log([few.low, few.high]) == pytest.approx(
        np.log(few.ratio) + np.array([-reach, reach])
    )
    assert few.p == pytest.approx(2 * stats.t.sf(abs(np.log(few.ratio)) / variance**0.5, 5))


def test_displacement_enters_the_difference_where_both_have_a_buffer():
    counts = pd.DataFrame(
        [TREATED, BUFFER, CONTROL, CONTROL_BUFFER],
        index=["treated", "buffer", "control", "control_buffer"],
        columns=["before", "after"],
    )
    assert effects(counts)["wdd"] == -118
    assert effects(counts.drop("control_buffer"))["wdd"] == -107
    assert effects(counts)["wdq"] == pytest.approx(0.258186, abs=1e-6)
    assert "wdq" not in effects(counts.drop(["buffer", "control_buffer"]))


def test_the_quotient_has_its_published_value():
    result = displacement_quotient(TREATED, CONTROL, buffer=BUFFER)
    assert result.quotient == pytest.approx(0.258186, abs=1e-6)
    assert result.denominator == pytest.approx(-0.326166, abs=1e-6)
    assert result.reading == "the surrounding places fell too: diffusion of benefits"


@pytest.mark.parametrize(
    ("buffer", "words"),
    [
        ((100, 20), "diffusion of benefits exceeds the effect"),
        ((100, 80), "diffusion of benefits"),
        ((100, 100), "no diffusion or displacement"),
        ((100, 120), "displacement, no larger than the effect"),
        ((100, 180), "displacement exceeds the effect"),
    ],
)
def test_a_quotient_is_read_by_its_size(buffer, words):
    assert displacement_quotient((100, 50), (100, 100), buffer=buffer).reading.endswith(words)


def test_a_quotient_whose_conditions_fail_is_none():
    risen = displacement_quotient((100, 150), (100, 100), buffer=BUFFER)
    assert np.isnan(risen.quotient)
    assert (risen.denominator, risen.reading) == (0.5, NO_EFFECT)
    empty = displacement_quotient(TREATED, (0, 10), buffer=BUFFER)
    assert np.isnan([empty.quotient, empty.denominator]).all()
    assert empty.reading == NO_CONTROL


JANUARY = Period(date(2024, 1, 1), date(2024, 1, 31))
MARCH = Period(date(2024, 3, 1), date(2024, 3, 31))
SQUARE, OTHER = shapely.box(0, 0, 100, 100), shapely.box(1000, 0, 1100, 100)


def counted(incident_frame, rows, **options):
    frame = incident_frame([(x, y, "burglary", when) for x, y, when in rows])
    chosen = {"treated": [SQUARE], "control": [OTHER], "before": JANUARY, "after": MARCH} | options
    return zone_counts(frame, **chosen)


def test_incidents_count_in_their_zone_and_window(incident_frame):
    rows = [
        (50, 50, "2024-01-10T12:00:00"),
        (50, 50, "2024-03-10T12:00:00"),
        (50, 50, "2024-02-10T12:00:00"),  # between the windows
        (130, 50, "2024-03-10T12:00:00"),  # around the treated place
        (1050, 50, "2024-01-31T23:59:59"),
        (1050, 130, "2024-03-31T22:59:59"),  # the last second of March in London
        (1050, 130, "2024-03-31T23:00:00"),
        (5000, 50, "2024-01-10T12:00:00"),
    ]
    result = counted(incident_frame, rows, buffer_m=50, control_buffer=True)
    assert result.index.tolist() == ["treated", "buffer", "control", "control_buffer"]
    assert result["before"].tolist() == [1, 0, 1, 0]
    assert result["after"].tolist() == [1, 1, 0, 1]


def test_land_counts_once_and_the_treated_come_first(incident_frame):
    city = shapely.box(-500, -500, 500, 500)
    rows = [(x, 50, "2024-01-10T12:00:00") for x in (50, 100, 130, 300)]
    result = counted(incident_frame, rows, control=[city], buffer_m=50)
    assert result["before"].tolist() == [2, 1, 1]
    assert result["area_km2"].sum() == pytest.approx(1)
    assert result.loc["treated", "area_km2"] == pytest.approx(0.01)


def test_without_a_buffer_there_is_no_row_for_it(incident_frame):
    assert counted(incident_frame, [(50, 50, "2024-01")]).index.tolist() == ["treated", "control"]


def test_whole_months_count_as_equally_long(incident_frame):
    february = Period(date(2024, 2, 1), date(2024, 2, 29))
    result = counted(incident_frame, [(50, 50, "2024-01")], after=february)
    assert result["before"].tolist() == [1, 0]


def test_windows_of_different_length_are_refused(incident_frame):
    short = Period(date(2024, 3, 1), date(2024, 3, 20))
    message = "the windows differ in length: 31 days before and 20 days after"
    with pytest.raises(InputError, match=message):
        counted(incident_frame, [(50, 50, "2024-01-10T12:00:00")], after=short)


def test_windows_that_overlap_are_refused(incident_frame):
    with pytest.raises(InputError, match="must end before the second"):
        counted(incident_frame, [(50, 50, "2024-01")], after=JANUARY)


def test_months_need_windows_of_whole_months(incident_frame):
    odd = {
        "before": Period(date(2024, 1, 2), date(2024, 1, 31)),
        "after": Period(date(2024, 3, 2), date(2024, 3, 31)),
    }
    with pytest.raises(InputError, match="choose whole months for both windows"):
        counted(incident_frame, [(50, 50, "2024-01")], **odd)
    rows = [(50, 50, "2024-01-10T12:00:00")]
    assert counted(incident_frame, rows, **odd)["before"].tolist() == [1, 0]


def test_a_control_without_land_of_its_own_is_refused(incident_frame):
    message = "no control is left: it lies within the treated places and their buffer"
    with pytest.raises(InputError, match=message):
        counted(
            incident_frame,
            [(50, 50, "2024-01")],
            control=[shapely.box(10, 10, 120, 90)],
            buffer_m=50,
        )


def test_no_zone_reaches_beyond_the_study_area(incident_frame):
    study = shapely.box(0, 0, 5000, 100)
    rows = [(50, 50, "2024-01"), (130, 50, "2024-01"), (50, 130, "2024-01")]
    result = counted(incident_frame, rows, study=study, buffer_m=50)
    assert result["before"].tolist() == [1, 1, 0]
    assert result.loc["buffer", "area_km2"] == pytest.approx(50 * 100 / 1e6)


def test_treated_places_outside_the_study_area_are_refused(incident_frame):
    with pytest.raises(InputError, match="the treated places lie outside the study area"):
        counted(incident_frame, [(50, 50, "2024-01")], study=OTHER)


def test_an_effect_of_exactly_none_has_no_quotient():
    result = displacement_quotient((10, 20), (5, 10), buffer=BUFFER)
    assert np.isnan(result.quotient)
    assert (result.denominator, result.reading) == (0, NO_EFFECT)


@pytest.mark.parametrize("control", [(0, 10), (10, 0), (0, 0)])
def test_an_empty_control_has_no_quotient(control):
    assert displacement_quotient(TREATED, control, buffer=BUFFER).reading == NO_CONTROL


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (49, "diffusion of benefits exceeds the effect"),
        (50, "too: diffusion of benefits"),
        (99, "too: diffusion of benefits"),
        (150, "displacement, no larger than the effect"),
        (151, "displacement exceeds the effect"),
    ],
)
def test_a_quotient_at_a_limit_is_read_for_what_it_is(after, words):
    result = displacement_quotient((100, 50), (100, 100), buffer=(100, after))
    assert result.reading.endswith(words)
