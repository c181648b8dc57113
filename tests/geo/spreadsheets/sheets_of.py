"""Sheets as lists of rows, and what a mapping makes of them."""

import datetime as dt
from pathlib import Path

import openpyxl

from geo.incidents import Batch, Partition
from geo.sources.mapping import read_mapping
from geo.sources.spreadsheet import read_spreadsheet

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
    result = read_mapping(mapping.encode(), file="m.toml", folder=path.parent)
    return read_spreadsheet(path, result, projection, name=name)


def batch(path: Path, projection, mapping: str = MAPPING) -> Batch:
    return Batch.join(read(path, projection, mapping).batches())


def reasons(result: Batch) -> list[list[object]]:
    return result.rejected[["line", "reason"]].to_numpy().tolist()
