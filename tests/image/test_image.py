"""The image, built and run as a platform would, beside a PostgreSQL.

Without a container engine: buildah builds it, on a base made from Debian unless BASE_IMAGE names
one, and what an engine would do with user, environment, command, health check and a read-only root
is read from the image and done in a mount namespace. Needs root.
"""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests

from taskapp.config import ROOT
from tests.servers import NO_LIMITS, Postgres, RoundTrips, free_port

IMAGE = "localhost/taskapp"
DEBIAN = "localhost/taskapp-debian"
MOST = 95e6  # bytes over the base: time zones and calendars took it past 90
SECRET = "a secret that is long enough for HS256"
# The host's settings and certificates for pip: mounted for the build, not a part of the image.
HOST = ("/etc/pip.conf", "/etc/ssl/certs", "/usr/local/share/ca-certificates")
# A root that can't be written, with memory where the image says so.
ISOLATED = """
set -eu
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
exec chroot --userspec="$user:$user" "$root" "$@"
"""


def buildah(*arguments: str) -> str:
    environ = os.environ | {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
    done = subprocess.run(["buildah", *arguments], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@dataclass
class Image:
    """The image that was built, a container of it, and their folders on this machine."""

    about: dict[str, object]
    container: str
    root: Path
    base_root: Path

    def command(self, *arguments: str, **environ: str) -> list[str]:
        """Return how to run a command in the container as the image's user."""
        settings = [*self.about["Env"], *(f"{name}={value}" for name, value in environ.items())]
        inside = ("env", "-i", "-C", self.about["WorkingDir"], *settings, *arguments)
        return [
            *("unshare", "--mount", "sh", "-c", ISOLATED, "sh"),
            *(str(self.root), self.about["User"], *inside),
        ]

    def run(self, *arguments: str, **environ: str) -> str:
        command = self.command(*arguments, **environ)
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()


def _vfs() -> dict[str, str]:
    return os.environ | {"STORAGE_DRIVER": "vfs"}


def _base(folder: Path) -> str:
    if given := os.environ.get("BASE_IMAGE"):
        return given
    known = subprocess.run(["buildah", "images", "-q", DEBIAN], env=_vfs(), capture_output=True)
    if known.returncode:
        # libstdc++ is what python:3.13-slim has too, since its apt needs it; here greenlet does.
        packages = "python3,python3-venv,ca-certificates,libstdc++6"
        options = ("--quiet", "--variant=essential", f"--include={packages}")
        subprocess.run(["mmdebstrap", *options, "bookworm", folder / "base.tar"], check=True)
        scratch = buildah("from", "scratch")
        buildah("add", "-q", scratch, str(folder / "base.tar"), "/")
        buildah("commit", "-q", scratch, DEBIAN)
        buildah("rm", scratch)
    return DEBIAN


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Iterator[Image]:
    base = _base(tmp_path_factory.mktemp("base"))
    mounts = [f"--volume={path}:{path}:ro" for path in HOST if Path(path).exists()]
    options = ("--quiet", "--format=docker", "--network=host", f"--build-arg=BASE_IMAGE={base}")
    buildah("bud", *options, *mounts, "-t", IMAGE, str(ROOT))
    about = json.loads(buildah("inspect", "--type=image", IMAGE))["Docker"]["config"]
    container, base_container = buildah("from", IMAGE), buildah("from", base)
    roots = [Path(buildah("mount", each)) for each in (container, base_container)]
    yield Image(about, container, *roots)
    buildah("rm", container, base_container)


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    # Its socket is for its own user; the proxy is reached by TCP.
    with Postgres() as postgres, RoundTrips(postgres.url) as proxy:
        yield {
            "DATABASE_URL": proxy.url,
            "JWT_SECRET_KEY": SECRET,
            "HOST": "127.0.0.1",
            "PORT": str(free_port()),
            **NO_LIMITS,
        }


class Running:
    """The image's own command, in the container."""

    def __init__(self, image: Image, environ: dict[str, str]) -> None:
        self.url = f"http://127.0.0.1:{environ['PORT']}"
        command = [*image.about["Entrypoint"], *image.about["Cmd"]]
        # Every step is an exec: this is process 1 in a container.
        self.process = subprocess.Popen(image.command(*command, **environ))
        deadline = time.monotonic() + 20
        while True:
            try:
                if requests.get(f"{self.url}/health/ready", timeout=5).ok:
                    break
            except requests.ConnectionError:
                assert self.process.poll() is None
                assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self) -> int:
        """Send what a platform sends, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


@pytest.fixture
def running(image, environ) -> Iterator[Running]:
    image.run("taskapp", "migrate", **environ)
    running = Running(image, environ)
    yield running
    if running.process.poll() is None:
        running.stop()


def test_it_is_small(image):
    # Files, as a layer counts them.
    sizes = [
        sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir())
        for root in (image.root, image.base_root)
    ]
    print(f"\n{(sizes[0] - sizes[1]) / 1e6:.1f} MB over the base of {sizes[1] / 1e6:.0f} MB")
    assert sizes[0] - sizes[1] <= MOST


def test_it_runs_as_nobody_who_may_write_nothing(image):
    assert image.about["User"] == "10001"
    assert image.run("id", "-u") == "10001"
    found = image.run("sh", "-c", "find / -xdev -writable ! -type l -print 2>/dev/null; true")
    assert found == "/tmp"  # noqa: S108
    assert image.run("sh", "-c", "echo x > /tmp/x && echo x > /dev/shm/x && echo fine") == "fine"


@pytest.mark.parametrize("tool", ["gcc", "cc", "ld", "make", "pip", "pip3", "git", "curl"])
def test_nothing_in_it_builds_or_installs(image, tool):
    looked = ["/venv/bin", "/usr/local/bin", "/usr/bin", "/bin"]
    assert not any((image.root / folder[1:] / tool).exists() for folder in looked)


def test_nothing_in_it_is_secret(image):
    names = " ".join(image.about["Env"]).lower()
    assert not any(word in names for word in ("secret", "password", "token", "database_url"))
    files = {path.name for path in (image.root / "app").rglob("*")}
    assert not files & {".env", ".git", "instance", "jwt-secret", "tests", "id_rsa"}


def test_the_contract_over_http(image, environ, running):
    token = image.run("taskapp", "token", "alice", **environ)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        tasks = f"{running.url}/api/alice/tasks"
        made = session.post(tasks, json={"title": "From the image"})
        assert made.status_code == 201
        one = running.url + made.headers["Location"]
        assert session.patch(f"{one}/complete").json()["completed"] is True
        assert session.put(one, json={"title": "Changed"}).json()["title"] == "Changed"
        assert session.get(tasks).json()[0]["title"] == "Changed"
        assert session.get(f"{running.url}/api/bob/tasks").status_code == 403
        assert session.delete(one).status_code == 200
        assert session.get(one).status_code == 404
    assert requests.get(tasks, timeout=5).status_code == 401
    assert "swagger-ui" in requests.get(f"{running.url}/docs", timeout=5).text
    master = psutil.Process(running.process.pid)
    assert {process.uids().real for process in (master, *master.children())} == {10001}


def test_its_healthcheck_and_its_own_check(image, environ, running):
    test = image.about["Healthcheck"]["Test"]
    assert test[0] == "CMD"
    image.run(*test[1:], **environ)
    assert "row security  requests run as taskapp_service" in image.run(
        "taskapp", "check", **environ
    )
    assert "0 deleted tasks" in image.run("taskapp", "purge", **environ)

    running.stop()
    done = subprocess.run(image.command(*test[1:], **environ), capture_output=True)
    assert done.returncode != 0


def test_sigterm_ends_it_in_time_and_fails_no_request(image, environ, running):
    token = image.run("taskapp", "token", "bob", **environ)
    statuses, ends, over = [], [], threading.Event()

    def work() -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            while not over.is_set():
                try:
                    answer = session.post(f"{running.url}/api/bob/tasks", json={"title": "t"})
                except requests.ConnectionError as error:
                    ends.append(str(error))
                    return
                statuses.append(answer.status_code)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    assert image.about["StopSignal"] == "SIGTERM"
    assert running.stop() == 0
    over.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {201}
    # The port is closed. What was cut off would be "Connection aborted".
    assert all("refused" in end for end in ends), ends
