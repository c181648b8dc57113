"""Published files of names and postcodes, as downloaded, unpacked, cut, damaged or hostile."""

from __future__ import annotations

import csv
import io
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from boundaries.gazetteer.folder import GazetteerFolder, OpenGazetteer, beside, gazetteer_folder
from boundaries.gazetteer.index import IndexFacts
from boundaries.gazetteer.open_names import COLUMNS
from boundaries.gazetteer.read import recognise
from boundaries.gazetteer.search import search
from geo.crs import Projection
from geo.errors import InputError, NotFoundError
from geo.formats.bounded import LARGEST_WHOLE

PROJECTION = Projection.choose()
HEADER = ",".join(COLUMNS)


def name_row(name: str, own: str, x: object, y: object, **others: object) -> list[str]:
    types = {"Postcode": "other", "Named Road": "transportNetwork", "City": "populatedPlace"}
    row = dict.fromkeys(COLUMNS, "") | {
        "ID": f"osgb{name}",
        "NAMES_URI": f"http://data.ordnancesurvey.co.uk/id/{name}",
        "NAME1": name,
        "TYPE": types.get(own, "hydrography"),
        "LOCAL_TYPE": own,
        "GEOMETRY_X": x,
        "GEOMETRY_Y": y,
        **others,
    }
    return [str(value) for value in row.values()]


DERBY = {"MBR_XMIN": 430_000, "MBR_XMAX": 441_000, "MBR_YMIN": 331_000, "MBR_YMAX": 342_000,
         "COUNTY_UNITARY": "City of Derby"}  # fmt: skip
IN_DERBY = {"POPULATED_PLACE": "Derby", "POSTCODE_DISTRICT": "DE1"}
TILES = {
    "SK23": [
        name_row("Derby", "City", 435_300, 336_100, **DERBY),
        name_row("St Peter's Street", "Named Road", 435_200, 336_000, **IN_DERBY),
        name_row("DE1 1AA", "Postcode", 435_250, 336_050, POPULATED_PLACE="Derby"),
        name_row("DE1 1", "Postcode", 435_250, 336_050),
        name_row("", "Inland Water", 435_250, 336_050),
        name_row("Nowhere Lane", "Named Road", "", ""),
        name_row("Far Lane", "Named Road", 9_435_250, 336_050),
        name_row("Swapped, Lane", "Named Road", 52.9, -1.4),
        name_row("Bell \x1b[2J Lane", "Named Road", 435_250, 336_050),
    ],
    "SH57": [
        name_row("Heol y Bont", "Named Road", 257_000, 371_000, NAME2="Bridge Road"),
    ],
}  # fmt: skip


def csv_text(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def open_names_zip(path: Path) -> Path:
    tiles = {f"Data/{name}.csv": csv_text(rows) for name, rows in TILES.items()}
    # As published: the header and the first tile begin with a byte order mark.
    header = b"\xef\xbb\xbf" + HEADER.encode()
    tiles["Data/SK23.csv"] = b"\xef\xbb\xbf" + tiles["Data/SK23.csv"]
    return zipped(path, {"Doc/OS_Open_Names_Header.csv": header, "Doc/licence.txt": b"x", **tiles})


def added(folder: Path, path: Path, **options: str) -> IndexFacts:
    source = recognise(path, projection=PROJECTION, **options)
    return GazetteerFolder(folder).add(source, crs=PROJECTION.crs)


def names(folder: Path, text: str) -> list[str]:
    gazetteer = OpenGazetteer(GazetteerFolder(folder))
    results = search(text, gazetteer.indexes(), projection=PROJECTION)
    return [f"{one.entry.name} ({one.entry.kind}; {one.entry.place})" for one in results]


def test_os_open_names_as_downloaded(tmp_path: Path) -> None:
    facts = added(tmp_path / "g", open_names_zip(tmp_path / "opname_csv_gb.zip"))
    assert (facts.source, facts.title, len(facts.sha256)) == ("os-open-names", "OS Open Names", 64)
    assert facts.rejected == {
        "coordinates are not numbers": 1,
        "it has no name": 1,
        "it holds a control character": 1,
        "not a whole postcode": 1,
        "not metres: these look like degrees": 1,
        f"outside the area where {PROJECTION.crs} is used": 1,
    }
    rejected = sum(facts.rejected.values())
    assert (facts.read, facts.names, facts.second, facts.postcodes) == (10, 4, 1, 1)
    assert facts.read == rejected + facts.names - facts.second + facts.joined + facts.postcodes
    assert names(tmp_path / "g", "derby")[0] == "Derby (settlement; City of Derby)"
    assert names(tmp_path / "g", "saint peters") == ["St Peter's Street (street; Derby, DE1)"]
    assert names(tmp_path / "g", "bridge road") == ["Bridge Road (street; )"]
    assert names(tmp_path / "g", "heol bont") == ["Heol y Bont (street; )"]
    assert names(tmp_path / "g", "DE1 1AA") == ["DE1 1AA (postcode; Derby)"]


@pytest.mark.parametrize("form", ["folder", "one tile", "merged with its header", "lower case"])
def test_os_open_names_in_other_forms(tmp_path: Path, form: str) -> None:
    rows = csv_text(TILES["SK23"][:3])
    path = tmp_path / "SK23.csv"
    path.write_bytes(rows)
    if form == "folder":
        (tmp_path / "opname" / "DOC").mkdir(parents=True)
        (tmp_path / "opname" / "DOC" / "header.csv").write_text(HEADER)
        (tmp_path / "opname" / "SK23.csv").write_bytes(rows)
        path = tmp_path / "opname"
    elif form != "one tile":
        header = HEADER.lower() if form == "lower case" else HEADER
        path.write_bytes(header.encode() + b"\r\n" + rows)
    facts = added(tmp_path / "g", path)
    assert (facts.read, facts.names, facts.postcodes, facts.rejected) == (3, 2, 1, {})


def open_names_geopackage(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """OS Open Names as it is published as a GeoPackage: the point of a name is its geometry."""
    table = pd.DataFrame([*rows], columns=[name.lower() for name in COLUMNS])
    x, y = (pd.to_numeric(table.pop(f"geometry_{axis}")) for axis in "xy")
    shapes = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(x, y), crs="EPSG:27700")
    shapes.to_file(path, layer="named_place")
    return path


@pytest.mark.parametrize("most", [LARGEST_WHOLE, 1_000])
def test_os_open_names_as_a_geopackage_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("boundaries.gazetteer.read.LARGEST_WHOLE", most)
    path = open_names_geopackage(tmp_path / "opname_gb.gpkg", TILES["SK23"])
    as_table = tmp_path / "SK23.csv"
    as_table.write_bytes(csv_text(TILES["SK23"]))
    facts, same = added(tmp_path / "g", path), added(tmp_path / "h", as_table)
    counted = ("source", "title", "read", "names", "second", "postcodes", "joined", "rejected")
    assert [getattr(facts, one) for one in counted] == [getattr(same, one) for one in counted]
    for text in ("derby", "saint peters", "DE1 1AA"):
        assert names(tmp_path / "g", text) == names(tmp_path / "h", text) != []


def test_a_large_layer_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boundaries.gazetteer.read.LARGEST_WHOLE", 1_000)
    path = tmp_path / "premises.gpkg"
    points = gpd.GeoDataFrame(
        {"title": ["Town Hall"]},
        geometry=gpd.points_from_xy([435_300], [336_100]),
        crs="EPSG:27700",
    )
    points.to_file(path)
    with pytest.raises(InputError, match=r"ogr2ogr -select NAME names\.gpkg premises\.gpkg"):
        added(tmp_path / "g", path)
    packed = tmp_path / "opname_gpkg_gb.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, "Data/opname_gb.gpkg")
    with pytest.raises(InputError, match=r"unpack it and add the file opname_gb\.gpkg"):
        added(tmp_path / "g", packed)


def test_a_geopackage_that_runs_sql_of_its_own_is_not_read_as_names(tmp_path: Path) -> None:
    path = open_names_geopackage(tmp_path / "opname_gb.gpkg", TILES["SK23"])
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE named_place RENAME TO hidden")
        database.execute("CREATE VIEW named_place AS SELECT * FROM hidden")
        database.execute("UPDATE gpkg_contents SET table_name = 'named_place'")
    with pytest.raises(InputError, match="not a plain table"):
        added(tmp_path / "g", path)
    path.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(InputError, match="damaged"):
        added(tmp_path / "g", path)


def test_a_row_that_is_cut_off_is_rejected_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "SK23.csv"
    path.write_bytes(csv_text(TILES["SK23"][:3]) + b"osgb4,http://data,Cut")
    facts = added(tmp_path / "g", path)
    assert (facts.read, facts.names + facts.postcodes) == (4, 3)
    assert facts.rejected == {"the row has too many or too few fields": 1}


CODE_POINT = b'"DE1 1AA",10,435250,336050,"E92000001","E19000001","","","E06000015","E05001771"\r\n'


def test_postcodes_of_code_point_open_and_the_ons(tmp_path: Path) -> None:
    nowhere = CODE_POINT.replace(b"1AA", b"1AB").replace(b"435250,336050", b"0,0")
    code_point = {
        "Doc/Code-Point_Open_Column_Headers.csv": b"PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\r\n",
        "Data/CSV/de.csv": CODE_POINT + nowhere,
    }
    facts = added(tmp_path / "g", zipped(tmp_path / "codepo_gb.zip", code_point))
    assert (facts.source, facts.read, facts.postcodes) == ("code-point-open", 2, 1)
    assert facts.rejected == {"the postcode has no point": 1}
    rows = b"pcd,pcds,oseast1m,osnrth1m\r\nDE1 1AA,DE1 1AA,435250,336050\r\nBT1 1AA,BT1 1AA,1,2\r\n"
    onspd = {"Data/ONSPD_UK.csv": rows, "Data/multi_csv/ONSPD_DE.csv": rows}
    facts = added(tmp_path / "g", zipped(tmp_path / "onspd.zip", onspd))
    assert (facts.source, facts.read, facts.postcodes) == ("onspd", 2, 1)
    assert next(iter(facts.rejected)).startswith("Northern Ireland postcodes")
    # Of two sources that know it, it is one result.
    assert names(tmp_path / "g", "de11aa") == ["DE1 1AA (postcode; )"]


def test_streets_of_a_layer_are_joined_from_their_parts(tmp_path: Path) -> None:
    lines = [
        ((-1.4746, 52.9225), (-1.4740, 52.9230), "Corn Hill"),
        ((-1.4740, 52.9230), (-1.4736, 52.9233), "Corn Hill"),
        ((-1.5746, 52.9225), (-1.5740, 52.9230), "Corn Hill"),
        ((-1.4746, 52.9225), (-1.4740, 52.9220), ""),
        ((-1.4746, 52.9225), (-1.4740, 52.9221), "No location"),
        ((-1.4746, 52.9225), (-1.4740, 52.9222), "On or near "),
    ]
    features = ",".join(
        f'{{"type": "Feature", "properties": {{"name": "{name}"}}, "geometry": '
        f'{{"type": "LineString", "coordinates": [{list(a)}, {list(b)}]}}}}'
        for a, b, name in lines
    )
    path = tmp_path / "OS Open Roads (Derby).geojson"
    path.write_text(f'{{"type": "FeatureCollection", "features": [{features}]}}')
    facts = added(tmp_path / "g", path)
    assert (facts.source, facts.read, facts.names, facts.joined) == ("os-open-roads-derby", 6, 2, 1)
    assert facts.rejected == {"it has no name": 3}


def test_a_source_is_replaced_whole_and_removed(tmp_path: Path) -> None:
    folder = tmp_path / "g"
    gazetteer = OpenGazetteer(GazetteerFolder(folder))
    assert gazetteer.indexes() == []
    path = tmp_path / "SK23.csv"
    path.write_bytes(csv_text(TILES["SK23"][:1]))
    added(folder, path)
    before = gazetteer.state()
    path.write_bytes(csv_text(TILES["SK23"][1:2]))
    added(folder, path)
    assert gazetteer.state() != before
    assert names(folder, "derby") == []
    assert names(folder, "st peter") == ["St Peter's Street (street; Derby, DE1)"]
    path.write_bytes(csv_text(TILES["SK23"][4:5]))
    with pytest.raises(InputError, match=r"SK23.csv holds no name: 1 because it has no name"):
        added(folder, path)
    assert names(folder, "st peter") != []
    with pytest.raises(NotFoundError, match="there are: os-open-names"):
        GazetteerFolder(folder).remove("other")
    GazetteerFolder(folder).remove("os-open-names")
    assert (gazetteer.indexes(), [*folder.iterdir()]) == ([], [])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.csv", b"a,b\n1,2\n", "x.csv"),
        ("x.zip", b"PK\x03\x04 damaged", "damaged"),
        ("x.csv", b"", "x.csv"),
        ("x.geojson", b'{"type": "FeatureCollection", "features": []}', "holds no features"),
        ("x.bin", b"\x00\x01", "not read"),
    ],
)
def test_other_files_are_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason) as refused:
        added(tmp_path / "g", path)
    assert "\n" not in str(refused.value)
    assert not [*(tmp_path / "g").glob("*")]


def test_an_archive_that_states_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boundaries.gazetteer.parts.LARGEST_FILE", 1_000)
    with pytest.raises(InputError, match="unpacked, is larger than 1,000 bytes"):
        added(tmp_path / "g", open_names_zip(tmp_path / "opname.zip"))


def test_names_and_ids_stay_within_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "SK23.csv"
    path.write_bytes(csv_text(TILES["SK23"][:1]))
    for bad in ("../x", "X", "a/b", ".names"):
        with pytest.raises(InputError, match="invalid id"):
            added(tmp_path / "g", path, source_id=bad)


def test_a_database_has_its_gazetteer_in_the_folder_of_its_user(tmp_path: Path) -> None:
    own = beside("postgresql://me:secret@db.example:5433/city?sslmode=require", tmp_path, ".x")
    assert own == tmp_path / "db.example-5433-city.x"
    store = tmp_path / "city.gpkg"
    assert gazetteer_folder(str(store), Path("/elsewhere")).path == tmp_path / "city.gpkg.gazetteer"
