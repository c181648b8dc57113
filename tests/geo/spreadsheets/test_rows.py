"""Any sheet by a mapping file: every row is an incident or is rejected with line and reason."""

import openpyxl
import pandas as pd
import pytest

from geo.errors import InputError
from geo.incidents import COLUMNS, Batch, empty_incidents
from tests.geo.spreadsheets.sheets_of import (
    FIELDS,
    KEYED,
    MAPPING,
    TOP,
    WHAT,
    WHEN,
    WHERE,
    batch,
    read,
    reasons,
    row,
    write,
)


def test_a_row_becomes_an_incident(tmp_path, projection):
    result = batch(write(tmp_path, row()), projection).accepted
    assert tuple(result.columns) == COLUMNS
    assert result.dtypes.to_dict() == empty_incidents().dtypes.to_dict()
    incident = result.iloc[0]
    assert incident["incident_id"] == "council/east:2"
    assert (incident["source"], incident["category"]) == ("council", "noise")
    assert incident["occurred_from"] == pd.Timestamp("2024-01-31T14:05:00Z")
    assert (incident["x"], incident["y"]) == (435_000, 336_000)
    assert (incident["location"], incident["reference"]) == ("12, High Street", "open")


def test_an_address_leaves_out_what_is_empty(tmp_path, projection):
    result = batch(write(tmp_path, row(House="")), projection).accepted
    assert result["location"].tolist() == ["High Street"]


def test_a_partition_without_an_id_column_has_the_name_of_its_caller(tmp_path, projection):
    result = read(write(tmp_path, row()), projection)
    assert (result.partition_id, result.keyed) == ("council/east", False)
    assert result.fields == tuple(FIELDS)


def test_a_sheet_with_an_id_column_updates(tmp_path, projection):
    result = read(write(tmp_path, row()), projection, KEYED, name="")
    assert (result.partition_id, result.keyed) == ("council", True)
    assert Batch.join(result.batches()).accepted["incident_id"].tolist() == ["council:A1"]


def test_an_empty_or_repeated_id_is_rejected(tmp_path, projection):
    rows = row(), row(Ref=""), row(), row(Ref="B2"), row(Ref="x" * 201)
    result = batch(write(tmp_path, *rows), projection, KEYED)
    assert result.accepted["incident_id"].tolist() == ["council/east:A1", "council/east:B2"]
    assert reasons(result) == [
        [3, "no id"],
        [4, "the id is that of an earlier row"],
        [6, "the id is longer than 200 characters"],
    ]


def test_a_corrected_row_takes_the_id_of_a_rejected_one(tmp_path, projection):
    result = batch(write(tmp_path, row(Easting="?"), row()), projection, KEYED)
    assert result.accepted["incident_id"].tolist() == ["council/east:A1"]


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
        (row(Kind="?"), "unknown category code '?'"),
        ([" "] * 9, "the row is empty"),
        ([*row(), "more"], "not 9 columns wide"),
        (["short"], "not 9 columns wide"),
    ],
)
def test_a_row_that_cannot_be_taken_is_kept_with_its_reason(bad, reason, tmp_path, projection):
    result = batch(write(tmp_path, row(), bad, row()), projection)
    assert reasons(result) == [[3, reason]]
    assert result.rejected["row"].tolist() == [tuple(map(str, bad))]
    assert len(result.accepted) == 2


@pytest.mark.parametrize("easting", ['"436,101"', '"-1,4979"', '"+436,101.5"'])
def test_a_coordinate_with_a_comma_is_rejected_by_that_name(easting, tmp_path, projection):
    result = batch(write(tmp_path, row(), row(Easting=easting)), projection)
    assert reasons(result) == [[3, "coordinates hold a comma; write them as 52.918 or 436101"]]


def test_a_file_of_which_nothing_can_be_taken_is_refused(tmp_path, projection):
    path = write(tmp_path, row(Date="x"), row(Date="y"))
    with pytest.raises(InputError, match=r"all of its 2 rows are rejected, mostly: not a date"):
        batch(path, projection)


def test_a_file_without_a_mapped_column_is_refused(tmp_path, projection):
    with pytest.raises(InputError, match=r"s\.csv lacks the column Date, Time, Easting"):
        read(write(tmp_path, ["1"], header="Kind"), projection)


def test_a_file_without_id_column_and_name_is_refused(tmp_path, projection):
    with pytest.raises(InputError, match="no id column in its mapping; name the partition"):
        read(write(tmp_path, row()), projection, name="")


@pytest.mark.parametrize("name", ["a/b", "a:b", " ", "a\nb", "x" * 101])
def test_a_name_that_would_confuse_ids_is_refused(name, tmp_path, projection):
    with pytest.raises(InputError, match=r"--partition .* use letters"):
        read(write(tmp_path, row()), projection, name=name)


def test_a_file_that_is_not_there_is_refused(tmp_path, projection):
    with pytest.raises(InputError, match=r"there is no file s\.csv"):
        read(tmp_path / "s.csv", projection)


def test_degrees_become_metres(tmp_path, projection):
    where = '[where]\nlongitude = "Easting"\nlatitude = "Northing"\n'
    path = write(tmp_path, row(Easting=-1.4979, Northing=52.91346))
    result = batch(path, projection, TOP + WHEN + where + WHAT).accepted
    assert result[["x", "y"]].to_numpy()[0] == pytest.approx((433_863, 335_230), abs=5)


def test_eastings_of_another_grid_are_judged_in_metres_of_ours(tmp_path, projection):
    mapping = TOP + WHEN + WHERE + 'crs = "EPSG:32630"\n' + WHAT
    rows = row(Easting=601_000, Northing=5_863_000), row(Easting=1, Northing=1)
    result = batch(write(tmp_path, *rows), projection, mapping)
    assert result.accepted[["x", "y"]].to_numpy()[0] == pytest.approx((434_000, 335_400), abs=900)
    assert reasons(result) == [[3, "outside the area where EPSG:27700 is used"]]


def test_a_code_list_gives_the_categories(tmp_path, projection):
    (tmp_path / "codes.csv").write_text("code,category\nN,Noise nuisance\nR,x\n")
    what = '[what]\ncolumn = "Kind"\nvocabulary = "codes.csv"\n[categories]\nr = "Rowdy"\n'
    rows = row(Kind="n"), row(Kind="R"), row(Kind="Z")
    result = batch(write(tmp_path, *rows), projection, TOP + WHEN + WHERE + what)
    assert result.accepted["category"].tolist() == ["noise-nuisance", "rowdy"]
    assert reasons(result) == [[4, "unknown category code 'Z'"]]


def test_unknown_codes_can_be_kept(tmp_path, projection):
    what = '[what]\ncolumn = "Kind"\nunknown = "keep"\n[categories]\nN = "Noise"\n'
    path = write(tmp_path, row(Kind="N"), row(Kind="Z 9"))
    result = batch(path, projection, TOP + WHEN + WHERE + what).accepted
    assert result["category"].tolist() == ["noise", "z-9"]


def test_all_rows_can_be_of_one_category(tmp_path, projection):
    what = '[what]\ncategory = "Anti-social behaviour"\n'
    result = batch(write(tmp_path, row()), projection, TOP + WHEN + WHERE + what).accepted
    assert result["category"].tolist() == ["anti-social-behaviour"]


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
    result = batch(path, projection, TOP + WHEN + where + WHAT)
    assert result.accepted[["x", "y"]].to_numpy().tolist() == [[435_000, 336_000]] * 2
    assert result.rejected["reason"].tolist() == [
        "codepo.csv has no point for the postcode",
        "the postcode is not in codepo.csv",
        "not a whole postcode",
        "no postcode",
        "Northern Ireland postcodes are on the Irish grid, which is not supported",
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("UTF-16", "codepo.csv: UTF-16 text; columns are separated by tabs"),
        ("titles", "the header is line 2, below 1 row of titles"),
        ("workbook", ""),
    ],
)
def test_a_lookup_is_read_as_every_other_table_is(form, said, tmp_path, projection):
    cells = [["pcds", "oseast1m", "osnrth1m"], ["DE1 2AB", "435000", "336000"]]
    path = tmp_path / "codepo.csv"
    if form == "workbook":
        book = openpyxl.Workbook()
        for line in cells:
            book.active.append(line)
        book.save(path)
    else:
        mark, titles = ("\t", "") if form == "UTF-16" else (";", "Postcodes of Derby\n")
        text = titles + "".join(mark.join(line) + "\n" for line in cells)
        path.write_text(text, encoding="utf-16" if form == "UTF-16" else "utf-8")
    where = '[where]\npostcode = "Street"\nlookup = "codepo.csv"\n'
    sheet = write(tmp_path, row(Street="DE1 2AB"))
    result = next(read(sheet, projection, TOP + WHEN + where + WHAT).batches())
    assert result.accepted[["x", "y"]].to_numpy().tolist() == [[435_000, 336_000]]
    assert said in " ".join(result.notices)


@pytest.mark.parametrize(
    ("lookup", "message"),
    [
        ("a,b,c,d\n1,2,3,4\n", "use Code-Point Open or the ONS Postcode Directory"),
        ("", "codepo.csv is empty"),
        ("PC,EA,NO\n", "codepo.csv"),
        ("PC,EA,NO\nnone,1,2\n", "holds no postcode"),
        ('PC,EA,NO\n"DE12AB,1,2\n', r"codepo\.csv, line 2"),
        ("PC,EA,NO\nDE12AB,1,2\nDE12AC,1\n", r"codepo\.csv, line 3: 2 fields in the row, 3 in"),
    ],
)
def test_a_lookup_that_is_none_is_refused(lookup, message, tmp_path, projection):
    (tmp_path / "codepo.csv").write_text(lookup)
    where = '[where]\npostcode = "Street"\nlookup = "codepo.csv"\n'
    with pytest.raises(InputError, match=message):
        batch(write(tmp_path, row()), projection, TOP + WHEN + where + WHAT)
