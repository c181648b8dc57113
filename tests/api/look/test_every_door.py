"""The same file through every door has the same rows, or the same refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from api.data.choices import first_values
from api.data.preview import preview
from api.imports.feature_layers import count_features, put_any_layer
from api.imports.layers import ReadingOptions, read_content
from api.look.facts import FileFacts
from api.look.kinds import Kind
from api.look.look import look_at
from api.look.options import Options
from boundaries.layers import rings
from boundaries.layers.read import read_layer
from geo.errors import InputError
from geo.formats import sandbox
from geo.formats.features import FEATURE_ENDINGS, read_features
from geo.sources.sheets import TABLE_ENDINGS, read_table_file
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import make_town

Result = str | tuple[int, int]
"""Why a file is refused, or how many rows are accepted and rejected."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GeoPackageStore]:
    store = make_town(tmp_path_factory.mktemp("doors") / "patchmap.gpkg")
    yield store
    store.close()


@pytest.fixture
def _each_program_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandboxed program that gets the same files and request again gives its answer again.

    Every door reads each file with the same few programs, whose start takes most of the time. What
    they answer depends on nothing else, which `tests/geo/gdal` holds.
    """
    answers: dict[object, tuple[int, bytes]] = {}
    run = sandbox.run_sandboxed

    def run_once(program: Path, request: bytes, folder: Path, **options: Any) -> int:
        files = tuple(sorted((path.name, path.read_bytes()) for path in folder.iterdir()))
        named = {name: repr(value) for name, value in options.items()}
        key = (program, request, files, tuple(sorted(named.items())))
        if key not in answers:
            code = run(program, request, folder, **options)
            answers[key] = code, (folder / "answer").read_bytes()
        (folder / "answer").write_bytes(answers[key][1])
        return answers[key][0]

    monkeypatch.setattr(sandbox, "run_sandboxed", run_once)
    monkeypatch.setattr(rings, "run_sandboxed", run_once)


@pytest.fixture(scope="module")
def cases(real_data: Path) -> list[Path]:
    """The small inputs beside the real data."""
    folder = real_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip("there are no cases beside the real data")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def result(door: Callable[[], Result]) -> Result:
    try:
        return door()
    except InputError as error:
        return str(error)


def looked(facts: FileFacts) -> Result:
    assert facts.check
    problem = "" if facts.proposal.get("repair") else facts.check.problem
    return problem or (facts.check.accepted, facts.check.read - facts.check.accepted)


def added(store: GeoPackageStore, path: Path, facts: FileFacts) -> Result:
    """What `layers add` makes of a file, with the options that `look` proposes."""
    proposal = facts.proposal
    how = ReadingOptions(inside=facts.part, repair=bool(proposal.get("repair")))
    content = read_content(path, how, notify=lambda _: None)
    metadata = LayerMetadata("again", code_field=proposal.get("code_field", ""), file=path.name)
    stored = put_any_layer(store, content, metadata, how).facts
    if "areas" in stored:
        return (int(str(stored["areas"])), 0)
    return (int(str(stored["features"])), int(str(stored["read"])) - int(str(stored["features"])))


def tried(store: GeoPackageStore, path: Path, facts: FileFacts, folder: Path) -> Result:
    """What the page `/data` says that an import would do."""
    values = first_values(facts, [], lambda _: frozenset())
    use = "layer" if facts.use == "layer" else "features"
    done = preview(
        store,
        facts,
        path,
        {**values, "use": use},
        mapping=folder / "mapping.toml",
        rejects=folder / "rejects.csv",
    )
    assert done.problem or done.check
    return done.problem or (done.check.accepted, done.check.read - done.check.accepted)


def located(store: GeoPackageStore, path: Path, facts: FileFacts) -> Result:
    """What `locate --areas` makes of a file of areas."""
    metadata = LayerMetadata("areas", code_field=facts.proposal["code_field"], file=path.name)
    content = read_features(path, layer=facts.part)
    repair = bool(facts.proposal.get("repair"))
    layer = read_layer(content, metadata, projection=store.projection, repair=repair)
    return (len(layer.areas), 0)


def doors_of(store: GeoPackageStore, path: Path, folder: Path) -> dict[str, Result]:
    """What each door makes of a file of features; none for archives of incidents."""
    try:
        facts = look_at(path, Options(projection=store.projection))
    except InputError as error:
        unknown = FileFacts(path.name, "", 0)
        return {"look": str(error), "layers add": result(partial(added, store, path, unknown))}
    if facts.kind == str(Kind.STREET_FILES):
        return {}
    doors = {
        "layers add": result(partial(added, store, path, facts)),
        "/data": tried(store, path, facts, folder),
    }
    if facts.use == "layer":
        doors["look"] = looked(facts)
        areas = result(partial(located, store, path, facts))
        # It takes areas alone, and refuses others in words of its own.
        if not (isinstance(areas, str) and isinstance(doors["look"], str)):
            doors["locate"] = areas
    return doors


@pytest.mark.usefixtures("_each_program_run_once")
def test_a_file_of_features(cases: list[Path], town: GeoPackageStore, tmp_path: Path) -> None:
    files = [path for path in cases if path.suffix.lower() in FEATURE_ENDINGS]
    assert len(files) > 50
    results = {path.name: doors_of(town, path, tmp_path) for path in files}
    differing = {name: doors for name, doors in results.items() if len(set(doors.values())) > 1}
    assert differing == {}


def as_points(path: Path) -> Result:
    content = read_content(path, ReadingOptions(), notify=lambda _: None)
    return (count_features(content, path.name), 0)


def test_a_table_of_points(cases: list[Path]) -> None:
    files = [path for path in cases if path.suffix.lower() in TABLE_ENDINGS]
    assert len(files) > 50
    for path in files:
        table = result(lambda file=path: (len(read_table_file(file)), 0))
        points = result(partial(as_points, path))
        has_no_place = isinstance(points, str) and "no two columns look like" in points
        assert points == table or (has_no_place and not isinstance(table, str)), path.name
