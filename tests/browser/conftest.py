"""A real browser, and what watches that nothing goes wrong in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.servers import Postgres, Service
from tests.waiting import until

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = float(os.environ.get("PATIENCE", "120"))  # seconds, where a page waits for something
expect.set_options(timeout=PATIENCE * 1000)


def wait_for_worker(page: Page) -> None:
    """Wait until the page's files are kept for when there is no network."""
    # Not `wait_for_function`: it needs an eval, which the page's policy does not allow.
    state = "navigator.serviceWorker?.controller?.state"
    until(lambda: page.evaluate(state) == "activated", "the worker")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "Chromium is not installed; its path can be given in CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@dataclass
class Watch:
    """Notes what goes wrong in the pages of a browser, and where their requests go."""

    errors: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # parts of messages that are no surprise

    def on(self, context: BrowserContext) -> None:
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", lambda request: self.urls.append(request.url))

    def _hear(self, message) -> None:
        text = message.text
        if message.type in ("error", "warning") and not any(each in text for each in self.expected):
            self.errors.append(f"{text} {message.location.get('url', '')}")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def site(request, tmp_path_factory) -> Iterator[Service]:
    """The service with its page, on each database."""
    folder: Path = tmp_path_factory.mktemp("site")
    if request.param == "sqlite":
        with Service(f"sqlite:///{folder}/tasks.db", folder) as service:
            yield service
    else:
        with Postgres() as postgres, Service(postgres.url, folder) as service:
            yield service


@pytest.fixture
def watch(site: Service) -> Iterator[Watch]:
    """Nothing went wrong, and nothing was asked from anywhere else, when the test is over."""
    watch = Watch()
    yield watch
    assert watch.errors == []
    assert {url for url in watch.urls if not url.startswith((site.url, "blob:", "data:"))} == set()


@pytest.fixture
def new_browser(browser: Browser, watch: Watch) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browsers that know nothing of each other."""
    opened: list[BrowserContext] = []

    def open_one(**options) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE * 1000)
        watch.on(context)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()
