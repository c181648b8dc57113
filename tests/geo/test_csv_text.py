"""No cell of a CSV is a formula, and reading it back gives what was written."""

from __future__ import annotations

import csv
import io

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from geo.formats.csv_table import read_table, read_tables
from geo.formats.csv_text import CsvRows, to_csv
from geo.formats.formulas import NUMBER, escaped, unescaped

MARKS = ("=", "+", "-", "@", "\t", "\r", "\n")
TEXTS = st.text(st.sampled_from("=+-@'\t\r\n\",;:a1é \ufeff"), max_size=8)

# Names of columns lose line ends and marks that nobody sees when they are read.
HEADERS = st.text(st.sampled_from("=+-@'\",;:a1é"), max_size=8)


def formulas(content: str) -> list[str]:
    """The cells that a spreadsheet would run, with a carriage return as an end of a row too."""
    rows = csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline=""))
    cells = [cell for row in rows for cell in row]
    return [cell for cell in cells if cell.startswith(MARKS) and not NUMBER.fullmatch(cell)]


@given(st.lists(TEXTS, min_size=1), HEADERS)
def test_a_frame_holds_no_formula_and_comes_back(texts, header):
    frame = pd.DataFrame({f"n{header}": range(len(texts)), f"=1{header}": texts})
    content = to_csv(frame)
    assert formulas(content) == []
    table = read_table(content.encode(), file="a.csv")
    assert table.header == list(frame.columns)
    assert table.frame().iloc[:, 1].to_list() == texts


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1))
def test_rows_hold_no_formula_and_come_back(rows):
    stream = io.StringIO()
    writer = CsvRows(stream)
    for row in [("line", "=name", "@reason"), *((1, *row) for row in rows)]:
        writer.add(row)
    assert formulas(stream.getvalue()) == []
    table = read_table(stream.getvalue().encode(), file="a.csv")
    assert table.header == ["line", "=name", "@reason"]
    assert [tuple(row[1:]) for row in table.rows] == rows


@given(TEXTS)
def test_an_escape_is_undone_once(text):
    assert unescaped(str(escaped(text))) == text
    assert unescaped(str(escaped(escaped(text)))) == escaped(text)


def test_other_separators_in_texts_part_no_columns():
    frame = pd.DataFrame({"n;a": [0, 1], "b;": [";;", "c\td"]})
    assert to_csv(frame) == '"n;a","b;"\n0,";;"\n1,"c\td"\n'
    table = read_table(to_csv(frame).encode(), file="a.csv")
    assert (table.header, [row[1] for row in table.rows]) == (["n;a", "b;"], [";;", "c\td"])


def test_numbers_stay_numbers():
    frame = pd.DataFrame({"n": [-1, 2], "z": [-1e-7, 2.5], "text": ["-51.5", "+44"]})
    assert to_csv(frame) == "n,z,text\n-1,-1e-07,-51.5\n2,2.5,+44\n"


def test_many_plain_rows_with_one_escape_are_read_by_column():
    rows = [f"{number},'=A1,plain" for number in range(3)]
    content = "\n".join(["n,'@formula,text", *rows, ""]).encode()
    (table,) = read_tables(io.BytesIO(content), file="a.csv")
    assert table.header == ["n", "@formula", "text"]
    assert list(table.rows) == [[str(number), "=A1", "plain"] for number in range(3)]
    assert not isinstance(table.rows, list)
