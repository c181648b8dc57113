"""Stopping: Ctrl-C ends `make run` at once and in silence, whatever is underway."""

from __future__ import annotations

import contextlib
import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from boundaries.plans.draft import new_plan, save_plan
from geo.incidents import Batch
from tests.api.conftest import make_town, month_of_incidents
from tests.api.planner.streams import Stream
from tests.services import free_port
from tests.terminals import Terminal, on_a_terminal

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
AT_ONCE = 30.0  # seconds on a busy machine: a page stays open for ever, the question takes minutes
# A test of every pair of incidents, by 999 permutations.
LONG_QUESTION = (
    "/download/near-repeats.json?datetime=2024-03/2024-03&source=council&near=100,5000&days=1,20"
)


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches what a test starts, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town, and a month of 20,000 incidents of which the day is known."""
    path = tmp_path_factory.mktemp("stopping") / "town.gpkg"
    with contextlib.closing(make_town(path)) as made:
        part = month_of_incidents("2024-03")
        sample = next(iter(part.batches())).accepted.sample(20_000, replace=True, random_state=1)
        days = np.random.default_rng(2).integers(0, 30, len(sample))
        moments = pd.Timestamp("2024-03-01", tz="UTC").as_unit("s") + pd.to_timedelta(days, "D")
        frame = sample.assign(
            incident_id=[f"council:{n}" for n in range(len(sample))],
            source="council",
            precision="instant",
            occurred_from=moments.astype("datetime64[s, UTC]"),
            occurred_to=moments.astype("datetime64[s, UTC]"),
        ).reset_index(drop=True)
        rejected = pd.DataFrame({"line": [], "reason": [], "row": []})
        with made.transaction():
            made.put_partition(
                replace(part, source="council", batches=lambda: iter([Batch(frame, rejected)]))
            )
        draft, _ = new_plan(made, "north", blocks_layer="wards", from_layer="wards")
        save_plan(made, draft.plan)
    return path


@pytest.fixture
def made_run(store: Path) -> Iterator[tuple[Terminal, int]]:
    """`make run` on a terminal, when it serves; and its port."""
    port = free_port()
    # What set-up makes stands: the tests run on it.
    ready = ["-o", ".venv/run.stamp", "-o", "api/static/node_modules/.stamp"]
    command = ["make", *ready, "run", f"BIN={BIN}", f"STORE={store}", f"PORT={port}"]
    with on_a_terminal(command, cwd=ROOT) as terminal:
        terminal.read_until("(stop with Ctrl-C)")
        yield terminal, port


def beside(store: Path) -> list[str]:
    """The files of the folder of a store, but for the copy of incidents that stays."""
    names = [path.name for path in store.parent.iterdir()]
    return [name for name in names if name != f"{store.name}.columns"]


def check_quiet_end(terminal: Terminal, store: Path) -> None:
    written, code, seconds = terminal.press_ctrl_c()
    assert written == ""
    assert code in (0, -signal.SIGINT)  # make ends as it was asked to
    assert seconds < AT_ONCE
    assert beside(store) == [store.name]


def test_ctrl_c_ends_make_run_beside_an_open_page(
    made_run: tuple[Terminal, int], store: Path
) -> None:
    terminal, port = made_run
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", "/help")  # and stays connected, as a tab of a browser does
    assert b"Patchmap" in connection.getresponse().read()
    check_quiet_end(terminal, store)
    connection.close()


def test_ctrl_c_ends_make_run_in_the_midst_of_a_long_question(
    made_run: tuple[Terminal, int], store: Path
) -> None:
    terminal, port = made_run
    question = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    question.request("GET", LONG_QUESTION)
    other = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    other.request("GET", "/healthz")  # answered after the question was taken up
    assert other.getresponse().read() == b"ok\n"
    lost: list[Exception] = []

    def wait_for_the_answer() -> None:
        try:
            question.getresponse()
        except OSError as error:
            lost.append(error)

    waiting = threading.Thread(target=wait_for_the_answer)
    waiting.start()
    check_quiet_end(terminal, store)
    waiting.join(timeout=AT_ONCE)
    assert lost  # it was underway: nothing came back


def test_ctrl_c_while_the_program_loads_is_no_traceback(store: Path) -> None:
    command = [sys.executable, "-m", "api", "--store", str(store), "serve"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not any("numpy" in each.path for each in psutil.Process(process.pid).memory_maps()):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=AT_ONCE)[0] == b""
    assert process.returncode == 130


def test_a_service_that_is_terminated_closes_its_store(store: Path) -> None:
    command = [sys.executable, "-m", "api", "--store", str(store), "serve"]
    port = free_port()
    process = subprocess.Popen(
        [*command, "--port", str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline().startswith("Patchmap serves")
    with contextlib.closing(Stream(f"http://127.0.0.1:{port}", "page000a")) as stream:
        assert stream.next()["version"] == 1  # a plan that is open, which waits for news
        process.terminate()
        assert process.wait(timeout=AT_ONCE) == 0
    assert beside(store) == [store.name]
