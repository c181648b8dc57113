"""A real Chromium before a running service of the demo city."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.services import serving

CHROMIUM = Path("/usr/bin/chromium")
SCREENSHOTS = Path(__file__).parents[2] / ".cache/screenshots"
PATIENCE_MS = 180_000
"""How long a page may take: what is tested is what it shows, and not the machine."""
UNUSED = (
    # Of several such lists Chromium reads the last: these are those of Playwright's that matter.
    *("AimEnabled", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose"),
    *("HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter"),
    *("NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "ThirdPartyStoragePartitioning"),
    # Two pages that every window loads beside its own, for an address bar that nobody sees.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
)
"""Features of the browser that cost time and show nothing of a page."""

QUIET = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update"),
    # There is none: without this, one is imitated on the processor.
    "--disable-gpu",
    f"--disable-features={','.join(UNUSED)}",
)


@dataclass
class Watched:
    """A page with every request it made and every fault that its scripts reported."""

    page: Page
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.context.on("request", self._requested)
        self.page.context.on("console", self._said)
        self.page.context.on("weberror", lambda error: self.faults.append(str(error.error)))

    def _requested(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def hosts(self) -> set[str]:
        """Where requests went; data and file addresses leave no machine."""
        parts = [urlsplit(url) for url in self.requests]
        return {part.netloc for part in parts if part.scheme not in ("data", "blob", "file")}

    def wait_for_map(self) -> None:
        """Until the map in its frame has been drawn."""
        frame = self.page.frame_locator("iframe.map")
        frame.locator("canvas.leaflet-zoom-animated").wait_for()
        frame.locator(".legend").wait_for()

    def keep(self, name: str) -> None:
        """Leave a picture for a person to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.fixture(scope="session")
def address(demo_store: Path) -> Iterator[str]:
    """Where the demo city is served."""
    with serving(demo_store) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    assert CHROMIUM.exists(), "Chromium is missing: sudo apt-get install chromium libatomic1"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(QUIET), timeout=PATIENCE_MS
        )
        yield started
        started.close()


def patient(context: BrowserContext) -> BrowserContext:
    """Let pages of a context wait for as long as a busy machine takes."""
    context.set_default_timeout(PATIENCE_MS)
    return context


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A fresh page at the size of a projector."""
    context = patient(browser.new_context(viewport={"width": 1920, "height": 1080}, locale="en-GB"))
    yield Watched(context.new_page())
    context.close()
