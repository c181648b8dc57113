"""Values of measures into a GeoPackage store and into SQLite by pandas; then one area of all.

The pages of two areas are opened too, the first one of a service that has answered nothing yet.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from geo.crs import BRITISH_NATIONAL_GRID
from geo.measures.model import Measure
from geo.measures.read_values import read_values
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile


def main(measures: int, areas: int, periods: int) -> dict[str, float]:
    codes = [f"E{number:08}" for number in range(areas)]
    months = [str(month) for month in pd.period_range("2020-01", periods=periods, freq="M")]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "values.csv"
        _written(file, measures, codes, months)
        ours, rival = Path(folder) / "ours.gpkg", Path(folder) / "rival.sqlite"
        figures = {
            "ours_import_s": _timed(lambda: _ours(file, ours, measures, codes)),
            "rival_import_s": _timed(lambda: _rival(file, rival)),
        }
        wanted = codes[len(codes) // 2]
        figures["ours_read_s"], own = _timed_result(lambda: _our_area(ours, wanted))
        figures["rival_read_s"], other = _timed_result(lambda: _rival_area(rival, wanted))
        figures["ours_mb"], figures["rival_mb"] = (
            path.stat().st_size / 2**20 for path in (ours, rival)
        )
        assert np.array_equal(np.sort(own["value"]), np.sort(other["value"]))
        figures |= _pages(ours, _layer(codes), [wanted, codes[0]])
    return figures


def _pages(path: Path, layer: gpd.GeoDataFrame, codes: list[str]) -> dict[str, float]:
    with closing(GeoPackageStore(path)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("lsoa"), layer)
        app = make_app(store, Settings(store=str(path)))
        with TestClient(
            app, client=("127.0.0.1", 50_000), base_url="http://127.0.0.1:8000"
        ) as user:
            assert user.get("/help").status_code == HTTPStatus.OK
            times = []
            for code in codes:
                seconds, page = _timed_result(lambda code=code: user.get(f"/areas/lsoa/{code}"))
                assert page.status_code == HTTPStatus.OK
                assert page.text.count("per cent of people") == len(store.measures())
                times.append(seconds)
    return dict(zip(("first_page_s", "next_page_s"), times, strict=True))


def _written(file: Path, measures: int, codes: list[str], months: list[str]) -> None:
    rng = np.random.default_rng(7)
    with file.open("w", encoding="utf-8") as stream:
        stream.write("measure,area,period,value,numerator,denominator\n")
        for number in range(measures):
            part = pd.MultiIndex.from_product([[f"m{number}"], codes, months]).to_frame(index=False)
            part["numerator"] = rng.integers(0, 100, len(part))
            part["denominator"] = 100
            part.insert(3, "value", part["numerator"])
            part.to_csv(stream, index=False, header=False)


def _ours(file: Path, path: Path, measures: int, codes: list[str]) -> None:
    known = [
        Measure(
            f"m{number}", "M", "per cent of people", "share", "up", "lsoa", "made", multiplier=100.0
        )
        for number in range(measures)
    ]
    read = read_values(file, _layer(codes), known)
    assert not read.rejected.rows
    with closing(GeoPackageStore(path, create=True)) as store, store.transaction():
        table = TableFile(file.name, "", read.rows_read, {}, read.measures)
        store.put_measure_values(read.values, table)


def _layer(codes: list[str]) -> gpd.GeoDataFrame:
    """Squares of a kilometre."""
    east, north = np.divmod(np.arange(len(codes)), 200) * np.full((2, 1), 1_000)
    return gpd.GeoDataFrame(
        {"area_name": codes},
        index=pd.Index(codes, name="area_code"),
        geometry=shapely.box(east + 300_000, north + 300_000, east + 301_000, north + 301_000),
        crs=BRITISH_NATIONAL_GRID,
    )


def _rival(file: Path, path: Path) -> None:
    frame = pd.read_csv(file)
    with closing(sqlite3.connect(path)) as connection:
        frame.to_sql("value", connection, index=False)
        connection.execute("CREATE UNIQUE INDEX one ON value (measure, area, period)")
        connection.commit()


def _our_area(path: Path, code: str) -> pd.DataFrame:
    with closing(GeoPackageStore(path)) as store:
        return store.measure_values(area_codes=[code])


def _rival_area(path: Path, code: str) -> pd.DataFrame:
    with closing(sqlite3.connect(path)) as connection:
        return pd.read_sql("SELECT * FROM value WHERE area = ?", connection, params=(code,))


def _timed(work: object) -> float:
    return _timed_result(work)[0]


def _timed_result(work):
    start = perf_counter()
    result = work()
    return perf_counter() - start, result


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*map(int, sys.argv[1:]))) + "\n")
