"""What the demo city's council measures and spends: known totals, truths that can be seen."""

import numpy as np
import pandas as pd
import pytest

from boundaries.demo.council.ledger import ABSENT, OVERSPENT, REVERSED, TWICE_PENCE, UNSPENT
from geo.measures.model import ENTRY_COLUMNS, VALUE_COLUMNS, check_measure


@pytest.fixture(scope="module")
def by_ward(demo_city):
    money = demo_city.entries[demo_city.entries["kind"] == "money"]
    return money.assign(ward=money["area_code"].map(demo_city.wards["area_name"]))


@pytest.fixture(scope="module")
def last_year(by_ward):
    return by_ward[by_ward["day"] >= "2025-04-01"]


def test_every_measure_has_values_on_its_layer_or_is_made_of_incidents(demo_city):
    published = {one.measure_id: one for one in demo_city.measures if not one.question}
    assert set(demo_city.values["measure_id"]) == set(published)
    layers = {"blocks": demo_city.blocks, "wards": demo_city.wards}
    for measure_id, rows in demo_city.values.groupby("measure_id"):
        assert set(rows["area_code"]) == set(layers[published[measure_id].layer_id].index)
    for measure in demo_city.measures:
        check_measure(measure)


def test_values_are_what_numerator_and_denominator_make(demo_city):
    rows = demo_city.values
    assert tuple(rows.columns) == VALUE_COLUMNS
    assert not rows.duplicated(["measure_id", "area_code", "first_day", "last_day"]).any()
    by = {one.measure_id: one.multiplier for one in demo_city.measures}
    of_two = rows[rows["denominator"] > 0]
    made = of_two["measure_id"].map(by) * of_two["numerator"] / of_two["denominator"]
    assert np.allclose(made, of_two["value"], atol=0.01)


def test_one_value_is_unknown_and_says_why(demo_city):
    rows = demo_city.values[demo_city.values["measure_id"] == "requests-in-time"]
    unknown = rows[rows["value"].isna()]
    assert unknown["note"].tolist() == ["Not published: the system was being replaced"]


def test_planted_differences_are_in_the_values(demo_city):
    inside = {
        "estates": demo_city.estates.geometry,
        "wards": demo_city.wards.geometry,
    }
    points = demo_city.blocks.representative_point()
    halves = np.sort(demo_city.values.query("measure_id == 'satisfaction'")["first_day"].unique())
    for one in demo_city.planted_measures.itertuples():
        rows = demo_city.values[demo_city.values["measure_id"] == one.measure_id]
        layer = getattr(demo_city, one.layer_id)
        code = layer.index[layer["area_name"] == one.area_name][0]
        within = points.index[points.within(inside[one.layer_id][code])]
        own = rows["area_code"].isin([*within, code])
        now = rows["first_day"] == halves[one.half]
        sums = rows[now].groupby(own[now])[["numerator", "denominator"]].sum()
        rate = sums["numerator"] / sums["denominator"]
        if one.half < 6:  # Fladen Park is planted twice, in opposite directions
            assert (rate[True] > rate[False]) == (one.odds > 1), one


def test_each_ward_has_ten_thousand_pounds_a_year(by_ward):
    given = by_ward[(by_ward["state"] == "allocated") & by_ward["ward"].notna()]
    pounds = given.groupby([given["day"].dt.year, "ward"])["amount"].sum() / 100
    assert len(pounds) == 34
    assert (pounds == 10_000).all()
    assert given["priority"].nunique() == 3


def test_one_ward_has_spent_nothing_of_the_last_year(last_year):
    spent = last_year[last_year["state"] != "allocated"]["ward"].dropna().unique()
    assert len(spent) == 16
    assert UNSPENT not in spent


def test_one_ward_alone_is_overspent(last_year):
    rows = last_year[last_year["ward"].notna()]
    settled = rows[rows["settles"] != ""].groupby("settles")["amount"].sum()
    orders = rows[rows["state"] == "committed"].set_index("entry_id")
    outstanding = orders["amount"].sub(settled, fill_value=0).clip(lower=0)
    sums = rows.pivot_table(values="amount", index="ward", columns="state", aggfunc="sum")
    owed = outstanding.groupby(orders["ward"]).sum()
    left = sums["allocated"] - sums["paid"].fillna(0) - owed.reindex(sums.index).fillna(0)
    assert left.index[left < 0].tolist() == [OVERSPENT]
    assert left[OVERSPENT] == -24_050


def test_a_payment_that_was_entered_twice_is_reversed_once(last_year):
    (reversal,) = last_year[last_year["reverses"] != ""].to_dict("records")
    (twice,) = last_year[last_year["entry_id"] == reversal["reverses"]].to_dict("records")
    assert reversal["amount"] == -twice["amount"] == -TWICE_PENCE
    assert reversal["ward"] == twice["ward"] == REVERSED


def test_entries_are_entries_and_some_are_in_no_ward(demo_city):
    rows = demo_city.entries
    assert tuple(rows.columns) == ENTRY_COLUMNS
    assert rows["entry_id"].is_unique
    assert set(rows.loc[rows["settles"] != "", "settles"]) <= set(rows["entry_id"])
    money = rows[rows["kind"] == "money"]
    assert (money["area_code"] == "").sum() == 4
    assert (money["layer_id"] == "estates").sum() == 2


def test_officers_have_hours_in_every_month_unless_they_are_absent(demo_city):
    time = demo_city.entries[demo_city.entries["kind"] == "time"]
    month = time["day"].dt.strftime("%Y-%m")
    months = pd.crosstab(time["area_code"].map(demo_city.wards["area_name"]), month)
    away = [one for one in months if ABSENT[1] <= one <= ABSENT[2]]
    assert (months.loc[ABSENT[0], away] == 0).all()
    assert (months.drop(index=ABSENT[0]) == 4).all(axis=None)
    assert months.shape == (17, 24)
