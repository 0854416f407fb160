"""The tour (docs/tour.md) works as it is printed."""

import re
import subprocess

from taskapp.config import ROOT
from tests.servers import BIN
from tests.waiting import PATIENCE


def test_the_tour_can_be_pasted(service):
    page = (ROOT / "docs/tour.md").read_text()
    (tour,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    tour = tour.replace("http://127.0.0.1:8000", service.url).replace(".venv/bin/", f"{BIN}/")

    done = subprocess.run(
        ["bash", "-e"],
        input=tour, env=service.environ, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"title":"Buy milk"') == 7
    assert '"description":"Two litres"' in done.stdout
    assert '"completed":true' in done.stdout
    assert "Task deleted successfully" in done.stdout
    assert '"status":403' in done.stdout
