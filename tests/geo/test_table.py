"""CSV files are read without guessing: every row keeps its text and its line."""

import csv
import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.formats import csv_table as reading
from geo.formats.csv_table import Table, read_table, read_tables


def read(text: str, encoding: str = "utf-8") -> Table:
    return read_table(text.encode(encoding), file="t.csv")


def test_columns_are_text_without_the_spaces_around_them():
    table = read("code, name\nA, North \nB,South\n")
    assert table.header == ["code", "name"]
    assert table.text("name").tolist() == ["North", "South"]
    assert table.frame()["name"].tolist() == [" North ", "South"]


def test_a_byte_order_mark_is_no_part_of_the_first_column():
    assert read("code,n\nA,1\n", encoding="utf-8-sig").header == ["code", "n"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_line_ends_of_unix_and_windows_are_line_ends(newline):
    table = read(newline.join(["code,n", "A,1", "B,2"]))
    assert list(table.rows) == [["A", "1"], ["B", "2"]]
    assert table.lines.tolist() == [2, 3]


def test_a_carriage_return_alone_is_no_line_end_and_is_refused_with_its_line():
    with pytest.raises(InputError, match=r"^t\.csv, line 1: [^\r\n]+$"):
        read("code,n\rA,1\rB,2")
    with pytest.raises(InputError, match=r"^t\.csv, line 3: [^\r\n]+$"):
        read("code,n\nA,1\nB\r,2\n")


def test_empty_lines_are_no_rows_but_count_as_lines():
    table = read("code,n\n\nA,1\n\n\nB,2\n")
    assert table.lines.tolist() == [3, 6]


def test_lines_of_nothing_but_commas_are_no_rows_but_count_as_lines():
    table = read("code,n\n,\nA,1\n,,,\nB,\n")
    assert list(table.rows) == [["A", "1"], ["B", ""]]
    assert table.lines.tolist() == [3, 5]


def test_columns_without_a_name_are_named_by_their_number():
    assert read("code,, ,n\nA,1,2,3\n").header == ["code", "column 2", "column 3", "n"]


def test_quoted_line_ends_keep_the_line_numbers_true():
    table = read('code,place\nA,"High Street\nDerby"\nB,Park\n')
    assert table.rows[0] == ["A", "High Street\nDerby"]
    assert table.lines.tolist() == [3, 4]


def test_ragged_rows_are_kept_and_told_apart():
    (table,) = read_tables(io.BytesIO(b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n"), file="t.csv")
    assert table.wrong_width.tolist() == [False, True, True]
    assert table.rows[2] == ["6", "7", "8", "9"]
    assert table.text("c").tolist() == ["3", "", "8"]


def test_numbers_are_read_and_a_decimal_comma_is_none():
    values = read('n\n1.5\n-2e3\n"51,5"\n\nabc\n').numbers("n")
    assert values[:2].tolist() == [1.5, -2000.0]
    assert np.isnan(values[2:]).all()


def test_columns_that_are_missing_are_named_with_those_there_are():
    table = read("code,n\nA,1\n")
    table.require("code", "n")
    with pytest.raises(InputError, match=r"t\.csv lacks the column x, y; it has: code, n"):
        table.require("code", "x", "y")


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("code,n,code", ["code_1", "n", "code_2"]),
        ("code,n,code ,code_2", ["code_1", "n", "code_2_", "code_2"]),
        (",a,", ["column 1", "a", "column 3"]),
        ("a,a,a", ["a_1", "a_2", "a_3"]),
    ],
)
def test_of_columns_with_the_same_name_each_has_its_own(header, names):
    cells = [f"c{at}" for at in range(len(names))]
    table = read(f"{header}\n{','.join(cells)}\n")
    assert table.header == names
    assert [table.text(name).iloc[0] for name in names] == cells
    assert bool(table.notices) == header.startswith(("code", "a"))


def test_a_name_that_stands_twice_is_refused_with_those_to_choose_from():
    table = read("code,n,code\nA,1,B\n")
    assert table.notices == ("t.csv: 2 columns are called 'code': they are read as code_1, code_2",)
    message = "lacks the column code; it has: code_1, n, code_2; say which: code_1 or code_2"
    with pytest.raises(InputError, match=message):
        table.require("n", "code")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "t.csv is empty"),
        (b"\xef\xbb\xbf", "t.csv is empty"),
        (b"code,n\n", "t.csv holds a header and no rows"),
        (b"code,n\n\n,\n", "t.csv holds a header and no rows"),
        (b"PK\x03\x04\x00\x00", "t.csv is not a CSV: line 1 holds binary data"),
        (b"code,n\nA,1\nB,\x00\n", "t.csv is not a CSV: line 3 holds binary data"),
        ("code,n\nA,1\n".encode("utf-16")[:-1], "t.csv is damaged UTF-16 text"),
        (
            "code,name\nA,Café\n".encode("cp850"),
            "t.csv, line 2 is not UTF-8 text; save the file as UTF-8",
        ),
        (
            "code,name\nA,Café\n".encode() + "B,Café\n".encode("cp1252"),
            "t.csv, line 3 is not UTF-8 text; save the file as UTF-8",
        ),
        (b"code,n\nA,1\nB,2,3\n", "t.csv, line 3: 3 fields in the row, 2 in the header"),
        (b"code,n\nA,1\nB\n", "t.csv, line 3: 1 fields in the row, 2 in the header"),
        (b"code\n" + b"x" * 1_000_001, "t.csv, line 2 is longer than 1,000,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_one_line(content, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}") as refused:
        read_table(content, file="t.csv")
    assert "\n" not in str(refused.value)


def test_a_field_beyond_all_measure_is_refused_with_its_line():
    with pytest.raises(InputError, match=r"t\.csv, line 2: field larger than"):
        read("code\n" + "x" * 200_000 + "\n")


def test_a_table_read_in_parts_is_the_table_read_whole():
    content = "code,n\n" + "".join(f"{i},{i * i}\n\n" for i in range(7))
    parts = list(read_tables(io.BytesIO(content.encode()), file="t.csv", rows=3))
    assert [len(part) for part in parts] == [3, 3, 1]
    whole = read(content)
    assert [row for part in parts for row in part.rows] == whole.rows
    assert np.concatenate([part.lines for part in parts]).tolist() == whole.lines.tolist()
    assert all(part.header == whole.header for part in parts)


def test_a_row_that_cannot_be_read_is_refused_when_it_is_reached():
    parts = read_tables(io.BytesIO(b"code\nA\nB\n\x81\n"), file="t.csv", rows=2)
    assert len(next(parts)) == 2
    with pytest.raises(InputError, match=r"t\.csv, line 4 is not UTF-8 text"):
        next(parts)


def test_a_quote_that_is_never_closed_does_not_swallow_the_rows_after_it():
    with pytest.raises(InputError, match=r"t\.csv, line"):
        read('code,n\nA,"1\nB,2\nC,3\n')


FIELDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@settings(max_examples=80)
@given(rows=st.lists(st.lists(FIELDS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_what_a_csv_writer_wrote_is_read_back(rows):
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([["a", "b", "c"], *rows])
    remaining = [row for row in rows if any(row)]
    if not remaining:
        with pytest.raises(InputError, match="holds a header and no rows"):
            read(buffer.getvalue())
        return
    table = read(buffer.getvalue())
    assert list(table.rows) == remaining
    assert table.frame().to_numpy().tolist() == remaining
    assert len(table) == len(table.lines) == len(remaining)
    assert not table.wrong_width.any()


def outcome(content: bytes) -> tuple:
    try:
        table = read_table(content, file="t.csv")
    except InputError as error:
        return (str(error),)
    return table.header, list(table.rows), table.lines.tolist(), table.wrong_width.tolist()


@settings(max_examples=400)
@given(
    rows=st.lists(st.text('ab7 ,,"\r\té', max_size=6), max_size=8), end=st.sampled_from(["", "\n"])
)
def test_plain_blocks_are_read_as_the_csv_module_reads_them(rows, end):
    content = ("a,b\n" + "\n".join(rows) + end).encode()
    quick = outcome(content)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "_plain_columns", lambda *_: None)
        assert outcome(content) == quick


FIELDS = ["", "a", "7", '""', '"a"', '"a,b"', '"é, ,"', '"a""b"', '"', 'a"', '"a\nb"', ' "a"']


@settings(max_examples=400)
@given(
    rows=st.lists(st.lists(st.sampled_from(FIELDS), min_size=2, max_size=2), max_size=8),
    end=st.sampled_from(["", "\n"]),
)
def test_quoted_fields_are_read_as_the_csv_module_reads_them(rows, end):
    content = ("a,b\n" + "\n".join(map(",".join, rows)) + end).encode()
    quick = outcome(content)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "_plain_columns", lambda *_: None)
        assert outcome(content) == quick


def test_a_plain_file_with_one_quoted_row_keeps_its_lines(monkeypatch):
    monkeypatch.setattr(reading, "_BYTES_A_ROW", 4)
    text = "".join(f"{i},{i}\n" if i != 40 else '"4,\n0",40\n' for i in range(80))
    table = read(f"a,b\n{text}")
    assert table.rows[40] == ["4,\n0", "40"]
    assert table.lines.tolist() == [*range(2, 42), 43, *range(44, 83)]


TABLE = "Ref,Place,Note\n1,Caffè Nero – Pontypridd,a\n2,Abbey,b\n"
EXPECTED = [["1", "Caffè Nero – Pontypridd", "a"], ["2", "Abbey", "b"]]
WRITTEN = {
    "UTF-8": (TABLE.encode(), ""),
    "UTF-8 with a mark": (TABLE.encode("utf-8-sig"), ""),
    "UTF-16": (TABLE.encode("utf-16"), "t.csv: UTF-16 text"),
    "UTF-16 without a mark": (TABLE.encode("utf-16-be"), "t.csv: UTF-16 text"),
    "Windows-1252": (TABLE.encode("cp1252"), "t.csv: Windows-1252 text"),
    "semicolons": (
        TABLE.replace(",", ";").encode(),
        "t.csv: columns are separated by semicolons",
    ),
    "UTF-16 and tabs, as Excel's Unicode text": (
        TABLE.replace(",", "\t").encode("utf-16"),
        "t.csv: UTF-16 text; columns are separated by tabs",
    ),
    "a line sep=": (
        ("sep=;\n" + TABLE.replace(",", ";")).encode(),
        "t.csv: columns are separated by semicolons",
    ),
    "titles": (
        ("Incidents 2024,,\nDownloaded on 1 May,,\n,,\n" + TABLE).encode(),
        "t.csv: the header is line 4, below 2 rows of titles",
    ),
    "a hard space in a name": (
        TABLE.replace("Place", "Place\u00a0").encode(),
        "t.csv: the column 'Place' has characters in its name that cannot be seen",
    ),
    "the end of a DOS file": (TABLE.encode() + b"\x1a", ""),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_the_ways_in_which_programs_write_a_table_are_read_alike_and_named(written):
    content, notice = WRITTEN[written]
    table = read_table(content, file="t.csv")
    assert table.header == ["Ref", "Place", "Note"]
    assert list(map(list, table.rows)) == EXPECTED
    assert table.text("Place\u200b").tolist() == ["Caffè Nero – Pontypridd", "Abbey"]
    assert table.notices == ((notice,) if notice else ())


def test_spaces_that_are_one_too_many_in_a_name_are_no_marks():
    table = read_table(b"Crime  type, Place \nDrugs,Abbey\n", file="t.csv")
    assert table.header == ["Crime type", "Place"]
    assert table.notices == ()


@pytest.mark.parametrize("rows", [1, 3, 500])
def test_the_encoding_is_found_wherever_the_first_accent_stands(rows):
    text = "code,name\n" + "A,Abbey\n" * 90 + "B,Café\n" + "A,Abbey\n" * 5 + "C,Crêpes\n"
    parts = list(read_tables(io.BytesIO(text.encode("cp1252")), file="t.csv", rows=rows))
    names = [name for part in parts for name in part.text("name") if name != "Abbey"]
    assert names == ["Café", "Crêpes"]
    assert parts[-1].notices == ("t.csv: Windows-1252 text",)


def test_text_that_only_reads_as_utf_8_is_never_read_as_another_encoding():
    for rows in (1, 500):
        late = "code,name\nB,Café\n".encode("cp1252") + b"A,Abbey\n" * 90 + "C,Café\n".encode()
        with pytest.raises(InputError, match=r"t\.csv, line 93 is not UTF-8"):
            list(read_tables(io.BytesIO(late), file="t.csv", rows=rows))


def test_a_table_of_one_column_has_no_titles():
    assert read("code\nA\nB\n").text("code").tolist() == ["A", "B"]
    assert read("code,areas\nA,x;y;z\nB,x;y\n").header == ["code", "areas"]
