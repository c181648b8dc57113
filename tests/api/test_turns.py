"""Who works when many ask at once: turns, the queue, equal questions, callers who leave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import pytest
from fastapi.testclient import TestClient

from api.answers import Answers
from api.app import make_app
from api.calls import BusyError, Call, CallerLeftError, changed, serving_call
from api.load.turns import Turns, WaitingRoom
from api.settings import Settings
from geo.checkpoints import checkpoint, demanded_by
from geo.errors import InputError
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere

Value = TypeVar("Value")
PATIENCE = 120.0
NEVER = threading.Event()


def until(condition: Callable[[], bool]) -> None:
    """Look again and again until something is so; it must be so in the end."""
    for _ in range(int(PATIENCE / 0.005)):
        if condition():
            return
        NEVER.wait(0.005)
    raise AssertionError("it never came to that")


class Work:
    """Work that begins, and ends when it may or when nobody waits for it."""

    def __init__(self, value: str = "value") -> None:
        self.value = value
        self.runs = 0
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, *_: object) -> str:
        self.runs += 1
        self.begun.set()
        while not self.may_end.wait(0.005):
            checkpoint()
        return self.value


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as made:
        yield made


@pytest.fixture
def turns() -> Turns:
    return Turns(1, WaitingRoom(4))


@pytest.fixture
def answers(store: GeoPackageStore, turns: Turns) -> Answers:
    return Answers(store, turns=turns)


def asked(pool: ThreadPoolExecutor, call: Call, function: Callable[[], Value]) -> Future[Value]:
    """Call a function for a caller, in a thread of its own."""

    def run() -> Value:
        with serving_call(call):
            return function()

    return pool.submit(run)


@contextmanager
def turn_taken(pool: ThreadPoolExecutor, turns: Turns) -> Iterator[None]:
    """Have the only turn taken inside."""
    work = Work()

    def hold() -> None:
        with turns.turn():
            work()

    holder = asked(pool, Call("who has the turn"), hold)
    assert work.begun.wait(PATIENCE)
    try:
        yield
    finally:
        work.may_end.set()
        holder.result(PATIENCE)


def test_equal_questions_are_worked_out_once(
    pool: ThreadPoolExecutor, answers: Answers, turns: Turns
) -> None:
    work = Work()
    first = asked(pool, Call("a"), lambda: answers.cached("key", work))
    assert work.begun.wait(PATIENCE)
    others = [asked(pool, Call("b"), lambda: answers.cached("key", work)) for _ in range(4)]
    until(lambda: turns.room.taken == 4)
    work.may_end.set()
    assert [one.result(PATIENCE) for one in (first, *others)] == ["value"] * 5
    assert work.runs == 1


def test_a_refusal_is_worked_out_once_for_all_who_wait_and_not_cached(
    pool: ThreadPoolExecutor, answers: Answers, turns: Turns
) -> None:
    work = Work()

    def refuse(*_: object) -> str:
        work()
        raise InputError("no such thing")

    first = asked(pool, Call("a"), lambda: answers.cached("key", refuse))
    assert work.begun.wait(PATIENCE)
    other = asked(pool, Call("b"), lambda: answers.cached("key", refuse))
    until(lambda: turns.room.taken == 1)
    work.may_end.set()
    faults = [one.exception(PATIENCE) for one in (first, other)]
    assert [repr(fault) for fault in faults] == ["InputError('no such thing')"] * 2
    assert faults[0] is not faults[1]
    assert work.runs == 1
    with pytest.raises(InputError):
        answers.cached("key", refuse)
    assert work.runs == 2


class ScriptedDemand:
    """A demand that has ended or not, look by look; after the script somebody waits."""

    def __init__(self) -> None:
        self.script: list[bool] = []

    @property
    def ended(self) -> CallerLeftError | None:
        has_ended = self.script.pop(0) if self.script else False
        return CallerLeftError("the caller left") if has_ended else None


def waiting_turn(pool: ThreadPoolExecutor, turns: Turns, demand: ScriptedDemand) -> Future[None]:
    def have_turn() -> None:
        with demanded_by(demand), turns.turn():
            pass

    waiting = pool.submit(have_turn)
    until(lambda: turns.waiting == 1)
    return waiting


@pytest.mark.parametrize("script", [[True, True], [False, True]])
def test_a_caller_who_leaves_as_the_turn_comes_does_not_keep_it(
    pool: ThreadPoolExecutor, turns: Turns, script: list[bool]
) -> None:
    demand = ScriptedDemand()
    with turn_taken(pool, turns):
        waiting = waiting_turn(pool, turns, demand)
        demand.script = [*script]
    with suppress(CallerLeftError):
        waiting.result(PATIENCE)
    assert turns.take(unless=lambda: True)


def test_work_that_is_wanted_again_at_once_waits_on_for_its_turn(
    pool: ThreadPoolExecutor, turns: Turns
) -> None:
    demand = ScriptedDemand()
    with turn_taken(pool, turns):
        waiting = waiting_turn(pool, turns, demand)
        with changed:
            demand.script = [True]
            changed.notify_all()
        until(lambda: not demand.script and (turns.waiting == 1 or waiting.done()))
        assert not waiting.done()
    waiting.result(PATIENCE)
    assert [turns.take(unless=lambda: True) for _ in range(2)] == [True, False]


def test_callers_take_turns(pool: ThreadPoolExecutor, turns: Turns) -> None:
    order: list[str] = []

    def note(name: str) -> None:
        with turns.turn():
            order.append(name)

    with turn_taken(pool, turns):
        waiting = []
        for number, name in enumerate(("a1", "a2", "a3", "b1"), 1):
            waiting.append(asked(pool, Call(name[0]), lambda name=name: note(name)))
            until(lambda number=number: turns.waiting == number)
    for one in waiting:
        one.result(PATIENCE)
    assert order == ["a1", "b1", "a2", "a3"]


def test_an_answer_that_has_begun_is_finished_first(pool: ThreadPoolExecutor, turns: Turns) -> None:
    order: list[str] = []

    def note(name: str) -> None:
        with turns.turn():
            order.append(name)

    begun = Call("b")
    begun.streaming = True
    with turn_taken(pool, turns):
        waiting = [asked(pool, Call("a"), lambda: note("new")) for _ in range(4)]
        until(lambda: turns.waiting == 4)
        waiting.append(asked(pool, begun, lambda: note("begun")))  # though there is no place left
        until(lambda: turns.waiting == 5)
    for one in waiting:
        one.result(PATIENCE)
    assert order == ["begun", *["new"] * 4]


def test_where_no_place_is_left_the_longest_queue_is_refused(
    pool: ThreadPoolExecutor, turns: Turns
) -> None:
    def take() -> None:
        with turns.turn():
            pass

    with turn_taken(pool, turns):
        flood = [asked(pool, Call("flood"), take) for _ in range(4)]
        until(lambda: turns.waiting == 4)
        with pytest.raises(BusyError, match="try again in"):
            asked(pool, Call("flood"), take).result(PATIENCE)
        other = asked(pool, Call("other"), take)
        until(lambda: sum(one.done() for one in flood) == 1)
        assert turns.waiting == 4
    other.result(PATIENCE)
    assert sorted(type(one.exception(PATIENCE)).__name__ for one in flood) == [
        "BusyError", "NoneType", "NoneType", "NoneType",
    ]  # fmt: skip


def test_a_question_whose_caller_left_is_never_worked_on(
    pool: ThreadPoolExecutor, answers: Answers, turns: Turns
) -> None:
    call, work = Call("a"), Work()
    with turn_taken(pool, turns):
        waiting = asked(pool, call, lambda: answers.cached("key", work))
        until(lambda: turns.waiting == 1)
        call.end(CallerLeftError("the caller left"))
        with pytest.raises(CallerLeftError):
            waiting.result(PATIENCE)
        assert turns.waiting == turns.room.taken == 0
    assert work.runs == 0


def test_work_goes_on_while_anyone_waits_and_stops_with_the_last(
    pool: ThreadPoolExecutor, answers: Answers, turns: Turns
) -> None:
    calls, work = [Call("a"), Call("b"), Call("c")], Work()
    threads = []
    for number, call in enumerate(calls):
        threads.append(asked(pool, call, lambda: answers.cached("key", work)))
        assert work.begun.wait(PATIENCE)
        until(lambda number=number: turns.room.taken == number)
    calls[0].end(CallerLeftError("left"))
    calls[1].end(CallerLeftError("left"))
    with pytest.raises(CallerLeftError):
        threads[1].result(PATIENCE)
    assert not threads[0].done()  # its thread works for the third
    calls[2].end(CallerLeftError("left"))
    for one in (threads[0], threads[2]):
        with pytest.raises(CallerLeftError):
            one.result(PATIENCE)
    work.may_end.set()
    assert answers.cached("key", work) == "value"
    assert work.runs == 2


def test_who_has_the_turn_does_not_wait_for_those_who_wait_for_it(
    pool: ThreadPoolExecutor, answers: Answers, turns: Turns
) -> None:
    part = Work("part")
    part.may_end.set()
    whole_may_go_on = threading.Event()
    whole_begun = threading.Event()

    def whole(_snapshot: object) -> str:
        whole_begun.set()
        assert whole_may_go_on.wait(PATIENCE)
        return answers.cached("part", part) + " of the whole"

    outer = asked(pool, Call("a"), lambda: answers.cached("whole", whole))
    assert whole_begun.wait(PATIENCE)
    inner = asked(pool, Call("b"), lambda: answers.cached("part", part))
    until(lambda: turns.waiting == 1)
    whole_may_go_on.set()
    assert outer.result(PATIENCE) == "part of the whole"
    assert inner.result(PATIENCE) == "part"
    assert part.runs == 1


def test_another_question_has_the_turn_while_one_only_waits(
    pool: ThreadPoolExecutor, turns: Turns
) -> None:
    searching, found = threading.Event(), threading.Event()

    def search() -> bool:
        with turns.turn(), turns.paused():
            searching.set()
            return found.wait(PATIENCE)

    waiting = asked(pool, Call("a"), search)
    assert searching.wait(PATIENCE)
    with turn_taken(pool, turns):
        found.set()
        assert waiting.result(PATIENCE)
    with turns.turn():
        assert turns.waiting == 0


@pytest.fixture
def busy(
    pool: ThreadPoolExecutor, either_store: Store
) -> Iterator[tuple[TestClient, Callable[[], Any]]]:
    """The service of the town with one turn and one place to wait, and what takes both."""
    app = make_app(either_store, Settings(at_once=1, waiting=1), searches=SearchesHere())
    turns: Turns = app.state.answers.turns

    @contextmanager
    def taken() -> Iterator[None]:
        call = Call("another caller")
        with turn_taken(pool, turns):
            waiting = asked(pool, call, turns.take)
            until(lambda: turns.waiting == 1)
            yield
            call.end(CallerLeftError("the caller left"))
            assert isinstance(waiting.exception(PATIENCE), CallerLeftError)

    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000)) as client:
        yield client, taken


HOT = "/ogc/collections/hotspots/items?cell={cell}&limit=1"


def test_questions_that_are_worked_out_at_once_have_the_answers_of_one_after_another(
    pool: ThreadPoolExecutor, either_store: Store
) -> None:
    paths = [HOT.format(cell=cell) for cell in (100, 110, 120)]
    paths += [f"/map?period=latest-1m&layer=wards&cell={cell}" for cell in (100, 130)]
    answers = []
    for at_once in (1, 4):
        app = make_app(either_store, Settings(at_once=at_once), searches=SearchesHere())
        with TestClient(
            app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000)
        ) as client:
            map_ = map if at_once == 1 else pool.map
            replies = [*map_(client.get, paths)]
        assert [reply.status_code for reply in replies] == [200] * len(paths)
        answers.append([reply.content for reply in replies])
    assert answers[0] == answers[1]


def test_a_question_too_many_is_refused_with_a_time_and_the_light_ones_are_answered(
    busy: tuple[TestClient, Callable[[], Any]],
) -> None:
    client, taken = busy
    page = client.get("/?period=latest-1m&layer=wards")
    assert page.status_code == 200
    assert client.get(HOT.format(cell=200)).status_code == 200
    light = ("/healthz", "/readyz", "/ogc/collections/wards/items", "/help", "/planner")
    with taken():
        for path in (*light, HOT.format(cell=200), "/?period=latest-1m&layer=wards"):
            assert client.get(path).status_code == 200, path
        refused = client.get(HOT.format(cell=250))
        as_page = client.get("/?period=latest-12m&layer=wards", headers={"accept": "text/html"})
    for response in (refused, as_page):
        assert response.status_code == 503
        assert 1 <= int(response.headers["retry-after"]) <= 60
        assert "working on as many questions as it can" in response.text
    assert refused.json()["request_id"] == refused.headers["x-request-id"]
    assert as_page.headers["content-type"].startswith("text/html")
    assert client.get(HOT.format(cell=250)).status_code == 200


@pytest.mark.parametrize("name", ["PATCHMAP_AT_ONCE", "PATCHMAP_WAITING", "PATCHMAP_DEADLINE"])
def test_settings_of_the_load_are_whole_numbers(name: str) -> None:
    attribute = {"AT": "at_once", "WA": "waiting", "DE": "deadline_s"}[name[9:11]]
    assert getattr(Settings.read({name: "7"}), attribute) == 7
    for text in ("0", "-1", "1.5", "many", "9" * 30, "٣"):
        with pytest.raises(InputError, match=f"{name}='.*' is not a whole number from 1 to"):
            Settings.read({name: text})
