"""`pip install .`: the command `taskapp`, with the migrations and the page inside the package."""

import subprocess
import sys
import zipfile

import pytest

from taskapp.config import ROOT
from taskapp.version import __version__

LOOK = "from taskapp import create_app; print(create_app().test_client().get('/').status_code)"


@pytest.fixture
def run(tmp_path):
    """Runs Python where nothing but the wheel's content says what `taskapp` is."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    packages, home = tmp_path / "packages", tmp_path / "home"
    zipfile.ZipFile(wheel).extractall(packages)
    home.mkdir()

    def run(*arguments: str) -> str:
        environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(packages)}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=environ, cwd=home, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_what_is_installed_is_whole(run, tmp_path):
    assert run("-m", "taskapp", "--version") == f"taskapp {__version__}\n"
    assert "The database is at migration" in run("-m", "taskapp", "migrate")
    assert (tmp_path / "home/instance/tasks.db").exists()
    run("-m", "taskapp", "serve", "--check-config")
    assert run("-c", LOOK) == "200\n"
