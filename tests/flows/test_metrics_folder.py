"""The folder that workers write their metrics into: made, kept and removed with the service."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
import requests

from taskapp.config import ROOT
from tests import forks
from tests.servers import ForkedService, Service

MEMORY = Path("/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir())  # noqa: S108
TOKEN = {"METRICS_TOKEN": "a token that Prometheus has"}


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/tasks.db"


def folder_of(service):
    """Return the folder that the service's workers write to."""
    (worker, *_) = psutil.Process(service.process.pid).children()
    opened = {Path(each.path).parent for each in worker.open_files() if each.path.endswith(".db")}
    (folder,) = [each for each in opened if each.name.endswith("-taskapp-workers")]
    return folder


def ask(service):
    headers = {"Authorization": f"Bearer {TOKEN['METRICS_TOKEN']}"}
    answer = requests.get(f"{service.url}/metrics", headers=headers, timeout=10)
    assert "taskapp_request_seconds" in answer.text
    return answer


def gunicorn(service, *arguments, **environ):
    return forks.run(service.environ | environ, "gunicorn", *arguments)


def test_a_folder_of_an_operators_stays_with_all_that_is_in_it(url, tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "precious").write_text("x")
    settings = {**TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with ForkedService(url, tmp_path, **settings) as service:
        ask(service)
    checked = gunicorn(service, "--check-config")
    refused = gunicorn(service, PORT="none")

    assert (checked.returncode, refused.returncode) == (0, 1)
    assert (folder / "precious").read_text() == "x"


def test_its_own_goes_with_it(url, tmp_path):
    with Service(url, tmp_path, **TOKEN) as service:
        ask(service)
        folder = folder_of(service)
        service.process.send_signal(signal.SIGHUP)
        service.wait()
        ask(service)
        assert folder.is_dir()

    assert not folder.exists()


READ = """
import os, runpy
try:
    runpy.run_path("gunicorn.conf.py")
finally:
    folder = os.environ["PROMETHEUS_MULTIPROC_DIR"]
    print(folder, os.path.isdir(folder))
"""


@pytest.mark.parametrize("port", ["8000", "none"])
def test_its_own_goes_also_where_nothing_is_served(url, tmp_path, port):
    environ = Service(url, tmp_path).environ | {"PORT": port}

    done = subprocess.run(
        [sys.executable, "-c", READ], cwd=ROOT, env=environ, capture_output=True, text=True
    )

    folder, was_there = done.stdout.split()
    assert was_there == "True"
    assert not Path(folder).exists()
    assert done.returncode == (port == "none")


def test_what_a_killed_one_leaves_is_removed_by_the_next_and_nothing_that_lives(url, tmp_path):
    with (
        ForkedService(url, tmp_path, **TOKEN) as alive,
        ForkedService(url, tmp_path, **TOKEN) as killed,
    ):
        left, kept = folder_of(killed), folder_of(alive)
        workers = psutil.Process(killed.process.pid).children()
        killed.process.kill()
        killed.process.wait(10)
        psutil.wait_procs(workers, 30)

        # If no other test's service has removed it before.
        with ForkedService(url, tmp_path, **TOKEN) as service:
            assert not left.exists()
            assert kept.is_dir()
            ask(alive)
            ask(service)


def test_a_folder_of_somebody_elses_is_left_alone(url, tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root can make a folder of somebody else's")
    theirs = Path(tempfile.mkdtemp("-taskapp-workers", dir=MEMORY))
    os.chown(theirs, 65534, 65534)
    try:
        gunicorn(Service(url, tmp_path), "--check-config")

        assert theirs.is_dir()
    finally:
        theirs.rmdir()
