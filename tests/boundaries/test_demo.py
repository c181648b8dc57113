"""The demo city is what it promises: exact areas, known totals, truths that can be found."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from boundaries.demo import build_city
from boundaries.demo.events.clock import draw_moments, to_utc, week_profile
from boundaries.demo.published import PUBLISHED_COLUMNS
from geo.incidents import COLUMNS, LONDON, london_months, month_span

ASB = "anti-social-behaviour"


@pytest.fixture(scope="session")
def city(demo_city):
    return demo_city


@pytest.fixture(scope="session")
def asb(city):
    return city.incidents[city.incidents["category"] == ASB]


@pytest.fixture(scope="session")
def last_year(asb):
    return asb[asb["occurred_from"] >= month_span("2025-04")[0]]


@pytest.fixture(scope="session")
def folder(demo_folder):
    return demo_folder / "files"


def near(rows, planted):
    return rows[np.hypot(rows["x"] - planted.x, rows["y"] - planted.y) < planted.radius_m]


def monthly(rows):
    return pd.Series(london_months(rows["occurred_from"]).astype(str)).value_counts()


def planted(city, kind):
    return next(row for row in city.planted.itertuples() if row.kind == kind)


def test_blocks_tile_the_city_exactly(city):
    blocks = city.blocks.geometry.to_numpy()
    whole = shapely.coverage_union_all(blocks)
    assert shapely.coverage_is_valid(blocks)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert whole.area == pytest.approx(shapely.area(blocks).sum(), abs=1e-3)


def test_wards_are_whole_blocks_in_one_piece(city):
    wards = city.wards.geometry.to_numpy()
    assert shapely.coverage_is_valid(wards)
    assert set(shapely.get_type_id(wards)) == {shapely.GeometryType.POLYGON}
    vertices = set(map(tuple, shapely.get_coordinates(city.blocks.geometry.to_numpy())))
    assert vertices.issuperset(map(tuple, shapely.get_coordinates(wards)))


def test_the_city_has_the_promised_size(city):
    assert len(city.wards) == 17
    assert len(city.estates) == 4
    assert 740 <= len(city.blocks) <= 820
    assert 70e6 < city.blocks.area.sum() < 80e6
    assert city.blocks["residents"].sum() == pytest.approx(250_000, rel=0.01)
    assert city.blocks["residents"].min() > 0


def test_wards_add_up_their_blocks(city):
    columns = ["residents", "electors", "electors_forecast"]
    summed = city.blocks.groupby("ward_code")[columns].sum()
    assert (city.wards[columns] == summed).all(axis=None)


def test_electors_per_member_leave_planners_something_to_do(city):
    per_member = city.wards["electors"] / city.wards["members"]
    variance = per_member / (city.wards["electors"].sum() / city.wards["members"].sum()) - 1
    assert variance.min() < -0.1
    assert variance.max() > 0.1
    assert variance.abs().max() < 0.21


def test_estates_are_small_contiguous_and_deprived(city):
    assert (city.estates.geom_type == "Polygon").all()
    assert city.estates["blocks"].between(4, 9).all()
    assert (city.estates["imd_score"] > 1.5 * city.blocks["imd_score"].median()).all()


def test_street_names_are_unique_and_lines_are_lines(city):
    assert city.streets["street_name"].is_unique
    assert (city.streets.geom_type == "LineString").all()
    assert set(city.streets["kind"]) == {"main", "ring", "residential"}


def test_no_place_of_the_basemap_is_named_twice_but_the_river(city):
    names = city.basemap["names"]["name1"]
    assert set(names[names.duplicated()]) == {"River Dogger"}


def test_incidents_are_an_incident_frame(city):
    rows = city.incidents
    assert tuple(rows.columns) == COLUMNS
    assert str(rows["occurred_from"].dtype) == str(rows["occurred_to"].dtype)
    assert str(rows["occurred_from"].dtype) == "datetime64[s, UTC]"
    assert rows["incident_id"].is_unique
    assert rows["occurred_from"].is_monotonic_increasing
    assert (rows["occurred_to"] >= rows["occurred_from"]).all()
    assert rows["category"].nunique() == 11


def test_totals_are_as_published(city, last_year):
    assert len(last_year) == 11_527
    assert len(city.incidents) == pytest.approx(120_000, rel=0.02)


def test_months_run_from_april_2022_to_march_2026(city):
    parts = city.partitions()
    assert [parts[0].month, parts[-1].month, len(parts)] == ["2022-04", "2026-03", 48]
    rows = [len(batch.accepted) for part in parts for batch in part.batches()]
    assert sum(rows) == len(city.incidents)
    assert len({part.sha256 for part in parts}) == 48


def test_a_few_incidents_lie_just_outside(city):
    edge = shapely.coverage_union_all(city.blocks.geometry.to_numpy())
    points = shapely.points(city.incidents[["x", "y"]])
    gap = shapely.distance(points, edge)
    assert (gap > 0).mean() == pytest.approx(0.003, abs=0.0005)
    assert gap.max() < 1_000


def test_half_of_asb_falls_on_about_a_twentieth_of_the_segments(city, last_year):
    segments = shapely.STRtree(city.segments.geometry.to_numpy())
    points = shapely.points(last_year[["x", "y"]])
    nearest = segments.query_nearest(points, all_matches=False)[1]
    counts = np.sort(np.bincount(nearest, minlength=len(city.segments)))[::-1]
    needed = np.searchsorted(counts.cumsum(), counts.sum() / 2) + 1
    assert 0.04 < needed / len(counts) < 0.06


def test_addresses_repeat_with_a_heavy_tail(last_year):
    counts = last_year["location"].value_counts()
    assert counts.iloc[0] > 20
    assert (counts == 1).mean() > 0.5


def test_burglaries_follow_one_another_closely(city):
    rows = city.incidents[city.incidents["category"] == "burglary"]
    days = rows["occurred_from"].astype("int64").to_numpy() / 86_400
    # Shuffled times keep the places and the seasons, and lose only what ties the two together.
    shuffled = np.random.default_rng(1).permutation(days)
    assert close_pairs(rows, days) > 1.8 * close_pairs(rows, shuffled)


def close_pairs(rows, days):
    gap = np.hypot(*(rows[axis].to_numpy()[:, None] - rows[axis].to_numpy() for axis in "xy"))
    return int(((gap < 200) & (np.abs(days[:, None] - days) < 14)).sum() - len(rows))


def test_asb_peaks_on_summer_evenings(last_year):
    local = last_year["occurred_from"].dt.tz_convert(LONDON)
    assert local.dt.hour.mode()[0] in range(18, 22)
    assert (local.dt.month == 7).sum() > 1.4 * (local.dt.month == 1).sum()


def test_no_hour_is_invented_when_the_clocks_change():
    days = np.array(["2025-03-30", "2025-10-26"], dtype="datetime64[D]")
    rng = np.random.default_rng(5)
    moments = draw_moments(days, 4_000, profile="night-out", swing=0.0, rng=rng)
    local = to_utc(moments, rng).tz_convert(LONDON)
    spring = local[local.month == 3]
    assert 1 not in set(spring.hour)
    assert set(spring.day) == {30}
    twice = local[(local.month == 10) & (local.hour == 1)]
    assert set(twice.strftime("%z")) == {"+0000", "+0100"}


def test_week_profiles_have_a_mean_of_one():
    assert week_profile("night-out").mean() == pytest.approx(1)
    assert week_profile("night-out")[5, 1] > week_profile("night-out")[2, 1]


def test_the_emerging_hotspot_emerges(city, asb):
    counts = monthly(near(asb, planted(city, "emerging")))
    assert counts[counts.index < "2025-08"].sum() / 40 < 2
    first_half = counts[(counts.index >= "2025-08") & (counts.index < "2025-12")].sum()
    assert counts[counts.index >= "2025-12"].sum() > 2 * first_half


def test_the_fading_hotspot_fades(city, asb):
    counts = monthly(near(asb, planted(city, "fading"))).sort_index()
    years = [counts.iloc[start : start + 12].sum() for start in (0, 12, 24, 36)]
    assert years == sorted(years, reverse=True)
    assert years[0] > 4 * years[3]


def test_the_cleared_hotspot_stops_with_the_intervention(city, asb):
    counts = monthly(near(asb, planted(city, "cleared")))
    assert counts[counts.index <= "2025-01"].min() >= 8
    assert counts[counts.index >= "2025-02"].max() <= 6


def test_the_same_seed_makes_the_same_city(city):
    again = build_city()
    assert_frame_equal(again.incidents, city.incidents)
    assert_frame_equal(again.blocks, city.blocks)
    assert_frame_equal(again.streets, city.streets)


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_make_sound_cities_too(seed):
    city = build_city(seed)
    assert shapely.coverage_is_valid(city.blocks.geometry.to_numpy())
    assert (city.wards.geom_type == "Polygon").all()
    assert len(city.wards) == 17


def test_layers_are_geojson_and_say_that_they_are_synthetic(city, folder):
    wards = json.loads((folder / "wards.geojson").read_text())
    assert wards["synthetic"].startswith("Doggerham (synthetic demo city)")
    assert set(wards["features"][0]["properties"]) == {"WD26CD", "WD26NM"}
    lon, lat = wards["features"][0]["geometry"]["coordinates"][0][0]
    assert 0 < lon < 1
    assert 53 < lat < 54
    blocks = json.loads((folder / "blocks.geojson").read_text())
    assert len(blocks["features"]) == len(city.blocks)


def test_blocks_still_fit_together_in_degrees(folder):
    text = (folder / "blocks.geojson").read_text()
    shapes = [shapely.geometry.shape(f["geometry"]) for f in json.loads(text)["features"]]
    assert shapely.coverage_is_valid(np.array(shapes))


def test_police_files_have_the_published_header(city, folder):
    paths = sorted((folder / "police-uk").glob("*/*-doggerham-street.csv"))
    assert len(paths) == 48
    with paths[0].open(newline="") as file:
        assert tuple(next(csv.reader(file))) == PUBLISHED_COLUMNS
    rows = pd.concat([pd.read_csv(path) for path in paths])
    assert len(rows) == len(city.incidents)
    assert rows.loc[rows["Crime type"] == "Anti-social behaviour", "Crime ID"].isna().all()
    assert rows["Location"].str.startswith("On or near ").all()
    places = rows[["Longitude", "Latitude"]].drop_duplicates()
    assert len(places) < len(city.segments) + 400


def test_the_council_sheet_holds_the_last_twelve_months(folder):
    rows = pd.read_csv(folder / "council-asb.csv")
    assert len(rows) == 11_527
    assert rows["Date reported"].str.fullmatch(r"\d\d/\d\d/\d{4}").all()
    assert rows["Ward"].notna().mean() > 0.99


def test_no_ward_lies_on_both_banks(city):
    river = city.water.geometry.iloc[0].buffer(1)
    dry = shapely.difference(city.wards.geometry.to_numpy(), river)
    banks = [[part for part in shapely.get_parts(ward) if part.area > 20_000] for ward in dry]
    assert {len(parts) for parts in banks} == {1}


def test_the_council_s_money_is_in_its_ledger_to_the_penny(city, folder):
    ledger = pd.read_csv(folder / "ward-money.csv", keep_default_na=False)
    pounds = ledger["amount"].str.lstrip("'").str.replace("[£,]", "", regex=True).astype(float)
    own = city.entries[(city.entries["kind"] == "money") & (city.entries["layer_id"] != "estates")]
    assert (100 * pounds).round().astype(int).tolist() == own["amount"].tolist()
    assert ledger["amount"].str.contains("£").all()
    hours = pd.read_csv(folder / "officer-hours.csv")
    time = city.entries[city.entries["kind"] == "time"]
    assert hours["hours"].sum() == time["amount"].sum() / 60


def test_the_measures_are_a_table_for_each_layer(city, folder):
    tables = [pd.read_csv(folder / f"measures-{name}.csv") for name in ("blocks", "wards")]
    assert sum(map(len, tables)) == len(city.values)
    assert set(tables[1]["measure_id"]) == {"felt-safety", "requests-in-time"}
