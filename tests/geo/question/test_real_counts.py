"""Counts of published incidents by published wards are those of an independent count."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries.layers.read import read_layer
from geo.incidents import Batch, Partition
from geo.question.ask import Answer, answer
from geo.question.model import Question
from geo.sources.police_uk import read_police_uk
from geo.store.contract import ImportRecord, LayerMetadata
from tests.geo.import_records import record_of

ASB = "anti-social-behaviour"


@dataclass(frozen=True)
class Part:
    """A published file and all that was read of it."""

    partition: Partition
    accepted: pd.DataFrame
    rejected: pd.DataFrame

    @property
    def month(self) -> str:
        return self.partition.month

    @property
    def record(self) -> ImportRecord:
        return record_of(self.accepted, month=self.month, rejected=len(self.rejected))


def read(path: Path, projection) -> list[Part]:
    result = []
    for partition in read_police_uk(path, projection):
        batch = Batch.join(partition.batches())
        result.append(Part(partition, batch.accepted, batch.rejected))
    return result


@pytest.fixture(scope="module")
def derbyshire(real_data, projection) -> list[Part]:
    return read(real_data / "derby/police-uk-derbyshire.zip", projection)


@pytest.fixture(scope="module")
def leicestershire(real_data, projection) -> list[Part]:
    path = real_data / "melton/police-uk-leicestershire-2020-11--2022-10.zip"
    return read(path, projection)


@pytest.fixture(scope="module")
def west_midlands(real_data, projection) -> list[Part]:
    return read(real_data / "birmingham/2011-02-west-midlands-street.csv", projection)


def wards(path: Path, projection) -> gpd.GeoDataFrame:
    metadata = LayerMetadata("wards", file=path.name)
    return read_layer(path.read_bytes(), metadata, projection=projection).areas


def counted(parts: list[Part], areas: gpd.GeoDataFrame, **options: str) -> Answer:
    incidents = pd.concat([part.accepted for part in parts], ignore_index=True)
    every = {} if "datetime" in options else {"period": "latest-100m"}
    question = Question.read({**every, **options})
    return answer(question, incidents, areas, imports=[part.record for part in parts])


def reference(path: Path, vintage: str) -> pd.DataFrame:
    table = pd.read_csv(path, dtype={"ward_code": str})
    return table[table["boundary_vintage"] == vintage].set_index("ward_code").sort_index()


def by_area(result: Answer) -> list[int]:
    """Counts in the order of the codes, which is that of the reference."""
    return result.area_counts.set_index("area_code")["n"].sort_index().tolist()


DERBY_WARDS = [
    ("wards-2013.geojson", "WD13", 6622),
    ("wards-2022.geojson", "WD22", 6622),
    ("wards-2022-bng.geojson", "WD22", 6622),
    ("wards-2025.geojson", "WD25", 6621),
]


@pytest.mark.parametrize("layer", DERBY_WARDS, ids=[row[0] for row in DERBY_WARDS])
def test_derby_has_its_asb_ward_by_ward_and_month_by_month(
    layer, real_data, projection, derbyshire
):
    file, vintage, total = layer
    expected = reference(real_data / "derby/reference-asb-by-ward.csv", vintage)
    areas = wards(real_data / "derby" / file, projection)
    result = counted(derbyshire, areas, category=ASB, by="month")
    table = result.area_counts.pivot_table(index="area_code", columns="month", values="n")
    months = [part.month for part in derbyshire]
    assert list(table.columns) == months
    assert table.index.tolist() == expected.index.tolist()
    assert table.to_numpy(int).tolist() == expected[months].to_numpy().tolist()
    assert result.accounts.counted == table.sum(axis=None) == total


def test_derbys_quarters_and_halves_are_sums_of_their_published_months(
    real_data, projection, derbyshire
):
    expected = reference(real_data / "derby/reference-asb-by-ward.csv", "WD25")
    areas = wards(real_data / "derby/wards-2025.geojson", projection)
    asked = {"category": ASB, "datetime": "2018-10/2019-02"}
    table = counted(derbyshire, areas, **asked, by="quarter").area_counts
    quarters = {part: rows.set_index("area_code") for part, rows in table.groupby("quarter")}
    october = expected[["2018-10", "2018-11", "2018-12"]].sum(axis=1)
    january = expected[["2019-01", "2019-02"]].sum(axis=1)
    assert quarters["2018-Q4"]["n"].tolist() == october.tolist()
    assert quarters["2019-Q1"]["n"].tolist() == january.tolist()
    cut = "only January 2019 to February 2019, which is not all of it"
    assert set(quarters["2019-Q1"]["why"]) == {cut}
    (half,) = set(counted(derbyshire, areas, **asked, by="half").area_counts["half"])
    assert half == "2018/19 H2"


def test_a_half_of_which_derby_lacks_a_month_is_unknown(real_data, projection, derbyshire):
    areas = wards(real_data / "derby/wards-2025.geojson", projection)
    options = {"category": ASB, "datetime": "2018-10/2019-03", "by": "half"}
    table = counted(derbyshire, areas, **options).area_counts
    assert table["n"].isna().all()
    assert table["share"].isna().all()
    assert set(table["why"]) == {"no data for March 2019"}
    assert set(table["last_day"]) == {"2019-03-31"}


@pytest.mark.parametrize("layer", DERBY_WARDS, ids=[row[0] for row in DERBY_WARDS])
def test_derby_has_its_crimes_of_every_kind_ward_by_ward(layer, real_data, projection, derbyshire):
    file, vintage, _ = layer
    expected = reference(real_data / "derby/reference-asb-by-ward.csv", vintage)
    areas = wards(real_data / "derby" / file, projection)
    assert by_area(counted(derbyshire, areas)) == expected["all_crime_9m"].tolist()
    assert (areas.area / 1e6).tolist() == pytest.approx(expected["area_km2"].tolist(), rel=1e-3)


def test_the_accounts_of_derby_hold_every_row(real_data, projection, derbyshire):
    areas = wards(real_data / "derby/wards-2025.geojson", projection)
    accounts = counted(derbyshire, areas, category=ASB).accounts
    assert accounts.read == 74_453
    assert accounts.rejected + accounts.not_asked + accounts.outside + accounts.counted == 74_453
    assert accounts.outside + accounts.counted == 19_807
    assert accounts.months_published == [part.month for part in derbyshire]
    assert "2020-01" in accounts.months_missing


@pytest.mark.parametrize("month", ["2024-02", "2024-03"])
def test_derbys_month_published_twice_is_flagged_in_either_period(
    month, real_data, projection, derbyshire
):
    areas = wards(real_data / "derby/wards-2025.geojson", projection)
    result = counted(derbyshire, areas, category=ASB, datetime=month, compare="previous")
    accounts = result.accounts
    assert (accounts.counted if month == "2024-02" else accounts.compared.counted) == 664
    flag = "February 2024: each of the 664 rows of anti-social behaviour occurs 2, 4, 6"
    said = [caveat for caveat in accounts.caveats if "published twice" in caveat]
    assert len(said) == 1
    assert said[0].startswith(flag)
    assert "about 332 true incidents" in said[0]


@pytest.mark.parametrize("vintage", ["13", "22"])
def test_birmingham_of_2011_has_its_counts_ward_by_ward(
    vintage, real_data, projection, west_midlands
):
    folder = real_data / "birmingham"
    expected = reference(folder / "reference-asb-by-ward-2011-02.csv", f"WD{vintage}")
    areas = wards(folder / f"wards-20{vintage}.geojson", projection)
    assert areas.index.tolist() == expected.index.tolist()
    assert by_area(counted(west_midlands, areas)) == expected["all_crime"].tolist()
    assert by_area(counted(west_midlands, areas, category=ASB)) == expected["asb"].tolist()


def test_the_join_in_metres_is_the_join_in_degrees(real_data, projection, leicestershire):
    """Melton's reference counts are of other months, so a second join is the judge here."""
    path = real_data / "melton/wards-2025.geojson"
    areas = wards(path, projection)
    raw = gpd.read_file(path).set_index("WD25CD").sort_index()
    places = pd.concat([part.accepted for part in leicestershire], ignore_index=True)
    points = shapely.points(*projection.to_lonlat(places["x"], places["y"]))
    owner, _ = shapely.STRtree(raw.geometry.to_numpy()).query(points, predicate="within")[::-1]
    assert areas.index.tolist() == raw.index.tolist()
    result = counted(leicestershire, areas)
    assert by_area(result) == np.bincount(owner, minlength=len(raw)).tolist()
    assert result.accounts.counted == 7_666


def test_leicestershire_rows_without_a_location_are_rejected_and_counted(leicestershire):
    reasons = pd.concat([part.rejected for part in leicestershire])["reason"].value_counts()
    assert reasons.to_dict() == {"no location": 3_575}
    assert sum(part.record.rows_read for part in leicestershire) == 210_767


def test_cells_hold_every_incident_of_derby(real_data, projection, derbyshire):
    areas = wards(real_data / "derby/wards-2025.geojson", projection)
    result = counted(derbyshire, areas, category=ASB)
    assert result.hotspots["n"].sum() == 6_621
    assert result.cells.inside_area.sum() == pytest.approx(areas.area.sum(), rel=1e-6)
    assert "hot_99" in set(result.hotspots["class"])


@pytest.mark.parametrize(("months", "incidents"), [(1, 28), (3, 79), (12, 237)])
def test_an_estate_of_melton_counts_the_same_alone_and_inside_its_town(
    real_data, projection, leicestershire, months, incidents
):
    """Wards of the town overlap the estate that a small area of it is; others stay as they are."""
    parts = [part for part in leicestershire if "2021-11" <= part.month <= "2022-10"]
    melton = wards(real_data / "melton/wards-2025.geojson", projection)
    raw = gpd.read_file(real_data / "melton/lsoa-2021.geojson").to_crs(melton.crs)
    estate = raw[raw["LSOA21CD"] == "E01025897"].set_index("LSOA21CD")
    estate = estate.assign(area_name="Estate").rename_axis("area_code")[["area_name", "geometry"]]
    town = melton[melton["area_name"].str.startswith("Melton ")].geometry
    place = gpd.GeoDataFrame(
        {"area_name": ["Melton Mowbray"]},
        index=pd.Index(["TOWN"], name="area_code"),
        geometry=[shapely.union_all(town.to_numpy())],
        crs=melton.crs,
    )
    both = gpd.GeoDataFrame(pd.concat([melton[["area_name", "geometry"]], estate, place]))
    alone, inside = (counted(parts, areas, period=f"latest-{months}m") for areas in (estate, both))
    before = counted(parts, melton, period=f"latest-{months}m")
    n = inside.area_counts.set_index("area_code")["n"]
    assert n["E01025897"] == by_area(alone)[0] == incidents
    assert n[melton.index].tolist() == by_area(before)
    assert n["TOWN"] == sum(n[code] for code in town.index)
    accounts = inside.accounts
    assert accounts.counted == before.accounts.counted
    assert accounts.in_several_areas == n["TOWN"]
    assert accounts.read == (
        accounts.rejected + accounts.not_asked + accounts.outside + accounts.counted
    )
