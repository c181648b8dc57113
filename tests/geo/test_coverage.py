"""Coverage: outside what a source has published a count is unknown, never zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analyses.surfaces import emerging_hotspots
from geo.coverage import Coverage, ImportCoverage, Publisher, knowledge_of, span_words
from geo.errors import QuestionError
from geo.incidents import Covers, IncidentSummary, months_between
from geo.question.answer import UNKNOWN_CELL, StoreFacts
from geo.question.ask import Answer, answer
from geo.question.model import Question
from geo.store.contract import ImportRecord
from tests.geo.import_records import record_of

ASB, DRUGS, NOISE = "anti-social-behaviour", "drugs", "noise"
WEST, EAST = "avonshire", "borsetshire"
SIDE = 5_000
MONTHS = months_between("2024-01", "2024-06")
FORCE = Publisher("police.uk", WEST)


@pytest.fixture(scope="module")
def counties() -> gpd.GeoDataFrame:
    """Four areas in a row, 5 km wide: two of a western force, two of an eastern one."""
    names = ["West end", "West mid", "East mid", "East end"]
    squares = [
        shapely.box(400_000 + n * SIDE, 300_000, 400_000 + (n + 1) * SIDE, 300_000 + SIDE)
        for n in range(4)
    ]
    index = pd.Index(["W1", "W2", "E1", "E2"], name="area_code")
    return gpd.GeoDataFrame({"area_name": names}, index=index, geometry=squares, crs=27700)


def rows_of(area: int, category: str, month: str, n: int) -> list[tuple]:
    """Incidents at n points of an area."""
    day = f"{month}-03T12:00:00" if category == NOISE else month
    return [(400_000 + area * SIDE + 50 + 7 * k, 300_050 + 11 * k, category, day) for k in range(n)]


class Data:
    """Imports as a store would record them, with their incidents."""

    def __init__(self, incident_frame, counties: gpd.GeoDataFrame) -> None:
        self._frame_of = incident_frame
        self._counties = counties
        self.frames: list[pd.DataFrame] = []
        self.records: list[ImportRecord] = []
        self.covers: dict[str, Covers] = {}

    def force(self, name: str, month: str, rows: Sequence[tuple]) -> None:
        self._add(rows, month=month, name=name, source="police.uk")

    def council(self, rows: Sequence[tuple], covers: Covers | None = None) -> None:
        self._add(rows, month="", name="cases", source="council")
        if covers:
            self.covers[self.records[-1].partition_id] = covers

    def _add(self, rows: Sequence[tuple], **record: str) -> None:
        frame = self._frame_of(rows)
        ids = [
            f"{record['source']}/{record['name']}/{record['month']}:{n}" for n in range(len(rows))
        ]
        self.frames.append(frame.assign(incident_id=ids, source=record["source"]))
        self.records.append(record_of(frame, **record))

    def ask(self, **options: str) -> Answer:
        incidents = pd.concat(self.frames, ignore_index=True)
        facts = StoreFacts(accepted=len(incidents), covers=self.covers)
        return answer(
            Question.read(options), incidents, self._counties, imports=self.records, facts=facts
        )


@pytest.fixture
def data(incident_frame, counties) -> Data:
    return Data(incident_frame, counties)


def table(result: Answer) -> pd.DataFrame:
    return pd.DataFrame(result.area_counts.drop(columns="geometry")).set_index("area_code")


def six_months(data: Data, *, east_lacks: Sequence[str] = (), west_lacks_asb: str = "") -> None:
    """Both forces, six months: 30 ASB and 10 drugs in each area and month."""
    for month in MONTHS:
        for name, areas in ((WEST, (0, 1)), (EAST, (2, 3))):
            if name == EAST and month in east_lacks:
                continue
            kinds = {ASB: 30, DRUGS: 10}
            if name == WEST and month == west_lacks_asb:
                del kinds[ASB]
            rows = [
                row
                for area in areas
                for category, n in kinds.items()
                for row in rows_of(area, category, month, n)
            ]
            data.force(name, month, rows)


def coverage_of(counts: dict[str, list[int]], months: Sequence[str]) -> Coverage:
    """The coverage of one force with so many rows of each category in each month."""
    parts = []
    for at, month in enumerate(months):
        own = {category: n[at] for category, n in counts.items() if n[at]}
        summary = IncidentSummary(own, ("month",), None, None, {})
        parts.append(ImportCoverage("police.uk", WEST, summary, (month,), force=WEST))
    return Coverage(parts)


@pytest.mark.parametrize(("usual", "unknown"), [(4, False), (5, True), (40, True)])
def test_a_category_without_rows_is_unknown_where_five_were_to_be_expected(usual, unknown):
    coverage = coverage_of({ASB: [90] * 6, DRUGS: [usual, usual, 0, usual, usual, usual]}, MONTHS)
    known = coverage.known(FORCE, DRUGS, one_of_all=False)
    assert (MONTHS[2] not in known) is unknown
    assert known >= set(MONTHS) - {MONTHS[2]}
    zeros = [] if unknown else [(DRUGS, MONTHS[2])]
    assert coverage.zeros(FORCE, [DRUGS], MONTHS) == zeros


def test_a_category_that_was_replaced_is_missing_only_where_it_is_named():
    months = months_between("2012-01", "2014-12")
    coverage = coverage_of({"old": [50] * 12 + [0] * 24, "new": [0] * 12 + [50] * 24}, months)
    assert coverage.months_known(FORCE, ()) == set(months)
    assert coverage.known(FORCE, "old", one_of_all=True) == set(months)
    assert coverage.months_known(FORCE, ["old"]) == set(months[:12])
    assert coverage.months_known(FORCE, ["new"]) == set(months[12:])


def test_a_force_knows_of_a_category_that_it_never_had_and_a_council_does_not(data):
    data.force(WEST, "2024-01", rows_of(0, ASB, "2024-01", 9))
    data.council(rows_of(0, NOISE, "2024-01", 9))
    coverage = Coverage(map(ImportCoverage.of_import, data.records))
    assert coverage.months_known(FORCE, ["robbery"]) == {"2024-01"}
    assert coverage.months_known(Publisher("council", ""), ["robbery"]) == set()


def test_without_a_statement_a_council_covers_the_first_to_the_last_month_seen(data):
    rows = rows_of(0, NOISE, "2024-02", 3) + rows_of(0, NOISE, "2024-05", 3)
    data.council(rows)
    part = ImportCoverage.of_import(data.records[0])
    assert part.months == tuple(months_between("2024-02", "2024-05"))
    stated = ImportCoverage.of_import(data.records[0], Covers("2024-01", "2024-06", ("litter",)))
    assert stated.months == tuple(MONTHS)
    assert Coverage([stated]).months_known(stated.publisher, ["litter"]) == set(MONTHS)
    open_end = ImportCoverage.of_import(data.records[0], Covers("2024-01"))
    assert open_end.months == tuple(months_between("2024-01", "2024-05"))


def test_a_month_that_one_of_two_forces_lacks_is_unknown_there(data):
    six_months(data, east_lacks=["2024-03"])
    result = data.ask(datetime="2024-03", category=ASB)
    rows = table(result)
    assert rows["n"].tolist() == [30, 30, pd.NA, pd.NA]
    assert rows["share"].tolist()[:2] == [0.5, 0.5]
    assert rows["share"].isna().tolist() == [False, False, True, True]
    assert rows["why"].tolist()[:2] == ["", ""]
    assert rows["why"].iloc[2] == f"no data from {EAST}: March 2024"
    assert "East mid, East end" in result.accounts.unknown
    assert result.accounts.unknown in result.accounts.caveats


@pytest.mark.parametrize(("unknown", "named"), [(6, "E1, E2, E3, E4, E5, E6"), (7, "E6 …")])
def test_of_many_unknown_areas_six_are_named(unknown, named, incident_frame):
    squares = [
        shapely.box(400_000 + n * SIDE, 300_000, 400_000 + (n + 1) * SIDE, 300_000 + SIDE)
        for n in range(unknown + 1)
    ]
    codes = ["W", *(f"E{n}" for n in range(1, unknown + 1))]
    row = gpd.GeoDataFrame({"area_name": codes}, index=codes, geometry=squares, crs=27700)
    data = Data(incident_frame, row)
    for month in MONTHS[:2]:
        data.force(WEST, month, rows_of(0, ASB, month, 20))
    data.force(
        EAST, MONTHS[0], [r for n in range(unknown) for r in rows_of(n + 1, ASB, MONTHS[0], 20)]
    )
    sentence = data.ask(datetime=MONTHS[1]).accounts.unknown
    assert sentence.startswith(f"Unknown, not zero: {unknown} of {unknown + 1} areas (E1, ")
    assert f"{named}): no data from {EAST}" in sentence


def test_of_a_longer_period_the_count_stays_but_is_not_compared_with_the_others(data):
    six_months(data, east_lacks=["2024-03"])
    rows = table(data.ask(datetime="2024-01/2024-03", category=ASB))
    assert rows["n"].tolist() == [90, 90, 60, 60]
    assert rows["share"].isna().tolist() == [False, False, True, True]
    assert rows["why"].iloc[3].startswith("only 2 of 3 months are known")
    monthly = data.ask(datetime="2024-02/2024-03", category=ASB, by="month").area_counts
    unknown = monthly[monthly["n"].isna()]
    assert set(zip(unknown["area_code"], unknown["month"], strict=True)) == {
        ("E1", "2024-03"),
        ("E2", "2024-03"),
    }


def test_an_area_that_lacks_one_of_the_periods_has_no_change(data):
    six_months(data, east_lacks=["2024-02"])
    result = data.ask(datetime="2024-03", compare="previous", category=ASB)
    rows = table(result)
    assert rows["n"].tolist() == [30, 30, 30, 30]
    assert rows["n_compared"].tolist() == [30, 30, pd.NA, pd.NA]
    # Two areas have no rest to be held against, and one earlier month tells no variation.
    assert rows["certainty"].tolist() == ["cannot be judged"] * 2 + [""] * 2
    assert rows["change"].isna().tolist() == [False, False, True, True]
    assert rows["why"].iloc[2] == f"not compared: no data from {EAST}: February 2024"
    assert result.accounts.compared.counted == 60


def test_a_category_absent_from_a_month_of_a_force_is_unknown_there(data):
    six_months(data, west_lacks_asb="2024-03")
    rows = table(data.ask(datetime="2024-03", category=ASB))
    assert rows["n"].tolist() == [pd.NA, pd.NA, 30, 30]
    assert rows["why"].iloc[0] == f"no data from {WEST}: March 2024"
    # The other category is known, and so is the comparison of it.
    assert table(data.ask(datetime="2024-03", category=DRUGS))["n"].tolist() == [10] * 4
    both = data.ask(datetime="2024-03", compare="previous")
    assert table(both)["n"].tolist() == [10, 10, 40, 40]
    assert table(both)["n_compared"].tolist() == [10, 10, 40, 40]
    # Four areas have no rest to be held against, and one earlier month tells no variation.
    assert table(both)["certainty"].tolist() == ["cannot be judged"] * 4
    assert "60 incidents of anti-social-behaviour of police.uk" in both.accounts.compared.left_out


def test_a_month_that_nobody_published_for_a_category_is_refused(incident_frame, counties):
    data = Data(incident_frame, counties.iloc[:2])
    six_months(data, west_lacks_asb="2024-03")
    with pytest.raises(
        QuestionError, match="no data of Anti-social behaviour is imported here for"
    ):
        data.ask(datetime="2024-03", category=ASB)
    with pytest.raises(
        QuestionError, match="no data of Anti-social behaviour is imported for March"
    ):
        data.ask(datetime="2024-04", category=ASB, compare="previous")
    accounts = data.ask(datetime="2024-02/2024-04", category=ASB).accounts
    assert accounts.months_missing == ["2024-03"]


def test_a_source_that_begins_between_two_periods_is_left_out_of_the_comparison(data):
    six_months(data)
    for_sale = rows_of(0, NOISE, "2024-04", 90) + rows_of(0, NOISE, "2024-05", 90)
    data.council(for_sale)
    alone = data.ask(datetime="2024-04/2024-05", compare="previous", source="police.uk")
    both = data.ask(datetime="2024-04/2024-05", compare="previous")
    pd.testing.assert_frame_equal(table(both), table(alone))
    accounts = both.accounts
    assert accounts.compared.left_out == (
        "Compared is only what both periods cover. Left out: 180 incidents of council (covers "
        "April 2024 to May 2024 only)."
    )
    assert accounts.read == (
        accounts.rejected + accounts.not_asked + accounts.outside + accounts.counted
    )
    # Without a comparison they count, and the account says what is covered in part.
    assert table(data.ask(datetime="2024-04/2024-05"))["n"].tolist() == [260, 80, 80, 80]
    partly = data.ask(datetime="2024-03/2024-05").accounts.caveats
    expected = "Not covered throughout the period: council (covers April 2024 to May 2024 only)."
    assert expected in partly


@pytest.mark.parametrize(
    ("stray", "covers", "known"),
    [
        ("1924-01", None, ["1924-01", "2024-01"]),
        ("2023-01", None, ["2023-01", *[f"2023-{n:02d}" for n in range(2, 13)], "2024-01"]),
        ("2022-12", None, ["2022-12", "2024-01"]),
        ("2022-12", Covers("2022-12", "2024-01"), months_between("2022-12", "2024-01")),
    ],
)
def test_a_year_without_rows_inside_a_file_is_unknown(
    incident_frame, stray: str, covers: Covers | None, known: list[str]
) -> None:
    frame = incident_frame(rows_of(0, NOISE, stray, 1) + rows_of(0, NOISE, "2024-01", 9))
    record = record_of(frame, month="", name="cases", source="council")
    assert list(ImportCoverage.of_import(record, covers).months) == known


@pytest.mark.parametrize(
    ("day", "whole", "covers", "last"),
    [
        ("2024-06-30", 1, None, "2024-06"),
        ("2024-06-12", 1, None, "2024-05"),  # the month is not over
        ("2024-03-20", 1, None, "2024-03"),
        ("2024-06-30", 0, None, "2024-03"),  # an extract of changes says nothing of the others
        ("2024-06-30", None, None, "2024-03"),  # of an earlier release
        ("2024-06-30", 1, Covers("2024-01", "2024-04"), "2024-04"),
        ("2025-02-28", 1, None, "2025-02"),
        ("2025-03-31", 1, None, "2024-03"),  # a year without rows
    ],
)
def test_an_extract_of_all_records_knows_quiet_months(
    incident_frame, day: str, whole: int | None, covers: Covers | None, last: str
) -> None:
    frame = incident_frame(rows_of(0, NOISE, "2024-01", 3) + rows_of(0, NOISE, "2024-03", 3))
    record = record_of(frame, month="", name="cases", source="council")
    record = replace(record, extracted=day, whole=whole)
    months = ImportCoverage.of_import(record, covers).months
    assert list(months) == months_between("2024-01", last)


def test_what_a_mapping_covers_is_compared_as_zero(data):
    six_months(data)
    data.council(rows_of(0, NOISE, "2024-04", 90), Covers("2024-01", "2024-06"))
    rows = table(data.ask(datetime="2024-04", compare="previous", source="council"))
    assert rows.loc["W1", ["n", "n_compared"]].tolist() == [90, 0]
    assert rows["change"].tolist() == [90, 0, 0, 0]
    # One area alone has incidents: no rest, and before them nothing that tells its variation.
    assert rows["certainty"].tolist() == ["cannot be judged"] * 4


def test_whose_an_area_is_past_rows_say_where_squares_cannot(incident_frame):
    # A small area in the east of one square, whose western part has a busier force.
    small = [shapely.box(400_000, 300_000, 404_000, 305_000)]
    small += [shapely.box(404_000, 300_000, 405_000, 305_000)]
    areas = gpd.GeoDataFrame(
        {"area_name": ["West", "East"]}, index=["W", "E"], geometry=small, crs=27700
    )
    west = [(400_100 + 9 * k, 300_100, ASB, "2024-01") for k in range(300)]
    east = [(404_100 + 9 * k, 300_100, ASB, "2024-01") for k in range(60)]
    parts = [
        ImportCoverage.of_import(record_of(incident_frame(rows), month=month, name=name))
        for name, rows, months in ((WEST, west, MONTHS[:2]), (EAST, east, MONTHS[:1]))
        for month in months
    ]
    past = pd.DataFrame(
        {
            "x": [row[0] for row in west + east],
            "y": 300_100.0,
            "source": "police.uk",
            "force": [WEST] * 300 + [EAST] * 60,
        }
    )
    months = MONTHS[:2]
    by_squares = knowledge_of(areas, parts, (), months=months)
    assert by_squares.counted(months).tolist() == [2, 2]
    by_rows = knowledge_of(areas, parts, (), months=months, past=lambda: past)
    assert by_rows.counted(months).tolist() == [2, 1]
    # Found once, whatever is asked of it.
    kept: list[list[tuple[Publisher, ...]] | None] = []
    for categories in ((), (ASB,)):
        again = knowledge_of(
            areas, parts, categories, months=months, past=pytest.fail if kept else lambda: past,
            once=lambda _name, make: kept[0] if kept else (kept.append(make()) or kept[0]),
        )  # fmt: skip
        assert again.counted(months).tolist() == [2, 1]
    # Whose it is does not matter where both published the same.
    assert knowledge_of(areas, parts, (), months=months[:1], past=pytest.fail).uniform


def test_months_are_named_by_their_runs():
    assert span_words([]) == ""
    assert span_words(["2023-11", "2023-12", "2024-01", "2024-03"]) == (
        "November 2023 to January 2024, March 2024"
    )


def test_where_nothing_is_unknown_the_columns_are_as_ever(data):
    six_months(data)
    rows = table(data.ask(datetime="2024-03", compare="previous"))
    assert "why" not in rows
    assert rows["n"].dtype == np.int64


def test_a_month_is_compared_with_its_counterpart_and_not_with_what_is_more(data):
    for area, months in ((0, MONTHS), (2, MONTHS)):
        for month in months:
            kinds = {ASB: 30, DRUGS: 10} if month != "2024-05" else {DRUGS: 10}
            rows = [row for kind, n in kinds.items() for row in rows_of(area, kind, month, n)]
            data.force(WEST if area == 0 else EAST, month, rows)
    # ASB of May is unknown, so February, its counterpart, does not count.
    result = data.ask(datetime="2024-04/2024-06", compare="previous", category=ASB)
    rows = table(result)
    assert rows.loc[["W1", "E1"], "n"].tolist() == [60, 60]
    assert rows.loc[["W1", "E1"], "n_compared"].tolist() == [60, 60]
    assert rows.loc["W1", "change"] == 0
    assert result.comparison.now == ("2024-04", "2024-06")
    assert result.comparison.before == ("2024-01", "2024-03")
    left_out = result.accounts.compared.left_out
    assert "60 incidents of February 2024 (no data to compare it with)" in left_out


def test_an_area_of_which_other_months_are_known_is_not_compared_and_counted(data):
    six_months(data, east_lacks=["2024-02"])
    result = data.ask(datetime="2024-04/2024-06", compare="previous", category=ASB)
    rows = table(result)
    assert rows["n"].tolist() == [90, 90, 90, 90]
    assert rows["n_compared"].tolist() == [90, 90, pd.NA, pd.NA]
    why = f"only 2 of 3 months are known; no data from {EAST}: February 2024"
    assert rows["why"].tolist() == ["", "", f"not compared: {why}", f"not compared: {why}"]
    assert result.accounts.compared.counted == 180
    assert result.accounts.compared.not_compared == (
        f"Not compared: 2 of 4 areas (East mid, East end): {why}. Their 120 incidents of the "
        "compared period do not count."
    )
    assert result.accounts.compared.left_out == ""


def test_all_incidents_of_an_area_without_a_main_category_are_not_like_the_others(data):
    six_months(data, west_lacks_asb="2024-03")
    result = data.ask(datetime="2024-03")
    rows = table(result)
    assert rows["n"].tolist() == [10, 10, 40, 40]
    assert rows["share"].isna().tolist() == [True, True, False, False]
    why = f"without Anti-social behaviour in March 2024: no data from {WEST}"
    assert rows["why"].tolist() == [why, why, "", ""]
    # As low counts they would make the east hot.
    assert result.cells_known.sum() < len(result.cells)
    western = result.hotspots["area_code"].str.startswith("W")
    assert set(result.hotspots["class"][western]) == {"undefined"}


def test_a_rare_category_that_is_absent_leaves_an_area_as_known_as_the_others(data):
    for month in MONTHS:
        for name, area in ((WEST, 0), (EAST, 2)):
            kinds = {ASB: 300, DRUGS: 0 if (name, month) == (WEST, "2024-03") else 10}
            rows = [row for kind, n in kinds.items() for row in rows_of(area, kind, month, n)]
            data.force(name, month, rows)
    rows = table(data.ask(datetime="2024-03"))
    assert "why" not in rows
    assert rows["n"].tolist() == [300, 0, 310, 0]


def test_a_short_month_is_that_of_its_force(data):
    for month in MONTHS:
        for name, areas in ((WEST, (0, 1)), (EAST, (2, 3))):
            n = 3 if (name, month) == (EAST, "2024-03") else 30
            data.force(name, month, [row for one in areas for row in rows_of(one, ASB, month, n)])
    result = data.ask(datetime="2024-06", category=ASB)
    months = {tuple(rows): own for rows, own in result.groups(MONTHS)}
    assert months == {(0, 1): list(MONTHS), (2, 3): [m for m in MONTHS if m != "2024-03"]}
    assert result.short == {"2024-03"}
    caveats = " ".join(data.ask(datetime="2024-03", category=ASB).accounts.caveats)
    assert f"March 2024: {EAST} has 6 rows" in caveats
    assert WEST not in caveats


@pytest.mark.parametrize(
    ("within", "last", "said"),
    [("", "2024-06", False), ("W1", "2024-06", False), ("E1,E2", "2024-05", True)],
)
def test_the_latest_month_is_the_latest_of_the_areas_asked_for(data, within, last, said):
    six_months(data, east_lacks=["2024-06"])
    accounts = data.ask(period="latest-1m", category=ASB, within=within).accounts
    assert accounts.period.months == [last]
    note = (
        "The latest month in which there is data of Anti-social behaviour for these areas is May "
        "2024; other data reach to June 2024."
    )
    assert (note in accounts.caveats) is said


def test_the_latest_month_of_a_category_is_its_own_latest(incident_frame, counties):
    data = Data(incident_frame, counties.iloc[:2])
    six_months(data, west_lacks_asb="2024-06")
    assert data.ask(period="latest-1m").accounts.period.months == ["2024-06"]
    accounts = data.ask(period="latest-1m", category=ASB).accounts
    assert accounts.period.months == ["2024-05"]
    assert "is May 2024; other data reach to June 2024." in " ".join(accounts.caveats)


def test_two_forces_that_lack_different_categories_are_told_apart(data):
    for month in MONTHS:
        for name, areas, lacks in ((WEST, (0, 1), ASB), (EAST, (2, 3), DRUGS)):
            kinds = {ASB: 30, DRUGS: 30}
            if month == "2024-03":
                del kinds[lacks]
            rows = [
                row
                for area in areas
                for kind, n in kinds.items()
                for row in rows_of(area, kind, month, n)
            ]
            data.force(name, month, rows)
    assert table(data.ask(datetime="2024-03", category=ASB))["n"].tolist() == [
        pd.NA,
        pd.NA,
        30,
        30,
    ]
    assert table(data.ask(datetime="2024-03", category=DRUGS))["n"].tolist() == [
        30,
        30,
        pd.NA,
        pd.NA,
    ]


def test_a_cell_of_which_too_little_is_known_has_no_pattern_and_says_why(data):
    for month in months_between("2023-07", "2024-06"):
        data.force(WEST, month, rows_of(0, ASB, month, 20))
        if month < "2023-10":
            data.force(EAST, month, rows_of(2, ASB, month, 20))
    result = data.ask(datetime="2023-07/2024-06", cell="500")
    cells = emerging_hotspots(result).frame
    unknown = cells["pattern"] == "undefined"
    assert unknown.sum() == (~result.cells_known).sum() > 0
    assert set(cells["area_code"][unknown]) - {"E2", ""} == {"E1"}
    assert cells.loc[unknown, ["n", "steps", "trend_z"]].isna().all(axis=None)
    assert set(cells["why"][unknown]) == {UNKNOWN_CELL}
    assert set(cells["why"][~unknown]) == {""}


def test_parts_summarised_together_are_as_pandas_counts_each(incident_frame) -> None:
    rows = incident_frame(
        [(435_000.0 + 900 * i, 336_000.0, f"kind-{i % 3}", f"2024-0{1 + i % 4}") for i in range(17)]
    )
    part = np.arange(17) % 4
    summaries = IncidentSummary.by_group(rows, part, 5)
    for number, summary in enumerate(summaries[:4]):
        own = rows[part == number]
        assert summary.categories == own["category"].value_counts().to_dict()
        assert list(summary.categories) == sorted(summary.categories)
        assert (summary.first, summary.last) == (
            own["occurred_from"].min(),
            own["occurred_from"].max(),
        )
        assert sum(summary.squares.values()) == sum(summary.days.values()) == len(own)
        assert summary == IncidentSummary.of(own)
    assert summaries[4] == IncidentSummary({}, (), None, None, {})
