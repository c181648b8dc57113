"""Tables of values: every row is a value, or rejected with its line and reason."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.errors import InputError
from geo.measures.fingertips import is_fingertips, read_fingertips
from geo.measures.model import Measure
from geo.measures.read_values import ReadValues, read_values
from geo.period import Period

RESIDENTS = Measure("residents", "Residents", "people", "count", "neither", "wards", "Census 2021")
SHARE = Measure("fit", "Fit homes", "%", "share", "up", "wards", "Council", multiplier=100.0)
YEAR = Period(date(2021, 1, 1), date(2021, 12, 31))


def written(folder: Path, text: str) -> Path:
    path = folder / "values.csv"
    path.write_text(text, encoding="utf-8")
    return path


def accounts(read: ReadValues) -> None:
    assert read.rows_read == len(read.values) + len(read.rejected.rows)


@pytest.fixture
def read(four_squares, tmp_path):
    def of(text: str, *measures: Measure, **options) -> ReadValues:
        path = written(tmp_path, text)
        result = read_values(path, four_squares, measures or (RESIDENTS,), **options)
        accounts(result)
        return result

    return of


def test_each_row_is_a_value_of_an_area_and_a_period(read):
    result = read('area_code,period,value,note\nA,2021,"1,234",\nWard B,2021,*,\nc,2021/22,0,few\n')
    assert result.values.to_csv(index=False).splitlines()[1:] == [
        "residents,A,2021-01-01,2021-12-31,1234.0,,,,,",
        "residents,B,2021-01-01,2021-12-31,,,,,,*",
        "residents,C,2021-04-01,2022-03-31,0.0,,,,,few",
    ]


def test_what_adds_up_is_its_numerator_where_no_value_is_published(read):
    result = read("area,year,count,population\nA,2021,30,600\n")
    assert result.values["value"].tolist() == [30.0]
    assert result.notices == ()


def test_a_value_that_stands_twice_and_is_contradicted_is_not_kept(read):
    result = read("area,year,value\nA,2021,1\nA,2021,1\nA,2021,2\nB,2021,3\n")
    assert result.values["area_code"].tolist() == ["B"]
    assert [line for line, _, _ in sorted(result.rejected.rows)] == [2, 3, 4]


def test_rows_that_are_no_values_are_rejected_with_their_lines(read):
    result = read(
        "Area,Year,Value\nA,2021,1\nX,2021,1\nB,later,1\nB,2021,many\n,2021,1\nB,2021,-1\nA,2021,1\n"
        "C,2021,1\nC,2021,2\nD,2021,inf\n"
    )
    assert [(line, reason) for line, reason, _ in sorted(result.rejected.rows)] == [
        (3, "no area of this code or name"),
        (4, "the period cannot be read"),
        (5, "value is no number"),
        (6, "no area"),
        (7, "a count below 0"),
        (8, "stands twice, with the same content"),
        (9, "another value of the same measure, area and period"),
        (10, "another value of the same measure, area and period"),
        (11, "value is no number"),
    ]
    assert result.rejected.frame()["row"].iloc[0] == ("X", "2021", "1")
    assert list(result.values["area_code"]) == ["A"]


def test_a_value_that_is_not_published_is_made_of_its_parts(read):
    text = "area,period,numerator,denominator,value\nA,2021,30,120,\nB,2021,0,0,\nC,2021,3,9,*\n"
    result = read(text, SHARE)
    assert result.values["value"].tolist()[0] == 25
    assert result.values["value"].isna().tolist() == [False, True, True]
    result = read("area,period,numerator,denominator\nA,2021,130,120\n", SHARE)
    assert result.rejected.by_reason == {"numerator above its denominator": 1}


def test_columns_are_named_and_the_period_is_given(read):
    result = read("Ward;Total\nA;5\n", columns={"area_code": "Ward", "value": "Total"}, period=YEAR)
    assert result.values["value"].tolist() == [5.0]
    with pytest.raises(InputError, match=r"lacks the column value; name it with --column value=…"):
        read("Ward,Total\nA,5\n", columns={"area_code": "Ward"}, period=YEAR)
    with pytest.raises(InputError, match="lacks the column period"):
        read("area,value\nA,5\n")
    with pytest.raises(InputError, match="lacks the column Wards; it has: area, value"):
        read("area,value\nA,5\n", columns={"area_code": "Wards"})


def test_a_file_of_several_measures_names_each(read):
    text = "measure,area,from,to,value\nfit,A,2021-01-01,2021-03-31,50\nother,A,2021,2021,1\n"
    result = read(text, RESIDENTS, SHARE)
    assert result.rejected.by_reason == {"no such measure": 1}
    assert str(result.values["last_day"].iloc[0].date()) == "2021-03-31"


def test_a_wrong_multiplier_is_noticed(read):
    text = "area,period,value,numerator,denominator\nA,2021,0.25,30,120\nB,2021,25,30,120\n"
    assert read(text, SHARE).notices == (
        "fit: 1 values are not 100 × numerator / denominator; check --multiplier",
    )


FINGERTIPS = [
    "Indicator ID",
    "Indicator Name",
    "Parent Code",
    "Parent Name",
    "Area Code",
    "Area Name",
    "Area Type",
    "Sex",
    "Age",
    "Category Type",
    "Category",
    "Time period",
    "Value",
    "Lower CI 95.0 limit",
    "Upper CI 95.0 limit",
    "Lower CI 99.8 limit",
    "Upper CI 99.8 limit",
    "Count",
    "Denominator",
    "Value note",
    "Recent Trend",
    "Compared to England value or percentiles",
    "Compared to Counties & UAs value or percentiles",
    "Time period Sortable",
    "New data",
    "Compared to goal",
    "Time period range",
]


def fingertips_row(code: str, **others: str) -> dict[str, str]:
    row = dict.fromkeys(FINGERTIPS, "")
    row |= {"Indicator ID": "93553", "Indicator Name": "Deprivation score", "Area Code": code}
    row |= {"Area Type": "Ward", "Sex": "Persons", "Age": "All ages", "Time period": "2019/20"}
    names = {name.replace(" ", "_").replace(".", "_"): name for name in FINGERTIPS}
    return row | {names[key]: value for key, value in others.items()}


@pytest.fixture
def fingertips(four_squares, tmp_path):
    def of(*rows: dict[str, str]) -> ReadValues:
        path = tmp_path / "indicators.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, FINGERTIPS)
            writer.writeheader()
            writer.writerows(rows)
        result = read_fingertips(path, four_squares, "wards")
        accounts(result)
        return result

    return of


def test_fingertips_is_read_as_it_is_published(fingertips):
    assert is_fingertips(FINGERTIPS)
    rate = {"Indicator_ID": "41203", "Indicator_Name": "Admissions", "Age": "65+ yrs"}
    result = fingertips(
        fingertips_row("A", Value="24.5", Lower_CI_95_0_limit="23", Upper_CI_95_0_limit="26"),
        fingertips_row("B", Value="", Value_note="Value suppressed for disclosure control"),
        fingertips_row("A", Value="50.0", Count="10", Denominator="200", Sex="Female", **rate)
        | {"Indicator ID": "41203"},
        fingertips_row("B", Value="333.3", Count="100", Denominator="300", Sex="Female", **rate),
        fingertips_row("E92000001", Value="21", Area_Type="England"),
        fingertips_row("A", Value="20", Time_period="someday"),
    )
    assert result.rejected.by_reason == {
        "no area of the layer: England": 1,
        "the period cannot be read": 1,
    }
    known = {measure.measure_id: measure for measure in result.measures}
    assert list(known) == ["41203-female-65-yrs", "93553"]
    assert known["93553"].kind == "mean"
    assert known["93553"].source.startswith("Fingertips")
    assert known["41203-female-65-yrs"].title == "Admissions (Female, 65+ yrs)"
    score = result.values[result.values["measure_id"] == "93553"]
    assert score["lower"].tolist()[0] == 23
    assert score["value"].isna().tolist() == [False, True]
    assert score["note"].tolist() == ["", "Value suppressed for disclosure control"]


def test_the_kind_of_an_indicator_is_what_its_numbers_show(fingertips):
    def indicator(number: str, *rows: tuple[str, str, str]) -> list[dict[str, str]]:
        own = {"Indicator_ID": number, "Indicator_Name": number}
        return [
            fingertips_row(code, Value=value, Count=count, Denominator=whole, **own)
            for code, (value, count, whole) in zip("ABC", rows, strict=False)
        ]

    result = fingertips(
        *indicator("1", ("50", "10", "200"), ("25.1", "5", "199")),  # per 1,000
        *indicator("2", ("12.5", "1", "8"), ("33.3", "1", "3")),  # a share
        *indicator("3", ("17", "17", ""), ("5", "5", "")),  # a count
        *indicator("4", ("812", "10", "2000"), ("640", "12", "1500")),  # standardised
    )
    kinds = {own.measure_id: (own.kind, own.unit, own.multiplier) for own in result.measures}
    assert kinds == {
        "1": ("rate", "per 1,000", 1000.0),
        "2": ("share", "%", 100.0),
        "3": ("count", "count", 1.0),
        "4": ("mean", "value", 1.0),
    }
    standardised = result.values[result.values["measure_id"] == "4"]
    assert standardised["denominator"].isna().all()
    assert "no ratio of the published count" in result.measures[3].caveat


def test_a_long_table_is_read_at_once(four_squares, tmp_path):
    months = pd.period_range("2000-01", "2009-12", freq="M").astype(str)
    frame = pd.DataFrame(
        [(code, month) for code in "ABCD" for month in months], columns=["area", "period"]
    ).assign(value=np.arange(480))
    frame.to_csv(tmp_path / "long.csv", index=False)
    result = read_values(tmp_path / "long.csv", four_squares, [RESIDENTS])
    assert result.values["value"].sum() == 479 * 240
    assert result.rejected.rows == []
