"""What commands print is for people, and a refusal names the option that was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.pages.text import percent
from tests.api.commands.running import refused, run
from tests.api.conftest import make_town


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("town")
    make_town(path / "patchmap.gpkg").close()
    (path / "residents.csv").write_text("code,residents\nA,10\n")
    return path


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["--from", "2018-13"],
            "--from: '2018-13' is not a date; write it as 2024-01 or 2024-01-31",
        ),
        (
            ["--to", "2024-02-30"],
            "--to: '2024-02-30' is not a date; write it as 2024-01 or 2024-01-31",
        ),
        (
            ["--without", "Nowhere"],
            "--without: no incident is at 'Nowhere'; there are, for example",
        ),
    ],
)
def test_the_option_that_was_written_is_named(folder, arguments, reason):
    assert refused(folder, "count", *arguments, "-o", "out.csv").startswith(reason)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["posts"], "--posts: say how many officers there are (--posts), or how much money"),
        (
            ["posts", "--posts", "4", "--pinned", "Ann=Z"],
            "--pinned: unknown value 'Z'; choose A or",
        ),
        (
            ["patches", "--size", "1-2", "--bridges", "X=A+Z"],
            "--bridges: unknown value 'Z'; choose",
        ),
    ],
)
def test_unknown_areas_are_refused_with_the_known_ones(folder, command, reason):
    assert refused(folder, *command, "-o", "out.csv").startswith(reason)


def test_a_table_is_no_layer_and_the_refusal_says_who_takes_it(folder):
    message = refused(folder, "layers", "add", "residents.csv", "--id", "people")
    assert message == (
        "residents.csv is a table, and no two columns look like coordinates, such as easting and "
        "northing; for numbers by area use 'patchmap attributes add', for incidents 'patchmap "
        "ingest'"
    )


def test_plans_of_patches_are_lines_for_people(folder):
    printed = run(folder, "patches", "--size", "1-2", "-o", "out.csv")
    (line, *_) = [line for line in printed.splitlines() if line.startswith("plan 1: ")]
    assert line.startswith("plan 1: 1 patches, the worst 0.0 % from a fair share (proven best)")
    assert "worst_imbalance" not in printed


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.01, "1.0 %"), (0.00999, "1.0 %"), (0.0099, "0.99 %"), (0.0, "0.0 %"), (0.0004, "0.04 %")],
)
def test_a_share_is_rounded_before_its_decimals_are_chosen(share, text):
    assert percent(share) == text
