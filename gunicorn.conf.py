"""How gunicorn serves the application: `gunicorn` alone, in this folder, is enough."""

import gc

# What is loaded stays: while it loads nobody looks for garbage, and afterwards nobody in it.
gc.disable()

# Before anything else takes a socket, a lock or an SSL context as it was.
from gevent import monkey

monkey.patch_all()

import atexit
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

# Ctrl-C while all this loads is no error; later gunicorn handles it.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda number, frame: sys.exit(130))

# Heartbeats and metrics in memory: the root file system may be read-only.
memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
METRICS = "-taskapp-workers"  # not that of the releases that held no lock on theirs


def make_folder_for_metrics() -> None:
    """Let prometheus_client write into a new folder that goes with this process."""
    # The lock is held for as long as this process or a worker of it lives. A folder gets its name
    # once it is locked, so that nobody who starts meanwhile takes it for a dead one's.
    draft = tempfile.mkdtemp("-taskapp-draft", dir=memory)
    fcntl.flock(os.open(draft, os.O_RDONLY), fcntl.LOCK_EX)
    folder = draft.removesuffix("-taskapp-draft") + METRICS
    os.rename(draft, folder)
    os.environ |= {"PROMETHEUS_MULTIPROC_DIR": folder, "TASKAPP_METRICS_OF": str(os.getpid())}
    atexit.register(remove_if_it_was_made_by, os.getpid(), folder)


def remove_if_it_was_made_by(process: int, folder: str) -> None:
    # Workers are forked, and inherit what is done at exit.
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def remove_folders_of_the_dead() -> None:
    """Remove what processes of ours have left that were killed."""
    for folder in Path(memory or tempfile.gettempdir()).glob(f"*{METRICS}"):
        with suppress(OSError):
            file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(file).st_uid == os.geteuid():
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
            finally:
                os.close(file)


# One that an operator has named is the operator's. This file is read again at SIGHUP, and by a
# master that SIGUSR2 starts: the first keeps its folder, the second needs its own.
if os.environ.get("TASKAPP_METRICS_OF", "") != str(os.getpid()) and (
    "PROMETHEUS_MULTIPROC_DIR" not in os.environ or "TASKAPP_METRICS_OF" in os.environ
):
    remove_folders_of_the_dead()
    make_folder_for_metrics()

# gunicorn reads every name in here as a setting, so `config` must not be one.
from prometheus_client.multiprocess import mark_process_dead

from taskapp import urls
from taskapp.config import BadSetting, command, read, warnings
from taskapp.serving import idle, start
from taskapp.telemetry import logs

try:
    settings, suspicious = read(), warnings()
except BadSetting as bad:
    sys.exit(f"taskapp: {bad}")

# Workers are forked from here: what none of them looks at they share.
gc.freeze()
gc.enable()

wsgi_app = "wsgi:app"
bind = (
    f"[{settings.host}]:{settings.port}"
    if ":" in settings.host
    else f"{settings.host}:{settings.port}"
)
FIRST_TOKEN = {
    True: command("token alice"),
    False: f"from the login at {settings.jwks_url}",
}
workers = settings.web_concurrency
# A client that is slow, or waits for changes, costs a greenlet of a few kilobytes, not a thread.
worker_class = "taskapp.serving.worker.Worker"
worker_connections = settings.connections
timeout = 30
# Less than the 10 seconds that a container engine waits between SIGTERM and SIGKILL.
graceful_timeout = 8
# For the head of a request; KEEP_ALIVE is what a connection is kept between two.
keepalive = idle.HEAD
# What headers of proxies are believed is for TRUSTED_PROXIES to say; gunicorn itself would let
# whoever is on this machine set SCRIPT_NAME and PATH_INFO.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
forwarded_allow_ips = ""
# A token of any length that people paste is refused by us, with a reason, rather than by gunicorn
# with a bare 431. Fewer fields make up for the longer ones.
limit_request_field_size = settings.longest_header
limit_request_line = 4094
limit_request_fields = 50
worker_tmp_dir = memory
# The control socket needs a writable home and is shared by all masters of one user; signals do.
control_socket_disable = True
logger_class = "taskapp.serving.worker.Logger"
loglevel = settings.log_level.lower()
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ours": {"()": logs.formatter, "log_format": settings.log_format}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "ours"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"level": settings.log_level, "handlers": ["stderr"], "propagate": False},
    },
}


def on_starting(server: Any) -> None:
    for warning in suspicious:
        server.log.warning(warning)
    # One that takes over from another, or whom systemd hands sockets, has them already.
    inherited = "GUNICORN_FD" in os.environ or "LISTEN_FDS" in os.environ
    places = [] if inherited or server.cfg.reuse_port else server.cfg.address
    if reason := start.not_free(places) or start.refusal(settings):
        sys.exit(f"taskapp: {reason}")


def post_worker_init(worker: Any) -> None:
    start.begin(worker)
    # The last of the first workers: what a newcomer wants to know comes last.
    if settings.client and worker.age == workers:
        worker.log.info("Open         http://%s:%s/", settings.host, settings.port)


def child_exit(server: Any, worker: Any) -> None:
    mark_process_dead(worker.pid)


def when_ready(server: Any) -> None:
    url = f"http://{settings.host}:{settings.port}"
    server.log.info("API:         %s/api/{user_id}/tasks", url)
    server.log.info("Docs:        %s/docs", url)
    server.log.info("Database:    %s", settings.sqlite_file or urls.shown(settings.database))
    server.log.info("First token: %s", FIRST_TOKEN[settings.shared_secret_accepted])
