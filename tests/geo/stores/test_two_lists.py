"""Two lists of records, extracted on days of their own: each is known to its own day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from geo.analyses import ANALYSES, AnalysisResult
from geo.errors import QuestionError
from geo.question.ask import Answer, Question
from geo.question.subjects import ask_about
from geo.store.contract import LayerMetadata, Store
from tests.geo.stores.lives import Record, extract, record
from tests.geo.stores.made_cases import WARDS, strip
from tests.geo.stores.parts import put
from tests.geo.stores.places import Places, open_at

_ANALYSES = {analysis.command: analysis for analysis in ANALYSES}
PERIOD = "2026-10/2026-11"
HOUSING = (
    "The last extract of housing is of 9 November 2026: nothing is known of later days, and its "
    "records count as they were then."
)


def housing(key: str, **life: str) -> Record:
    one = record(key, **life)
    return one._replace(key=one.key.replace("council", "housing"))


@pytest.fixture(scope="module")
def lists(places: Places) -> Iterator[Store]:
    """The council's of 30 November, and housing's of the 9th; no test changes them."""
    own = [
        housing("waits", due="2026-11-16"),
        housing("overdue", received="2026-10-01", due="2026-10-15"),
        housing("done", answered="2026-11-04", closed="2026-11-05", due="2026-11-16"),
    ]
    with closing(open_at(places.new(), create=True)) as store:
        put_wards(store)
        put(store, extract([record("open", due="2026-11-16")], date(2026, 11, 30)))
        put(store, extract(own, date(2026, 11, 9), source="housing"))
        yield store


def put_wards(store: Store) -> None:
    with store.transaction():
        store.put_layer(LayerMetadata("wards-2022", title="Wards of 2022"), strip(WARDS, "W"))


def find(store: Store, command: str, **options: str) -> AnalysisResult:
    analysis = _ANALYSES[command]
    question = Question.read({"layer": "wards-2022", "datetime": PERIOD, **options})
    return analysis.compute(ask_about(analysis.subject, question, store, history=analysis.history))


def answer_of(store: Store, **options: str) -> Answer:
    given = {"layer": "wards-2022", "datetime": PERIOD, **options}
    return ask_about("incidents", Question.read(given), store)


def test_what_is_open_is_overdue_only_where_that_is_known(lists: Store) -> None:
    result = find(lists, "response-times")
    assert result.parameters["received_account"] == (
        "4 received = 1 in time + 0 late + 2 overdue + 1 not yet due + 0 no due date + "
        "0 withdrawn + 0 vanished."
    )
    assert HOUSING in result.caveats
    # Due by then, and known: the council's own and the one of October.
    assert result.tables["all"].loc[0, ["due", "due_in_time"]].tolist() == [2, 0]


def test_what_is_open_has_been_so_until_its_own_last_extract(lists: Store) -> None:
    result = find(lists, "backlog")
    oldest = result.tables["oldest_open"].set_index("incident_id")["days_open"]
    assert oldest.to_dict() == {
        "housing:overdue": 39, "council:open": 28, "housing:waits": 7,
    }  # fmt: skip
    assert HOUSING in result.caveats
    assert result.parameters["open_account"].startswith("0 open before + 4 received")
    assert result.parameters["headline"].startswith("3 records were open on 30 November 2026")


def test_one_list_alone_is_known_to_its_own_day(lists: Store) -> None:
    result = find(lists, "backlog", source="housing")
    assert result.parameters["as_of"] == "2026-11-09"
    assert "2 records were open on 9 November 2026" in str(result.parameters["headline"])
    line = "The last extract is of 9 November 2026: nothing is known of later days."
    assert line in result.caveats
    council = find(lists, "backlog", source="council")
    assert council.parameters["as_of"] == "2026-11-30"
    assert not any("last extract" in line for line in council.caveats)


def test_a_question_by_state_says_to_which_day_it_is_known(lists: Store) -> None:
    answer = answer_of(lists, state="open")
    assert answer.accounts.counted == 3
    assert HOUSING in answer.accounts.caveats
    assert HOUSING not in answer_of(lists).accounts.caveats
    early = answer_of(lists, state="open", datetime="2026-11-01/2026-11-09")
    assert HOUSING not in early.accounts.caveats


def test_a_quiet_month_before_the_day_of_an_extract_of_all_is_zero(store: Store) -> None:
    put_wards(store)
    # Of the same day: what is not in it is known by the second alone.
    put(store, extract([record("one")], date(2027, 1, 31), whole=False))
    of_changes = answer_of(store, datetime="2026-11").accounts.caveats
    assert any("last known incident" in line for line in of_changes)
    with pytest.raises(QuestionError, match="no data is imported here for December 2026"):
        answer_of(store, datetime="2026-12")
    put(store, extract([record("one")], date(2027, 1, 31)))
    quiet = answer_of(store, datetime="2026-12")
    assert quiet.accounts.counted == 0
    assert not any("last known incident" in line for line in quiet.accounts.caveats)
    assert quiet.area_counts["n"].tolist() == [0] * WARDS
    for month in ("2026-10", "2027-02"):
        with pytest.raises(QuestionError, match="no data is imported"):
            answer_of(store, datetime=month)
    with pytest.raises(QuestionError, match="unknown value 'noise'"):
        answer_of(store, datetime="2026-12", category="noise")


@pytest.mark.parametrize("split", ["", "category"])
def test_no_table_says_anything_of_a_month_of_which_nothing_is_known(
    store: Store, split: str
) -> None:
    put_wards(store)
    nowhere = record("two", received="2026-11-02")
    nowhere = nowhere._replace(x=None, life={**nowhere.life, "stated_area": "Elsewhere"})
    put(store, extract([record("one", received="2026-11-01"), nowhere], date(2026, 11, 30)))
    asked = {"datetime": "2026-10/2026-12", "by": "month"}
    times = find(store, "response-times", **asked).tables["all"].set_index("month")
    back = find(store, "backlog", **asked, **({"split": split} if split else {})).tables
    for table, name in ((times, "received"), (back["all"].set_index("month"), "open_after")):
        assert table.loc["2026-11", name] == 2
        assert table.loc[["2026-10", "2026-12"], name].isna().all()
        assert table.loc["2026-10", "why"] == "no data of these months"
        assert table.loc["2026-12", "why"] == "the last extract is of 30 November 2026"
        assert table.loc["2026-11", "why"] == ""
    assert times.loc[["2026-10", "2026-12"], "share_why"].tolist() == ["", ""]
    assert back["elsewhere"]["month"].tolist() == ["2026-11"]


def test_what_was_open_before_the_first_record_is_not_compared(lists: Store) -> None:
    # Received on 1 October by housing, on 2 November by the council.
    begun = find(lists, "backlog")
    line = (
        "The first record was received on 1 October 2026: what was open before is not known, and "
        "none of it counts."
    )
    # Each of these prints the account of open records.
    for command in ("backlog", "response-times", "repeat-issues", "enforcement"):
        assert line in find(lists, command).caveats
    assert "than before" not in str(begun.parameters["headline"])
    later = find(lists, "backlog", datetime="2026-11")
    assert not any("first record" in text for text in later.caveats)
    assert "2 more than before 1 November 2026" in str(later.parameters["headline"])
    own = find(lists, "backlog", datetime="2026-11", source="council")
    assert any("received on 2 November 2026" in text for text in own.caveats)
