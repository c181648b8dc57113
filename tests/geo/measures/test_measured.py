"""What an Answer reads: values and entries on its areas, from Derby's wards of two vintages too."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import pandas as pd
import pytest

from boundaries.layers.read import read_layer
from geo.crs import Projection
from geo.errors import NotFoundError
from geo.measures.measured import Measured
from geo.measures.model import Measure, entries_frame, values_frame
from geo.period import Period
from geo.question.ask import Question, ask
from geo.store.contract import LayerMetadata, Store
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.boundaries.drawn import grid
from tests.geo.stores.parts import Row, part

RESIDENTS = Measure("residents", "Residents", "people", "count", "neither", "lsoa", "Census 2021")


@pytest.fixture(scope="module")
def derby(real_data) -> dict[str, gpd.GeoDataFrame]:
    projection = Projection.choose()
    return {
        name: read_layer(
            (real_data / f"derby/{name}.geojson").read_bytes(),
            LayerMetadata(name),
            projection=projection,
            repair=True,
        ).areas
        for name in ("wards-2022", "wards-2025", "lsoa-2021")
    }


@pytest.fixture
def store(tmp_path) -> Store:
    opened = GeoPackageStore(tmp_path / "s.gpkg", create=True)
    yield opened
    opened.close()


def filled(store: Store, layers: dict[str, gpd.GeoDataFrame]) -> Store:
    with store.transaction():
        for name, areas in layers.items():
            store.put_layer(LayerMetadata(name, title=name), areas)
    return store


def measured(store: Store, layer_id: str) -> Measured:
    return Measured(store, layer_id, store.layer(layer_id)[1], lambda name: store.layer(name)[1])


def allocate(store: Store, codes: list[str], day: str) -> None:
    rows = [
        {"entry_id": f"{day}:{code}", "kind": "money", "day": day, "amount": 500_000,
         "layer_id": "wards-2022", "area_code": code, "state": "allocated"}
        for code in codes
    ]  # fmt: skip
    with store.transaction():
        store.put_entries(entries_frame(rows), TableFile("a.csv", day, len(rows)))


def test_two_allocations_to_17_wards_are_85_000_and_then_170_000_pounds(store, derby):
    filled(store, derby)
    codes = list(derby["wards-2022"].index)
    assert len(codes) == 17
    allocate(store, codes, "2024-04-01")
    assert measured(store, "wards-2022").entries("money").total == 85_000_00
    allocate(store, codes, "2025-04-01")
    for layer_id in ("wards-2022", "wards-2025"):
        assert measured(store, layer_id).entries("money").total == 170_000_00
    year = Period(date(2025, 4, 1), date(2026, 3, 31))
    assert measured(store, "wards-2022").entries("money", period=year).total == 85_000_00


def test_a_payment_in_a_ward_of_2022_stands_where_it_went_or_says_that_it_cannot(store, derby):
    filled(store, derby)
    allocate(store, list(derby["wards-2022"].index), "2024-04-01")
    placed = measured(store, "wards-2025").entries("money")
    old, new = derby["wards-2022"], derby["wards-2025"]
    # Independently: how much of each old ward lies in each new one.
    pieces = gpd.overlay(
        old.reset_index(names="old")[["old", "geometry"]],
        new.reset_index(names="new")[["new", "geometry"]],
        keep_geom_type=True,
    )
    share = pieces.assign(share=pieces.area / pieces["old"].map(old.area))
    whole = share[share["share"] >= 0.99].set_index("old")["new"].to_dict()
    assert placed.placed["entry_id"].str[11:].map(whole).eq(placed.placed["area_code"]).all()
    assert len(placed.placed) == len(whole)
    assert len(placed.placed) + len(placed.not_placed) == 17
    assert len(placed.not_placed) > 0
    assert set(placed.not_placed["why"]) == {"its area lies in no single area of wards-2025"}
    names = placed.not_placed["area_code"].map(old["area_name"])
    assert (placed.not_placed["area_name"] == names).all()


def test_residents_of_small_areas_are_those_of_the_city_on_its_wards(store, derby, real_data):
    filled(store, derby)
    table = pd.read_csv(real_data / "derby/residents-2021-lsoa-2021.csv")
    rows = pd.DataFrame(
        {"measure_id": "residents", "area_code": table["mnemonic"], "value": table["total"]}
    ).assign(first_day="2021-03-21", last_day="2021-03-21")
    own = Measure(**{**vars(RESIDENTS), "layer_id": "lsoa-2021"})
    with store.transaction():
        store.put_measure_values(values_frame(rows), TableFile("r", "", len(rows), {}, (own,)))
    carried = measured(store, "wards-2025")
    residents = carried.residents
    assert residents is not None
    assert residents.sum() == 261_382
    assert residents[derby["wards-2025"]["area_name"].eq("Arboretum")].tolist() == [17_049]
    assert carried.values("residents").carrying.way == "best fit"
    again = measured(store, "lsoa-2021").values("residents")
    assert again.carrying.note == ""
    assert again.values["value"].sum() == 261_382


@pytest.fixture
def small(store) -> Store:
    blocks = grid(4, 1)
    halves = blocks.dissolve([0, 0, 1, 1]).assign(area_name=["W", "E"])
    index = pd.Index(["W", "E"], name="area_code")
    filled(store, {"blocks": blocks, "halves": halves.set_axis(index)})
    rows = [
        {"measure_id": "n", "area_code": code, "first_day": f"{year}-01-01",
         "last_day": f"{year}-12-31", "value": at + year}
        for at, code in enumerate(["a1", "b1", "c1", "d1"]) for year in (2020, 2021)
    ]  # fmt: skip
    own = Measure("n", "N", "", "count", "up", "blocks", "")
    with store.transaction():
        store.put_measure_values(values_frame(rows), TableFile("n", "", 8, {}, (own,)))
    return store


def test_the_latest_period_is_the_last_or_the_last_by_a_day(small):
    halves = measured(small, "halves")
    assert [str(one) for one in halves.periods("n")] == [
        "2020-01-01/2020-12-31",
        "2021-01-01/2021-12-31",
    ]
    assert halves.latest("n").values.set_index("area_code")["value"]["W"] == 2021 + 2022
    assert halves.latest("n").values["value"].sum() == 4 * 2021 + 6
    early = Period(date(2021, 1, 1), date(2021, 6, 30))
    assert halves.latest("n", by=early).values["value"].sum() == 4 * 2020 + 6
    assert halves.latest("n", by=Period(date(2001, 1, 1), date(2001, 1, 1))).values.empty
    with pytest.raises(NotFoundError, match="there is no measure 'x'; there are: n"):
        halves.values("x")


def test_a_denominator_is_an_attribute_or_a_measure_or_not_known(small):
    assert measured(small, "blocks").denominator("electors")["b1"] == 200
    assert measured(small, "halves").denominator("n")["W"] == 2021 + 2022
    assert measured(small, "halves").denominator("members") is None


def test_entries_of_areas_that_are_gone_and_of_the_whole_city_are_counted(small):
    row = {"kind": "money", "day": "2025-04-01", "state": "paid", "layer_id": "blocks"}
    rows = [
        {**row, "entry_id": "1", "amount": 7, "area_code": "a1"},
        {**row, "entry_id": "2", "amount": 11, "area_code": "gone"},
        {**row, "entry_id": "3", "amount": 13, "area_code": "", "layer_id": ""},
        {**row, "entry_id": "4", "amount": 17, "area_code": "x", "layer_id": "no-layer"},
        {**row, "entry_id": "5", "amount": 19, "area_code": "W", "layer_id": "halves"},
    ]
    with small.transaction():
        small.put_entries(entries_frame(rows), TableFile("e", "", 5))
    placed = measured(small, "halves").entries()
    assert placed.placed[["area_code", "amount"]].to_numpy().tolist() == [["W", 7], ["W", 19]]
    assert list(placed.city_wide["amount"]) == [13]
    why = dict(zip(placed.not_placed["amount"], placed.not_placed["why"], strict=True))
    assert why == {
        11: "blocks has no such area any more",
        17: "its layer is no longer in the store",
    }
    assert placed.total == 67


def test_values_of_areas_that_the_layer_lost_are_told_wherever_they_are_shown(small):
    with small.transaction():
        small.put_layer(LayerMetadata("blocks", title="blocks"), grid(3, 1))
    own, halves = measured(small, "blocks"), measured(small, "halves")
    assert own.values("n").carrying.note == "2 values of 1 area that blocks no longer has left out"
    late = Period(date(2021, 1, 1), date(2021, 12, 31))
    assert own.values("n", period=late).carrying.lost_values == 1
    carried = halves.values("n")
    assert carried.carrying.lost_values == 2
    assert carried.carrying.note.endswith("2 values of 1 area that blocks no longer has left out")
    assert carried.values["value"].sum() + carried.carrying.unknown == 3 * 4041 + 6


def test_an_answer_reads_them_as_they_are_when_they_are_read(small):
    with small.transaction():
        small.put_partition(part([Row("1")], month="2024-01"))
    read = ask(Question(layer="halves"), small).facts.measured
    assert [one.measure_id for one in read().measures] == ["n"]
    assert read().values("n").values["value"].sum() == 4 * 4041 + 12
    with small.transaction():
        small.remove_measure("n")
    assert read().measures == ()
