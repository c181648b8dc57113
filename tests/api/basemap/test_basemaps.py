"""Basemaps kept in a store: added by the command, served as tiles, embedded in a map."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.basemap.embedding import embedded_tiles, sources_script
from api.basemap.sources import Basemaps, TileSource
from api.imports import basemaps
from api.imports.basemaps import BasemapOptions
from geo.errors import InputError
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from geo.tiles.decode import layers_of
from geo.tiles.grid import Box, tiles_of
from geo.tiles.tile_file import StoredTile
from tests.api.conftest import serve_town
from tests.postgres import Cluster
from tests.services import run_patchmap
from tests.tile_files import CREDIT, write_mbtiles, write_pmtiles, zoomstack

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"


def add(folder: Path, *arguments: str, store: str = "town.gpkg") -> dict[str, object]:
    done = run_patchmap("--store", store, "--json", "basemap", "add", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    facts: dict[str, object] = json.loads(done.stdout)
    return facts


@pytest.fixture
def tiles(store: GeoPackageStore) -> list[StoredTile]:
    return zoomstack(store.projection)


@pytest.mark.parametrize("ending", ["mbtiles", "pmtiles"])
def test_tiles_of_the_stores_area_are_kept_and_served(
    store: GeoPackageStore, tmp_path: Path, tiles: list[StoredTile], ending: str
) -> None:
    far = zoomstack(store.projection, (530_000.0, 180_000.0))  # London
    write = write_mbtiles if ending == "mbtiles" else write_pmtiles
    write(tmp_path / f"OS_Open_Zoomstack.{ending}", [*tiles, *far])
    facts = add(tmp_path, f"OS_Open_Zoomstack.{ending}")
    kept = int(str(facts["tiles"]))
    assert 0 < kept < len(tiles) + len(far)
    assert facts["read"] == kept
    assert facts["basemap_id"] == "os-open-zoomstack"
    assert str(facts["attribution"]).startswith("Contains OS data © Crown copyright")
    with serve_town(store) as client:
        listed = client.get("/basemap").json()["basemaps"][0]
        assert {layer["id"] for layer in listed["vector_layers"]} >= {"roads", "rail", "names"}
        tile = next(tile for tile in tiles if tile.zoom == 14 and "roads" in layers_of(tile.data))
        address = listed["tiles"][0].format(z=14, x=tile.column, y=tile.row)
        answer = client.get(address)
        assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
        assert answer.headers["content-encoding"] == "gzip"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.content == gzip.decompress(tile.data)
        plain = client.get(address, headers={"accept-encoding": "identity"})
        assert plain.content == answer.content
        tag = {"if-none-match": answer.headers["etag"]}
        assert client.get(address, headers=tag).status_code == 304
        assert client.get("/basemap/os-open-zoomstack/14/0/0").status_code == 204
        assert client.get("/basemap/other/14/0/0").status_code == 404
        page = client.get(f"/map{QUESTION}").text
        assert "/static/protomaps-leaflet/protomaps-leaflet.js" in page
        assert '"/basemap/os-open-zoomstack/{z}/{x}/{y}?v=' in page


def test_features_of_any_file_become_tiles(store: GeoPackageStore, tmp_path: Path) -> None:
    def road(number: int, **properties: object) -> dict[str, object]:
        line = [[435_000 + 100 * number, 336_000], [437_900, 337_900]]
        geometry = {"type": "LineString", "coordinates": line}
        return {"type": "Feature", "properties": properties, "geometry": geometry}

    features = [
        road(1, name1="Long Row", road_function="Local Road"),
        road(2, name1="", road_function="A Road", road_classification_number="A52"),
    ]
    bng = {"type": "name", "properties": {"name": "EPSG:27700"}}
    document = {"type": "FeatureCollection", "crs": bng, "features": features}
    (tmp_path / "oproad.geojson").write_text(json.dumps(document))
    facts = add(tmp_path, "oproad.geojson", "--id", "streets")
    assert (facts["features"], facts["layers"]) == (2, ["roads"])
    assert str(facts["attribution"]).startswith("Contains OS data")
    outlines = add(tmp_path, "oproad.geojson", "--id", "edges", "--as", "outlines")
    assert outlines["layers"] == ["lines"]
    assert [one["basemap_id"] for one in store.basemaps()] == ["streets", "edges"]
    done = run_patchmap("--store", "town.gpkg", "basemap", "remove", "edges", cwd=tmp_path)
    assert done.returncode == 0
    assert [*store.basemap_tiles("edges")] == []
    listed = run_patchmap("--store", "town.gpkg", "basemap", "list", cwd=tmp_path).stdout
    assert listed.startswith("streets: oproad, vector tiles of zoom 7 to 14")


def test_what_is_damaged_is_counted(
    store: GeoPackageStore, tmp_path: Path, tiles: list[StoredTile]
) -> None:
    broken = [tiles[0]._replace(data=b"\x1f\x8bbroken"), *tiles[1:]]
    write_mbtiles(tmp_path / "b.mbtiles", broken)
    facts = add(tmp_path, "b.mbtiles", "--all")
    assert (facts["read"], facts["damaged"], facts["tiles"]) == (len(tiles), 1, len(tiles) - 1)


def test_an_archive_of_damaged_tiles_is_refused_before_all_are_read(
    store: GeoPackageStore,
    tmp_path: Path,
    tiles: list[StoredTile],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(basemaps, "MOST_DAMAGED", 3)
    path = tmp_path / "b.mbtiles"
    write_mbtiles(path, [tile._replace(data=b"\x1f\x8bbroken") for tile in tiles])
    seen: list[StoredTile] = []

    def watch(some: Iterable[StoredTile]) -> Iterable[StoredTile]:
        for tile in some:
            seen.append(tile)
            yield tile

    everything = BasemapOptions(extent="all")
    with pytest.raises(InputError, match=r"more than 3 tiles are damaged, such as \d+/\d+/\d+;"):
        basemaps.add_basemap(store, path, everything, watch=watch)
    assert (seen, store.basemaps()) == ([], [])


def test_of_an_archive_with_few_tiles_only_these_are_asked_for() -> None:
    """Its box holds 268 million of zoom 14."""
    asked: list[int] = []

    def few(zoom: int, box: Box) -> Iterator[StoredTile]:
        asked.append(zoom)
        yield StoredTile(zoom, 0, 0, gzip.compress(b"tile"))

    def each(*_: int) -> bytes | None:
        raise AssertionError("tiles are asked for one by one")

    world = Box(-180, -85, 180, 85)
    source = TileSource(
        source_id="t", title="T", kind="vector", attribution="", first=10, last=14, version="1",
        box=world, layers=(), read=each, tiles=few,
    )  # fmt: skip
    texts, last = embedded_tiles(source, world, 10**6)
    assert [*texts] == [f"{zoom}/0/0" for zoom in asked] == [f"{z}/0/0" for z in range(10, 15)]
    assert last == 14


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("far.mbtiles", [], "has no tile of the area of the store's layers"),
        ("far.mbtiles", ["--id", "A b"], "use small letters, digits and hyphens"),
        ("missing.pmtiles", [], "there is no file missing.pmtiles"),
        ("x.pmtiles", [], "is not a PMTiles archive"),
        ("x.pdf", [], "format that is not read"),
    ],
)
def test_a_file_that_is_no_basemap_is_refused_in_one_line(
    store: GeoPackageStore, tmp_path: Path, name: str, options: list[str], message: str
) -> None:
    write_mbtiles(tmp_path / "far.mbtiles", zoomstack(store.projection, (530_000.0, 180_000.0)))
    for file in ("x.pmtiles", "x.pdf"):
        (tmp_path / file).write_bytes(b"%PDF-1.4")
    done = run_patchmap("--store", "town.gpkg", "basemap", "add", name, *options, cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert message in done.stderr
    assert store.basemaps() == []


def test_a_map_of_its_own_holds_the_tiles_that_it_shows(
    store: GeoPackageStore, tmp_path: Path, tiles: list[StoredTile]
) -> None:
    write_mbtiles(tmp_path / "t.mbtiles", tiles)
    add(tmp_path, "t.mbtiles")
    done = run_patchmap("--store", "town.gpkg", "map", "--layer", "wards", "-o", "m.html",
                        cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    data = re.search(r'id="basemap-data">(.*?)</script>', page)
    assert data
    source = json.loads(data[1])[0]
    held = {f"{tile.zoom}/{tile.column}/{tile.row}": tile.data for tile in tiles}
    assert len(source["tiles"]) > 5
    for place, text in source["tiles"].items():
        assert base64.b64decode(text) == held[place]
    assert source["attribution"] == CREDIT
    assert not re.search(r"<(script src|link)", page)
    assert "connect-src" not in page
    assert len(page) < 2_000_000 + len(data[1])


def test_zooms_that_are_too_heavy_are_left_to_the_one_above(
    store: GeoPackageStore, tmp_path: Path, tiles: list[StoredTile]
) -> None:
    write_mbtiles(tmp_path / "t.mbtiles", tiles)
    add(tmp_path, "t.mbtiles")
    source = Basemaps(store).sources(store)[0]
    box = Box(-1.5, 52.9, -1.4, 52.95)
    whole, last = embedded_tiles(source, box, 10**7)
    fewer, less = embedded_tiles(source, box, sum(map(len, whole.values())) - 1)
    assert (last, less) == (14, 13)
    assert set(fewer) < set(whole)


def test_a_basemap_of_its_own_ends_beyond_a_wide_window_and_takes_no_depth_for_it() -> None:
    def made(zoom: int, box: Box) -> Iterator[StoredTile]:
        for tile in tiles_of(box, zoom).tiles():
            yield StoredTile(zoom, tile.column, tile.row, gzip.compress(b"tile"))

    town = Box(-1.5, 52.90, -1.4, 52.96)
    source = TileSource(
        source_id="t", title="T", kind="vector", attribution="", first=10, last=15, version="1",
        box=town, layers=(), read=lambda *_: None, tiles=made,
    )  # fmt: skip

    def held(most: int) -> dict[str, object]:
        element = sources_script([source], town, most=most)
        return dict(json.loads(element.partition(">")[2].partition("</script>")[0])[0]["tiles"])

    # At this zoom the town is 1,100 pixels high; a window of 1,920 pixels shows it at once.
    middle = tiles_of(Box(-1.45, 52.93, -1.45, 52.93), 14)
    columns = {int(place.split("/")[1]) for place in held(10**6) if place.startswith("14/")}
    assert min(columns) <= middle.first_column - 4
    assert max(columns) >= middle.first_column + 4
    shown = tiles_of(town, 15).size
    assert sum(place.startswith("15/") for place in held(10**6)) < 2.5 * shown
    narrow, _ = embedded_tiles(source, town, 10**6)
    tight = sum(map(len, map(str, narrow.values()))) * 2
    assert {place for place in held(tight) if place.startswith("15/")} >= {
        place for place in narrow if place.startswith("15/")
    }


def test_backups_and_copies_hold_the_basemap(
    store: GeoPackageStore, tmp_path: Path, tiles: list[StoredTile], cluster: Cluster
) -> None:
    write_mbtiles(tmp_path / "t.mbtiles", tiles)
    add(tmp_path, "t.mbtiles")
    database = cluster.new_database()
    for command in (["copy", "--to", database], ["backup", "b.gpkg"]):
        done = run_patchmap("--store", "town.gpkg", *command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    among = tiles_of(Box(-1.47, 52.92, -1.45, 52.94), 14)
    with closing(PostgisStore(database)) as copy:
        some = [*copy.basemap_tiles("t", among=among)]
        assert some == [*store.basemap_tiles("t", among=among)]
    assert {tile[:3] for tile in some} == {
        (14, tile.column, tile.row) for tile in among.tiles()
    } & {tile[:3] for tile in tiles}
    assert some
    again = add(tmp_path, "t.mbtiles", "--id", "again", store=database)
    assert again["tiles"] == store.basemaps()[0]["tiles"]
    back = run_patchmap("--store", database, "backup", "c.gpkg", cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    held = sorted(store.basemap_tiles("t"))
    for name in ("b.gpkg", "c.gpkg"):
        copied = GeoPackageStore(tmp_path / name)
        assert sorted(copied.basemap_tiles("t")) == held
        copied.close()


def test_pictures_lie_under_vector_tiles_and_a_page_that_is_older_is_made_anew(
    store: GeoPackageStore, tmp_path: Path, tiles: list[StoredTile]
) -> None:
    png = b"\x89PNG\r\n\x1a\n and so on"
    pictures = [tile._replace(data=png) for tile in tiles if tile.zoom == 12]
    with serve_town(store) as client:
        before = client.get(f"/map{QUESTION}").headers["etag"]
        write_mbtiles(tmp_path / "aerial.mbtiles", pictures, format="png")
        add(tmp_path, "aerial.mbtiles")
        write_mbtiles(tmp_path / "t.mbtiles", tiles)
        add(tmp_path, "t.mbtiles")
        answer = client.get(f"/map{QUESTION}", headers={"if-none-match": before})
        assert answer.status_code == 200
        assert '"/basemap/aerial/{z}/{x}/{y}?v=' in answer.text
        assert '"/basemap/t/{z}/{x}/{y}?v=' in answer.text
        one = pictures[0]
        tile = client.get(f"/basemap/aerial/{one.zoom}/{one.column}/{one.row}")
        assert (tile.content, tile.headers["content-type"]) == (png, "image/png")
        done = run_patchmap(
            "--store", "town.gpkg", "map", "--layer", "wards", "-o", "m.html", cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        page = (tmp_path / "m.html").read_text(encoding="utf-8")
        held = json.loads(re.search(r'id="basemap-pictures">(.*?)</script>', page)[1])
        assert set(held["tiles"].values()) == {
            f"data:image/png;base64,{base64.b64encode(png).decode()}"
        }
        assert (held["first"], held["last"]) == (12, 12)
        assert "/basemap/" not in page
        planner = client.get("/planner").text
        assert "basemap" not in planner  # the list of plans has no map


def test_look_knows_archives_of_tiles(
    store: GeoPackageStore, tmp_path: Path, tiles: list[StoredTile]
) -> None:
    write_pmtiles(tmp_path / "t.pmtiles", tiles)
    done = run_patchmap("--json", "look", "t.pmtiles", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert facts["title"].startswith("vector tiles of zoom 10 to 14; credit: Contains OS data")
    assert facts["commands"][0] == "patchmap basemap add t.pmtiles"
