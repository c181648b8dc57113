"""Points in GeoParquet files are counted as the same points in published files are."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT
from geo.errors import InputError
from geo.incidents import Batch
from geo.scale import find_parts
from geo.sources.police_uk import read_police_uk
from tests.geo.scale.counting import counted_here

ROWS = {"category": ["Drugs", "burglary"], "month": ["2024-01", "2024-02"]}


@pytest.fixture(scope="module")
def incidents(country, projection) -> pd.DataFrame:
    archive = next(country.glob("*.zip"))
    parts = read_police_uk(archive, projection)
    return pd.concat([Batch.join(part.batches()).accepted for part in parts], ignore_index=True)


def frame(values=ROWS, *, x=(-1.4979, -1.4), y=(52.9, 53.0), crs=LONLAT) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(values, geometry=gpd.points_from_xy(x, y), crs=crs)


def read(path, projection):
    (part,) = find_parts([path]).parts
    return list(part.read(projection))


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
@pytest.mark.parametrize("crs", [BRITISH_NATIONAL_GRID, LONLAT])
def test_geoparquet_counts_as_the_archive_it_was_made_of(
    incidents, tmp_path, job, counted, encoding, crs
):
    points = gpd.points_from_xy(incidents["x"], incidents["y"], crs=job.projection.crs)
    values = incidents[["category", "occurred_from"]]
    made = gpd.GeoDataFrame(values, geometry=points).to_crs(crs)
    made.to_parquet(tmp_path / "all.parquet", geometry_encoding=encoding, row_group_size=15_000)
    parts = find_parts([tmp_path]).parts
    assert len(parts) == 3
    result = counted_here(parts, job)
    assert result.frame().equals(counted.frame())
    assert result.months == counted.months


def test_rows_without_a_place_a_category_or_a_month_are_rejected_by_reason(tmp_path, projection):
    values = {"category": ["drugs", None, "drugs", "drugs"], "month": ["2024-01", *["x"] * 3]}
    made = frame(values, x=[-1.4] * 4, y=[52.9] * 4)
    made.loc[0, "geometry"] = None
    made.loc[3, "month"] = "2024-03"
    made.to_parquet(tmp_path / "p.parquet")
    (points,) = read(tmp_path / "p.parquet", projection)
    assert points.rejected == {"no location": 1, "no month": 2}
    assert points.month.tolist() == [np.datetime64("2024-03", "M").astype(int)]


def test_a_moment_counts_in_its_month_in_london(tmp_path, projection):
    moments = pd.to_datetime(["2024-05-31T22:59:59Z", "2024-05-31T23:00:00Z"])
    made = frame({"category": ["drugs", "drugs"], "occurred_from": moments})
    made.to_parquet(tmp_path / "p.parquet")
    (points,) = read(tmp_path / "p.parquet", projection)
    assert points.month.astype("datetime64[M]").astype(str).tolist() == ["2024-05", "2024-06"]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            frame({"kind": ["a", "b"]}),
            "p.parquet needs the columns category, and month or occurred",
        ),
        (frame(crs=None), "p.parquet does not name its coordinate reference system"),
        (
            frame({"category": "a", "occurred_from": pd.to_datetime(["2024-01-01"] * 2)}),
            "p.parquet: occurred_from must be a timestamp with a time zone",
        ),
    ],
)
def test_a_file_that_does_not_say_enough_is_refused(tmp_path, projection, made, message):
    made.to_parquet(tmp_path / "p.parquet")
    with pytest.raises(InputError, match=message):
        read(tmp_path / "p.parquet", projection)


def test_a_parquet_file_without_geometry_is_refused(tmp_path, projection):
    pq.write_table(pa.table(ROWS), tmp_path / "p.parquet")
    with pytest.raises(InputError, match="is Parquet, but not GeoParquet: it has no geometry"):
        read(tmp_path / "p.parquet", projection)


def test_a_damaged_parquet_file_is_named_as_broken(tmp_path):
    frame().to_parquet(tmp_path / "whole.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 but no more than that")
    result = find_parts([tmp_path / "whole.parquet", tmp_path / "bad.parquet"])
    assert len(result.parts) == 1
    assert result.broken[0].reason.startswith("bad.parquet is not a Parquet file")
