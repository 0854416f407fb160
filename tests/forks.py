"""Starts of our commands without a second of imports: forks of a process that has the libraries.

What is ours each fork imports anew, as the command does, and prometheus_client, which reads the
environment as it is imported. Where a test is about a start or an end, it takes the command itself.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from tests.waiting import PATIENCE, until

ROOT = Path(__file__).parents[1]
# Imported before gunicorn.conf.py lets gevent change the standard library.
COMMANDS = {"gunicorn": "gunicorn.app.wsgiapp", "flask": "flask.cli"}
OF_ONE = {
    "gunicorn": ["gunicorn.workers.ggevent"],
    "flask": ["flask_migrate", "gevent.event", "gunicorn.http"],
}
# Forks of the same process.
LIKE = {"taskapp": "flask"}
LIBRARIES = [
    "argon2",
    "cachetools",
    "cryptography.hazmat.primitives.asymmetric.ed448",
    "dateutil.rrule",
    "dotenv",
    "flask_cors",
    "flask_jwt_extended",
    "flask_smorest",
    "flask_sqlalchemy",
    "flask_swagger_ui",
    "flask.testing",
    "idna",
    "jwt.algorithms",
    "limits",
    "limits.storage",
    "limits.strategies",
    "msgspec",
    "psycopg",
    "pythonjsonlogger.msgspec",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "sqlite3",
    "urllib3.util",
    "webargs.flaskparser",
    "werkzeug.middleware.proxy_fix",
    "wsgiref.simple_server",
]


class Fork:
    """A command that runs, with what tests use of `subprocess.Popen`."""

    def __init__(self, forks: "Forks", pid: int) -> None:
        self._forks, self.pid = forks, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._forks.ask(pid=self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int | None:
        until(lambda: self.poll() is not None, f"the end of {self.pid}", seconds=timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forks:
    """The process that is forked for each start of `command`, or of one that is like it."""

    def __init__(self, command: str) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forks", command],
            cwd=ROOT,
            env=os.environ | {"PYTHONWARNINGS": "error::DeprecationWarning"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._process.communicate)

    def ask(self, **question: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            print(json.dumps(question), file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())


_one_at_a_time = Lock()


@cache
def _of(command: str) -> Forks:
    return Forks(command)


def start(command: list[str], environ: dict[str, str], files: list[Path]) -> Fork:
    """Start a command with its arguments; the files are those of its output and of its errors."""
    with _one_at_a_time:
        forks = _of(LIKE.get(command[0], command[0]))
    names = [str(file) for file in files]
    return Fork(forks, forks.ask(command=command, environ=environ, files=names))


def run(
    environ: dict[str, str], command: str, *arguments: str, together: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `together` are its errors among its output."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "output" if together else "errors")
        code = start([command, *arguments], environ, [output, errors]).wait(PATIENCE)
        printed = output.read_text(), errors.read_text()
    return subprocess.CompletedProcess([command, *arguments], code or 0, *printed)


def serve(command: str) -> None:
    """Fork for each question with an environment, and answer others with the exit code, if any."""
    # gevent's own would watch its children in a loop that the forks inherit.
    fork, wait = os.fork, os.waitpid
    importlib.import_module(COMMANDS[command])
    if command == "gunicorn":
        importlib.import_module("gevent.monkey").patch_all()
    for name in [*LIBRARIES, *OF_ONE[command]]:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever types Ctrl-C ends pytest, which ends us
    for line in sys.stdin:
        question = json.loads(line)
        if "pid" in question:
            pid, status = wait(question["pid"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif not (answer := fork()):
            become(**question)
            break
        print(json.dumps(answer), flush=True)


def become(command: list[str], environ: dict[str, str], files: list[str]) -> None:
    """Be the command, in this process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name in enumerate([os.devnull, *files]):
        file = os.open(name, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environ)
    name, *arguments = command
    if name == "taskapp":
        sys.argv = ["taskapp", *arguments]
        runpy.run_module("taskapp", run_name="__main__", alter_sys=True)
        return
    sys.argv = [str(Path(sys.executable).with_name(name)), *arguments]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    serve(sys.argv[1])
