"""GML and MapInfo tables: read as every other format is, and with nothing that they link to."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT
from geo.errors import InputError
from geo.formats.features import read_features
from geo.formats.geojson import feature_collection
from tests.geo.gdal.files import BNG_MEMBER, assert_refused, collection, frame

ROWS = [
    {"WD25CD": "E05000001", "WD25NM": "Tŷ-nant", "rank": "007"},
    {"WD25CD": "E05000002", "WD25NM": "Llanrhaeadr-ym-Mochnant", "rank": "010"},
]
DRIVERS = {"gml": "GML", "tab": "MapInfo File", "mif": "MapInfo File"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two wards in each format, in metres and in degrees."""
    folder = tmp_path_factory.mktemp("written")
    wards = frame()[["geometry"]].assign(**{name: [row[name] for row in ROWS] for name in ROWS[0]})
    for name, crs in (("metres", BRITISH_NATIONAL_GRID), ("degrees", LONLAT)):
        for ending, driver in DRIVERS.items():
            options = {} if ending == "gml" else {"ENCODING": "UTF-8"}
            wards.to_crs(crs).to_file(folder / f"{name}.{ending}", driver=driver, **options)
    return folder


@pytest.mark.parametrize("ending", DRIVERS)
@pytest.mark.parametrize("crs", ["metres", "degrees"])
def test_wards_come_back_with_their_texts_in_their_own_crs(
    written: Path, ending: str, crs: str
) -> None:
    read = collection(written / f"{crs}.{ending}")
    assert read.get("crs") == (BNG_MEMBER if crs == "metres" else None)
    assert [one["properties"] for one in read["features"]] == ROWS
    x, y = read["features"][0]["geometry"]["coordinates"][0][0]
    expected = (435_100, 336_000) if crs == "metres" else (-1.4794, 52.9203)
    assert (x, y) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("ending", DRIVERS)
def test_a_zip_of_it_equals_the_file(written: Path, tmp_path: Path, ending: str) -> None:
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        for path in written.glob("metres.*"):
            archive.write(path, f"Wards 2025\\{path.name}")
    with zipfile.ZipFile(tmp_path / "only.zip", "w") as archive:
        for path in written.glob("metres.*"):
            if path.suffix[1:] == ending or path.suffix[1:] not in DRIVERS:
                archive.write(path, f"Wards 2025\\{path.name}")
    assert read_features(tmp_path / "only.zip") == read_features(written / f"metres.{ending}")
    with pytest.raises(InputError, match="it has 3 files; name one of them"):
        read_features(tmp_path / "w.zip")


def test_a_table_without_its_other_files_is_refused(written: Path, tmp_path: Path) -> None:
    for ending, missing in (("tab", ".dat"), ("mif", ".mid")):
        alone = tmp_path / f"alone.{ending}"
        alone.write_bytes((written / f"metres.{ending}").read_bytes())
        assert_refused(alone, f"the {missing} file that belongs to the .{ending} is missing")


@pytest.mark.parametrize("ending", DRIVERS)
def test_another_format_under_its_name_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    for content in (b"", b"<html></html>", b"{}", b"PK\x03\x04", b"code,name\nA,B\n"):
        path.write_bytes(content)
        assert_refused(path, "is not a MapInfo" if ending != "gml" else "is not GML")


def test_a_gml_with_a_doctype_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gml"
    path.write_text('<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><FeatureCollection/>')
    assert_refused(path, "has a DOCTYPE, which is not allowed in GML")


def test_links_in_a_gml_are_not_followed(written: Path, tmp_path: Path) -> None:
    text = (written / "metres.gml").read_text()
    (tmp_path / "secret.gml").write_text(text.replace("nant", "secret"))
    start = text.index("<gml:Polygon")
    end = text.index("</gml:Polygon>") + len("</gml:Polygon>")
    link = '<gml:Polygon xlink:href="secret.gml#metres.geom.1"/>'
    linked = text[:start] + link + text[end:]
    path = tmp_path / "x.gml"
    path.write_text(
        linked.replace("xmlns:gml=", 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:gml=', 1)
    )
    features = feature_collection(read_features(path), "x.gml")["features"]
    assert features[0]["geometry"]["coordinates"] == [[]]
    assert "secret" not in str(features)
