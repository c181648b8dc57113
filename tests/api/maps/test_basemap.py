"""The basemap: a local file of pictures or lines, which may be hostile."""

from __future__ import annotations

import json
import re
import sqlite3
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from geo.errors import InputError
from geo.store.geopackage import GeoPackageStore
from geo.tiles.decode import layers_of
from geo.tiles.mbtiles import MBTiles
from tests.services import run_patchmap
from tests.tile_files import write_pmtiles, zoomstack

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"
LINE = '"type":"LineString"'
ZOOM, COLUMN, ROW = 12, 2031, 1342  # where the town lies


def picture(shade: int) -> bytes:
    """A PNG of 256 × 256 pixels in one shade of grey."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress((b"\0" + bytes([shade]) * 256) * 256)
    head = struct.pack(">IIBBBBB", 256, 256, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def written(
    path: Path, *, tiles: Sequence[tuple[int, int, int, object]], view: str = "", **metadata: str
) -> Path:
    """An MBTiles file; its rows count from the south."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE metadata (name text, value text)")
        database.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
        database.execute(
            view
            or "CREATE TABLE tiles "
            "(zoom_level integer, tile_column integer, tile_row integer, tile_data blob)"
        )
        if not view:
            database.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", tiles)
        database.commit()
    return path


@contextmanager
def service(store: GeoPackageStore, basemap: Path) -> Iterator[TestClient]:
    app = make_app(store, Settings(basemap=str(basemap)))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


def test_pictures_of_a_local_file_lie_under_the_map(store: GeoPackageStore, tmp_path: Path) -> None:
    row_from_south = 2**ZOOM - 1 - ROW
    file = written(
        tmp_path / "town.mbtiles",
        tiles=[(ZOOM, COLUMN, row_from_south, picture(200)), (14, 1, 1, picture(9))],
        format="png",
        attribution="© <a href='https://example.org'>Survey</a> &amp; Sons</script>",
    )
    with service(store, file) as client:
        tile = client.get(f"/basemap/file/{ZOOM}/{COLUMN}/{ROW}")
        assert (tile.content, tile.headers["content-type"]) == (picture(200), "image/png")
        page = client.get(f"/map{QUESTION}")
        assert '"/basemap/file/{z}/{x}/{y}?v=' in page.text
        assert '"minNativeZoom": 12' in page.text
        assert '"maxNativeZoom": 14' in page.text
        assert re.search(r'Survey .{5,12} Sons"', page.text)
        assert "example.org" not in page.text
        policy = page.headers["content-security-policy"]
        assert "img-src 'self' data:;" in policy
        patrols = client.get(f"/allocation/map{QUESTION}&tab=posts&posts=4").text
        assert '"/basemap/file/{z}/{x}/{y}?v=' in patrols


def test_a_tile_that_is_missing_is_a_clear_one_and_a_wrong_number_is_refused(
    store: GeoPackageStore, tmp_path: Path
) -> None:
    file = written(tmp_path / "t.mbtiles", tiles=[(3, 1, 1, picture(1)), (3, 2, 2, b"<svg/>")])
    with service(store, file) as client:
        for path in ("3/0/0", "24/5/5", "3/2/5", "0/7/7"):
            assert len(client.get(f"/basemap/file/{path}").content) < 100
        for path in ("-1/0/0", "99/0/0", "3/a/0", "3/0/99999999999999999999"):
            assert client.get(f"/basemap/file/{path}").status_code == 400


def test_a_service_without_tiles_has_none(client: TestClient) -> None:
    assert client.get("/basemap/file/1/0/0").status_code == 404
    assert "/basemap/file/" not in client.get(f"/map{QUESTION}").text


def test_a_view_that_never_ends_is_given_up(tmp_path: Path) -> None:
    endless = (
        "CREATE VIEW tiles AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS zoom_level, i AS tile_column, i AS tile_row, i AS tile_data FROM n"
    )
    file = written(tmp_path / "endless.mbtiles", tiles=[], view=endless)
    with pytest.raises(InputError, match="is not an MBTiles file: interrupted"):
        MBTiles(file)


@pytest.mark.parametrize(
    ("metadata", "tiles", "message"),
    [
        (
            {"format": "geotiff"},
            [(1, 0, 0, b"x")],
            "tiles in the format 'geotiff'; a basemap needs",
        ),
        ({"format": "png"}, [], "has no tiles"),
        ({"format": "png"}, [("a", 0, 0, b"x")], "is not an MBTiles file"),
    ],
)
def test_a_file_without_pictures_is_refused_when_the_service_starts(
    store: GeoPackageStore,
    tmp_path: Path,
    metadata: dict[str, str],
    tiles: list[tuple[int, int, int, object]],
    message: str,
) -> None:
    file = written(tmp_path / "t.mbtiles", tiles=tiles, **metadata)
    with pytest.raises(InputError, match=message):
        make_app(store, Settings(basemap=str(file)))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.mbtiles", b"SQLite format 3\x00" + b"\xff" * 4_000, "is not an MBTiles file"),
        ("x.mbtiles", b"<html>", "it is not an SQLite database"),
        ("x.geojson", b"[]", "is not a GeoJSON FeatureCollection"),
        ("x.tif", b"II*", "unknown kind of basemap; use an .mbtiles or .pmtiles file"),
        ("missing.mbtiles", None, "cannot be read: No such file"),
        ("x.pmtiles", b"PMTiles\x02", "is not a PMTiles archive of version 3"),
        ("x.pmtiles", b"SQLite format 3\x00", "is not a PMTiles archive"),
    ],
)
def test_the_command_says_in_one_line_why_a_file_is_not_a_basemap(
    store: GeoPackageStore, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run_patchmap("--store", "town.gpkg", "serve", "--ground", name, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_lines_of_a_geojson_file_lie_under_every_map(
    store: GeoPackageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    road = {"type": "LineString", "coordinates": [[435_100.5, 336_100], [438_000, 337_900]]}
    bng = {"type": "name", "properties": {"name": "EPSG:27700"}}
    features = [{"type": "Feature", "properties": {}, "geometry": road}]
    file = tmp_path / "roads.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": bng, "features": features}))
    with service(store, file) as client:
        tag = client.get(f"/map{QUESTION}").headers["etag"]
        assert client.get(f"/map{QUESTION}").text.count(LINE) == 1
        cards = client.get(f"/allocation/cards{QUESTION}&tab=patrols").text
        assert "M435100 -336100L" in cards or "L438000 -337900" in cards
    file.write_text(file.read_text().replace("438000", "437000"))
    with service(store, file) as client:
        assert client.get(f"/map{QUESTION}").headers["etag"] != tag
    monkeypatch.setenv("PATCHMAP_GROUND", "roads.geojson")
    done = run_patchmap("--store", "town.gpkg", "map", "--layer", "wards", "-o", "m.html",
                        cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "m.html").read_text(encoding="utf-8").count(LINE) == 1


def test_vector_tiles_of_a_local_file_lie_under_the_map(
    store: GeoPackageStore, tmp_path: Path
) -> None:
    tiles = zoomstack(store.projection)
    with service(store, write_pmtiles(tmp_path / "town.pmtiles", tiles)) as client:
        page = client.get(f"/map{QUESTION}").text
        assert '"/basemap/file/{z}/{x}/{y}?v=' in page
        assert str(tmp_path) not in page
        tile = tiles[-1]
        answer = client.get(f"/basemap/file/{tile.zoom}/{tile.column}/{tile.row}")
        assert layers_of(answer.content) == layers_of(tile.data)
        brief = client.get(f"/brief.html{QUESTION}").text
        assert ">Testford</text>" in brief
        assert "<script" not in brief
        cards = client.get(f"/allocation/cards{QUESTION}&tab=patrols").text
        assert 'class="ground' in cards
