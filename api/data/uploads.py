"""Files that callers have sent: each set in a private folder, for as long as it is used."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from api.data.queue import Job
from api.data.tried import Preview
from api.look.facts import FileFacts
from api.look.kinds import STREET_NAME
from geo.errors import ConflictError, InputError, NotFoundError
from geo.output import naming
from geo.temporary import TemporaryFolder

EXPIRES_S: Final = 3_600.0
"""How long a file is kept after it was used last, in seconds."""

MOST_UPLOADS: Final = 16
"""Sets of files at once: the one unused for longest gives way to another."""

MOST_FILES: Final = 500
"""Files of one upload: as many as ten years of several forces have months."""

_LONGEST_NAME: Final = 120
_LONGEST_MAPPING: Final = 100_000  # characters in which names of other files are looked for
_SIDECARS: Final = (".dbf", ".shx", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qmd", ".fix")


@dataclass
class Upload:
    """Files that were sent together, and what is known of them.

    Attributes
    ----------
    path
        The file that is looked at, or the folder of street-level files.
    values
        What the form says; None until it was shown.
    preview
        What an import would do by these values.
    """

    upload_id: str
    folder: TemporaryFolder
    used: float
    names: list[str] = field(default_factory=list)
    path: Path = Path()
    facts: FileFacts | None = None
    values: Mapping[str, str] | None = None
    preview: Preview | None = None
    job: Job | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def files(self) -> Path:
        """The folder of the files themselves."""
        return Path(self.folder.name) / "files"

    @property
    def mapping(self) -> Path:
        """The mapping file that the form makes; beside the files that it may name."""
        return self.files / "chosen-mapping.toml"

    @property
    def rejects(self) -> Path:
        """Where rejected rows are written."""
        return Path(self.folder.name) / "rejects.csv"

    @property
    def is_busy(self) -> bool:
        """Whether it is being imported."""
        return self.job is not None and not self.job.is_over


class Uploads:
    """All uploads of a service.

    Parameters
    ----------
    most_bytes
        Of one upload.
    clock
        Seconds that only grow.
    """

    def __init__(self, most_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.most_bytes = most_bytes
        self._clock = clock
        self._all: dict[str, Upload] = {}
        self._sending: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def receiving(self, caller: str) -> Iterator[Receiver]:
        """Receive files inside; they are kept if nothing goes wrong.

        Parameters
        ----------
        caller
            Who sends them: one upload at a time.

        Raises
        ------
        ConflictError
            If the caller is sending something else.
        """
        with self._lock:
            if caller in self._sending:
                raise ConflictError("another file is still being uploaded; wait until it is there")
            self._sending.add(caller)
        try:
            upload = Upload(secrets.token_urlsafe(18), TemporaryFolder(), self._clock())
            try:
                upload.files.mkdir(mode=0o700)
                receiver = Receiver(upload, self.most_bytes)
                try:
                    yield receiver
                finally:
                    receiver.close()
                upload.path = chosen_path(upload.files, upload.names)
                self._add(upload)
            except BaseException:
                upload.folder.cleanup()
                raise
        finally:
            with self._lock:
                self._sending.discard(caller)

    def get(self, upload_id: str) -> Upload:
        """An upload, which is used now.

        Raises
        ------
        NotFoundError
            If there is none, or it has expired.
        """
        self.sweep()
        with self._lock:
            upload = self._all.get(upload_id)
            if upload is None:
                raise NotFoundError(
                    "this file is no longer here: a file is kept for an hour after it was last "
                    "used. Choose it again; what was imported stays imported"
                )
            upload.used = self._clock()
            return upload

    def remove(self, upload_id: str) -> None:
        """Remove an upload that is not being imported."""
        with self._lock:
            upload = self._all.get(upload_id)
            if upload is None or upload.is_busy:
                return
            del self._all[upload_id]
        upload.folder.cleanup()

    def sweep(self) -> None:
        """Remove what has expired."""
        now = self._clock()
        with self._lock:
            old = [one.upload_id for one in self._all.values() if now - one.used > EXPIRES_S]
        for upload_id in old:
            self.remove(upload_id)

    def remove_idle(self) -> None:
        """Remove all but what is being imported: they may hold what is erased elsewhere."""
        with self._lock:
            every = [*self._all]
        for upload_id in every:
            self.remove(upload_id)

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            uploads, self._all = [*self._all.values()], {}
        for upload in uploads:
            upload.folder.cleanup()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def _add(self, upload: Upload) -> None:
        self.sweep()
        with self._lock:
            idle = sorted((one for one in self._all.values() if not one.is_busy), key=_last_used)
            full = len(self._all) >= MOST_UPLOADS
        if full and idle:
            self.remove(idle[0].upload_id)
        with self._lock:
            self._all[upload.upload_id] = upload


def _last_used(upload: Upload) -> float:
    return upload.used


class Receiver:
    """Writes the files of one upload as they arrive, readable by their owner alone."""

    def __init__(self, upload: Upload, most_bytes: int) -> None:
        self.upload = upload
        self._left, self._most = most_bytes, most_bytes
        self._stream: BinaryIO | None = None

    def begin(self, name: str) -> None:
        """Begin the next file.

        Raises
        ------
        InputError
            If there are too many, or two of one name.
        """
        self.close()
        name = file_name(name)
        if name in self.upload.names:
            raise InputError(f"two files are named {name}; choose one of them")
        if len(self.upload.names) >= MOST_FILES:
            raise InputError(f"choose at most {MOST_FILES} files at once, or zip them")
        path = self.upload.files / name
        with naming(path):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._stream = os.fdopen(descriptor, "wb")
        self.upload.names.append(name)

    def write(self, piece: bytes) -> None:
        """Write the next piece of the file.

        Raises
        ------
        TooLargeError
            If the files together are larger than an upload may be.
        DiskFullError
            If the disk is full.
        """
        self._left -= len(piece)
        if self._left < 0:
            raise TooLargeError(self._most)
        if self._stream is not None:
            with naming(Path(self.upload.names[-1])):
                self._stream.write(piece)

    def close(self) -> None:
        """End the file."""
        if self._stream is not None:
            with naming(Path(self.upload.names[-1])):
                self._stream.close()
            self._stream = None


class TooLargeError(InputError):
    """An upload is larger than the settings allow."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"the file is larger than {most_bytes / 1e6:,.0f} MB, the most that this page takes; "
            "use the command line, or raise PATCHMAP_UPLOAD_MB"
        )


def file_name(name: str) -> str:
    """The last part of a file's name, as it can be stored.

    Raises
    ------
    InputError
        If nothing of it is left.
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    clean = "".join(letter for letter in last if letter.isprintable()).strip().lstrip(".")
    stem, dot, ending = clean.rpartition(".")
    short = f"{stem[: _LONGEST_NAME - len(ending)]}{dot}{ending}" if len(ending) < 20 else clean
    while len(short.encode()) > 200:
        stem, dot, ending = short.rpartition(".")
        short = f"{stem[:-1]}{dot}{ending}" if len(stem) > 1 else short[:50]
    if not short:
        raise InputError("no file was chosen; choose one")
    return short


def chosen_path(folder: Path, names: list[str]) -> Path:
    """The file of an upload that is to be imported; the others are parts of it.

    These are the parts of a shapefile, a mapping file and what it names, or months of street-level
    files, which are imported together.

    Raises
    ------
    InputError
        If it is not clear which one it is.
    """
    if not names:
        raise InputError("no file was chosen; choose one")
    if len(names) == 1:
        return folder / names[0]
    if all(map(STREET_NAME.fullmatch, names)):
        return folder
    mappings = [name for name in names if name.lower().endswith(".toml")]
    named = " ".join(_beginning(folder / name) for name in mappings)
    main = [
        name
        for name in names
        if name not in mappings
        and not name.lower().endswith(_SIDECARS)
        and f'"{name}"' not in named
        and f"'{name}'" not in named
    ]
    if len(main) == 1:
        return folder / main[0]
    raise InputError(
        "choose one file at a time; only the parts of a shapefile, months of data.police.uk, or a "
        "table with its mapping file can be chosen together"
    )


def _beginning(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(_LONGEST_MAPPING)
