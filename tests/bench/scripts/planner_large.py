"""Open a large plan on its page, take steps of it, and tell what the service and browser took."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from planner_clicks import BORDER, CHROMIUM
from playwright.sync_api import CDPSession, Page, sync_playwright

from geo.store.geopackage import GeoPackageStore

STEPS, CLICKS, RIVAL_STEPS = 20, 12, 3
WEST, EAST = "W190", "W210"
"""Two areas beside each other, in the middle."""

# From the button let go until the page says that the step is saved.
WATCH = """() => {
  window.took = [];
  let start = 0;
  document.addEventListener("pointerup", () => (start = performance.now()), true);
  const status = document.getElementById("status");
  new MutationObserver(() => {
    if (!start || !status.textContent.startsWith("Saved")) return;
    window.took.push(performance.now() - start);
    start = 0;
  }).observe(status, { childList: true });
}"""


class Service:
    """A service of the store in a process of its own."""

    def __init__(self, address: str, process: int) -> None:
        self.address, self.process = address, process

    @property
    def cpu_s(self) -> float:
        """Processor seconds so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_mb(self) -> float:
        """Resident memory at its peak."""
        status = Path(f"/proc/{self.process}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

    def json(self, path: str, body: object = None) -> Any:
        """What it answers."""
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.address}{path}", sent, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)


@contextmanager
def served(store: str) -> Iterator[Service]:
    """Serve a store until the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "api", "--store", store, "serve", "--port", port]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        service = Service(f"http://127.0.0.1:{port}", process.pid)
        try:
            while True:
                try:
                    service.json("/planner/plans/none")
                except urllib.error.HTTPError:
                    break
                except OSError:
                    time.sleep(0.1)
            yield service
        finally:
            process.terminate()


def opened(page: Page, browser: CDPSession, service: Service) -> dict[str, float]:
    """Open the plan for the first time: processor seconds of both until it is drawn."""
    page.goto(f"{service.address}/help")  # to start a browser is no part of it
    before, service_before = browser_cpu_s(browser), service.cpu_s
    page.goto(f"{service.address}/planner?plan=bench")
    page.locator("body[data-ready]").wait_for()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return {
        "browser_s": browser_cpu_s(browser) - before, "service_s": service.cpu_s - service_before,
    }  # fmt: skip


def browser_cpu_s(browser: CDPSession) -> float:
    """Processor seconds of all processes of the browser."""
    return sum(one["cpuTime"] for one in browser.send("SystemInfo.getProcessInfo")["processInfo"])


def clicked(page: Page, block: str) -> float:
    """Paint a block into the other area and back, in turn: median milliseconds until saved."""
    page.get_by_label("Find").fill(block)
    page.get_by_label("Find").press("Enter")
    page.wait_for_timeout(500)
    at = {code: (x, y) for code, x, y in page.evaluate(BORDER, [WEST, EAST])}
    page.evaluate(WATCH)
    for number in range(CLICKS):
        page.locator("#into").select_option(WEST if number % 2 else EAST)
        page.wait_for_timeout(200)
        page.mouse.click(*at[block])
        page.wait_for_function("n => window.took.length === n", arg=number + 1)
    return median(page.evaluate("window.took"))


def stepped(service: Service, block: str) -> float:
    """The same steps over HTTP alone: median milliseconds."""
    version, took = service.json("/planner/plans/bench")["status"]["version"], []
    for number in range(STEPS):
        to = WEST if number % 2 else EAST
        body = {"step": "move", "blocks": [block], "to": to, "version": version, "by": "bench"}
        start = time.perf_counter()
        version = service.json("/planner/plans/bench/steps", body)["status"]["version"]
        took.append(1_000 * (time.perf_counter() - start))
    return median(took)


def dissolved(store: str, assigned: list[str]) -> float:
    """What geopandas takes to add the blocks up anew after a step: median milliseconds."""
    with closing(GeoPackageStore(Path(store))) as opened_store:
        blocks = opened_store.layer("blocks")[1].drop(columns="area_name").assign(ward=assigned)
    took = []
    for _ in range(RIVAL_STEPS):
        start = time.perf_counter()
        blocks.dissolve("ward", aggfunc="sum")
        took.append(1_000 * (time.perf_counter() - start))
    return median(took)


def main(store: str) -> None:
    with served(store) as service, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # The driver's own waiting needs what the page's content policy forbids.
        page = chromium.new_page(viewport={"width": 1600, "height": 1000}, bypass_csp=True)
        figures = opened(page, chromium.new_browser_cdp_session(), service)
        block = page.evaluate(BORDER, [WEST, EAST])[0][0]
        figures["click_ms"] = clicked(page, block)
        chromium.close()
        figures["step_ms"] = stepped(service, block)
        figures["mb"] = service.peak_mb
        assigned = service.json("/planner/plans/bench")["assigned"]
    figures["rival_ms"] = dissolved(store, assigned)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
