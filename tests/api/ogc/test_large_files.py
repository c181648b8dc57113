"""Files of more incidents than should be in memory: made of one month after another."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from api.formats.registry import CSV, FEATURE_FILES, FLATGEOBUF, GEOPACKAGE, PARQUET, Format
from api.load.turns import Turns
from api.ogc import files
from api.ogc.collections.incidents import incidents_by_month, no_incidents
from api.ogc.coordinates import offered
from api.ogc.files import Download, file_response
from api.ogc.items import Items
from api.ogc.selection import FeatureSelection
from geo.crs import Projection
from geo.store.contract import Window
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import month_of_incidents
from tests.disks import fill, small_disk
from tests.loops import run_async

ITEMS = "/ogc/collections/incidents/items"
CHOSEN = (
    "&category=burglary",
    "&datetime=2024-02",
    "&filter=location LIKE '%25Mill%25'",
    "&bbox=-1.4790,52.9210,-1.4650,52.9300",
    "&properties=category&skipGeometry=true",
)


@pytest.fixture
def by_month(monkeypatch: pytest.MonkeyPatch) -> None:
    """A town is too large to be read at once."""
    monkeypatch.setattr("api.ogc.collections.incidents.MAX_CACHED", 100)


def read(content: bytes, form: Format, folder: Path) -> pd.DataFrame:
    path = folder / f"incidents{form.ending}"
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    if form is CSV:
        return pd.read_csv(path)
    if form is PARQUET:
        table = pq.read_table(path).to_pandas()
        return table.assign(geometry=table["geometry"].map(bytes.hex))
    frame = pyogrio.read_dataframe(path)
    return frame.to_wkt() if isinstance(frame, gpd.GeoDataFrame) else frame


def rows_of(content: bytes, form: Format, folder: Path) -> list[tuple[str, ...]]:
    frame = read(content, form, folder)
    frame = frame.drop(columns=[name for name in ("id",) if name in frame])
    return sorted(frame.astype(str).itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("form", "chosen"),
    [*((form, "") for form in FEATURE_FILES), *((CSV, chosen) for chosen in CHOSEN)],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_file_made_by_months_holds_the_same_features(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: Format, chosen: str
) -> None:
    at_once = client.get(f"{ITEMS}?f={form.name}{chosen}")
    monkeypatch.setattr("api.ogc.collections.incidents.MAX_CACHED", 100)
    by_month = client.get(f"{ITEMS}?f={form.name}{chosen}")
    assert "ogc-number-matched" in at_once.headers
    assert "ogc-number-matched" not in by_month.headers
    expected = rows_of(at_once.content, form, tmp_path)
    assert rows_of(by_month.content, form, tmp_path) == expected
    assert len(expected) > 10


@pytest.mark.usefixtures("by_month")
def test_what_is_wrong_comes_to_light_before_the_file(client: TestClient) -> None:
    for query in ("filter=colour = 1", "filter=category > 5", "properties=colour", "bbox=1,2"):
        assert client.get(f"{ITEMS}?f=csv&{query}").status_code == 400


@pytest.mark.usefixtures("by_month")
def test_a_file_of_nothing_has_its_columns(client: TestClient) -> None:
    text = client.get(f"{ITEMS}?f=csv&category=arson").text
    assert text.splitlines()[0].startswith("incident_id,source,category")
    assert len(text.splitlines()) == 1
    assert client.get(f"{ITEMS}?f=geojson&category=arson").json()["features"] == []


@pytest.mark.usefixtures("by_month")
def test_a_file_is_of_one_state_of_the_store(
    client: TestClient, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(snapshot: Any) -> Iterator[Any]:
        parts = incidents_by_month(snapshot)
        yield next(parts)
        with store.transaction():
            store.put_partition(month_of_incidents("2024-03"))
        yield from parts

    monkeypatch.setattr("api.ogc.collections.incidents.incidents_by_month", changing)
    answer = client.get(f"{ITEMS}?f=parquet")
    assert answer.status_code == 503
    assert "have just changed" in answer.json()["detail"]


async def drained(response: StreamingResponse) -> None:
    async for _ in response.body_iterator:
        pass


@pytest.mark.parametrize("form", FEATURE_FILES, ids=lambda form: form.name)
def test_of_twelve_months_few_are_in_memory_at_once(form: Format) -> None:
    snapshot = year_of_incidents()
    axes = next(iter(offered(snapshot.projection).values()))
    references: list[weakref.ref[Items]] = []
    alive = []

    def parts() -> Iterator[FeatureSelection]:
        for items in incidents_by_month(snapshot):
            references.append(weakref.ref(items))
            alive.append(sum(one() is not None for one in references))
            yield FeatureSelection(items, range(len(items)), axes)

    head = FeatureSelection(no_incidents(snapshot.projection), range(0), axes)
    response = file_response(Download(head, parts(), 1_200), form, "incidents", turns=Turns(1))
    if isinstance(response, StreamingResponse):
        run_async(drained(response))
    assert len(alive) == 12
    assert max(alive) <= 3


def year_of_incidents() -> Any:
    """A snapshot of twelve months of 160 incidents, each made when it is read."""
    days = [pd.Timestamp(day, tz="UTC") for day in ("2024-01-01", "2024-12-31")]
    summary = SimpleNamespace(first=days[0], last=days[1])
    record = SimpleNamespace(summary=summary, extracted="")

    def incidents(window: Window, columns: tuple[str, ...]) -> pd.DataFrame:
        part = month_of_incidents(f"{window.end - pd.Timedelta(days=2):%Y-%m}")
        return next(iter(part.batches())).accepted[list(columns)]

    projection = Projection.choose()
    return SimpleNamespace(imports=lambda: [record], incidents=incidents, projection=projection)


@pytest.mark.parametrize("form", [GEOPACKAGE, FLATGEOBUF, PARQUET], ids=lambda form: form.name)
def test_a_full_disk_is_told(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Format
) -> None:
    address = f"{ITEMS}?f={form.name}"
    with small_disk(tmp_path / "small", megabytes=2) as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        ballast = fill(disk, leave=8 * 1024)
        refused = client.get(address)
        assert refused.status_code == 507
        assert refused.headers["content-type"] == "application/problem+json"
        assert "there is no room" in refused.json()["detail"]
        assert list(disk.iterdir()) == [ballast]
        ballast.unlink()
        assert len(rows_of(client.get(address).content, form, tmp_path)) == 320


@pytest.mark.parametrize("place", ["folder", "file"])
def test_a_share_of_the_disk_that_is_used_up_is_told(
    town_client: TestClient, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    if place == "folder":
        monkeypatch.setattr("api.ogc.files.TemporaryFolder", refuse)
    else:
        monkeypatch.setitem(files._WRITERS, PARQUET, refuse)
    refused = town_client.get(f"{ITEMS}?f={PARQUET.name}")
    assert refused.status_code == 507
    assert "there is no room" in refused.json()["detail"]


def test_a_very_large_file_has_no_spatial_index(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    indexes = []
    for most in (1_000, 10):
        monkeypatch.setattr("api.ogc.files.MAX_INDEXED", most)
        path = tmp_path / f"{most}.gpkg"
        path.write_bytes(client.get(f"{ITEMS}?f={GEOPACKAGE.name}").content)
        with closing(sqlite3.connect(path)) as file:
            names = [name for (name,) in file.execute("SELECT name FROM sqlite_master")]
        indexes.append(any(name.startswith("rtree_incidents") for name in names))
        assert pyogrio.read_info(path)["features"] == 320
    assert indexes == [True, False]


@pytest.mark.usefixtures("by_month")
def test_pages_hold_all_features_without_any_other_being_read(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unasked(*_: object, **__: object) -> None:
        raise AssertionError("all incidents were read")

    expected = client.get(f"{ITEMS}?limit=10000&sortby=incident_id").json()
    monkeypatch.setattr("api.snapshot.Snapshot.incidents", unasked)
    total = expected["numberMatched"]
    address, seen = f"{ITEMS}?limit=97", []
    while address:
        page = client.get(address).json()
        assert page["numberMatched"] == total
        assert page["numberReturned"] == len(page["features"])
        seen += page["features"]
        address = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    assert len(seen) == total
    assert sorted(seen, key=lambda one: one["id"]) == expected["features"]
    times = [one["properties"]["occurred_from"] for one in seen]
    assert times == sorted(times)
    hits = client.get(f"{ITEMS}?resultType=hits").json()
    assert (hits["numberMatched"], hits["features"]) == (total, [])
    one = client.get(f"{ITEMS}/{seen[5]['id']}").json()
    assert one["properties"] == seen[5]["properties"]
    assert one["geometry"] == seen[5]["geometry"]
    assert client.get(f"{ITEMS}/nothing").status_code == 404


@pytest.mark.usefixtures("by_month")
def test_a_page_that_begins_after_the_last_feature_is_empty(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?limit=5&offset=1000000").json()
    assert page["features"] == []
    assert page["numberMatched"] > 100
    assert "next" not in [one["rel"] for one in page["links"]]
