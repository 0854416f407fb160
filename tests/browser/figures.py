"""Measures the page in Chromium: `python -m tests.browser.figures` prints what it takes.

Absolute times of one machine, with the service, its database and the browser on the same cores.
"""

import json
import os
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.conftest import FLAGS, wait_for_worker
from tests.servers import Postgres, Service, new_user_id
from tests.waiting import until

ROUNDS = 5
# Notes when the first row of the list is in the document, in milliseconds since the navigation.
NOTE = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".row")) return;
  observer.disconnect();
  requestAnimationFrame(() => (window.firstRow = performance.now()));
}).observe(document, { childList: true, subtree: true });
"""
TYPE = """(word) => {
  const input = document.querySelector(".search-input");
  const times = [];
  for (let length = 1; length <= word.length; length += 1) {
    const began = performance.now();
    input.value = word.slice(0, length);
    input.dispatchEvent(new Event("input"));
    document.body.getBoundingClientRect(); // the layout belongs to it
    times.push(performance.now() - began);
  }
  return times;
}"""


def somebody_with(service: Service, tasks: int) -> str:
    """Return the id of somebody with so many tasks."""
    user = new_user_id()
    url = f"{service.url}/api/{user}/tasks"

    def create(numbers: range) -> None:
        session = service.session(user)
        for number in numbers:
            body = {
                "title": f"Task number {number} with some words",
                "tags": [f"tag{number % 20}"],
                "category": f"Category {number % 10}",
                "due_date": f"2027-{number % 12 + 1:02}-{number % 28 + 1:02}",
            }
            assert session.post(url, json=body, timeout=60).ok

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, [range(at, tasks, 4) for at in range(4)]))
    return user


def signed_in(browser: Browser, service: Service, user: str) -> BrowserContext:
    token = str(service.session(user).headers["Authorization"]).removeprefix("Bearer ")
    until = (time.time() + 900) * 1000
    session = {"kind": "pasted", "token": token, "until": until, "user": {"id": user}}
    context = browser.new_context()
    stored = json.dumps(json.dumps(session))
    context.add_init_script(f'localStorage.setItem("taskapp.session", {stored});{NOTE}')
    return context


def loaded(page: Page) -> float:
    return float(until(lambda: page.evaluate("window.firstRow"), "the first row"))


def cold_and_warm(browser: Browser, service: Service) -> tuple[float, float]:
    user = somebody_with(service, 1000)
    cold, warm = [], []
    for _ in range(ROUNDS):
        context = signed_in(browser, service, user)
        page = context.new_page()
        page.goto(service.url)
        cold.append(loaded(page))
        wait_for_worker(page)
        page.wait_for_selector("text=Up to date")
        page.reload()
        warm.append(loaded(page))
        context.close()
    return statistics.median(cold), statistics.median(warm)


def search(browser: Browser, service: Service) -> tuple[float, float]:
    """Return the median and the longest time of a keystroke among 10,000 tasks."""
    context = signed_in(browser, service, somebody_with(service, 10_000))
    page = context.new_page()
    page.goto(service.url)
    page.wait_for_selector("text=10,000 tasks", timeout=120_000)
    page.wait_for_timeout(1000)  # what else is done at the beginning is over
    times = [
        each for word in ("number 12", "words tag7", "zzz") for each in page.evaluate(TYPE, word)
    ]
    context.close()
    return statistics.median(times), max(times)


def bytes_of_one_change(browser: Browser, service: Service) -> int:
    user = somebody_with(service, 1000)
    context = signed_in(browser, service, user)
    page = context.new_page()
    page.goto(service.url)
    page.wait_for_selector("text=Up to date")
    page.wait_for_timeout(1000)
    network = context.new_cdp_session(page)
    received: list[int] = []
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    session = service.session(user)
    session.post(f"{service.url}/api/{user}/tasks", json={"title": "New"}, timeout=60)
    page.wait_for_selector("text=1,001 tasks")
    page.wait_for_timeout(500)
    context.close()
    return int(sum(received))


def main() -> None:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        Postgres(durable=True) as postgres,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with Service(postgres.url, Path(folder)) as service:
            cold, warm = cold_and_warm(browser, service)
            print(f"first list of 1,000 tasks, cold: {cold:.0f} ms")
            print(f"first list of 1,000 tasks, warm: {warm:.0f} ms")
            print(f"catching up after one change: {bytes_of_one_change(browser, service)} bytes")
            typical, longest = search(browser, service)
            print(f"a keystroke's search in 10,000: {typical:.1f} ms, longest {longest:.1f} ms")
        browser.close()


if __name__ == "__main__":
    main()
