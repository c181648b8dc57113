"""A folder of outputs that appear together or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType

from geo.output.files import write_text
from geo.output.reasons import naming


class OutputFolder:
    """Files written into a folder one by one; where one fails, those that are new are removed.

    Parameters
    ----------
    path
        The folder, which is made if need be. What it holds already stays, or is replaced by a file
        of the same name.

    Attributes
    ----------
    written
        The files so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: list[Path] = []
        self._new: list[Path] = []

    def write(self, name: str, text: str) -> None:
        """Write a text in UTF-8.

        Parameters
        ----------
        name
            Of its file, with the folders below this one.
        text
            The text, with its own ends of lines.

        Raises
        ------
        StoreError
            If the system does not let it be written.
        """
        path = self.path / name
        self._make(path.parent)
        is_new = not path.exists()
        write_text(path, text)
        self.written.append(path)
        if is_new:
            self._new.append(path)

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make(folder.parent)
            with naming(folder):
                folder.mkdir(exist_ok=True)
            self._new.append(folder)

    def __enter__(self) -> OutputFolder:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End; after an error as it was before."""
        if error is None:
            return
        for path in reversed(self._new):
            # A folder in which somebody else has put a file meanwhile stays.
            with suppress(OSError):
                if path.is_dir():
                    path.rmdir()
                else:
                    path.unlink()
