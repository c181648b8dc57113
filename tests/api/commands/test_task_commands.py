"""`patchmap task`, `priority`, `roster` and `meeting`, on a town of two wards."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from api.help.guide import FOLDER
from boundaries.tasking.transitions import table_rows
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import refused, run, run_json
from tests.geo.stores.parts import WARDS
from tests.services import run_patchmap


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, four_squares) -> Path:
    path = tmp_path_factory.mktemp("tasks") / "patchmap.gpkg"
    areas = four_squares.iloc[:2].set_axis(pd.Index(["E1", "E2"], name="area_code"))
    with closing(GeoPackageStore(path, create=True)) as store, store.transaction():
        store.put_layer(WARDS, areas)
    return path


@pytest.fixture
def folder(tmp_path: Path, town: Path) -> Path:
    shutil.copy(town, tmp_path / "patchmap.gpkg")
    return tmp_path


RAISE = ["task", "raise", "Lights in the underpass", "--place", "E1@wards", "--by", "Ann"]


def test_a_task_goes_through_its_life_in_a_meeting(folder: Path) -> None:
    assert run(folder, "meeting", "new", "2026-03-02", "--area", "E1@wards") == (
        "M-0001 on 2026-03-02\n"
    )
    assert run(folder, *RAISE, "--due", "2026-03-10", "--meeting", "M-0001") == (
        "T-0001 raised: Lights in the underpass, Ward A\n"
    )
    run(folder, "task", "accept", "T-0001", "--owner", "coordinator", "--meeting", "M-0001")
    run(folder, "task", "start", "T-0001")
    assert run(folder, "task", "done", "T-0001") == "T-0001 is done: Lights in the underpass\n"
    minutes = run(folder, "meeting", "show", "M-0001").splitlines()
    assert minutes[0] == "M-0001: E1@wards, 2026-03-02"
    assert [line.split(" by ")[0] for line in minutes[1:]] == ["T-0001: raise", "T-0001: accept"]
    assert run(folder, "task", "list").splitlines()[-1] == (
        "1 raised = 0 declined + 0 open + 0 waiting + 1 done + 0 assessed"
    )


def test_a_referral_comes_back_with_its_answer_and_both_levels_account_for_it(
    folder: Path,
) -> None:
    run(folder, *RAISE)
    assert run(folder, "task", "refer", "T-0001", "up", "--to", "city board") == (
        "T-0001 waits for T-0002, referred up to city board\n"
    )
    facts = run_json(folder, "task", "list")
    assert facts["accounts_by_level"]["area"]["waiting"] == 1
    assert facts["accounts_by_level"]["city"]["open"] == 1
    run(folder, "task", "answer", "T-0002", "--note", "Money granted.", "--by", "Chair")
    shown = run_json(folder, "task", "show", "T-0001")
    assert (shown["state"], shown["steps"][-1]["kind"], shown["steps"][-1]["by"]) == (
        "raised", "answered", "Chair",
    )  # fmt: skip
    agenda = run(folder, "meeting", "new", "2026-03-30", "--area", "E1@wards")
    assert agenda.startswith("M-0001")
    assert "Answered: 1\n  T-0001" in run(folder, "meeting", "agenda", "M-0001")


def test_lists_choose_by_area_state_and_owner_and_their_accounts_add_up(folder: Path) -> None:
    run(folder, *RAISE, "--due", "2026-01-01")
    run(folder, *RAISE[:4], "E2@wards", "--owner", "team")
    run(folder, "task", "decline", "T-0002", "--reason", "Private land.")
    for words, ids in (
        (["--area", "E1@wards"], ["T-0001"]),
        (["--owner", "Team"], ["T-0002"]),
        (["--state", "declined"], ["T-0002"]),
        (["--overdue"], ["T-0001"]),
        (["--level", "city"], []),
        (["--unanswered", "3"], []),
    ):
        facts = run_json(folder, "task", "list", *words)
        assert [one["task_id"] for one in facts["tasks"]] == ids, words
        accounts = facts["accounts"]
        assert accounts.pop("raised") == sum(accounts.values()), words
    assert "area 'E9'" in refused(folder, "task", "list", "--area", "E9@wards")
    assert refused(folder, "task", "list", "--state", "lost").startswith("unknown state 'lost'")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--place", "E9@wards"], "layer wards has no area 'E9'"),
        (["--place", "E1@parishes"], "there is no layer 'parishes'"),
        (["--place", "somewhere"], "'somewhere' is no place; write a cell"),
        (["--place", "0,0"], "the place does not lie where the store's coordinates are used"),
        (["--place", "{}"], "the place is no GeoJSON that can be read"),
        (["--place", "h0:1:1"], "h0:1:1: a cell is wider than 0 metres"),
        (["--place", "E1@wards", "--kind", "dance"], "unknown kind 'dance'; choose engage"),
        (["--place", "E1@wards", "--due", "soon"], "--due 'soon': write a day as YYYY-MM-DD"),
        (["--place", "E1@wards", "--meeting", "M-9"], "there is no meeting 'M-9'"),
    ],
)
def test_a_task_that_cannot_be_raised_is_refused_with_one_line(
    folder: Path, words: list[str], line: str
) -> None:
    assert refused(folder, "task", "raise", "Litter", *words).startswith(line)
    assert run_json(folder, "task", "list")["tasks"] == []


def test_places_are_cells_hotspots_points_and_drawn_outlines(folder: Path) -> None:
    drawn = folder / "place.geojson"
    drawn.write_text(
        '{"type":"Polygon","coordinates":[[[-1.47,52.92],[-1.46,52.92],[-1.46,52.93],[-1.47,52.92]]]}'
    )
    for place, kind in (
        ("h150:3000:2500", "cell"),
        ("s100:4350:3360", "cell"),
        ("p150:8700:6720", "hotspot"),
        ("-1.47,52.92", "point"),
        (str(drawn), "polygon"),
    ):
        facts = run_json(folder, "task", "raise", "Litter", "--place", place)
        assert facts["place_kind"] == kind, place


def test_what_is_odd_is_saved_and_told_on_standard_error(folder: Path) -> None:
    run(folder, "meeting", "new", "2026-03-02", "--area", "E1@wards")
    words = ["task", "raise", "Litter", "--place", "E2@wards", "--due", "2024-03-01"]
    done = run_patchmap(*words, "--meeting", "M-0001", "--service", "Parks", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "T-0001 raised: Litter, Ward B\n")
    past, elsewhere = done.stderr.splitlines()
    assert past.startswith("The due day of T-0001, 1 March 2024, is over already")
    assert elsewhere.startswith("T-0001 lies in Ward B, and this is the meeting of Ward A")
    assert "Parks (service)" in run(folder, "task", "list")
    assert "who: Parks (service)" in run(folder, "task", "show", "T-0001")
    unknown = run_patchmap("task", "list", "--owner", "zzz", cwd=folder)
    assert unknown.stderr.startswith("no task has the owner or service 'zzz'")


def test_names_in_a_meeting_can_be_confirmed(folder: Path) -> None:
    words = ["meeting", "new", "2026-03-02", "--roles", "chair,John Smith"]
    assert "the list of who takes part seems to hold" in refused(folder, *words)
    assert run(folder, *words, "--names-nobody").startswith("M-0001")


def test_a_name_is_refused_until_it_is_confirmed_and_a_text_is_removed(folder: Path) -> None:
    words = ["task", "raise", "Ask Mr Smith", "--place", "E1@wards"]
    assert "seems to hold a person's name" in refused(folder, *words)
    run(folder, *words, "--names-nobody")
    run(folder, "task", "redact", "T-0001", "--step", "1", "--text", "title", "--reason", "A name")
    assert run_json(folder, "task", "show", "T-0001")["title"] == "[redacted]"
    assert b"Mr Smith" not in (folder / "patchmap.gpkg").read_bytes()


def test_the_name_of_a_former_holder_is_removed(folder: Path) -> None:
    run(folder, "roster", "set", "warden", "--holder", "Zephyrine Q")
    run(folder, "roster", "set", "R-0001", "--holder", "Officer 7")
    words = ["--step", "1", "--text", "holder", "--reason", "Left the council"]
    assert run(folder, "task", "redact", "R-0001", *words).startswith("R-0001: holder of step 1")
    (entry,) = run_json(folder, "roster", "list")
    assert entry["holder"] == "Officer 7"
    assert b"Zephyrine" not in (folder / "patchmap.gpkg").read_bytes()
    assert "no entry of the roster 'R-0002'" in refused(folder, "task", "redact", "R-0002", *words)


def test_who_edited_an_older_version_reads_what_changed(folder: Path) -> None:
    run(folder, *RAISE)
    run(folder, "task", "decline", "T-0001", "--reason", "No.", "--by", "Bob")
    line = refused(folder, "task", "accept", "T-0001", "--owner", "team", "--version", "1")
    assert line.startswith(
        "task T-0001 is now version 2; you edited version 1. Since: decline by Bob, "
    )


def test_priorities_and_the_roster_are_set_changed_and_listed(folder: Path) -> None:
    words = ["priority", "set", "Litter", "--area", "E1@wards", "--issue-date", "2026-01-12"]
    assert run(folder, *words) == "P-0001 set: Litter\n"
    run(folder, "priority", "set", "P-0001", "--action", "More bins", "--action-date", "2026-02-02")
    (one,) = run_json(folder, "priority", "list", "--area", "E1@wards")
    assert (one["issue"], one["action"], one["action_date"]) == (
        "Litter", "More bins", "2026-02-02",
    )  # fmt: skip
    run(folder, "priority", "close", "P-0001", "--reason", "Reached.")
    assert run(folder, "priority", "list") == "no priorities yet\n"
    assert [one["is_open"] for one in run_json(folder, "priority", "list", "--all")] == [False]

    run(folder, "roster", "set", "warden", "--areas", "E1,E2@wards", "--contact-for", "E1")
    run(folder, "roster", "set", "R-0001", "--holder", "Officer 12")
    (entry,) = run_json(folder, "roster", "list", "--area", "E2@wards")
    assert (entry["role"], entry["holder"], entry["contact_for"]) == (
        "warden", "Officer 12", ["E1"],
    )  # fmt: skip
    run(folder, "roster", "set", "R-0001", "--vacant", "--covered-by", "coordinator")
    assert "vacant" in run(folder, "roster", "list")
    assert "no area 'E7'" in refused(folder, "roster", "set", "warden", "--areas", "E7@wards")


def test_the_guide_prints_the_table_of_transitions() -> None:
    guide = (FOLDER / "tasks.md").read_text(encoding="utf-8").splitlines()
    start = guide.index("| step | from | to | who may | needs | what it means |") + 2
    lines = guide[start : guide.index("", start)]
    assert [tuple(line.strip("| ").split(" | ")) for line in lines] == [*table_rows()]


def test_a_task_that_nobody_could_assess_is_refused_and_none_is_due(folder: Path) -> None:
    message = refused(folder, *RAISE, "--assess", "--question", "layer=wards")
    assert "the store holds no incidents yet" in message
    assert run(folder, "task", "assess") == "no task is due to be assessed\n"
    assert run_json(folder, "task", "assess") == {"assessed": [], "waiting": {}}
