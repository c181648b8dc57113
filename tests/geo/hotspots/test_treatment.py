"""Treated places are compared with a control, in windows of equal length, each incident once."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import InputError
from geo.hotspots.treatment import (
    NO_CONTROL,
    NO_EFFECT,
    displacement_difference,
    displacement_quotient,
    effects,
    rate_ratio,
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
