"""The file of rejected rows, which can be corrected and imported again."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pandas as pd

from geo.formats.csv_text import CsvRows
from geo.incidents import Batch, Partition
from geo.output import Output, naming


class RejectsFile:
    """A CSV of rejected rows: their file, line and reason, then the raw fields.

    It appears at the end of an import, so that one that fails leaves an earlier file as it was.
    Without rejected rows there is no file. It holds raw rows, so only its owner can read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._fields: tuple[str, ...] = ()
        self._output = Output(path, private=True)
        self._stream: IO[str] | None = None

    def add(self, partition: Partition, batch: Batch) -> None:
        """Write the rejected rows of one batch."""
        self.add_rows(partition.file, partition.fields, batch.rejected)

    def add_rows(self, file: str, fields: tuple[str, ...], rejected: pd.DataFrame) -> None:
        """Write rejected rows.

        Parameters
        ----------
        file, fields
            The name of their file, and its header.
        rejected
            With `REJECT_COLUMNS`.
        """
        if rejected.empty:
            return
        with naming(self.path):
            rows = self._opened()
            if fields != self._fields:
                # Files of another schema follow under a header of their own.
                self._fields = fields
                rows.add(["file", "line", "reason", *self._fields])
            for line, reason, row in rejected.itertuples(index=False):
                rows.add([file, line, reason, *row])
        self.rows += len(rejected)

    def complete(self) -> None:
        """Bring the rows to the disk; called before the import is committed.

        An import whose rejected rows cannot be written is no import.
        """
        if self._stream:
            with naming(self.path):
                self._stream.close()
            self._output.complete()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._stream:
            return
        if error is None:
            self._output.publish()
            return
        try:
            with naming(self.path):
                self._stream.close()
        finally:
            self._output.discard()

    def _opened(self) -> CsvRows:
        if not self._stream:
            self._stream = self._output.open().open("w", encoding="utf-8", newline="")
        return CsvRows(self._stream)
