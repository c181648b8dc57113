"""A refusal names the option as it is typed, and says all of what is wrong."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.api.commands.running import refused
from tests.services import run_patchmap


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("treatment -o t.csv", "--treated: name the places that were treated"),
        ("patches -o p.csv", "--groups: say how many areas or members"),
        ("count --from 2024-04 --to 2024-01 -o c.csv", "--from and --to: '2024-04/2024-01' ends"),
        ("count --datetime 2024-04/2024-01 -o c.csv", "--datetime: '2024-04/2024-01' ends before"),
        ("start --from 2024-13", "--from: '2024-13' is not a month; write it as 2024-01"),
        ("start --from 2024-01 --to x", "--to: 'x' is not a month; write it as 2024-01"),
    ],
)
def test_a_refusal_names_the_option_with_its_dashes(
    made_town: Path, tmp_path: Path, words: str, line: str
) -> None:
    shutil.copy(made_town, tmp_path / "patchmap.gpkg")
    assert refused(tmp_path, *words.split()).startswith(line)


def test_a_wrong_choice_names_those_there_are(tmp_path: Path) -> None:
    done = run_patchmap("serve", "--log", "requets", cwd=tmp_path)
    assert done.returncode == 2
    assert "'--log': unknown value 'requets'; choose errors, requests or json" in done.stderr


def test_a_folder_of_archives_is_refused_with_an_archive_to_name(tmp_path: Path) -> None:
    (tmp_path / "derby").mkdir()
    with zipfile.ZipFile(tmp_path / "derby/2024-03.zip", "w") as archive:
        archive.writestr("2024-01/2024-01-derbyshire-street.csv", "")
    line = refused(tmp_path, "ingest", "derby")
    assert line.endswith("it has 1 zip archive: name 2024-03.zip")
