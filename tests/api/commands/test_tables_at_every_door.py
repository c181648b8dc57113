"""One table, however a program wrote it, is the same table to every command that takes one."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.services import Done, run_patchmap

HEADER = (
    "ref,when,easting,northing,type,code,category,residents,block_code,area_code,"
    "officer,hotspot_id,arrived,left,from,to,minutes"
)
ROW = "{n},2024-03-0{n}T21:10,43{n}500,336500,{type},{code},{code},1{n}0,{code},North,{officer},p1,"
ROW += "2024-03-01T10:0{n},2024-03-01T10:1{n},p{n},base,{n}"
TABLE = [
    HEADER,
    ROW.format(n=1, type="Sŵn".replace("ŵ", "ò"), code="caffè", officer="Siân"),
    ROW.format(n=2, type="Noise", code="b", officer="Bo"),
]
PLAN = "shift,hotspot_id,after_minutes,minutes,x,y\na,p1,0,10,431500,336500\n"
MAPPING = """source = "council"
id = "ref"
[when]
from = "when"
format = "iso"
[where]
easting = "easting"
northing = "northing"
[what]
column = "type"
"""


def squares() -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": code},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[x, 3e5], [x + 5e3, 3e5], [x + 5e3, 35e4], [x, 35e4], [x, 3e5]],
                ],
            },
        }
        for code, x in (("caffè", 430_000), ("b", 435_000))
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})


def workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Old"
    book.active.append(["ref", "wrong"])
    book.active.append([7, 7])
    book.active.sheet_state = "hidden"
    book.create_sheet("Read me").append(["Made by hand"])
    data = book.create_sheet("Data")
    for line in TABLE:
        data.append([int(cell) if cell.isdecimal() else cell for cell in line.split(",")])
    book.save(path)


def written(folder: Path, way: str) -> str:
    """Write the table in a way of its own; the name of the file."""
    name = {"workbook": "table.xlsx", "Unicode text": "table.txt"}.get(way, "table.csv")
    text = "".join(f"{line}\n" for line in TABLE)
    if way == "workbook":
        workbook(folder / name)
    else:
        content = {
            "UTF-8": text.encode(),
            "Windows-1252": text.encode("cp1252"),
            "Unicode text": text.replace(",", "\t").encode("utf-16"),
            "semicolons": text.replace(",", ";").encode(),
            "titles": ("A report" + "," * 16 + "\n\n" + text).encode(),
            "wide": text.replace("base,2", "base,2,5").encode(),
            "narrow": text.replace(",base,2", ",base").encode(),
        }
        (folder / name).write_bytes(content[way])
    return name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "squares.geojson").write_text(squares())
    (tmp_path / "plan.csv").write_text(PLAN)
    (tmp_path / "m.toml").write_text(MAPPING)
    assert (
        run_patchmap("layers", "add", "squares.geojson", "--id", "squares", cwd=tmp_path).returncode
        == 0
    )
    (tmp_path / "plain.csv").write_text("".join(f"{line}\n" for line in TABLE))
    ingest = ("ingest", "plain.csv", "--mapping", "m.toml")
    assert run_patchmap(*ingest, cwd=tmp_path).returncode == 0
    shutil.copy(tmp_path / "patchmap.gpkg", tmp_path / "before.gpkg")
    return tmp_path


def locate(folder: Path, file: str) -> Done:
    return run_patchmap("locate", file, "--areas", "squares", "-o", "out.csv", cwd=folder)


def attributes(folder: Path, file: str) -> Done:
    command = ("attributes", "add", file, "--layer", "squares", "--key", "code")
    return run_patchmap(*command, cwd=folder)


def plan(folder: Path, file: str) -> Done:
    return run_patchmap("plan", "import", "p", file, "--blocks", "squares", cwd=folder)


def delivered(folder: Path, file: str) -> Done:
    command = ("patrols", "delivered", file, "--plan", "plan.csv", "-o", "out.csv")
    return run_patchmap(*command, cwd=folder)


def vocabulary(folder: Path, file: str) -> Done:
    mapping = MAPPING.replace('"type"', f'"code"\nvocabulary = "{file}"')
    (folder / "v.toml").write_text(mapping)
    (folder / "one.csv").write_text("".join(f"{line}\n" for line in TABLE))
    return run_patchmap("ingest", "one.csv", "--mapping", "v.toml", cwd=folder)


def travel(folder: Path, file: str) -> Done:
    return run_patchmap("patrols", "--travel", file, "-o", "out.csv", cwd=folder)


def bases(folder: Path, file: str) -> Done:
    return run_patchmap("patrols", "--bases", file, "-o", "out.csv", cwd=folder)


DOORS: dict[str, Callable[[Path, str], Done]] = {
    door.__name__: door for door in (locate, attributes, plan, delivered, vocabulary, travel, bases)
}


def outcome(folder: Path, door: str, way: str) -> tuple[int, str, str, str]:
    (folder / "out.csv").unlink(missing_ok=True)
    shutil.copy(folder / "before.gpkg", folder / "patchmap.gpkg")
    file = written(folder, way)
    done = DOORS[door](folder, file)
    out = folder / "out.csv"
    content = out.read_text() if out.exists() else ""
    notices = [line for line in done.stderr.splitlines() if line.startswith(f"{file}: ")]
    rest = "\n".join(line for line in done.stderr.splitlines() if line not in notices)
    return done.returncode, done.stdout.replace(file, "FILE"), rest.replace(file, "FILE"), content


@pytest.mark.parametrize("door", DOORS)
def test_a_table_is_the_same_however_it_was_written(folder: Path, door: str) -> None:
    first = outcome(folder, door, "UTF-8")
    others = ("Windows-1252", "semicolons", "titles") if door == "locate" else ()
    for way in ("Unicode text", "workbook", *others):
        assert outcome(folder, door, way) == first, way


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("way", "fields"), [("wide", 18), ("narrow", 16)])
def test_a_row_of_another_width_is_refused_with_its_line(
    folder: Path, door: str, way: str, fields: int
) -> None:
    code, out, err, content = outcome(folder, door, way)
    expected = f"patchmap: FILE, line 3: {fields} fields in the row, 17 in the header"
    assert (code, out, content) == (1, "", "")
    assert err.startswith(expected)


@pytest.mark.parametrize(("way", "fields"), [("wide", 18), ("narrow", 16)])
def test_an_import_rejects_a_row_of_another_width_and_keeps_the_others(
    folder: Path, way: str, fields: int
) -> None:
    command = ("ingest", written(folder, way), "--mapping", "m.toml", "--partition", "t")
    done = run_patchmap(*command, cwd=folder)
    assert "2 read = 1 accepted + 1 rejected (1 not 17 columns wide)" in done.stdout
    rejected = (folder / "table.rejects.csv").read_text().splitlines()[1]
    assert rejected.startswith("table.csv,3,")


@pytest.mark.parametrize(
    ("way", "notice"),
    [
        ("Windows-1252", "table.csv: Windows-1252 text"),
        ("Unicode text", "table.txt: UTF-16 text; columns are separated by tabs"),
        ("titles", "table.csv: the header is line 3, below 1 row of titles"),
        ("workbook", "table.xlsx: sheet 'Data' is read, not Old (hidden), Read me"),
    ],
)
def test_what_is_unusual_is_named_in_one_line_and_in_a_proposed_mapping(
    folder: Path, way: str, notice: str
) -> None:
    file = written(folder, way)
    done = run_patchmap("ingest", file, "--mapping", "m.toml", cwd=folder)
    assert done.stderr.splitlines() == [notice]
    assert "2 read = 2 accepted" in done.stdout
    proposed = run_patchmap("mapping", "suggest", file, cwd=folder).stdout
    assert f"# {notice}" in proposed
    assert 'from = "when"' in proposed


STREET = "Crime ID,Month,Longitude,Latitude,Location,Crime type\n,{month},-1.485,52.925,x,Drugs\n"


def test_copies_of_published_files_are_read_or_named(tmp_path: Path) -> None:
    names = {
        "2024-01": "2024-01-derbyshire-street.csv",
        "2024-02": "2024-02-derbyshire-street (1).csv",
        "2024-03": "2024-03-derbyshire-street - Copy.csv",
    }
    below = tmp_path / "copies"
    below.mkdir()
    for month, name in names.items():
        (below / name).write_text(STREET.format(month=month))
    done = run_patchmap("ingest", "copies", cwd=tmp_path)
    assert "3 files: 3 read = 3 accepted + 0 rejected" in done.stdout
    with zipfile.ZipFile(tmp_path / "windows.zip", "w") as archive:
        for name in names.values():
            archive.write(below / name, f"months\\{name}")
    done = run_patchmap("--store", "z.gpkg", "ingest", "windows.zip", cwd=tmp_path)
    assert "3 files: 3 read = 3 accepted + 0 rejected" in done.stdout
    shutil.copy(below / names["2024-01"], below / "2024-01-derbyshire-street (2).csv")
    done = run_patchmap("ingest", "copies", cwd=tmp_path)
    assert done.returncode == 1
    assert "holds 2024-01 of derbyshire twice: " in done.stderr
    assert "2024-01-derbyshire-street (2).csv and 2024-01-derbyshire-street.csv" in done.stderr


def test_locate_keeps_columns_of_the_same_names(folder: Path) -> None:
    (folder / "p.csv").write_text("area_code,Area_Name,easting,northing\nX1,Mine,431500,336500\n")
    done = locate(folder, "p.csv")
    assert "p.csv has its own area_code or area_name" in done.stdout
    header, row = (folder / "out.csv").read_text().lstrip("\ufeff").splitlines()
    assert header == "area_code,Area_Name,easting,northing,area_code_2,area_name_2"
    assert row == "X1,Mine,431500,336500,caffè,caffè"


def test_degrees_called_x_and_y_are_no_rows_without_a_place(folder: Path) -> None:
    (folder / "p.csv").write_text("ref,X,Y\n1,-1.48,52.92\n2,-1.49,52.93\n")
    done = locate(folder, "p.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no row has a usable place, mostly: " in done.stderr
    assert "degrees" in done.stderr
    assert "name it with --crs" in done.stderr


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("-5", "is negative, which residents cannot be"),
        ("1.5", "is no whole number, which residents cannot be"),
        ("inf", "is not a number, but residents must be numeric"),
    ],
)
def test_numbers_that_cannot_be_are_refused_with_their_line(
    folder: Path, number: str, reason: str
) -> None:
    (folder / "r.csv").write_text(f"code,residents\nb,7\ncaffè,{number}\n")
    done = attributes(folder, "r.csv")
    assert done.stderr == f"patchmap: r.csv, line 3: residents {number!r} {reason}\n"


def test_categories_that_differ_by_accents_or_signs_are_named_where_they_merge(
    folder: Path,
) -> None:
    rows = [f"{n},2024-03-05T21:10,431500,336500,{{}}" for n in range(4)]
    kinds = ("Noise - party", "noise (party)", "NOISE  -  PARTY", "Litter")
    lines = [row.format(kind) for row, kind in zip(rows, kinds, strict=True)]
    (folder / "c.csv").write_text("\n".join(["ref,when,easting,northing,type", *lines]))
    done = run_patchmap("ingest", "c.csv", "--mapping", "m.toml", cwd=folder)
    assert done.stderr == (
        "c.csv: categories that differ by accents or signs count as one: 'Noise - party' and "
        "'noise (party)' as noise-party\n"
    )
