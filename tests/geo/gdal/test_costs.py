"""Archives that would write elsewhere or grow, and files that cost too much, are stopped."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from geo.formats.gdal import ReadLimits
from tests.geo.gdal.files import (
    PLACEMARK,
    SMALL,
    assert_refused,
    drop_triggers,
    kml_of,
    properties,
    zipped,
)


def test_names_in_a_zip_are_never_paths(shp: Path, tmp_path: Path) -> None:
    outside = [tmp_path.parent / "escaped.shp", Path("/tmp/escaped-patchmap.shp")]
    for name in ("../../escaped", "/tmp/escaped-patchmap"):
        assert len(properties(zipped(tmp_path / "w.zip", shp, name))) == 2
    assert not any(path.exists() for path in outside)


def test_a_zip_bomb_is_stopped_while_it_inflates(shp: Path, tmp_path: Path) -> None:
    shp.write_bytes(shp.read_bytes() + b"\0" * 50_000_000)
    archive = zipped(tmp_path / "bomb.zip", shp, "a")
    assert archive.stat().st_size < 100_000
    assert_refused(archive, "unpacked, it is larger than a layer may be", limits=SMALL)


ARCHIVES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"PK\x05\x06" + b"\0" * 18, "is not a zip archive"),
    "cut short": (lambda content: content[: len(content) // 2], "damaged zip"),
    "flipped": (lambda content: content[:60] + b"\xff" * 40 + content[100:], "damaged zip"),
    "encrypted": (
        lambda content: content.replace(
            b"PK\x01\x02\x14\x03\x14\0\0", b"PK\x01\x02\x14\x03\x14\0\1"
        ),
        "encrypted",
    ),
}


@pytest.mark.parametrize("fault", ARCHIVES)
def test_a_faulty_zip_is_refused(fault: str, shp: Path, tmp_path: Path) -> None:
    spoil, message = ARCHIVES[fault]
    archive = zipped(tmp_path / "w.zip", shp, "a")
    archive.write_bytes(spoil(archive.read_bytes()))
    assert_refused(archive, message)


def test_a_zip_without_a_shapefile_or_with_two_of_one_name_is_refused(
    shp: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    assert_refused(tmp_path / "w.zip", "it holds no layer of areas")
    twice = zipped(tmp_path / "w.zip", shp, "a/wards", "b/wards")
    assert_refused(twice, "it holds two files named wards.shp")


# Files that cost too much


@pytest.fixture(scope="module")
def long_kml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """15 MB of placemarks, which GDAL needs many times that in objects."""
    path = tmp_path_factory.mktemp("long") / "long.kml"
    path.write_text(kml_of(PLACEMARK.format("A", "") * 100_000))
    return path


@pytest.mark.parametrize(("megabytes", "message"), [(120, "too much memory"), (250, "long.kml")])
def test_a_child_that_takes_too_much_memory_is_stopped(
    megabytes: int, message: str, long_kml: Path
) -> None:
    assert_refused(long_kml, message, limits=ReadLimits(memory_bytes=megabytes * 2**20))


def test_a_child_that_computes_too_long_is_stopped(long_kml: Path) -> None:
    assert_refused(long_kml, "too much time", limits=ReadLimits(cpu_seconds=1))


def test_a_child_that_only_waits_is_stopped(long_kml: Path) -> None:
    assert_refused(long_kml, "takes too long", limits=ReadLimits(wall_seconds=0.2))


def test_a_file_that_is_too_large_is_not_even_copied(long_kml: Path, tmp_path: Path) -> None:
    assert_refused(long_kml, "is larger than a layer may be", limits=SMALL)
    long = tmp_path / "long.topojson"
    long.write_bytes(b" " * 2000)
    assert_refused(long, "is larger than 1,000 bytes", limits=ReadLimits(topojson_bytes=1000))


def test_an_attribute_that_swells_in_the_answer_is_stopped(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        drop_triggers(file)
        file.execute("UPDATE wards SET WD25NM = ?", ["\x01" * 300_000])  # \u0001 in JSON
    assert_refused(gpkg, "is larger than a layer may be", limits=SMALL)


def test_nothing_is_left_in_the_temporary_folder(
    gpkg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    properties(gpkg)
    assert_refused(gpkg, "no layer", layer="x")
    assert list((tmp_path / "temporary").iterdir()) == []
