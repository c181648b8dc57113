"""The child process that imports: its refusals, its rows, and its end."""

from __future__ import annotations

import pickle
import threading
from contextlib import closing
from multiprocessing import Pipe
from pathlib import Path

import pytest

from api.imports.outcome import Undoable
from api.imports.process import ImportProcess
from api.imports.tasks import IncidentsTask, UndoTask
from geo.errors import ConflictError, InputError, UnavailableError
from geo.store.geopackage import GeoPackageStore
from tests.api.data.conftest import CASES_CSV

MAPPING = """source = "council"
id = "Ref"
when = { from = "When", format = "dd/mm/yyyy HH:MM" }
where = { easting = "Easting", northing = "Northing" }
what = { column = "Type" }
"""


class Alive:
    """A child that seems to run."""

    def is_alive(self) -> bool:
        return True

    def kill(self) -> None:
        return

    def join(self) -> None:
        return


def test_a_child_imports_reports_its_rows_and_undoes(store: GeoPackageStore, tmp_path: Path):
    (tmp_path / "cases.csv").write_text(CASES_CSV)
    (tmp_path / "m.toml").write_text(MAPPING)
    before = store.incident_count()
    rows: list[int] = []
    with closing(ImportProcess(str(store.path))) as importer:
        task = IncidentsTask(tmp_path / "cases.csv", tmp_path / "r.csv", tmp_path / "m.toml")
        outcome = importer.run(task, rows.append)
        assert (rows, outcome.rejects, store.incident_count()) == ([3], 1, before + 2)
        with pytest.raises(InputError, match="none"):
            importer.run(IncidentsTask(tmp_path / "none.csv", tmp_path / "r.csv"), rows.append)
        importer.run(UndoTask(outcome.made), rows.append)
        assert store.incident_count() == before
        with pytest.raises(ConflictError, match="already undone"):
            importer.run(UndoTask(outcome.made), rows.append)


def test_a_child_that_ends_leaves_a_refusal(tmp_path: Path):
    importer = ImportProcess(str(tmp_path / "s.gpkg"))
    pipe, far_end = Pipe()
    far_end.close()
    importer._pipe, importer._child = pipe, Alive()
    with pytest.raises(UnavailableError, match="interrupted, and nothing was changed"):
        importer.run(UndoTask((Undoable("import", 1),)), lambda _rows: None)
    assert importer._pipe is None


@pytest.mark.parametrize("committed", [False, True])
def test_a_child_that_ends_says_whether_anything_was_changed(
    store: GeoPackageStore, committed: bool
) -> None:
    importer = ImportProcess(str(store.path))
    pipe, child = Pipe()
    importer._pipe, importer._child = pipe, Alive()
    child.send_bytes(pickle.dumps(("begun", store.data_version())))
    if committed:
        with store.transaction():
            store.put_setting("default_layer", None)
    dying = threading.Thread(target=lambda: (child.recv_bytes(), child.close()))
    dying.start()
    said = "data may have changed; look at the list" if committed else "nothing was changed"
    with pytest.raises(UnavailableError, match=said):
        importer.run(UndoTask((Undoable("import", 1),)), lambda _rows: None)
    dying.join()


def test_an_idle_child_ends_and_a_busy_one_stays(tmp_path: Path):
    importer = ImportProcess(str(tmp_path / "s.gpkg"))
    importer._pipe, importer._child = Pipe()[0], Alive()
    with importer._one:
        ended = threading.Thread(target=importer.end_if_idle)
        ended.start()
        ended.join()
        assert importer._pipe is not None
    importer.end_if_idle()
    assert importer._pipe is None
