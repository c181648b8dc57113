"""`patchmap release …`, from making a release to withdrawing it."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.settings import user_name
from geo.errors import ConflictError
from tests.api.conftest import make_town
from tests.api.releases.test_open import calls_of


def _run(store: Path, *words: str, user: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.commands.release.user_name", lambda: user)
        return CliRunner().invoke(app, ["--store", str(store), "release", *words])


def test_the_environment_names_no_second_person(monkeypatch: pytest.MonkeyPatch) -> None:
    before = user_name()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert user_name() == before != "somebody-else"


def test_one_makes_checks_and_another_approves(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    with closing(make_town(path)) as store, store.transaction():
        store.put_partition(calls_of("2024-01"))
    words = ("make", "first", "--from", "2024-01", "--to", "2024-01", "--group", "burglary")
    made = _run(path, *words, user="ann").stdout
    assert "first: first; wards, 2024-01 to 2024-01, draft, made by ann" in made
    assert "incidents of calls: burglary" in made  # data.police.uk is open and apart
    assert "wards: mean absolute error by area" in made
    checked = _run(path, "check", "first", user="ann")
    assert checked.exit_code == 0
    assert "first: no count under 5 can be recovered" in checked.stdout
    for words in (("approve", "first"), ("approve", "first", "--digest", "0" * 16)):
        refused = _run(path, *words, user="ANN" if len(words) == 2 else "ben")
        assert isinstance(refused.exception, ConflictError)
    (digest,) = re.findall("digest: (.+)", made)
    approved = _run(path, "approve", "first", "--digest", digest, user="ben")
    assert "address: /open/first" in approved.stdout
    withdrawn = _run(path, "withdraw", "first", "--reason", "wrong month", user="ben")
    assert "withdrawn by ben" in withdrawn.stdout
    listed = CliRunner().invoke(app, ["--store", str(path), "--json", "release", "list"])
    assert [one["state"] for one in json.loads(listed.stdout)] == ["withdrawn"]


def test_a_draft_is_discarded_by_command(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    with closing(make_town(path)) as store, store.transaction():
        store.put_partition(calls_of("2024-01"))
    words = ("make", "first", "--from", "2024-01", "--to", "2024-01", "--group", "burglary")
    _run(path, *words, user="ann")
    assert _run(path, "discard", "first", user="ann").stdout == "first: draft discarded\n"
    assert _run(path, "list", user="ann").stdout == "no releases yet\n"


def test_a_release_that_cannot_be_approved_ends_its_check_with_1(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    with closing(make_town(path)) as store, store.transaction():
        metadata, areas = store.layer("wards")
        store.put_layer(metadata, areas.assign(residents=[50, 2000]))
        store.put_partition(calls_of("2024-01"))
    _run(path, "make", "first", "--from", "2024-01", "--to", "2024-01", user="ann")
    checked = _run(path, "check", "first", user="ann")
    assert checked.exit_code == 1
    assert "refused: Wards of the town: fewer than 100 residents in <b>Abbey" in checked.stdout
    assert "first cannot be approved" in checked.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--from", "2024", "--to", "2024-02"), "cannot read the month '2024'"),
        (("--from", "2024-02", "--to", "2024-01"), "ends before it begins"),
        (
            ("--from", "2024-01", "--to", "2024-01", "--group", "A=x", "--group", "A=y"),
            "two groups",
        ),
    ],
)
def test_what_cannot_be_published_is_refused(
    made_town: Path, words: tuple[str, ...], reason: str
) -> None:
    result = _run(made_town, "make", "first", *words, user="ann")
    assert reason in str(result.exception)
