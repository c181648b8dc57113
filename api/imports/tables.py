"""Imports values of measures, and entries of money and time, with accounts of every row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import pandas as pd

from api.formats.rejects import RejectsFile
from api.settings import user_name
from geo.errors import InputError
from geo.formats.bounded import open_input
from geo.measures.entry_checks import check_entries
from geo.measures.fingertips import read_fingertips
from geo.measures.model import Better, Measure, check_measure, entries_frame
from geo.measures.periods import named_period
from geo.measures.read_entries import EntryOptions, ReadEntries, read_entries
from geo.measures.read_values import ReadValues, read_values
from geo.measures.rejected_rows import RejectedRows
from geo.period import Period
from geo.personal_texts import personal_text
from geo.question.model import Question
from geo.store.contract import Store, StoreReader
from geo.store.measure_contract import TableFile, TableImport

OF_INCIDENTS: Final = ("category", "source", "hours", "without", "weight")
"""What of a Question can make a measure: the answer has its own period and areas."""

_PIECE: Final = 2**20


@dataclass(frozen=True)
class TableImported:
    """What an import of a table did, and what a reader should know of it."""

    record: TableImport
    notices: Sequence[str] = ()

    @property
    def line(self) -> str:
        """Where its rows went."""
        record = self.record
        counts = record.rejected_by_reason.items()
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in counts)
        number = f"import {record.import_id}" if record.import_id else "nothing new"
        return (
            f"{record.file}: {record.rows_read:,} read = {record.rows_rejected:,} rejected"
            + (f" ({reasons})" if reasons else "")
            + f" + {record.rows_present:,} already there + {record.rows_accepted:,} accepted "
            f"[{number}]"
        )

    @property
    def facts(self) -> dict[str, object]:
        """The same as JSON members."""
        return table_facts(self.record)


@dataclass(frozen=True)
class ValueOptions:
    """How a table of values is read: as the options of `measures add` say.

    Attributes
    ----------
    measure
        What it is of, where it is of one measure or names none; None for a file of Fingertips, or
        of measures that are known.
    layer_id
        The layer that the values are published on.
    columns
        What a row holds → the file's column.
    period
        Of all rows, where the file has no column of it.
    is_fingertips
        Whether it is a CSV of Fingertips.
    better, source, licence, caveat
        Of all measures of such a file.
    """

    layer_id: str
    measure: Measure | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    period: Period | None = None
    is_fingertips: bool = False
    better: Better = "neither"
    source: str = ""
    licence: str = ""
    caveat: str = ""


def read_table_of_values(store: StoreReader, file: Path, how: ValueOptions) -> ReadValues:
    """Read what `import_values` would import; nothing is stored.

    Parameters
    ----------
    store
        Whose areas and measures the file is of.
    file, how
        The file, and how it is read.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    _, areas = store.layer(how.layer_id)
    if how.is_fingertips:
        return read_fingertips(
            file,
            areas,
            how.layer_id,
            better=how.better,
            source=how.source,
            licence=how.licence,
            caveat=how.caveat,
        )
    known = [one for one in store.measures() if one.layer_id == how.layer_id and not one.question]
    measures = [how.measure] if how.measure else known
    if not measures:
        raise InputError(
            "name the measure with --id, --title, --unit and --kind; a file of several, named "
            f"in a column 'measure', holds those that {how.layer_id} has already"
        )
    return read_values(file, areas, measures, columns=how.columns, period=how.period)


def read_table_of_entries(store: StoreReader, file: Path, how: EntryOptions) -> ReadEntries:
    """Read what `import_entries` would import; as `read_table_of_values`."""
    _, areas = store.layer(how.layer_id)
    return read_entries(file, areas, how, sha256=sha256_of(file), stored=store.entries())


def import_values(
    store: Store, file: Path, how: ValueOptions, rejected: RejectsFile, *, by: str = ""
) -> TableImported:
    """Import a table of values inside a transaction of its store.

    Parameters
    ----------
    store, file, how
        What is imported, how it is read, and into which store.
    rejected
        Takes the rows that are rejected.
    by
        Who does it; by default the user who runs this process.

    Raises
    ------
    InputError
        If the file cannot be read, or no row of it is a value.
    """
    read = read_table_of_values(store, file, how)
    _refuse_all_rejected(file, read.rejected, len(read.values))
    rejected.add_rows(file.name, read.rejected.fields, read.rejected.frame())
    described = {*read.values["measure_id"]} if how.measure is None else {how.measure.measure_id}
    table = TableFile(
        file.name,
        sha256_of(file),
        read.rows_read,
        read.rejected.by_reason,
        tuple(one for one in read.measures if one.measure_id in described),
    )
    record = store.put_measure_values(read.values, table, by=by or user_name())
    return TableImported(record, read.notices)


def import_entries(
    store: Store, file: Path, how: EntryOptions, rejected: RejectsFile, *, by: str = ""
) -> TableImported:
    """Import a table of entries inside a transaction of its store.

    Parameters
    ----------
    store, file, how, rejected, by
        As `import_values` takes them.

    Raises
    ------
    InputError
        If the file cannot be read, or no row of it is an entry.
    """
    read = read_table_of_entries(store, file, how)
    _refuse_all_rejected(file, read.rejected, len(read.entries))
    rejected.add_rows(file.name, read.rejected.fields, read.rejected.frame())
    table = TableFile(file.name, sha256_of(file), read.rows_read, read.rejected.by_reason)
    record = store.put_entries(read.entries, table, by=by or user_name())
    return TableImported(record, read.notices)


def reverse_entry(
    store: Store, entry_id: str, *, reason: str, day: date, by: str = ""
) -> TableImported:
    """Add the reversal of an entry: the opposite amount, dated on the day of the correction.

    Parameters
    ----------
    store
        Inside a transaction.
    entry_id
        What is reversed.
    reason, day
        Why, and when.
    by
        Who does it; by default the user who runs this process.

    Raises
    ------
    InputError
        If there is no such entry, or it cannot be reversed.
    """
    if personal := personal_text(reason):
        raise InputError(f"--reason looks like {personal}: entries name nobody")
    stored = store.entries()
    own = stored[stored["entry_id"] == entry_id]
    if own.empty:
        raise InputError(f"there is no entry {entry_id!r}; see 'patchmap entries list'")
    if (stored["reverses"] == entry_id).any():
        raise InputError(f"{entry_id}: it is reversed already")
    reversal = own.assign(
        entry_id=f"{entry_id}:reversed",
        amount=-own["amount"],
        day=pd.Timestamp(day),
        note=reason,
        reverses=entry_id,
        settles="",
    )
    reversal = entries_frame(reversal)
    checked = check_entries(reversal, stored)
    if checked.reasons[0]:
        raise InputError(f"{entry_id}: {checked.reasons[0]}")
    table = TableFile(f"reversal of {entry_id}", "", 1)
    return TableImported(store.put_entries(reversal, table, by=by or user_name()))


def question_of(text: str) -> str:
    """Check the query string of a measure that is made of incidents, and return it.

    Raises
    ------
    InputError
        If it names something that does not choose incidents, or a value that cannot be read.
    """
    pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=True)
    wrong = [name for name, _ in pairs if name not in OF_INCIDENTS]
    if wrong or not pairs:
        raise InputError(
            f"--question {text!r}: write it as category=anti-social-behaviour; it can name "
            f"{', '.join(OF_INCIDENTS)}, as each answer has its own period and areas"
        )
    Question.read(dict(pairs))
    return text.removeprefix("?")


def period_of(text: str) -> Period:
    """Read the period of all rows of a file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    period = named_period(text)
    if period is None:
        raise InputError(f"--period {text!r}: write it as 2021, 2023/24, 2024 Q1 or 2024-01")
    return period


def checked_measure(measure: Measure) -> Measure:
    """Refuse a measure that no answer could be made of; see `check_measure`.

    Raises
    ------
    InputError
        With the reason.
    """
    check_measure(measure)
    return measure


def table_facts(record: TableImport) -> dict[str, object]:
    """The record of an import as JSON members."""
    return {
        "import": record.import_id,
        "of": record.subject,
        "file": record.file,
        "sha256": record.sha256,
        "read": record.rows_read,
        "rejected": record.rejected_by_reason,
        "already_there": record.rows_present,
        "accepted": record.rows_accepted,
        "replaced": record.rows_replaced,
        "measures": record.measures,
        "by": record.imported_by,
        "at": record.imported_at,
        "state": record.state,
        "purged": record.purged_at,
    }


def sha256_of(file: Path) -> str:
    """The hash of a file's bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    with open_input(file) as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _refuse_all_rejected(file: Path, rejected: RejectedRows, left: int) -> None:
    if refusal := all_rejected(file, rejected, left):
        raise InputError(refusal)


def all_rejected(file: Path, rejected: RejectedRows, left: int) -> str:
    """Why a file of which `left` rows are not rejected is refused; '' where it is not."""
    if left or not rejected.rows:
        return ""
    reason, n = next(iter(rejected.by_reason.items()))
    return (
        f"{file.name}: all {len(rejected.rows):,} rows were rejected, {n:,} of them because: "
        f"{reason}"
    )
