"""Any sheet by a mapping file: every row is an incident or is rejected with line and reason."""

import datetime as dt
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boundaries.demo import build_city
from boundaries.demo.files import write_files
from geo.errors import InputError
from geo.incidents import COLUMNS, Batch, Partition, empty_incidents
from geo.sources import sheets
from geo.sources.spreadsheet import read_mapping, read_spreadsheet, suggest_mapping

HEADER = "Ref,Date,Time,Kind,Easting,Northing,House,Street,Outcome"
FIELDS = HEADER.split(",")
TOP = 'source = "council"\naddress = ["House", "Street"]\nreference = "Outcome"\n'
WHEN = '[when]\nfrom = ["Date", "Time"]\nformat = "dd/mm/yyyy HH:MM"\n'
WHERE = '[where]\neasting = "Easting"\nnorthing = "Northing"\n'
WHAT = '[what]\ncolumn = "Kind"\n'
MAPPING = TOP + WHEN + WHERE + WHAT
KEYED = 'id = "Ref"\n' + MAPPING


moment = dt.datetime.fromisoformat


def row(**changes: object) -> list[object]:
    usual = ["A1", "31/01/2024", "14:05", "Noise", 435_000, 336_000, "12", "High Street", "open"]
    return list({**dict(zip(FIELDS, usual, strict=True)), **changes}.values())


def write(folder: Path, *rows: list[object], name: str = "s.csv", header: str = HEADER) -> Path:
    path = folder / name
    lines = [header, *(",".join(map(str, cells)) for cells in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def workbook(folder: Path, *rows: list[object], header: str = HEADER) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Cases"
    for cells in (header.split(","), *rows):
        book.active.append(cells)
    book.create_sheet("Notes").append(["nothing here"])
    book.save(folder / "s.xlsx")
    return folder / "s.xlsx"


def read(path: Path, projection, mapping: str = MAPPING, name: str = "east") -> Partition:
    found = read_mapping(mapping.encode(), file="m.toml", folder=path.parent)
    return read_spreadsheet(path, found, projection, name=name)


def batch(path: Path, projection, mapping: str = MAPPING) -> Batch:
    return Batch.join(read(path, projection, mapping).batches())


def reasons(found: Batch) -> list[list[object]]:
    return found.rejected[["line", "reason"]].to_numpy().tolist()


def test_a_row_becomes_an_incident(tmp_path, projection):
    found = batch(write(tmp_path, row()), projection).accepted
    assert tuple(found.columns) == COLUMNS
    assert found.dtypes.to_dict() == empty_incidents().dtypes.to_dict()
    incident = found.iloc[0]
    assert incident["incident_id"] == "council/east:2"
    assert (incident["source"], incident["category"]) == ("council", "noise")
    assert incident["occurred_from"] == pd.Timestamp("2024-01-31T14:05:00Z")
    assert (incident["x"], incident["y"]) == (435_000, 336_000)
    assert (incident["location"], incident["reference"]) == ("12, High Street", "open")


def test_an_address_leaves_out_what_is_empty(tmp_path, projection):
    found = batch(write(tmp_path, row(House="")), projection).accepted
    assert found["location"].tolist() == ["High Street"]


def test_a_partition_without_an_id_column_has_the_name_of_its_caller(tmp_path, projection):
    found = read(write(tmp_path, row()), projection)
    assert (found.partition_id, found.keyed) == ("council/east", False)
    assert found.fields == tuple(FIELDS)


def test_a_sheet_with_an_id_column_updates(tmp_path, projection):
    found = read(write(tmp_path, row()), projection, KEYED, name="")
    assert (found.partition_id, found.keyed) == ("council", True)
    assert Batch.join(found.batches()).accepted["incident_id"].tolist() == ["council:A1"]


def test_an_empty_or_repeated_id_is_rejected(tmp_path, projection):
    rows = row(), row(Ref=""), row(), row(Ref="B2"), row(Ref="x" * 201)
    found = batch(write(tmp_path, *rows), projection, KEYED)
    assert found.accepted["incident_id"].tolist() == ["council/east:A1", "council/east:B2"]
    assert reasons(found) == [
        [3, "no id"],
        [4, "the id is that of an earlier row"],
        [6, "the id is longer than 200 characters"],
    ]


def test_a_corrected_row_takes_the_id_of_a_rejected_one(tmp_path, projection):
    found = batch(write(tmp_path, row(Easting="?"), row()), projection, KEYED)
    assert found.accepted["incident_id"].tolist() == ["council/east:A1"]


def test_an_id_repeats_across_batches(tmp_path, projection, monkeypatch):
    monkeypatch.setattr("geo.sources.spreadsheet.ROWS", 2)
    path = write(tmp_path, row(), row(Ref="B"), row(Ref="C"), row())
    assert reasons(batch(path, projection, KEYED)) == [[5, "the id is that of an earlier row"]]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(Easting="", Northing=""), "no location"),
        (row(Easting=""), "coordinates are not numbers"),
        (row(Easting=336_000, Northing=9_000_000), "outside the area where EPSG:27700 is used"),
        (row(Easting="-1.5", Northing="52.9"), "not metres: these look like degrees"),
        (row(Date=""), "no date"),
        (row(Date="31.01.2024"), "not a date as dd/mm/yyyy HH:MM"),
        (row(Kind=""), "no category"),
        (row(Kind="?"), "the category code '?' is not known"),
        ([" "] * 9, "the row is empty"),
        ([*row(), "more"], "not 9 columns wide"),
        (["short"], "not 9 columns wide"),
    ],
)
def test_a_row_that_cannot_be_taken_is_kept_with_its_reason(bad, reason, tmp_path, projection):
    found = batch(write(tmp_path, row(), bad, row()), projection)
    assert reasons(found) == [[3, reason]]
    assert found.rejected["row"].tolist() == [tuple(map(str, bad))]
    assert len(found.accepted) == 2


def test_a_file_of_which_nothing_can_be_taken_is_refused(tmp_path, projection):
    path = write(tmp_path, row(Date="x"), row(Date="y"))
    with pytest.raises(InputError, match=r"none of its 2 rows can be taken, mostly: not a date"):
        batch(path, projection)


def test_a_file_without_a_mapped_column_is_refused(tmp_path, projection):
    with pytest.raises(InputError, match=r"s\.csv lacks the column Date, Time, Easting"):
        read(write(tmp_path, ["1"], header="Kind"), projection)


def test_a_file_without_id_column_and_name_is_refused(tmp_path, projection):
    with pytest.raises(InputError, match="no id column in its mapping, so name it"):
        read(write(tmp_path, row()), projection, name="")


@pytest.mark.parametrize("name", ["a/b", "a:b", " ", "a\nb", "x" * 101])
def test_a_name_that_would_confuse_ids_is_refused(name, tmp_path, projection):
    with pytest.raises(InputError, match=r"--partition .* write it with letters"):
        read(write(tmp_path, row()), projection, name=name)


def test_a_file_that_is_not_there_is_refused(tmp_path, projection):
    with pytest.raises(InputError, match=r"s\.csv cannot be read: No such file"):
        read(tmp_path / "s.csv", projection)


def test_degrees_become_metres(tmp_path, projection):
    where = '[where]\nlongitude = "Easting"\nlatitude = "Northing"\n'
    path = write(tmp_path, row(Easting=-1.4979, Northing=52.91346))
    found = batch(path, projection, TOP + WHEN + where + WHAT).accepted
    assert found[["x", "y"]].to_numpy()[0] == pytest.approx((433_863, 335_230), abs=5)


def test_eastings_of_another_grid_are_judged_in_metres_of_ours(tmp_path, projection):
    mapping = TOP + WHEN + WHERE + 'crs = "EPSG:32630"\n' + WHAT
    rows = row(Easting=601_000, Northing=5_863_000), row(Easting=1, Northing=1)
    found = batch(write(tmp_path, *rows), projection, mapping)
    assert found.accepted[["x", "y"]].to_numpy()[0] == pytest.approx((434_000, 335_400), abs=900)
    assert reasons(found) == [[3, "outside the area where EPSG:27700 is used"]]


def test_a_code_list_gives_the_categories(tmp_path, projection):
    (tmp_path / "codes.csv").write_text("code,category\nN,Noise nuisance\nR,x\n")
    what = '[what]\ncolumn = "Kind"\nvocabulary = "codes.csv"\n[categories]\nr = "Rowdy"\n'
    rows = row(Kind="n"), row(Kind="R"), row(Kind="Z")
    found = batch(write(tmp_path, *rows), projection, TOP + WHEN + WHERE + what)
    assert found.accepted["category"].tolist() == ["noise-nuisance", "rowdy"]
    assert reasons(found) == [[4, "the category code 'Z' is not known"]]


def test_unknown_codes_can_be_kept(tmp_path, projection):
    what = '[what]\ncolumn = "Kind"\nunknown = "keep"\n[categories]\nN = "Noise"\n'
    path = write(tmp_path, row(Kind="N"), row(Kind="Z 9"))
    found = batch(path, projection, TOP + WHEN + WHERE + what).accepted
    assert found["category"].tolist() == ["noise", "z-9"]


def test_all_rows_can_be_of_one_category(tmp_path, projection):
    what = '[what]\ncategory = "Anti-social behaviour"\n'
    found = batch(write(tmp_path, row()), projection, TOP + WHEN + WHERE + what).accepted
    assert found["category"].tolist() == ["anti-social-behaviour"]


def test_the_hash_changes_with_the_mapping_and_the_files_it_names(tmp_path, projection):
    path, codes = write(tmp_path, row()), tmp_path / "codes.csv"
    with_codes = MAPPING + 'vocabulary = "codes.csv"\n'
    codes.write_text("code,category\nnoise,a\n")
    hashes = [read(path, projection, text).sha256 for text in (MAPPING, MAPPING, with_codes)]
    codes.write_text("code,category\nnoise,b\n")
    hashes.append(read(path, projection, with_codes).sha256)
    assert [len(set(hashes[:n])) for n in (2, 3, 4)] == [1, 2, 3]


CODE_POINT = '"DE12AB",10,435000,336000,"E92000001","","","",""\n"DE13CD",90,0,0,"","","","",""\n'


@pytest.mark.parametrize(
    "lookup",
    [
        CODE_POINT,
        "PC,PQ,EA,NO,CY,RH,LH,CC,DC\n" + CODE_POINT,
        "Postcode,Quality,Eastings,Northings,a,b,c,d,e\n" + CODE_POINT,
        "pcd,pcds,oseast1m,osnrth1m\nDE1 2AB,DE1 2AB,435000,336000\nDE1 3CD,DE1 3CD,,\n",
    ],
)
def test_a_postcode_is_looked_up(lookup, tmp_path, projection):
    (tmp_path / "codepo.csv").write_text(lookup)
    where = '[where]\npostcode = "Street"\nlookup = "codepo.csv"\n'
    codes = "de1 2ab", "DE12AB", "DE1 3CD", "DE9 9ZZ", "DE1", "", "BT1 1AA"
    path = write(tmp_path, *(row(Street=code) for code in codes))
    found = batch(path, projection, TOP + WHEN + where + WHAT)
    assert found.accepted[["x", "y"]].to_numpy().tolist() == [[435_000, 336_000]] * 2
    assert found.rejected["reason"].tolist() == [
        "codepo.csv has no place for the postcode",
        "the postcode is not in codepo.csv",
        "not a whole postcode",
        "no postcode",
        "Northern Ireland postcodes are placed on the Irish grid and cannot be taken",
    ]


@pytest.mark.parametrize(
    ("lookup", "message"),
    [
        ("a,b,c,d\n1,2,3,4\n", "neither Code-Point Open nor an ONS Postcode Directory"),
        ("", "neither Code-Point Open nor"),
        ("PC,EA,NO\n", "codepo.csv"),
        ("PC,EA,NO\nnone,1,2\n", "names no postcode"),
        ('PC,EA,NO\n"DE12AB,1,2\n', "is no postcode lookup"),
    ],
)
def test_a_lookup_that_is_none_is_refused(lookup, message, tmp_path, projection):
    (tmp_path / "codepo.csv").write_text(lookup)
    where = '[where]\npostcode = "Street"\nlookup = "codepo.csv"\n'
    with pytest.raises(InputError, match=message):
        batch(write(tmp_path, row()), projection, TOP + WHEN + where + WHAT)


def test_real_dates_of_a_workbook_are_read_whatever_the_format(tmp_path, projection):
    rows = (
        row(),
        row(Date=moment("2024-01-31"), Time=dt.time(14, 5)),
        row(Date=dt.date(2024, 1, 31), Time="14:05"),
        row(Date=45_322, Time=(14 * 60 + 5) / 1440),
        row(Date=moment("2024-01-31"), Time=None),
        row(Date=moment("2024-01-31 14:05"), Time="14:05"),
    )
    found = batch(workbook(tmp_path, *rows), projection)
    when = pd.Timestamp("2024-01-31T14:05:00Z")
    assert found.accepted["occurred_from"].tolist()[:4] == [when] * 4
    assert found.accepted["precision"].tolist() == ["instant"] * 4 + ["day"]
    assert reasons(found) == [[7, "the date holds a time beside the one in its own column"]]


def test_only_the_format_says_whether_a_real_date_has_a_time(tmp_path, projection):
    mapping = MAPPING.replace('["Date", "Time"]', '"Date"')
    rows = row(Date=moment("2024-01-31")), row(Date=moment("2024-01-31 09:30:01"))
    path = workbook(tmp_path, *rows)
    timed = batch(path, projection, mapping)
    dated = batch(path, projection, mapping.replace(" HH:MM", ""))
    assert timed.accepted["precision"].tolist() == ["instant", "instant"]
    assert timed.accepted["occurred_from"][1] == pd.Timestamp("2024-01-31T09:30:01Z")
    assert dated.accepted["precision"].tolist() == ["day"]
    assert reasons(dated) == [[3, "the date holds a time, which dd/mm/yyyy does not name"]]


def test_a_workbook_keeps_line_numbers_across_empty_rows(tmp_path, projection):
    path = workbook(tmp_path, row(), [], [None, " "], row(Date="x"), row())
    found = batch(path, projection)
    assert found.accepted["incident_id"].tolist() == ["council/east:2", "council/east:6"]
    assert [line for line, _ in reasons(found)][-1] == 5


def test_a_sheet_is_chosen_by_its_name(tmp_path, projection):
    path = workbook(tmp_path, row())
    assert len(batch(path, projection, 'sheet = "Cases"\n' + MAPPING).accepted) == 1
    with pytest.raises(InputError, match=r"has no sheet 'Other'; it has: Cases, Notes"):
        read(path, projection, 'sheet = "Other"\n' + MAPPING)
    with pytest.raises(InputError, match=r"s\.csv is no workbook, it has no sheet 'Cases'"):
        read(write(tmp_path, row()), projection, 'sheet = "Cases"\n' + MAPPING)


def test_a_formula_without_a_value_is_empty(tmp_path, projection):
    path = workbook(tmp_path, row(), row(Date="=TODAY()"))
    assert reasons(batch(path, projection)) == [[3, "no date"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 99, "is an old .xls workbook or has a password"),
        (b"PK\x03\x04 and no more", "is no XLSX workbook or a damaged one"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_sheet_is_refused(content, message, tmp_path, projection):
    (tmp_path / "s.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "s.xlsx", projection)


def test_a_zip_archive_that_is_no_workbook_is_refused(tmp_path, projection):
    with zipfile.ZipFile(tmp_path / "s.xlsx", "w") as archive:
        archive.writestr("a.csv", "1")
    with pytest.raises(InputError, match="is a zip archive and no XLSX workbook"):
        read(tmp_path / "s.xlsx", projection)


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path, projection):
    path = workbook(tmp_path, row())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b" " * (17 * 2**20))
    with pytest.raises(InputError, match="would inflate beyond all measure"):
        read(path, projection)


def test_a_sheet_with_more_rows_than_there_can_be_is_refused(tmp_path, projection, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    with pytest.raises(InputError, match="has more rows than a sheet can hold, 3"):
        batch(workbook(tmp_path, row(), row(), row()), projection)


def test_a_sheet_with_too_many_columns_is_refused(tmp_path, projection):
    path = workbook(tmp_path, row(), header=",".join(f"c{i}" for i in range(1_001)))
    with pytest.raises(InputError, match="has more than 1,000 columns"):
        read(path, projection)


def test_a_sheet_that_names_a_column_twice_is_refused(tmp_path, projection):
    with pytest.raises(InputError, match=r"s\.xlsx names a column twice: a, a"):
        read(workbook(tmp_path, row(), header="a,a"), projection)


@pytest.fixture(scope="module")
def council_sheet(tmp_path_factory, projection):
    folder = tmp_path_factory.mktemp("demo")
    write_files(build_city(), folder, projection)
    return folder / "council-asb.csv"


def test_the_mapping_suggested_for_the_demo_takes_all_its_rows(council_sheet, projection):
    text = suggest_mapping(council_sheet)
    found = batch(council_sheet, projection, text)
    assert (len(found.accepted), len(found.rejected)) == (11_527, 0)
    assert found.accepted["incident_id"].is_unique
    assert set(found.accepted["precision"]) == {"instant"}


fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@fuzz
@given(content=st.binary(max_size=200) | st.binary(max_size=200).map(lambda b: b"PK\x03\x04" + b))
def test_no_file_brings_anything_but_a_refusal(content, tmp_path, projection):
    path = tmp_path / "fuzz"
    path.write_bytes(content)
    mapping = read_mapping(MAPPING.encode(), file="m.toml", folder=None)
    with pytest.raises(InputError):
        read_spreadsheet(path, mapping, projection, name="x")
    with suppress(InputError):
        suggest_mapping(path)


@fuzz
@given(rows=st.lists(st.lists(texts, min_size=9, max_size=9), min_size=1, max_size=5))
def test_no_cells_are_lost_or_break_the_reading(rows, tmp_path, projection):
    path = tmp_path / "fuzz.csv"
    pd.DataFrame([row(), *rows], columns=FIELDS).to_csv(path, index=False)
    try:
        found = batch(path, projection, KEYED)
    except InputError:
        return
    assert len(found.accepted) + len(found.rejected) == 1 + sum(map(any, rows))


@fuzz
@given(at=st.integers(0, 5_000), junk=st.binary(min_size=1, max_size=30))
def test_a_damaged_workbook_brings_nothing_but_a_refusal(at, junk, tmp_path, projection):
    path = workbook(tmp_path, row())
    content = bytearray(path.read_bytes())
    content[at : at + len(junk)] = junk
    path.write_bytes(content)
    with suppress(InputError):
        batch(path, projection)
