"""What the start makes of tables: of every form, and of any length."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from api.commands.start import recognise
from api.commands.start.recognise import FigureFile, LookupFile, Source, recognise_table
from geo.errors import InputError

RESIDENTS = [["LSOA21CD", "Residents"], ["E01000001", "1500"], ["E01000002", "1600"]]


def written(folder: Path, name: str, rows: list[list[str]]) -> Source:
    path = folder / name
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        mark = "\t" if path.suffix == ".tsv" else ";"
        encoding = "utf-16" if path.suffix == ".txt" else "utf-8"
        path.write_text("".join(mark.join(row) + "\n" for row in rows), encoding=encoding)
    return Source(path, path)


@pytest.mark.parametrize("ending", ["csv", "tsv", "txt", "xlsx"])
def test_figures_are_recognised_in_every_form_of_a_table(tmp_path: Path, ending: str) -> None:
    (figures,) = recognise_table(written(tmp_path, f"r.{ending}", RESIDENTS))
    assert isinstance(figures, FigureFile)
    assert (figures.key, figures.kinds) == ("LSOA21CD", ("residents",))
    assert figures.codes == {"E01000001", "E01000002"}


@pytest.fixture
def postcodes(tmp_path: Path) -> Source:
    """A lookup of many postcodes in two wards."""
    rows = [
        [f"DE{n}", f"E0500000{n % 2}", "E06000015", "Derby"] for n in range(2 * recognise._ROWS)
    ]
    return written(tmp_path, "p.csv", [["pcds", "WD25CD", "LAD25CD", "LAD25NM"], *rows])


def test_a_lookup_of_postcodes_is_one_of_its_areas(postcodes: Source) -> None:
    (lookup,) = recognise_table(postcodes)
    assert isinstance(lookup, LookupFile)
    assert lookup.authority_of == {"E05000000": "E06000015", "E05000001": "E06000015"}
    assert lookup.authorities == {"E06000015": "Derby"}
    rows = recognise._distinct_rows(postcodes, {"WD25CD": "wards"})
    assert (len(rows.frame), rows.read) == (2, 2 * recognise._ROWS)


def test_more_areas_than_there_can_be_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise, "MOST_AREAS", 1)
    with pytest.raises(InputError, match="more than 1 different rows, which areas do not have"):
        list(recognise_table(written(tmp_path, "r.csv", RESIDENTS)))


def test_an_area_with_two_rows_has_no_figures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than one row for an area"):
        list(recognise_table(written(tmp_path, "r.csv", [*RESIDENTS, RESIDENTS[1]])))
