"""`serve --workers`: several processes, one service; kills, replacements and uploads."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from api.operations.handing_on import HandingOn
from api.operations.workers import WorkerSpec
from boundaries.plans.draft import new_plan, save_plan
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.conftest import fill_town
from tests.api.planner.streams import Stream
from tests.loops import run_async
from tests.postgres import Cluster
from tests.services import free_port, run_patchmap


@dataclass
class Served:
    """A service of several processes."""

    port: int
    process: subprocess.Popen[bytes]
    store: str
    log: Path
    lost: list[str] = field(default_factory=list)

    @property
    def workers(self) -> set[int]:
        """The processes that serve."""
        found = set()
        for one in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):  # it has ended meanwhile
                found |= {one.pid} if "--worker" in one.cmdline() else set()
        return found

    def ask(self, path: str, headers: dict[str, str] | None = None, body: bytes | None = None):
        """Ask on a connection of its own; returns the status, the headers and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            method = "GET" if body is None else "POST"
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    @contextlib.contextmanager
    def asked(self, *paths: str) -> Iterator[None]:
        """Ask again and again inside; what is not answered is lost."""
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                for path in paths:
                    try:
                        status, _, _ = self.ask(path)
                    except (OSError, http.client.HTTPException) as error:
                        status = error
                    if status != 200:
                        self.lost.append(f"{path}: {status!r}")
                time.sleep(0.02)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()


def until(met, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module", params=["GeoPackage", "PostGIS"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, made_town: Path
) -> Iterator[Served]:
    # `python -m tests.soak.council` does more of it.
    folder = tmp_path_factory.mktemp("workers")
    if request.param == "GeoPackage":
        store = shutil.copy(made_town, folder / "town.gpkg")
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        store = cluster.new_database()
        with contextlib.closing(PostgisStore(store, create=True)) as made, made.transaction():
            fill_town(made)
    with contextlib.closing(_opened(store)) as made:
        draft, _ = new_plan(
            made, plan_id="draft", title="Draft", by="x", blocks_layer="wards", from_layer="wards"
        )
        save_plan(made, draft.plan)
    port = free_port()
    command = [sys.executable, "-m", "api", "--store", str(store), "serve", "--workers", "2"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--port", str(port)], stdout=log, stderr=log)
    try:
        until(lambda: "serves" in (folder / "log").read_text() or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield Served(port, process, str(store), folder / "log")
    finally:
        process.terminate()
        process.wait(120)


def test_limits_are_shared_and_figures_are_of_all(served: Served) -> None:
    until(lambda: all(f'worker="{n}"' in _figures(served) for n in (0, 1)))
    limits = re.findall(r"cache_limit_bytes{.*} (\d+)", _figures(served))
    assert sum(map(int, limits)) == 500_000_000
    assert _figures(served).count("# TYPE patchmap_requests_total") == 1


def _figures(served: Served) -> str:
    return served.ask("/metrics")[2].decode()


def test_the_same_answer_has_the_same_tag_whoever_gives_it(served: Served) -> None:
    answers = [served.ask("/ogc/collections/wards/items?limit=5") for _ in range(8)]
    assert len({(head["etag"], body) for _, head, body in answers}) == 1
    tag = {"If-None-Match": answers[0][1]["etag"]}
    again = [served.ask("/ogc/collections/wards/items?limit=5", tag)[0] for _ in range(8)]
    assert set(again) == {304}


def test_an_upload_is_reached_by_whichever_worker(served: Served) -> None:
    page = served.ask("/data")[2].decode()
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    csv = b"id,x,y,when\n" + b"".join(b"%d,435100,336100,2024-01-05\n" % n for n in range(20_000))
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'.encode(),
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n',
        csv + b"\r\n--b--\r\n",
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Accept": "application/json"}
    status, _, body = served.ask("/data/files", headers, b"".join(parts))
    assert status == 201, body
    address = json.loads(body)["address"]
    asked = [served.ask(f"{address}/progress") for _ in range(8)]
    assert {(status, body) for status, _, body in asked} == {(200, b'{"state":"none"}')}
    assert served.ask(address)[0] == 200
    counted = re.findall(r'worker="(\d)".*route="/data/files/{upload_id}', _figures(served))
    assert set(counted) == {"0"}


def test_steps_that_several_workers_take_are_all_kept(served: Served) -> None:
    taken: list[int] = []

    def step(area: str) -> None:
        for number in range(10):
            kind = "lock" if number % 2 == 0 else "unlock"
            status = 409
            while status == 409:  # the other one was first; its version is the one to follow
                plan = json.loads(served.ask("/planner/plans/draft")[2])["status"]
                body = {"step": kind, "area": area, "version": plan["version"], "by": "x"}
                headers = {"Content-Type": "application/json"}
                sent = json.dumps(body).encode()
                status, _, _ = served.ask("/planner/plans/draft/steps", headers, sent)
            taken.append(status)

    threads = [threading.Thread(target=step, args=(area,)) for area in ("A", "B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == [200] * 20
    counted = re.findall(r'worker="(\d)".*route="/planner/plans/{plan_id}/steps', _figures(served))
    assert set(counted) == {"0", "1"}
    with contextlib.closing(_opened(served.store)) as store:
        assert store.plan("draft")["version"] == 21


def _opened(store: str | Path) -> Store:
    is_server = str(store).startswith("postgres")
    return PostgisStore(str(store)) if is_server else GeoPackageStore(Path(store))


def test_all_are_replaced_without_a_lost_request(served: Served) -> None:
    before = served.workers
    address = f"http://127.0.0.1:{served.port}"
    streams = [Stream(address, f"page000{page}", "draft") for page in "abcdef"]
    with served.asked("/healthz", "/data", "/ogc/collections/wards/items?limit=5"):
        served.process.send_signal(signal.SIGHUP)
        until(lambda: len(served.workers) == 2 and not served.workers & before)
    assert served.lost == [], served.log.read_text()
    for stream in streams:  # whichever worker had it; its page then asks for another
        with contextlib.closing(stream), pytest.raises(EOFError):
            stream.until(lambda _: False)


def test_one_that_is_killed_is_replaced_and_the_others_go_on(served: Served) -> None:
    before = served.workers
    psutil.Process(max(before)).kill()
    until(lambda: len(served.workers) == 2 and served.workers != before)
    until(lambda: served.ask("/data")[0] == 200)


def test_more_workers_than_questions_at_once_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHMAP_AT_ONCE", "2")
    done = run_patchmap("--store", "x.gpkg", "serve", "--workers", "3", "--create", cwd=tmp_path)
    assert done.returncode == 1
    assert "3 workers cannot share 2 questions at once" in done.stderr


def test_a_limit_is_divided_so_that_all_shares_make_it_up() -> None:
    specs = [WorkerSpec(number, 3, 4, 5, Path("/tmp/x")) for number in range(3)]
    assert [spec.share(8) for spec in specs] == [3, 3, 2]
    assert [WorkerSpec.parse(str(spec)) for spec in specs] == specs


def test_what_the_first_has_in_memory_is_handed_on_to_it(tmp_path: Path) -> None:
    async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst")
        await writer.drain()
        writer.close()

    async def answer(app: HandingOn, path: str) -> str:
        said: list[Message] = []
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
        facts = {"query_string": b"", "headers": [], "client": None, "scheme": "http"}
        over = asyncio.Event()

        async def receive() -> Message:
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            said.append(message)

        await app({**scope, **facts}, receive, send)
        return b"".join(message.get("body", b"") for message in said).decode()

    async def answers() -> list[str]:
        socket = tmp_path / "0"
        app = HandingOn(PlainTextResponse("own"), socket, "/city")
        paths = ("/data/uploads", "/retention", "/retention/erase", "/retentions", "/")
        async with await asyncio.start_unix_server(first, str(socket)):
            return [await answer(app, f"/city{path}") for path in paths]

    # An erasure removes uploads, which are in the first alone.
    assert run_async(answers()) == ["first", "first", "first", "own", "own"]
