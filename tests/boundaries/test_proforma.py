"""The Commission's electorate proforma is read as councils fill it in, and its faults are named."""

from pathlib import Path

import openpyxl
import pytest

from boundaries.layers.electorates import electorate_title, electorates
from boundaries.layers.proforma import read_proforma
from geo.errors import InputError
from geo.sources.sheets import read_table_below

HEADER = [
    "Polling district", "Description of area", "Parish", "Parish ward", "Grouped parish council",
    "Existing ward", "Electorate 2024", "Electorate 2027", "Electorate 2030",
]  # fmt: skip
BESIDE = ["", "Name of ward", "Number of cllrs per ward", "Electorate 2024", "Variance 2024"]
AA1 = ["AA1", "North of the brook", "", "", "", "Abbey", 1200, 1250, "1,300"]
AA2 = ["AA2", "Mill End (part)", "Milton", "", "", "Abbey", 300, 300, 310]
AA2_REST = ["AA2", "Mill End (rest)", "Milton", "East", "", "Brook", 100, 100, 210]


def workbook(folder: Path, *rows: list[object], sheet: str = "Electorate data") -> Path:
    book = openpyxl.Workbook()
    book.active.append(["Read this first"])
    page = book.create_sheet(sheet)
    for row in rows:
        page.append([None if cell == "" else cell for cell in row])
    book.save(folder / "proforma.xlsx")
    return folder / "proforma.xlsx"


def csv(folder: Path, text: str) -> Path:
    path = folder / "proforma.csv"
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, **options: str):
    return read_proforma(read_table_below(path, "polling district"), **options)


def test_a_filled_in_workbook_is_read_below_its_titles_and_beside_its_wards(tmp_path):
    path = workbook(
        tmp_path,
        ["Electorate data of Anytown"],
        ["Number of councillors", 51, "", "Overall electorate", 1600],
        [],
        HEADER + BESIDE,
        [*AA1, "", "Abbey", 2, 1500, 0.05],
        [*AA2, "", "Brook", 1, 100, -0.2],
        AA2_REST,
        ["Total", "", "", "", "", "", 1600, 1650, 1820],
    )
    proforma = read(path)
    assert proforma.electorates == {
        "electors": "Electorate 2024_1",
        "electors_2027": "Electorate 2027",
        "electors_forecast": "Electorate 2030",
    }
    districts = proforma.districts
    assert districts["electors"].to_dict() == {"AA1": 1200, "AA2": 400}
    assert districts["electors_forecast"].to_dict() == {"AA1": 1300, "AA2": 520}
    assert districts.loc["AA2", ["parish", "parish_ward", "ward"]].tolist() == [
        "Milton", "East", "Abbey; Brook",
    ]  # fmt: skip
    assert proforma.wards["electors"].to_dict() == {"Abbey": 1500, "Brook": 100}
    assert proforma.notes[0] == ("1 polling district has several rows, which are added up: AA2")
    assert proforma.notes[1].startswith("1 polling district changes by more than 25 % until")


def test_the_forecast_of_the_review_can_be_named(tmp_path):
    path = workbook(tmp_path, HEADER, AA1, AA2)
    assert [*read(path, forecast="2027").electorates] == [
        "electors", "electors_forecast", "electors_2030",
    ]  # fmt: skip
    with pytest.raises(InputError, match="has no forecast of 2040; it has: 2027, 2030"):
        read(path, forecast="2040")


def test_a_csv_is_read_as_the_workbook_is(tmp_path):
    path = csv(
        tmp_path,
        "Anytown,,,\nCouncillors,51,,\n"
        "POLLING DISTRICT,Ward,Electorate (current),Electorate (forecast)\n"
        "A1,Abbey,10,12\nB1,Brook,0,0\n,,,\n,,10,12\n",
    )
    proforma = read(path)
    assert [*proforma.electorates] == ["electors", "electors_forecast"]
    assert proforma.wards["electors"].to_dict() == {"Abbey": 10, "Brook": 0}
    assert proforma.notes == ("1 polling district has no electors: B1",)


def test_every_fault_is_named_with_its_line_at_once(tmp_path):
    path = csv(
        tmp_path,
        "Polling district,Parish,Parish ward,Existing ward,Electorate 2024,Electorate 2030\n"
        "A1,,,Abbey,10,x\n,,,Abbey,5,5\nA2,,East,Abbey,1,\nA3,,,,-3,1.5\n"
        "A4,,,Brook,1,1\nA4,,,Brook,2,2\n",
    )
    with pytest.raises(InputError) as refusal:
        read(path)
    assert str(refusal.value) == (
        "proforma.csv: line 2: A1: the electorate (forecast) 'x' is no whole number; "
        "line 3: the polling district is empty; "
        "line 4: A2: a parish ward without its parish; "
        "line 4: A2: the electorate (forecast) is empty; "
        "line 5: A3: the existing ward is empty; "
        "line 5: A3: the electorate (now) '-3' is no whole number; "
        "line 5: A3: the electorate (forecast) '1.5' is no whole number; "
        "line 7: A4 is the same place as line 6; keep one of them"
    )


def test_totals_of_wards_are_checked_and_are_no_polling_districts(tmp_path):
    header = "Polling district,Existing ward,Electorate 2024\n"
    rows = "AA1,Abbey,10\nAA2,Abbey,5\n{total}\nBA1,Brook,7\n,Brook total,7\nTotal,,22\n"
    for total in ("Total,Abbey,15", ",Abbey total,15", "Sub-total,,15"):
        proforma = read(csv(tmp_path, header + rows.format(total=total)))
        assert proforma.districts["electors"].to_dict() == {"AA1": 10, "AA2": 5, "BA1": 7}
    with pytest.raises(InputError, match=r"line 4: the total of the electorate \(now\) is 16"):
        read(csv(tmp_path, header + rows.format(total="Total,Abbey,16")))


@pytest.mark.parametrize("row", ["A1,{many}\n", "A1,10\nTotal,{many}\n"])
def test_more_digits_than_any_electorate_has_are_a_fault(tmp_path, row):
    path = csv(tmp_path, "Polling district,Electorate 2024\n" + row.format(many="9" * 5_000))
    with pytest.raises(InputError, match=r"the electorate \(now\) is too large"):
        read(path)


def test_a_total_that_is_no_number_is_a_fault(tmp_path):
    text = "Polling district,Electorate 2024\nA,1\nTotal,{}\n"
    for total in ("#REF!", "n/a", "-1"):
        with pytest.raises(InputError, match=r"line 3: the total of .* which is no whole number"):
            read(csv(tmp_path, text.format(total)))
    assert read(csv(tmp_path, text.format("1"))).districts["electors"].tolist() == [1]


def test_a_total_that_is_not_the_sum_of_its_rows_is_a_fault(tmp_path):
    path = csv(tmp_path, "Polling district,Electorate 2024\nA1,10\nA2,5\nTotal,16\n")
    with pytest.raises(
        InputError, match=r"line 4: the total of the electorate \(now\) is 16, but the rows above"
    ):
        read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Ward,Electorate 2024\nA,1\n", "has no column 'polling district' in its first 60 rows"),
        ("Polling district,Ward\nA,B\n", "has no column such as 'Electorate 2026'"),
        ("Polling district,Electorate 2030,Electorate 2024\nA,1,1\n", "put the earliest one first"),
        ("Polling district,Electorate 2024,Electors 2024\nA,1,1\n", "two columns of the elect"),
        ("Polling district,Electorate 2024\nTotal,0\n", "has no polling district below its header"),
    ],
)  # fmt: skip
def test_what_is_no_proforma_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read(csv(tmp_path, text))


def test_a_workbook_without_polling_districts_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no column 'polling district' in its first 60 rows"):
        read(workbook(tmp_path, ["Ward", "Electorate"], ["A", 1]))


def test_electorates_are_named_and_ordered():
    columns = ["residents", "electors_2035", "electors_forecast", "electors_2028", "electors"]
    assert electorates(columns) == {
        "electors": "", "electors_forecast": "_forecast", "electors_2028": "_2028",
        "electors_2035": "_2035",
    }  # fmt: skip
    assert [*map(electorate_title, electorates(columns))] == [
        "now", "forecast", "forecast for 2028", "forecast for 2035",
    ]  # fmt: skip
    assert electorates(["electors_per_member", "non_electors", "electors_20300"]) == {}
