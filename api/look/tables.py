"""Tables: incidents under a mapping, street-level files, figures by area, and smaller kinds."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from api.formats.points import PointFile
from api.look.counting import count_rows
from api.look.facts import ROWS_CHECKED, Check, FileFacts
from api.look.fields import describe_fields, table_columns
from api.look.options import LAYER, Options
from api.look.street import STREET_COLUMNS, look_at_street_files
from api.look.tally import Tally
from boundaries.layers.area_codes import LEVELS, code_columns
from geo.errors import InputError
from geo.formats.bounded import open_input, read_input
from geo.formats.csv_table import Table
from geo.measures.fingertips import is_fingertips
from geo.measures.read_entries import COLUMNS as ENTRIES
from geo.measures.read_values import COLUMNS as VALUES
from geo.measures.rejected_rows import columns_of
from geo.sources import FIXMYSTREET
from geo.sources.mapping import Mapping, in_crs, read_mapping
from geo.sources.open311 import CSV_NEEDED
from geo.sources.sample import SAMPLE
from geo.sources.sections import LARGEST_MAPPING
from geo.sources.sheets import ROWS, read_sheet
from geo.sources.spreadsheet import read_spreadsheet
from geo.sources.suggest import suggest_mapping

_MOST_MAPPINGS: Final = 50  # files beside a table that are tried
# Of a file of points, either pair is made as a mapping asks for it.
_MADE_COLUMNS: Final = ("longitude", "latitude", "easting", "northing")
_PLAN = {"block_code", "area_code"}
_VOCABULARY = {"code", "category"}
_TRAVEL = {"from", "to", "minutes"}
_NOT_READ = {
    "Outcome type": "outcomes of crimes from data.police.uk",
    "Object of search": "stop and searches from data.police.uk",
}


Converted = Callable[[Sequence[str]], PointFile]


@dataclass(frozen=True)
class _Tried:
    """What came of reading the first rows by a mapping; `complete` if they are all."""

    file: Path
    mapping: Mapping
    tally: Tally
    complete: bool


def look_at_table(path: Path, kind: str, options: Options) -> FileFacts:
    """Look at a CSV or a workbook.

    Raises
    ------
    InputError
        If it cannot be read, or no command takes it.
    """
    sheet = _read(options.mapping).sheet if options.mapping else ""
    sample = next(read_sheet(path, sheet=sheet, rows=SAMPLE))
    header = set(sample.header)
    for column, what in _NOT_READ.items():
        if column in header and column not in STREET_COLUMNS:
            raise InputError(f"{path.name} holds {what}; Patchmap reads street-level files")
    if header >= STREET_COLUMNS and not options.mapping:
        return look_at_street_files(path, options)
    facts = FileFacts(
        path.name,
        kind,
        path.stat().st_size,
        fields=describe_fields(table_columns(sample)),
        notices=sample.notices,
    )
    rows, exact = _rows(path, sample, sheet)
    facts = replace(facts, rows=rows, rows_exact=exact)
    if not options.mapping and (smaller := _smaller_kind(path, facts, header, options)):
        return smaller
    return _figures_or_incidents(path, facts, sample, options)


def _smaller_kind(
    path: Path, facts: FileFacts, header: set[str], options: Options
) -> FileFacts | None:
    """Tables that commands know by the names of their columns."""
    if header >= _PLAN:
        command = options.command("plan", "import", path.stem, path, "--blocks", LAYER)
        return replace(facts, title="the areas of blocks: a plan", commands=(command,))
    if header >= _TRAVEL:
        command = options.command("patrols", "--travel", path, "-o", "patrols.geojson")
        return replace(facts, title="travel times between places", commands=(command,))
    if header >= {*CSV_NEEDED}:
        command = options.command("ingest", path, "--source", FIXMYSTREET)
        return replace(facts, title="reports as FixMyStreet exports them", commands=(command,))
    if header >= _VOCABULARY:
        title = f"a list of codes: a mapping names it, as [what] vocabulary = {path.name!r}"
        return replace(facts, title=title)
    return _measures_or_entries(path, facts, sorted(header), options)


def _measures_or_entries(
    path: Path, facts: FileFacts, header: list[str], options: Options
) -> FileFacts | None:
    """Values of measures by area and period, or entries of money and time."""
    if is_fingertips(header):
        command = options.command("measures", "add", path, "--fingertips", "--layer", LAYER)
        title = "measures of areas, as Fingertips publishes them"
        return replace(facts, title=title, commands=(command,), use="measures")
    value = {*columns_of(header, VALUES, {}, file=path.name)}
    numbers = "value" in value or value >= {"numerator", "denominator"}
    if numbers and "area_code" in value and value & {"period", "from"}:
        named = () if "measure_id" in value else ("--id", _id_of(path))
        command = options.command("measures", "add", path, *named, "--layer", LAYER)
        return replace(
            facts,
            title="values of measures by area and period",
            commands=(command,),
            use="measures",
            proposal={"measure_id": _id_of(path)} if named else {},
        )
    entry = {*columns_of(header, ENTRIES, {}, file=path.name)}
    if entry >= {"area", "day"} and _says_what(entry):
        kind = () if "amount" in entry else ("--kind", "time")
        command = options.command("entries", "add", path, "--layer", LAYER, *kind)
        title = "entries: dated amounts of money or time by area"
        return replace(facts, title=title, commands=(command,), use="entries")
    return None


def _id_of(path: Path) -> str:
    """An id made of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:80] or "measure"


def _says_what(columns: set[str]) -> bool:
    """Whether amounts stand beside their states, or times beside their activities."""
    money = {"amount", "state"} <= columns
    return money or ("activity" in columns and bool(columns & {"hours", "minutes"}))


def _figures_or_incidents(
    path: Path, facts: FileFacts, sample: Table, options: Options
) -> FileFacts:
    keys = code_columns(sample.frame())
    dated = any(field.kind.startswith("date") for field in facts.fields)
    if keys and not dated and not options.mapping:
        return _figures(path, facts, next(iter(keys.items())), options)
    return look_at_incidents(path, facts, options, lambda _place: PointFile(path))


def _figures(path: Path, facts: FileFacts, key: tuple[str, str], options: Options) -> FileFacts:
    """Figures by area; a row for each area of which there is one alone."""
    name, level = key
    checked = next(read_sheet(path, rows=ROWS))
    codes = checked.text(name)
    wide, empty = checked.wrong_width, (codes == "").to_numpy()
    repeated = codes.duplicated().to_numpy() & ~empty
    reasons = {
        f"not {len(checked.header)} columns wide": int(wide.sum()),
        f"{name} is empty": int((empty & ~wide).sum()),
        "the area has a row already": int((repeated & ~wide).sum()),
    }
    reasons = {reason: n for reason, n in reasons.items() if n}
    good = len(codes) - sum(reasons.values())
    problem = "the file is refused as a whole unless each area has one row" if reasons else ""
    command = options.command("attributes", "add", path, "--layer", LAYER, "--key", name)
    return replace(
        facts,
        title=f"figures by area: {name} holds codes of {LEVELS[level]}",
        check=Check(len(codes), good, reasons, problem),
        commands=(command,),
        use="figures",
        proposal={"key": name},
    )


def look_at_incidents(
    path: Path, facts: FileFacts, options: Options, converted: Converted
) -> FileFacts:
    """Check a table as incidents, by a mapping that is given, lies beside it, or is proposed.

    Parameters
    ----------
    path
        The file as its reader names it.
    facts
        What is known of it so far.
    converted
        Gives the table to read for the columns of coordinates that a mapping names: the file
        itself, or the CSV made of its points.
    """
    inside = ("--layer", facts.part) if facts.part else ()
    tried = _tried(options.mapping, options, converted) if options.mapping else None
    tried = tried or _mapping_beside(path, options, converted)
    if tried:
        content = read_input(tried.file, most=LARGEST_MAPPING)
        commands = [_import(path, tried.file, options, tried.mapping, inside)]
        title = f"incidents, by the mapping {tried.file.name}"
    else:
        proposed = path.with_suffix(".toml").name
        content = suggest_mapping(converted(()).path).encode()
        suggest = options.command("mapping", "suggest", path, *inside)
        suggest = f"{suggest} > {shlex.quote(proposed)}"
        try:
            mapping = read_mapping(content, file=proposed, folder=path.parent)
            tried = _read_with(Path(proposed), mapping, options, converted)
        except InputError as error:
            unfinished = _unfinished(path, facts, options, (suggest, proposed, str(error)))
            return replace(unfinished, proposal=_proposal(path, content, facts.part))
        commands = [suggest, _import(path, Path(proposed), options, mapping, inside)]
        title = "incidents, by a proposed mapping"
    tally, used = tried.tally, tried.mapping.where.crs
    problem = "" if tally.accepted else "every row that was checked is rejected"
    return replace(
        facts,
        rows=tally.read if tried.complete else facts.rows,
        rows_exact=tried.complete or facts.rows_exact,
        title=title,
        place=tally.place(used),
        dates=tally.dates,
        check=replace(tally.check, problem=problem),
        notices=tuple(dict.fromkeys((*facts.notices, *tally.notices))),
        categories=tally.categories,
        commands=tuple(commands),
        use="incidents",
        proposal=_proposal(path, content, facts.part),
    )


def _proposal(path: Path, mapping: bytes, part: str) -> dict[str, str]:
    text = mapping.decode("utf-8-sig", errors="replace")
    return {"mapping": text, "partition": _partition_name(path), "layer": part}


def _unfinished(
    path: Path, facts: FileFacts, options: Options, proposal: tuple[str, str, str]
) -> FileFacts:
    """A table whose proposed mapping a person has to complete: its rows cannot be checked yet."""
    suggest, proposed, error = proposal
    problem = f"the rows were not checked, because the proposed mapping is not complete: {error}"
    words = ("ingest", path, "--mapping", proposed)
    return replace(
        facts,
        title="a table; if its rows are incidents, it needs a mapping",
        check=Check(problem=problem),
        commands=(suggest, options.command(*words)),
    )


def _import(
    path: Path, mapping_file: Path, options: Options, mapping: Mapping, *inside: Sequence[str]
) -> str:
    # Without an id column an import replaces the partition of the same name, so it needs one.
    partition = () if mapping.id_column else ("--partition", _partition_name(path))
    words = [word for pair in inside for word in pair]
    return options.command("ingest", path, "--mapping", mapping_file, *words, *partition)


def _partition_name(path: Path) -> str:
    clean = "".join(letter if letter.isalnum() else " " for letter in path.stem)
    return "-".join(clean.split())[:60] or "file"


def _read(file: Path) -> Mapping:
    with open_input(file) as stream:
        content = stream.read(LARGEST_MAPPING + 1)
    return read_mapping(content, file=file.name, folder=file.parent)


def _mapping_beside(path: Path, options: Options, converted: Converted) -> _Tried | None:
    """The mapping file in the same folder by which most rows would be accepted."""
    best = None
    header = {*next(read_sheet(converted(()).path, rows=1)).header, *_MADE_COLUMNS}
    for file in sorted(path.parent.glob("*.toml"))[:_MOST_MAPPINGS]:
        try:
            if not set(_read(file).columns) <= header:
                continue
            tried = _tried(file, options, converted)
        except InputError:
            continue
        if tried.tally.accepted > (best.tally.accepted if best else 0):
            best = tried
    return best


def _tried(file: Path, options: Options, converted: Converted) -> _Tried:
    return _read_with(file, _read(file), options, converted)


def _read_with(file: Path, mapping: Mapping, options: Options, converted: Converted) -> _Tried:
    """Read the first rows as an import does."""
    table = converted(mapping.where.columns)
    mapping = in_crs(mapping, table.crs, file=table.path.name)
    tally = Tally(options.projection)
    # A name changes ids alone; files without an id column need one.
    extracted = options.extracted if mapping.life else None
    batches = read_spreadsheet(
        table.path, mapping, options.projection, name="look", extracted=extracted
    ).batches()
    try:
        for batch in batches:
            tally.add_batch(batch)
            if tally.read >= ROWS_CHECKED:
                return _Tried(file, mapping, tally, complete=next(iter(batches), None) is None)
    except InputError:
        # That every row is rejected is for the record to say, with the reasons.
        if not tally.read or tally.accepted:
            raise
    return _Tried(file, mapping, tally, complete=True)


def _rows(path: Path, sample: Table, sheet: str) -> tuple[int | None, bool]:
    """How many rows the table has, as far as that can be known cheaply; whether that is exact."""
    if len(sample) < SAMPLE:
        return len(sample), True
    with open_input(path) as stream:
        workbook = stream.read(2) == b"PK"
    if workbook:
        counted = sum(len(table) for table in islice(read_sheet(path, sheet=sheet), 2))
        return (counted if counted < 2 * ROWS else None), True
    return count_rows(path), False
