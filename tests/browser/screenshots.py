"""Takes the pictures that the documentation shows: `make screenshots`."""

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from taskapp.config import ROOT
from tests.browser.conftest import FLAGS
from tests.servers import Service

WIDTH = 1280
LAST = "#operations-tasks-completeTask"  # what comes below it is not shown
MARGIN = 24  # pixels


def main() -> None:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with Service(f"sqlite:///{folder}/tasks.db", Path(folder)) as service:
            page = browser.new_page(viewport={"width": WIDTH, "height": 2000})
            page.goto(f"{service.url}/docs")
            box = page.wait_for_selector(LAST).bounding_box()
            height = box["y"] + box["height"]
            page.screenshot(
                path=ROOT / "docs/swagger-ui.png",
                clip={"x": 0, "y": MARGIN, "width": WIDTH, "height": height},
            )
        browser.close()


if __name__ == "__main__":
    main()
