"""The synthetic country has the shape of what is published, at any size."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries.demo import country
from boundaries.demo.country import write_country
from boundaries.layers.read import read_layer
from geo.incidents import Batch
from geo.sources.police_uk import read_police_uk
from geo.store.contract import LayerMetadata

ACROSS, UP = 42, 48
ROWS = 28_000


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """A country of a quarter of the wards and two months: each force's file takes time to read."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(country, "ACROSS", ACROSS)
        patched.setattr(country, "UP", UP)
        patched.setattr(country, "ROWS_A_MONTH", ROWS // 2)
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory, projection) -> list[Path]:
    return list(write_country(tmp_path_factory.mktemp("made"), ROWS, projection))


@pytest.fixture(scope="module")
def rows(files, projection) -> Batch:
    parts = [part for path in files[1:] for part in read_police_uk(path, projection)]
    return Batch.join(batch for part in parts for batch in part.batches())


def test_a_larger_country_has_more_months_in_archives_of_a_year(tmp_path, projection, monkeypatch):
    monkeypatch.setattr(country, "ROWS_A_MONTH", 300)
    files = list(write_country(tmp_path, 14 * 300, projection))
    assert [path.name for path in files] == ["wards.geojson", "2014-12.zip", "2015-02.zip"]
    with zipfile.ZipFile(files[2]) as archive:
        assert len(archive.namelist()) == 2 * 42
        assert archive.namelist()[0] == "2015-01/2015-01-force-01-street.csv"


def test_it_holds_as_many_rows_as_were_asked_for(rows):
    assert len(rows.accepted) + len(rows.rejected) == ROWS
    assert rows.rejected["reason"].unique().tolist() == ["no location"]
    assert 0.01 < len(rows.rejected) / ROWS < 0.02


def test_its_wards_tile_the_country_and_hold_nearly_every_point(files, projection, rows):
    metadata = LayerMetadata("w", file="wards.geojson")
    layer = read_layer(files[0].read_bytes(), metadata, projection=projection)
    whole = shapely.union_all(layer.areas.geometry.to_numpy())
    assert len(layer.areas) == ACROSS * UP
    assert layer.areas.area.sum() == pytest.approx(whole.area, rel=1e-6)
    inside = shapely.contains_xy(whole, rows.accepted["x"], rows.accepted["y"])
    assert inside.mean() > 0.999


def test_few_points_are_shared_by_many_incidents(rows):
    # Spread evenly over all 80,640 points, hardly any would hold more than four.
    assert rows.accepted.groupby(["x", "y"]).size().max() > 10


def test_antisocial_behaviour_has_no_id_and_other_ids_are_their_own(rows):
    antisocial = rows.accepted["category"] == "anti-social-behaviour"
    assert antisocial.mean() == pytest.approx(0.25, abs=0.02)
    assert (rows.accepted["reference"] == "").equals(antisocial)
    assert rows.accepted.loc[~antisocial, "reference"].is_unique


def test_the_same_seed_gives_the_same_bytes(files, tmp_path, projection):
    again = list(write_country(tmp_path / "same", ROWS, projection))
    other = list(write_country(tmp_path / "other", ROWS, projection, seed=1))
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in files]
    assert other[1].read_bytes() != files[1].read_bytes()


def test_a_stray_lies_in_the_area_of_another_force(rows):
    force = rows.accepted["incident_id"].str.extract(r"force-(\d+)")[0]
    spread = pd.DataFrame({"force": force, "x": rows.accepted["x"]}).groupby("force")["x"]
    far = np.abs(rows.accepted["x"] - spread.transform("median").to_numpy()) > 100_000
    assert 0 < far.mean() < 0.002
