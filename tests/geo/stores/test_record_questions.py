"""Questions about records: by their lives, and of those without a place, on both stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date

import pandas as pd
import pytest

from geo.analyses import ANALYSES
from geo.errors import QuestionError
from geo.question.ask import Answer, Question, ask
from geo.question.subjects import ask_about
from geo.store.contract import LayerMetadata, Store
from tests.api.conftest import two_wards
from tests.geo.stores.lives import Record, extract, record
from tests.geo.stores.parts import Row as PlainRow
from tests.geo.stores.parts import keyed_part, put, put_layer
from tests.geo.stores.places import Places, open_at

X = 435_100.0
STATED = {"stated_area": "E05000001", "stated_layer": "wards"}
RECORDS = [
    record("open", X, channel="member", service="Streets"),
    record("answered", X, channel="resident", answered="2026-11-05"),
    record("closed", X, answered="2026-11-05", closed="2026-11-06", kind="complaint"),
    record("withdrawn", X, closed="2026-11-06", withdrawn=True, outcome="Duplicate"),
    record("later", X, received="2026-11-02", closed="2026-12-01"),
    record("stated", None, **STATED, channel="member"),
    record("by-name", None, **STATED | {"stated_area": "north  WARD"}),
    record("elsewhere", None, **STATED | {"stated_layer": "parishes"}),
    record("outside", 1_000.0),
]


@pytest.fixture(scope="module")
def recorded(places: Places) -> Iterator[Store]:
    """A store of the records and two wards, which no test changes."""
    areas = two_wards()
    areas["area_name"] = ["North ward", "South ward"]
    plain = PlainRow("plain:1", "litter", "2026-11-03T10:00:00", X)
    with closing(open_at(places.new(), create=True)) as store:
        put_layer(store, areas, LayerMetadata("wards"))
        put_layer(store, areas.rename(index=lambda code: f"P{code}"), LayerMetadata("parishes"))
        put(store, extract(_as_wards(RECORDS, areas), date(2026, 12, 1)))
        put(store, keyed_part([plain], source="plain"))
        yield store


@pytest.fixture(scope="module")
def asked(recorded: Store) -> Callable[..., Answer]:
    """Asks the records of November, over two wards."""

    def ask_records(layer: str = "wards", **options: str) -> Answer:
        given = {"datetime": "2026-11/2026-11", "layer": layer} | options
        return ask(Question.read(given), recorded, history=True)

    return ask_records


def _as_wards(records: list[Record], areas: pd.DataFrame) -> list[Record]:
    """The records, with the first ward's own code where they state it."""
    code = {"E05000001": str(areas.index[0])}
    return [
        one._replace(
            life=one.life | {name: code.get(str(one.life[name]), one.life[name]) for name in own}
        )
        for one in records
        for own in [[name for name in ("stated_area",) if name in one.life]]
    ]


def _adds_up(answer: Answer) -> bool:
    one = answer.accounts
    return one.read == one.rejected + one.not_asked + one.outside + one.counted


def test_those_without_a_place_count_in_their_stated_area(asked: Callable[..., Answer]) -> None:
    answer = asked()
    assert _adds_up(answer)
    one = answer.accounts
    assert (one.read, one.counted, one.outside) == (10, 8, 2)
    assert (one.without_place, one.without_place_outside) == (2, 1)
    assert answer.area_counts["n"].tolist() == [8, 0]
    assert answer.n_shown == 8
    assert len(answer.counted) == 6  # those on the map
    assert int(answer.cell_counts.sum()) == 6
    assert any(line.startswith("2 records have no place: counted in the") for line in one.caveats)
    assert any(line.startswith("1 record has no place, and no area") for line in one.caveats)


def test_on_any_other_layer_they_are_a_line_of_the_accounts(asked: Callable[..., Answer]) -> None:
    answer = asked("parishes")
    assert _adds_up(answer)
    one = answer.accounts
    assert (one.counted, one.without_place, one.without_place_outside) == (6, 0, 3)
    assert answer.area_counts["n"].tolist() == [6, 0]


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"state": "open"}, {"open", "later", "stated", "by-name"}),
        ({"state": "answered"}, {"answered"}),
        ({"state": "closed"}, {"closed"}),
        ({"state": "withdrawn"}, {"withdrawn"}),
        ({"state": "open,answered", "channel": "member"}, {"open", "stated"}),
        ({"kind": "complaint"}, {"closed"}),
        ({"service": "Streets"}, {"open"}),
        ({"channel": "resident,member"}, {"open", "answered", "stated"}),
    ],
)
def test_options_choose_records(
    options: dict[str, str], keys: set[str], asked: Callable[..., Answer]
) -> None:
    answer = asked(**options)
    assert _adds_up(answer)
    # Other sources have no records: what they cover says nothing of these.
    assert answer.accounts.source == ["council"]
    lives = answer.lives
    assert {key.removeprefix("council:") for key in lives.index[lives["counted"]]} == keys
    assert answer.accounts.counted == len(keys)
    assert answer.area_counts["n"].sum() == len(keys)


def test_a_target_chooses_nothing(asked: Callable[..., Answer]) -> None:
    answer = asked(target="10wd")
    assert answer.accounts.counted == asked().accounts.counted
    assert answer.question.options()["target"] == "10wd"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"state": "lost"}, "state: unknown value 'lost'; choose open, answered, closed"),
        ({"kind": "moan"}, "kind: unknown value 'moan'; choose request, case"),
        ({"channel": "pigeon"}, "channel: unknown value 'pigeon'; choose meeting"),
        ({"service": "Moon"}, "service: unknown value 'Moon'; choose Streets"),
        ({"target": "soon"}, "target: target 'soon' is no number of days"),
    ],
)
def test_unknown_values_are_refused(
    options: dict[str, str], line: str, asked: Callable[..., Answer]
) -> None:
    with pytest.raises(QuestionError) as refusal:
        asked(**options)
    assert line in str(refusal.value)


def test_a_store_without_records_has_none_to_choose(store: Store) -> None:
    put_layer(store, two_wards(), LayerMetadata("wards"))
    put(store, keyed_part([PlainRow("plain:1", "litter", "2026-11-03T10:00:00", X)]))
    with pytest.raises(QuestionError, match="no source has records that are received and closed"):
        ask(Question.read({"state": "open", "layer": "wards"}), store)
    assert ask(Question(layer="wards"), store).lives.empty


def test_lives_have_those_open_from_before(store: Store) -> None:
    put_layer(store, two_wards(), LayerMetadata("wards"))
    early = record("early", X, received="2026-09-01")
    done = record("done", X, received="2026-09-01", closed="2026-10-30")
    closes = record("closes", X, received="2026-09-01", closed="2026-11-10")
    put(store, extract([record("now", X), early, done, closes], date(2026, 12, 1)))
    answer = ask(Question.read({"datetime": "2026-11/2026-11", "layer": "wards"}), store)
    assert sorted(answer.lives.index) == [
        "council:closes", "council:done", "council:early", "council:now",
    ]  # fmt: skip


def test_records_are_known_up_to_the_extract(asked: Callable[..., Answer]) -> None:
    month, later = asked(), asked(datetime="2026-11/2027-02")
    assert month.records_until == pd.Timestamp("2026-11-30 23:59:59", tz="UTC")
    assert later.records_until == pd.Timestamp("2026-12-01 23:59:59", tz="UTC")


def test_every_analysis_answers_with_records_without_a_place(recorded: Store) -> None:
    refused = {}
    for analysis in ANALYSES:
        question = Question.read({"datetime": "2026-11/2026-11", "layer": "wards"})
        try:
            answer = ask_about(analysis.subject, question, recorded, history=True)
            analysis.compute(answer)
        except QuestionError as refusal:
            refused[analysis.command] = str(refusal)
    assert "count" not in refused
    assert "hotspots" not in refused
