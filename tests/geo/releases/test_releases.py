"""Releases: made from a store, checked against each other, approved by a second person."""

import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import BRITISH_NATIONAL_GRID
from geo.disclosure.attack import bounds
from geo.errors import ConflictError, InputError, QuestionError, StoreError
from geo.incidents import COLUMNS, Batch, Partition, month_span
from geo.question.ask import Question, ask
from geo.releases import checking
from geo.releases.checking import CheckResult, check_release
from geo.releases.model import ReleaseDefinition, ReleaseTable
from geo.releases.records import ReleaseRecords
from geo.releases.written import digest, read_release, release_as_text
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.geopackage.records import RecordsFile
from geo.store.postgis import PostgisStore
from geo.store.postgis.records import PostgisRecords
from tests.postgres import Cluster

WEST, SOUTH = 435_000.0, 336_000.0
MONTHS = ("2024-01", "2024-02", "2024-03")
GROUPS = {"Burglary": ("burglary",), "Other": ("arson", "anti-social-behaviour")}


def strips(widths: list[int], names: str) -> gpd.GeoDataFrame:
    """Areas side by side, each so many hundred metres wide."""
    edges = WEST + 100.0 * np.cumsum([0, *widths])
    squares = [
        shapely.box(west, SOUTH, east, SOUTH + 1_000) for west, east in itertools.pairwise(edges)
    ]
    frame = gpd.GeoDataFrame(
        {"area_name": [f"Ward {name}" for name in names], "residents": 1_000},
        geometry=squares,
        crs=BRITISH_NATIONAL_GRID,
    )
    return frame.set_axis(pd.Index([*names], name="area_code"))


def month_of(
    month: str, *, source: str = "calls", extra: int = 0, first: int | None = None
) -> Partition:
    """A month of 40 incidents along 2 km, and some more in the first hundred metres.

    Or only the first so many of all.
    """
    rng = np.random.default_rng(int(month.replace("-", "")))
    size = 40 + extra
    x = np.append(rng.uniform(WEST, WEST + 2_000, 40), np.full(extra, WEST + 50))
    start, end = month_span(month)
    rows = pd.DataFrame(
        {
            "incident_id": [f"{source}/{month}:{at}" for at in range(size)],
            "source": source,
            "category": rng.choice(["burglary", "arson", "anti-social-behaviour"], size),
            "occurred_from": start.as_unit("s"),
            "occurred_to": end.as_unit("s"),
            "precision": "month",
            "x": x,
            "y": SOUTH + 500,
            "location": "",
            "reference": "",
        },
        columns=list(COLUMNS),
    ).iloc[:first]
    rejected = pd.DataFrame(columns=["line", "reason", "row"])
    return Partition(
        source=source,
        name="town",
        month=month,
        file=f"{month}-{source}.csv",
        sha256=f"{month}-{source}-{extra}-{first}",
        fields=(),
        batches=lambda: iter([Batch(rows, rejected)]),
    )


Pair = tuple[GeoPackageStore | PostgisStore, ReleaseRecords]


def _fill(store: GeoPackageStore | PostgisStore) -> None:
    with store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards"), strips([5, 5, 5, 5], "ABCD"))
        # The same but for a small piece that moved, and other areas altogether.
        store.put_layer(LayerMetadata("wards-new", title="New"), strips([6, 4, 5, 5], "ABCD"))
        store.put_layer(LayerMetadata("halves", title="Halves"), strips([9, 11], "XY"))
        for month in MONTHS:
            store.put_partition(month_of(month))


@pytest.fixture(params=["GeoPackage", "PostGIS"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    if request.param == "GeoPackage":
        path = tmp_path / "town.gpkg"
        with closing(GeoPackageStore(path, create=True)) as file, closing(RecordsFile(path)) as own:
            _fill(file)
            yield file, ReleaseRecords(own)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.new_database()
    with closing(PostgisStore(url, create=True)) as server, closing(PostgisRecords(url)) as tables:
        _fill(server)
        yield server, ReleaseRecords(tables)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    path = tmp_path / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store, closing(RecordsFile(path)) as own:
        _fill(store)
        yield store, ReleaseRecords(own)


def asb(release_id: str, *layers: str, last: str = "2024-03") -> ReleaseDefinition:
    return ReleaseDefinition(
        release_id, "Incidents", layers or ("wards",), "2024-01", last, GROUPS, ("calls",)
    )


def published(pair: Pair, definition: ReleaseDefinition) -> ReleaseTable:
    store, releases = pair
    releases.make(definition, store, by="ann")
    return releases.approve(definition.release_id, by="ben").tables[0]


def true_counts(store: GeoPackageStore | PostgisStore, layer: str) -> np.ndarray:
    options = {"datetime": "2024-01/2024-03", "layer": layer, "by": "month"}
    frames = [
        ask(Question.read({**options, "category": ",".join(slugs)}), store).area_counts
        for slugs in GROUPS.values()
    ]
    areas = frames[0]["area_code"].nunique()
    stacked = [frame["n"].to_numpy(int).reshape(3, areas).T for frame in frames]
    return np.stack(stacked, axis=2)


def test_it_is_made_once_approved_by_another_and_withdrawn(either: Pair) -> None:
    store, releases = either
    draft = releases.make(asb("first"), store, by="ann")
    true, table = true_counts(store, "wards"), draft.tables[0]
    assert (table.values % 5 == 0).all()
    assert np.abs(table.values - true).max() < 5
    for axes in [(1,), (0,), (1, 2), (0, 2), (0, 1, 2)]:  # every sum that is controlled
        assert np.abs((table.values - true).sum(axis=axes)).max() < 5
    assert releases.approved() == []
    with pytest.raises(ConflictError, match="a second person must approve"):
        releases.approve("first", by="ann")
    approved = releases.approve("first", by="ben")
    assert (approved.state, approved.approved_by) == ("approved", "ben")
    np.testing.assert_array_equal(releases.approved()[0].tables[0].values, table.values)
    with pytest.raises(ConflictError, match="never changes"):
        releases.make(asb("first"), store, by="ann")
    with pytest.raises(InputError, match="say why"):
        releases.withdraw("first", by="cat", reason=" ")
    assert releases.withdraw("first", by="cat", reason="wrong months").state == "withdrawn"
    assert releases.approved() == []


def test_months_that_are_no_longer_kept_are_unknown_and_never_zero(either: Pair) -> None:
    store, releases = either
    before = published(either, asb("before"))
    with store.transaction():
        assert store.expire_incidents("calls", pd.Timestamp("2024-02-01", tz="UTC")) == 40
    draft = releases.make(asb("after"), store, by="ann")
    assert draft.months_missing == ("2024-01",)
    table = draft.tables[0]
    assert table.months == ("2024-02", "2024-03")
    np.testing.assert_array_equal(table.values, before.values[:, 1:])
    old = replace(asb("only"), last="2024-01")
    with pytest.raises(QuestionError, match="no data is imported here for January 2024"):
        releases.make(old, store, by="ann")
    assert releases.check("after").passed
    releases.approve("after", by="ben")


def test_a_month_that_one_of_its_sources_lacks_is_unknown(either: Pair) -> None:
    store, releases = either
    definition = replace(asb("both"), sources=("calls", "other"))
    with store.transaction():
        for month in MONTHS:
            store.put_partition(month_of(month, source="other"))
    assert releases.make(definition, store, by="ann").months_missing == ()
    with store.transaction():
        store.expire_incidents("other", pd.Timestamp("2024-02-01", tz="UTC"))
    draft = releases.make(definition, store, by="ann")
    assert draft.months_missing == ("2024-01",)
    assert draft.tables[0].months == ("2024-02", "2024-03")
    assert not np.isnan(draft.tables[0].values).any()


def test_a_purge_takes_no_month_away(either: Pair) -> None:
    store, releases = either
    with store.transaction():
        store.put_partition(month_of("2024-01", extra=5))
    first = releases.make(asb("first"), store, by="ann").tables[0]
    with store.transaction():
        assert len(store.purge_imports("2999-01-01")) == 1
    again = releases.make(asb("first"), store, by="ann").tables[0]
    assert again.months == MONTHS
    np.testing.assert_array_equal(again.values, first.values)


def test_a_draft_that_is_made_again_while_it_is_checked_is_not_approved(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, releases = pair
    monkeypatch.setattr("geo.releases.records.now", lambda: "2026-01-01T00:00:00Z")
    releases.make(asb("first"), store, by="ann")
    check = ReleaseRecords.check

    def made_again(own: ReleaseRecords, release_id: str) -> CheckResult:
        result = check(own, release_id)
        own.make(asb("first", "halves"), store, by="ann")
        return result

    monkeypatch.setattr(ReleaseRecords, "check", made_again)
    with pytest.raises(ConflictError, match="has just changed; check it again"):
        releases.approve("first", by="ben")
    assert releases.approved() == []


def test_made_again_it_has_the_same_numbers(pair: Pair) -> None:
    store, releases = pair
    first, second = (releases.make(asb("first"), store, by="ann") for _ in range(2))
    np.testing.assert_array_equal(first.tables[0].values, second.tables[0].values)


def test_later_releases_agree_with_all_before_them(pair: Pair) -> None:
    store, releases = pair
    short = published(pair, asb("short", last="2024-02"))
    long = published(pair, asb("long"))
    np.testing.assert_array_equal(long.values[:, :2], short.values)
    releases.withdraw("short", by="ben", reason="replaced")
    published(pair, asb("moved", "wards-new"))
    both = releases.make(asb("both", "halves", "wards"), store, by="ann")
    assert both.linked == ("short", "long", "moved")  # what was withdrawn stays known
    np.testing.assert_array_equal(both.tables[1].values, long.values)
    result = releases.check("both")
    assert result.passed
    assert result.numbers > 100
    assert [one.text for one in result.findings if one.severity == "refused"] == []


def test_solving_for_each_small_group_recovers_none_of_them(pair: Pair) -> None:
    # As an attacker would, with all numbers of releases on three boundaries.
    store, releases = pair
    for definition in (asb("short", last="2024-02"), asb("moved", "wards-new")):
        published(pair, definition)
    releases.make(asb("last", "halves"), store, by="ann")
    ledger = releases._ledger("last")
    assert ledger
    everything = {one.release_id: one for one in releases.all()}
    tables = [everything[name].table(layer) for name, layer in ledger.tables]
    numbers = checking._numbers([table for table in tables if table], ledger)
    small = np.flatnonzero(ledger.pieces.values < 5)[:25]
    assert len(small)
    for piece in small.tolist():
        limits = bounds(numbers, [piece])
        assert limits is not None
        assert not limits.recovers
        assert limits.low == 0
        assert limits.high >= 4


def test_a_draft_made_before_another_approval_is_made_again(pair: Pair) -> None:
    store, releases = pair
    releases.make(asb("first"), store, by="ann")
    releases.make(asb("second", "halves"), store, by="ann")
    releases.approve("first", by="ben")
    with pytest.raises(ConflictError, match="another release was approved"):
        releases.approve("second", by="ben")


def test_tables_that_were_rounded_apart_are_refused_by_name(pair: Pair) -> None:
    store, releases = pair
    published(pair, asb("first"))
    draft = releases.make(asb("second", "wards-new"), store, by="ann")
    table = draft.tables[0]
    changed = replace(table, values=table.values + 5 * (table.values == 0))
    ledger = releases._ledger("second")
    assert ledger
    everything = {one.release_id: one for one in releases.approved()}
    result = check_release(replace(draft, tables=(changed,)), ledger, everything)
    assert not result.passed
    assert "not those that were made" in result.findings[0].text


def test_revised_data_is_said_and_numbers_that_still_fit_stay(pair: Pair) -> None:
    store, releases = pair
    before = published(pair, asb("first"))
    with store.transaction():
        store.put_partition(month_of("2024-01", extra=30))
    releases.make(asb("second"), store, by="ann")
    after = releases.get("second").tables[0].values
    np.testing.assert_array_equal(after[1:], before.values[1:])
    assert after[0, 0].sum() > before.values[0, 0].sum()
    result = releases.check("second")
    assert any("Ward A, 2024-01" in one.text for one in result.findings)
    assert result.passed


def test_what_was_undone_and_imported_again_has_the_same_numbers(pair: Pair) -> None:
    store, _ = pair
    before = published(pair, asb("first"))
    with store.transaction():
        store.put_partition(month_of("2024-04"))
        for record in store.imports():
            if record.month in MONTHS:
                store.undo_import(record.import_id)
    published(pair, replace(asb("april", "wards-new"), first="2024-04", last="2024-04"))
    with store.transaction():
        for month in MONTHS:
            store.put_partition(month_of(month))
    np.testing.assert_array_equal(published(pair, asb("again")).values, before.values)


@pytest.mark.parametrize("kept", [6, 12])
def test_a_5_whose_incidents_are_gone_stays_a_5_on_all_boundaries(pair: Pair, kept: int) -> None:
    store, _ = pair
    before = published(pair, asb("first"))
    assert (before.values == 5).any()
    with store.transaction():
        for month in MONTHS:
            store.put_partition(month_of(month, first=kept))
    after = published(pair, asb("less")).values
    np.testing.assert_array_equal(after[before.values <= 5], before.values[before.values <= 5])
    assert (after <= 5).all()
    halves = published(pair, asb("halves", "halves"))  # C is in the second, as B is in part
    np.testing.assert_array_equal(halves.values.sum(axis=0), after.sum(axis=0))
    assert (halves.values[1] >= after[2:].sum(axis=0)).all()


def test_an_earlier_number_that_tells_a_small_count_with_todays_is_refused(pair: Pair) -> None:
    store, releases = pair
    first = published(pair, asb("first"))
    draft = releases.make(asb("second"), store, by="ann")
    assert releases.check("second").passed
    values = first.values.copy()
    at = tuple(np.argwhere(values == 0)[0])
    values[at] = 5  # as if the same incidents had been rounded apart
    before = releases.get("first")
    changed = replace(before, tables=(replace(first, values=values),))
    ledger = releases._ledger("second")
    assert ledger
    result = check_release(draft, ledger, {"first": changed})
    assert not result.passed
    assert "both together tell a count of 1 to 4" in result.findings[0].text


def test_open_sources_are_published_as_they_are_and_never_mixed(pair: Pair) -> None:
    store, releases = pair
    with store.transaction():
        store.put_partition(month_of("2024-01", source="police.uk"))
    definition = replace(asb("open"), sources=("police.uk",))
    draft = releases.make(definition, store, by="ann")
    assert not draft.is_rounded
    assert np.nansum(draft.tables[0].values) == 40
    assert draft.months_missing == ("2024-02", "2024-03")
    assert draft.tables[0].months == ("2024-01",)
    assert releases.check("open").passed
    with pytest.raises(InputError, match="open already"):
        releases.make(replace(definition, sources=("police.uk", "calls")), store, by="ann")


def test_small_and_single_places_are_named(pair: Pair) -> None:
    store, releases = pair
    few = strips([5, 5, 5, 5], "ABCD").assign(residents=[99, np.nan, 0, 1_000])
    with store.transaction():
        store.put_layer(LayerMetadata("few", title="Few"), few)
        store.put_partition(month_of("2024-01", extra=60))
    releases.make(asb("few", "few"), store, by="ann")
    refused, unknown, single = (one.text for one in releases.check("few").findings)
    assert refused == "Few: fewer than 100 residents in Ward A; use larger areas"
    assert "no residents, or an unknown number, in Ward B, Ward C; check" in unknown
    assert "at one place in Ward A;" in single


def test_a_record_of_a_later_version_is_read_as_far_as_it_is_known(pair: Pair) -> None:
    store, releases = pair
    draft = releases.make(asb("first"), store, by="ann")
    record = json.loads(release_as_text(draft))
    assert record["format"] == 1
    record |= {"mood": "good", "definition": {**record["definition"], "colour": "red"}}
    assert digest(read_release(json.dumps(record))) == digest(draft)
    del record["format"]  # as the first version wrote it
    assert digest(read_release(json.dumps(record))) == digest(draft)
    with pytest.raises(StoreError, match="later version of Patchmap; upgrade"):
        read_release(json.dumps({**record, "format": 2}))


def test_only_the_last_release_holds_a_ledger_and_all_can_be_checked(pair: Pair) -> None:
    store, releases = pair
    published(pair, asb("short", last="2024-02"))
    with store.transaction():
        store.put_partition(month_of("2024-01", extra=30))
    published(pair, asb("long"))
    rows = releases.records.rows("SELECT release_id FROM patchmap_releases WHERE ledger <> ''")
    assert [name for (name,) in rows] == ["long"]
    before, after = releases.check("short"), releases.check("long")
    assert before.passed
    assert (before.numbers, before.pieces) == (after.numbers, after.pieces)


def test_overlapping_areas_are_refused(pair: Pair) -> None:
    store, releases = pair
    overlapping = strips([5, 5], "AB")
    overlapping.geometry = overlapping.geometry.buffer(60)
    with store.transaction():
        store.put_layer(LayerMetadata("odd"), overlapping)
    with pytest.raises(InputError, match="areas of odd overlap"):
        releases.make(asb("odd", "odd"), store, by="ann")
