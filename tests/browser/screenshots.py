"""Takes the pictures that the documentation shows: `make screenshots`."""

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from taskapp.config import ROOT
from tests.browser.conftest import FLAGS
from tests.servers import Service

WIDTH = 1280
LAST = "#operations-tasks-completeTask"  # what comes below it is not shown
MARGIN = 24  # pixels
LINES = (
    "Read the chapter on trees #reading",
    "Renew the passport !high 2031-01-20 @Papers",
    "Call Grandma sunday #phone",
    "Water the plants today @Home",
    "Oat milk, bread and apples @Shopping",
    "Send the invoice to Mrs Brown 2026-01-20 !urgent @Work",
    "Prepare the slides tomorrow 9:30 @Work #talk",
    "Plan the weekend in the mountains friday #together",
)


def swagger_ui(browser: Browser, service: Service) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": 2000})
    page.goto(f"{service.url}/docs")
    box = page.wait_for_selector(LAST).bounding_box()
    height = box["y"] + box["height"]
    page.screenshot(
        path=ROOT / "docs/swagger-ui.png",
        clip={"x": 0, "y": MARGIN, "width": WIDTH, "height": height},
    )


def still(page: Page) -> None:
    """Wait until what fades in has its colours."""
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")


def tasks(browser: Browser, service: Service) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": 800}, reduced_motion="reduce")
    page.goto(service.url)
    page.get_by_label("E-mail").fill("alice@example.com")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_label("Name").fill("Alice Martin")
    page.get_by_role("button", name="Create an account").click()
    for line in LINES:
        page.get_by_label("Add a task").fill(line)
        page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="Completed: Water the plants").click()
    expect(page.locator(".sync")).to_have_text("Up to date")
    page.get_by_label("Add a task").fill("Pay the rent monday 9:00 !high #home @Papers")
    still(page)
    page.screenshot(path=ROOT / "docs/page.png")
    page.get_by_label("Add a task").fill("")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 760})
    page.evaluate("document.activeElement.blur(), location.hash = '#upcoming'")
    expect(page.get_by_role("heading", level=1)).to_have_text("Upcoming")
    still(page)
    page.screenshot(path=ROOT / "docs/page-phone.png")


def main() -> None:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with Service(f"sqlite:///{folder}/tasks.db", Path(folder)) as service:
            swagger_ui(browser, service)
            tasks(browser, service)
        browser.close()


if __name__ == "__main__":
    main()
