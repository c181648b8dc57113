"""Imports incidents: each partition with its notes, its accounts, and what looks wrong about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from api.formats.points import PointFile
from api.formats.rejects import RejectsFile
from api.imports.records import extract_lines, most_vanished, record_facts
from api.settings import user_name
from geo.crs import Projection
from geo.errors import InputError
from geo.incidents import COVERS_SETTING, NOTES_SETTING, Batch, Partition
from geo.question.quality import DoubleWatch
from geo.store.contract import Change, ImportRecord, Store

if TYPE_CHECKING:
    from geo.sources.mapping import Mapping


@dataclass(frozen=True)
class Imported:
    """What importing one partition did, and what is unusual or looks wrong about it.

    Attributes
    ----------
    doubles
        What looks published twice, as `halves_of` reads it.
    """

    change: Change
    record: ImportRecord
    warnings: list[str]
    doubles: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """Where its rows went."""
        record = self.record
        counts = record.rejected_by_reason.items()
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in counts)
        return (
            f"{record.file}: {record.rows_read:,} read = {record.rows_accepted:,} accepted + "
            f"{record.rows_rejected:,} rejected"
            + (f" ({reasons})" if reasons else "")
            + f" [{self.change}]"
        )

    @property
    def extract_lines(self) -> list[str]:
        """What it shows as an extract; nothing where it was imported before."""
        return [] if self.change == "unchanged" else extract_lines(self.record)

    @property
    def facts(self) -> dict[str, object]:
        """The same as JSON members."""
        return record_facts(self.record) | {"change": self.change}


def import_partition(
    store: Store,
    part: Partition,
    rejected: RejectsFile,
    *,
    on_rows: Callable[[int], None] = lambda _rows: None,
    by: str = "",
) -> Imported:
    """Import a partition inside a transaction of its store, and its notes with it.

    Parameters
    ----------
    store, part
        What is imported, and into which store.
    rejected
        Takes the rows that are rejected.
    on_rows
        Called with the number of rows of each batch once it has been written.
    by
        Who does it, for the records of changes; by default the user who runs this process.
    """
    _store_notes(store, part)
    watch = DoubleWatch()
    notices: list[str] = []

    def add(batch: Batch) -> None:
        rejected.add(part, batch)
        # Those of the last rows know most.
        notices[:] = batch.notices
        watch.add(batch.accepted)
        on_rows(len(batch.accepted) + len(batch.rejected))

    change, record = store.put_partition(part, by=by or user_name(), on_batch=add)
    doubles = {f"{part.name}:{one.month}:{one.category}": one for one in watch.doubles()}
    warnings = [
        f"warning: {part.file}: {double.text}; if so, import it again with --halve {name}"
        for name, double in doubles.items()
    ]
    if change != "unchanged":
        warnings += _erased_by_content(part, record)
        warnings += most_vanished(record)
    return Imported(change, record, [*notices, *warnings], tuple(doubles))


def _erased_by_content(part: Partition, record: ImportRecord) -> list[str]:
    """What to know of rows that are left out because rows that say the same were erased."""
    if not (n := sum(record.erased.values())):
        return []
    rows = "1 row was" if n == 1 else f"{n:,} rows were"
    known = "known by time, place, category and text alone"
    also = "an incident that says the same may be among them"
    return [f"{part.file}: {rows} left out by what was erased, {known}; {also}"]


def _store_notes(store: Store, part: Partition) -> None:
    """Store a source's notes and what the partition covers; only changes, as each is a version."""
    key = NOTES_SETTING.format(part.source)
    if part.notes and store.setting(key) != part.notes.as_dict():
        store.put_setting(key, part.notes.as_dict())
    key = COVERS_SETTING.format(part.source)
    stored = store.setting(key)
    before = stored if isinstance(stored, dict) else {}
    covers = {name: value for name, value in before.items() if name != part.partition_id}
    if part.covers:
        covers[part.partition_id] = part.covers.as_dict()
    if covers != before:
        store.put_setting(key, covers)


def halves_of(values: Iterable[str]) -> dict[tuple[str, str], str]:
    """The values of `--halve` as categories by (force, month).

    Raises
    ------
    InputError
        If a value does not have all three parts.
    """
    halves = {}
    for text in values:
        name, month, category = (*text.split(":"), "", "")[:3]
        if not category:
            raise InputError(
                f"--halve {text!r}: write it as derbyshire:2024-02:anti-social-behaviour"
            )
        halves[name, month] = category
    return halves


def refuse_unmatched(halves: dict[tuple[str, str], str], partitions: Iterable[Partition]) -> None:
    """Refuse to halve a month that no file holds.

    Raises
    ------
    InputError
        Naming the first such month.
    """
    unused = set(halves) - {(part.name, part.month) for part in partitions}
    if unused:
        raise InputError(f"--halve {':'.join(min(unused))} does not match any of the files")


def refuse_repeated(partitions: Iterable[Partition]) -> None:
    """Refuse two files of one partition, of which only the last would stay.

    Extracts of changes, such as the pages of a server, add to each other.

    Raises
    ------
    InputError
        Naming both files.
    """
    files: dict[str, str] = {}
    for part in partitions:
        if part.extract and not part.extract.whole:
            continue
        if earlier := files.get(part.partition_id):
            raise InputError(
                f"two files contain {part.partition_id}: {earlier} and {part.file}; import one"
            )
        files[part.partition_id] = part.file


def import_lines(imported: list[Imported]) -> list[str]:
    """Where the rows of each file went, and in the last line of all files."""
    read = sum(each.record.rows_read for each in imported)
    accepted = sum(each.record.rows_accepted for each in imported)
    files = "1 file" if len(imported) == 1 else f"{len(imported)} files"
    total = f"{files}: {read:,} read = {accepted:,} accepted + {read - accepted:,} rejected"
    lines = [line for each in imported for line in (each.line, *each.extract_lines)]
    return [*lines, total]


def mapped_partitions(
    files: Iterable[PointFile],
    mapping: Mapping,
    *,
    name: str,
    projection: Projection,
    extracted: date | None = None,
) -> list[Partition]:
    """The partition of each file under a mapping.

    Parameters
    ----------
    files
        Tables, or files of points converted to tables.
    mapping
        Says which columns hold what.
    name
        Of the partition, for a mapping without an id column; '' for the file's own.
    projection
        The store's.
    extracted
        Of which day the files are extracts, for a mapping with `[life]`; else as they state it,
        or today.

    Raises
    ------
    InputError
        If a file is in another CRS than its mapping says.
    """
    from geo.sources.mapping import in_crs  # noqa: PLC0415 - workbooks load slowly
    from geo.sources.spreadsheet import read_spreadsheet  # noqa: PLC0415 - likewise

    return [
        read_spreadsheet(
            file.path,
            in_crs(mapping, file.crs, file=file.path.name),
            projection,
            name=name,
            extracted=extracted,
        )
        for file in files
    ]
