"""A real browser, and a real Hub that it opens."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.illustrations import illustrate
from tests.running import RunningHub, sqlite_url

AXE = Path(__file__).parent / "vendored" / "axe.min.js"
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
WIDE, NARROW = (1280, 900), (360, 780)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A Hub on SQLite, at the name that people open."""
    running = RunningHub(sqlite_url(tmp_path_factory.mktemp("hub")))
    running.environ["HALLWAY_BASE_URL"] = f"http://hub.localhost:{running.port}"
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; without it the tests fail, and say what installs it.

    For one file at a time: while it is open, an event loop runs in this thread, and other tests need their own.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("There is no Chromium: run `make browser`.", pytrace=False)
    with sync_playwright() as playwright:
        arguments = ["--host-resolver-rules=MAP *.localhost 127.0.0.1"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@dataclass
class Window:
    """One visitor's browser: a context of its own, and what went wrong in it."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> int:
        """Go to a path of the Hub; the status of its answer."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        return answer.status

    def picture(self, name: str) -> None:
        """Keep a screenshot of the whole page for people to look at; with `make screenshots`, also in the docs."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
        illustrate(self.page, name)

    def findings(self) -> list[str]:
        """What axe has against the page, by WCAG 2.2 AA and the practices beside it."""
        # By the debugger's connection: the page's own policy would let no foreign script in.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found: dict[str, Any] = self.page.evaluate("(tags) => axe.run(document, {runOnly: tags})", tags)
        return [
            f"{violation['id']}: {violation['help']}: {node['target']} {node.get('failureSummary', '')}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def is_within(self) -> bool:
        """Whether nothing of the page stands out to the side."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


OpenWindow = Callable[..., Window]


@pytest.fixture
def window(hub: RunningHub, chromium: Browser) -> Iterator[OpenWindow]:
    """Makes a visitor's browser: `size`, `theme` (light or dark), `scripts`, `locale`."""
    contexts: list[tuple[BrowserContext, Window]] = []

    def make(size: tuple[int, int] = WIDE, theme: Any = "light", scripts: bool = True, locale: str = "en-GB") -> Window:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            java_script_enabled=scripts,
            locale=locale,
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        made = Window(page, f"http://hub.localhost:{hub.port}")
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        page.on("console", lambda message: _note(made, message.type, message.text))
        contexts.append((context, made))
        return made

    yield make
    for context, made in contexts:
        context.close()
        assert made.complaints == []


def _note(window: Window, kind: str, text: str) -> None:
    """Errors count, but for the browser's own note that an answer had a status of failure."""
    if kind == "error" and not re.match(r"Failed to load resource: the server responded with a status of 4", text):
        window.complaints.append(text)
