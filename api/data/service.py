"""The uploads and imports of a running service, and the token that its own forms bear."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import partial

from api.answers import Answers
from api.data.choices import first_values
from api.data.preview import preview, with_mapping
from api.data.queue import ImportQueue, Job
from api.data.tried import Preview
from api.data.uploads import Upload, Uploads
from api.imports.outcome import Undoable
from api.imports.process import Importer
from api.imports.tasks import UndoTask, signed
from api.look.facts import FileFacts
from api.look.look import look_at
from api.look.options import Options
from api.snapshot import Snapshot
from boundaries.gazetteer.folder import GazetteerFolder
from geo.errors import ConflictError, StoreError
from geo.store.contract import Store

MOST_CODES_COMPARED = 50_000
"""Areas of a layer whose codes and names are compared with a table's; one of more is chosen."""


class DataService:
    """What the page for importing works with.

    Parameters
    ----------
    store, answers
        The store, and its state in memory.
    importer
        Does the imports.
    most_bytes
        Of one upload.
    gazetteer
        The names of the store; None where none can be added.
    """

    def __init__(
        self,
        store: Store,
        answers: Answers,
        importer: Importer,
        *,
        most_bytes: int,
        gazetteer: GazetteerFolder | None = None,
    ) -> None:
        self.store, self.answers, self.gazetteer = store, answers, gazetteer
        self.uploads = Uploads(most_bytes)
        self.queue = ImportQueue(importer)
        self.token = secrets.token_urlsafe(32)
        """Pages of other origins cannot read it, so they cannot send a form that bears it."""

    def has_token(self, token: str) -> bool:
        """Whether a form is one of this service's own."""
        return secrets.compare_digest(token.encode(), self.token.encode())

    def check_writable(self) -> None:
        """Refuse to receive what could not be stored.

        Raises
        ------
        StoreError
            If the store can only be read.
        """
        if self.store.is_read_only:
            raise StoreError(READ_ONLY)

    def look(self, upload: Upload) -> FileFacts:
        """What the files are; looked at once.

        Raises
        ------
        InputError
            Saying what they are, where nothing imports them.
        """
        with upload.lock:
            if upload.facts is None:
                options = Options(projection=self.store.projection)
                with self.answers.turns.turn():
                    facts = look_at(upload.path, options)
                    upload.facts = with_mapping(facts, upload.path)
        # A process takes seconds to start: while the form is read.
        self.queue.importer.warm_up()
        return upload.facts

    def values(self, upload: Upload) -> Mapping[str, str]:
        """What the form of an upload says."""
        if upload.values is None:
            snapshot = self.answers.snapshot()
            upload.values = first_values(
                self.look(upload), snapshot.layers(), partial(_codes, snapshot)
            )
        return upload.values

    def choose(self, upload: Upload, values: Mapping[str, str]) -> None:
        """Note what the form says now.

        Raises
        ------
        ConflictError
            If the upload is being imported.
        """
        # A preview that is being made is of the values before: it must not stand for these.
        with upload.lock:
            if upload.is_busy:
                raise ConflictError("this file is being imported; wait until it is done")
            if values.get("part") != self.values(upload).get("part"):
                self._look_inside(upload, values.get("part", ""))
            upload.values, upload.preview, upload.job = dict(values), None, None

    def preview(self, upload: Upload) -> Preview:
        """What an import by the form would do; tried once."""
        with upload.lock:
            facts, values = self.look(upload), self.values(upload)
            if upload.preview is None:
                with self.answers.turns.turn():
                    upload.preview = preview(
                        self.answers.snapshot(),
                        facts,
                        upload.path,
                        values,
                        mapping=upload.mapping,
                        rejects=upload.rejects,
                        gazetteer=self.gazetteer.path if self.gazetteer else None,
                    )
            return upload.preview

    def begin(self, upload: Upload, values: Mapping[str, str], *, by: str = "") -> bool:
        """Begin to import an upload by a form, unless the preview says that it would be refused.

        Parameters
        ----------
        by
            Who does so, for the records of imports; by default the user who runs the service.

        Returns
        -------
        Whether it has begun.

        Raises
        ------
        ConflictError
            If the upload is being imported.
        """
        # In one: meanwhile the same form may be filled in differently in another window.
        with upload.lock:
            self.choose(upload, values)
            tried = self.preview(upload)
            if tried.problem or tried.task is None:
                return False
            expected = upload.facts.rows if upload.facts else None
            upload.job = self.queue.submit(signed(tried.task, by), expected=expected)
        return True

    def undo(self, changes: list[Undoable]) -> Job:
        """Begin to undo changes."""
        return self.queue.submit(UndoTask(tuple(changes)))

    def sweep(self) -> None:
        """Remove what has expired; end the process of imports where nothing needs it."""
        self.uploads.sweep()
        if not len(self.uploads):
            self.queue.importer.end_if_idle()

    def close(self) -> None:
        """End all imports and remove all uploads."""
        self.queue.close()
        self.uploads.close()

    def _look_inside(self, upload: Upload, part: str) -> None:
        """Look at another layer of a file that has several."""
        options = Options(layer=part, projection=self.store.projection)
        with self.answers.turns.turn():
            upload.facts = with_mapping(look_at(upload.path, options), upload.path)


READ_ONLY = (
    "this store can only be read, so nothing can be imported; ask whoever keeps it, or start "
    "Patchmap with a store of your own"
)


def _codes(snapshot: Snapshot, layer_id: str) -> frozenset[str]:
    areas = snapshot.areas_or_none(layer_id)
    if areas is None or len(areas) > MOST_CODES_COMPARED:
        return frozenset()
    return frozenset(areas.index.astype(str)) | frozenset(areas["area_name"].astype(str))
