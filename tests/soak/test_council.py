"""Some seconds of a council at work, and a kill; `python -m tests.soak.council` takes longer."""

from __future__ import annotations

from pathlib import Path

from tests.api.conftest import make_town
from tests.loops import run_async
from tests.soak.council import audit_faults, missed, work_on


def test_a_council_works_through_a_kill_and_its_audit_stays_whole(tmp_path: Path) -> None:
    store = str(tmp_path / "town.gpkg")
    make_town(Path(store)).close()
    measured = run_async(
        work_on(store, seconds=2, kills=1, workers=1, people=12, log=tmp_path / "log", least=12)
    )
    assert measured.kills == 1
    assert measured.worked >= 24
    assert [*missed(measured)] == [], (tmp_path / "log").read_text()
    assert audit_faults(store) == ""
