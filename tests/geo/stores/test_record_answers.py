"""Response times and open records of 2,000 made cases, against tallies of the cases themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geo.analyses import ANALYSES, AnalysisResult
from geo.analyses.response_times import response_times_of
from geo.errors import QuestionError
from geo.question.model import Question
from geo.question.subjects import ask_about
from geo.store.contract import LayerMetadata, Store
from tests.geo.stores.lives import WEEK, extract, record
from tests.geo.stores.made_cases import (
    EXTRACTED,
    PERIOD,
    SLOW,
    WARDS,
    made_cases,
    put_cases,
    strip,
)
from tests.geo.stores.parts import put
from tests.geo.stores.places import Places, open_at

_ANALYSES = {analysis.command: analysis for analysis in ANALYSES}
END = pd.Timestamp(EXTRACTED) + pd.Timedelta(hours=23, minutes=59, seconds=59)
FIRST = pd.Timestamp("2026-01-01")
FATES = ["in_time", "late", "overdue", "not_yet_due", "no_due_date", "withdrawn", "vanished"]
FLOW = ["open_before", "received", "reopened", "closed", "vanished", "open_after"]


@pytest.fixture(scope="module")
def cases(places: Places) -> Iterator[Store]:
    """The store of all cases, which no test changes."""
    with closing(open_at(places.new(), create=True)) as store:
        put_cases(store)
        yield store


def find(store: Store, command: str, **options: str) -> AnalysisResult:
    analysis = _ANALYSES[command]
    question = Question.read({"layer": "wards-2022", "datetime": PERIOD, **options})
    return analysis.compute(ask_about(analysis.subject, question, store, history=analysis.history))


@pytest.fixture(scope="module")
def asked(cases: Store) -> Callable[..., AnalysisResult]:
    """Asks for an analysis of the cases; what several tests ask is reckoned once."""
    return cache(partial(find, cases))


@pytest.fixture(scope="module")
def times(asked: Callable[..., AnalysisResult]) -> AnalysisResult:
    """The response times of the whole period."""
    return asked("response-times")


def fate(case: Any, days: int | None = None) -> str:
    """What became of a case, decided one by one from what the case itself says."""
    answered = min((at for at in (case.answered, _closing(case)) if pd.notna(at)), default=pd.NaT)
    due = case.due if days is None else case.received.normalize() + pd.Timedelta(days=days)
    if case.withdrawn and pd.isna(answered):
        return "withdrawn"
    if pd.isna(due):
        return "no_due_date"
    last = due.normalize() + pd.Timedelta(hours=23, minutes=59, seconds=59)
    if pd.notna(answered):
        return "in_time" if answered <= last else "late"
    return "overdue" if last < END else "not_yet_due"


def _closing(case: Any) -> Any:
    return pd.NaT if case.withdrawn else case.closed


def in_period(first: pd.Timestamp = FIRST, last: pd.Timestamp = END) -> pd.DataFrame:
    frame = made_cases()
    return frame[(frame["received"] >= first) & (frame["received"] <= last)]


def of_wards(frame: pd.DataFrame) -> pd.DataFrame:
    """Those that count in a ward of 2022: by their place, else by what is stated."""
    return frame[frame["x"].notna() | (frame["stated"] != "")]


def tally(frame: pd.DataFrame, **options: int) -> pd.DataFrame:
    own = of_wards(frame)
    fates = [fate(case, **options) for case in own.itertuples()]
    return pd.crosstab(own["ward"].to_numpy(), np.array(fates)).reindex(columns=FATES, fill_value=0)


def test_each_figure_of_each_ward_is_that_of_a_tally(times):
    frame = times.frame.set_index("area_code")
    expected = tally(in_period())
    assert frame[FATES].astype(int).to_numpy().tolist() == expected.to_numpy().tolist()
    assert frame["received"].tolist() == expected.sum(axis=1).tolist()
    assert (frame["received"] == frame[FATES].sum(axis=1)).all()


def test_the_share_in_time_is_of_those_due(times):
    frame = times.frame.set_index("area_code")
    own = of_wards(in_period())
    own = own[own["due"].notna() & (own["due"] + pd.Timedelta(days=1) <= END)]
    fates = pd.Series([fate(case) for case in own.itertuples()], index=own.index)
    own, fates = own[fates != "withdrawn"], fates[fates != "withdrawn"]
    share = (fates == "in_time").groupby(own["ward"]).mean()
    assert frame["share_in_time"].to_numpy() == pytest.approx(share.to_numpy())
    assert (frame["share_in_time_low"] < frame["share_in_time"]).all()
    assert (frame["share_in_time_high"] > frame["share_in_time"]).all()


def test_medians_are_those_of_a_curve_made_day_by_day(times):
    frame = times.frame.set_index("area_code")
    own = of_wards(in_period())
    for ward, part in own.groupby("ward"):
        answered = part["answered"].where(
            part["answered"].notna(), part["closed"].mask(part["withdrawn"])
        )
        answered = pd.concat([answered, part["closed"].mask(part["withdrawn"])], axis=1).min(axis=1)
        over = answered.notna()
        last = answered.fillna(part["closed"].where(part["withdrawn"])).fillna(END)
        days = (last - part["received"]) / pd.Timedelta(days=1)
        waiting, median = 1.0, np.nan
        for day in np.sort(days[over].unique()):
            waiting *= 1 - (days[over] == day).sum() / (days >= day).sum()
            if waiting <= 0.5:
                median = day
                break
        # An hour of the change of clocks may lie between.
        assert frame.loc[ward, "answer_days"] == pytest.approx(median, abs=1e-6), ward


def test_the_slow_ward_alone_is_slower(times):
    verdicts = times.frame.set_index("area_code")["verdict"]
    assert verdicts[SLOW] == "slower"
    assert set(verdicts.drop(SLOW)) == {"no clear difference"}
    assert f"Slower than the rest: Ward {SLOW}." in times.parameters["headline"]


def test_of_one_area_the_same_is_said_as_among_all(cases, times):
    table = pd.DataFrame(times.frame.drop(columns="geometry"))
    # The verdict of each is reckoned among all: a few show whether all are looked at.
    table = table[table["area_code"].isin(["W01", SLOW, "W10", "W17"])].reset_index(drop=True)
    question = Question.read({"layer": "wards-2022", "datetime": PERIOD})
    answer = ask_about("records", question, cases)
    rows = [response_times_of(answer, code)[table.columns] for code in table["area_code"]]
    alone = pd.DataFrame(rows).reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.astype(object), table.astype(object))


def test_a_split_answer_has_the_headline_of_the_whole_period(asked, times):
    split = asked("response-times", by="quarter")
    first = times.parameters["headline"].partition("Slower")[0]
    assert split.parameters["headline"].startswith(first)
    assert split.frame["received"].sum() == times.frame["received"].sum()
    assert split.tables["all"]["received"].sum() == len(in_period())


def test_a_target_replaces_the_stated_days(asked):
    frame = asked("response-times", target="5d").frame.set_index("area_code")
    assert (
        frame[FATES].astype(int).to_numpy().tolist()
        == tally(in_period(), days=5).to_numpy().tolist()
    )
    assert (frame["no_due_date"] == 0).all()


def are_open(received: np.ndarray, closed: np.ndarray, moment: np.datetime64) -> np.ndarray:
    return (received <= moment) & ~(closed <= moment)


def test_the_backlog_is_that_of_a_tally_month_by_month(asked):
    frame = asked("backlog", by="month").frame
    own = of_wards(made_cases())
    assert len(frame) == 17 * 11
    day = np.timedelta64(1, "D")
    for row in frame.itertuples():
        part = own[own["ward"] == row.area_code]
        received, closed = part["received"].to_numpy(), part["closed"].to_numpy()
        start, end = np.datetime64(row.first_day), np.datetime64(f"{row.last_day}T23:59:59")
        assert row.open_before == are_open(received, closed, start - np.timedelta64(1, "s")).sum()
        assert row.received == ((received >= start) & (received <= end)).sum()
        assert row.closed == ((closed >= start) & (closed <= end)).sum()
        still = received[are_open(received, closed, end)]
        assert row.open_after == len(still)
        ages = (end.astype("datetime64[D]") - still.astype("datetime64[D]")) // day
        assert row.oldest_days == ages.max() if len(still) else pd.isna(row.oldest_days)


def test_the_backlog_by_type_adds_up_to_that_of_all(asked):
    whole = asked("backlog").frame.set_index("area_code")
    split = asked("backlog", split="category").frame
    assert sorted(split["category"].unique()) == ["litter", "noise", "parking"]
    sums = split.groupby("area_code")[FLOW].sum()
    assert sums.astype(int).to_numpy().tolist() == whole[FLOW].astype(int).to_numpy().tolist()
    ages = [name for name in whole if name.startswith("open_") and name not in FLOW]
    assert (whole[ages].sum(axis=1) == whole["open_after"]).all()


@pytest.mark.parametrize("command", ["response-times", "backlog"])
def test_wards_of_two_vintages_have_the_same_totals(asked, command):
    totals = []
    for layer in ("wards-2022", "wards-2025"):
        result = asked(command, layer=layer)
        counts = [name for name in (*FATES, *FLOW) if name in result.frame]
        parts = [result.frame, result.tables["elsewhere"]]
        totals.append(sum(part[counts].sum().astype(int) for part in parts).to_dict())
        assert totals[-1] == result.tables["all"][counts].iloc[0].astype(int).to_dict()
        totals[-1] |= {
            name: result.parameters[name] for name in ("received_account", "open_account")
        }
    assert totals[0] == totals[1]
    assert totals[0]["received"] == len(in_period())


def test_a_change_is_that_against_the_earlier_period(asked):
    result = asked("response-times", datetime="2026-06/2026-11", compare="previous")
    frame = result.frame.set_index("area_code")
    before = of_wards(in_period(pd.Timestamp("2025-12-01"), pd.Timestamp("2026-05-31T23:59:59")))
    assert frame["received_before"].tolist() == before.groupby("ward").size().tolist()
    assert set(frame["change_verdict"]) == {"no clear change"}


def test_nothing_is_said_of_fewer_than_ten(store):
    few = made_cases()[lambda frame: frame["ward"].isin(["W01", "W02"])]
    few = pd.concat([few[few["ward"] == "W01"], few[few["ward"] == "W02"].head(9)])
    put_cases(store, few)
    frame = find(store, "response-times").frame.set_index("area_code")
    said = frame.loc["W02", ["share_in_time", "answer_days", "ratio"]]
    assert said.isna().all()
    assert frame.loc["W02", "verdict"] == "too few to say"
    assert frame.loc["W17", "why"] == "too few to say"


@pytest.mark.parametrize("command", ["response-times", "backlog"])
def test_a_store_without_lives_says_so(store, command):
    with pytest.raises(QuestionError, match="no source has records"):
        find(store, command)


def test_both_stores_give_the_same_bytes(asked):
    texts = [
        pd.DataFrame(asked(command, by="quarter").frame.drop(columns="geometry")).to_csv()
        for command in ("response-times", "backlog")
    ]
    assert texts == _FIRST.setdefault("texts", texts)


_FIRST: dict[str, list[str]] = {}


def test_a_record_that_was_opened_again_leaves_the_account_and_comes_back(store: Store) -> None:
    with store.transaction():
        store.put_layer(LayerMetadata("wards-2022", title="Wards of 2022"), strip(WARDS, "W"))
    put(store, extract([record("again", closed="2026-11-10")]))
    put(store, extract([record("again")], WEEK[1]))
    month = find(store, "backlog", datetime="2026-11").parameters["open_account"]
    assert month == (
        "0 open before + 1 received + 1 reopened − 1 closed or withdrawn − 0 vanished = "
        "1 open after."
    )
    between = {"datetime": "2026-11-01/2026-11-20"}
    account = find(store, "backlog", **between).parameters["open_account"]
    assert account.endswith("= 0 open after.")
    counted = {
        state: ask_about(
            "incidents", Question.read({"layer": "wards-2022", "state": state, **between}), store
        ).accounts.counted
        for state in ("open", "closed")
    }
    assert counted == {"open": 0, "closed": 1}
