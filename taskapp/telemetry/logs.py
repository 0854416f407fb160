"""One log line for each request, for people (console) or for machines (JSON).

Neither tokens nor bodies are ever logged; the path is logged as its route template.
"""

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from urllib.parse import quote

import msgspec
from flask import Flask, Request, Response
from pythonjsonlogger.msgspec import MsgspecFormatter

from taskapp import config, cooperation, current
from taskapp.telemetry import request_ids

LONGEST_PATH = 200  # characters of one that no route has

logger = logging.getLogger("taskapp")
requests = logging.getLogger("taskapp.requests")
_written = msgspec.json.Encoder().encode

# PostgreSQL repeats the values of a refused row in its DETAIL and CONTEXT, over as many lines as
# they have: up to where Python goes on with another exception, or to the end.
ROW_CONTENT = re.compile(
    r"^(DETAIL|CONTEXT):.*?(?=\n\n(?:The above exception|During handling of)|\Z)",
    re.MULTILINE | re.DOTALL,
)


# Of a calendar; what comes behind it is what opens it.
SECRET_ADDRESS = re.compile("(/feeds/).+")


def without_secret(address: str) -> str:
    """Return an address without what opens a calendar."""
    return SECRET_ADDRESS.sub(r"\1(left out)", address)


def without_rows(text: str) -> str:
    """Return the text of an error without the values of a row."""
    return ROW_CONTENT.sub(r"\1: (left out)", text)


class _WithoutRows(logging.Formatter):
    def formatException(self, ei):  # type: ignore[no-untyped-def]  # noqa: N802
        return without_rows(super().formatException(ei))


@lru_cache(maxsize=1)
def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class _Json(MsgspecFormatter, _WithoutRows):
    def format(self, record: logging.LogRecord) -> str:
        """Return the line; that of a request says all that there is, and is made at once."""
        line = getattr(record, "line", None)
        if line is None:
            return super().format(record)
        head = {"time": self.formatTime(record), "level": record.levelname, "logger": record.name}
        return _written({**head, "message": record.getMessage(), **line}).decode()

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Return the time as RFC 3339 has it, in UTC."""
        return f"{_second(int(record.created))}.{int(record.msecs):03}Z"


def formatter(log_format: str) -> logging.Formatter:
    """Return the formatter for `LOG_FORMAT`: `json` or `console`."""
    if log_format == "json":
        names = {"asctime": "time", "levelname": "level", "name": "logger"}
        return _Json("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields=names)
    return _WithoutRows("%(asctime)s %(levelname)s %(message)s")


# Looking for the caller, thread and process of each line, none of which is in ours, is switched
# off in the way that the standard library's Logging HOWTO gives ("Optimization").
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def init_app(app: Flask) -> None:
    settings = config.of(app)
    handler = logging.StreamHandler()
    handler.lock = cooperation.RLock()
    handler.setFormatter(formatter(settings.log_format))
    logger.handlers = [handler]
    logger.setLevel(settings.log_level)
    logger.propagate = False
    app.before_request(_start)
    # What clients make up belongs on the console of a developer, not in what machines gather.
    name = _route if settings.log_format == "json" else _route_or_path
    app.after_request(partial(_write, name))


def _route(asked: Request) -> str | None:
    return asked.url_rule.rule if asked.url_rule else None


def _route_or_path(asked: Request) -> str:
    return _route(asked) or f"{without_secret(quote(asked.path[:LONGEST_PATH]))} (no route)"


def _start() -> None:
    current.notes().started = time.perf_counter()


def _write(name: Callable[[Request], str | None], response: Response) -> Response:
    asked, noted = current.request(), current.notes()
    started = noted.get("started")
    line = {
        "method": asked.method,
        "route": name(asked),
        "status": response.status_code,
        "milliseconds": round((time.perf_counter() - started) * 1000, 1) if started else None,
        "user_id": noted.get("user_id"),
        "request_id": request_ids.of(asked.environ),
    }
    if trace_id := noted.get("trace_id"):
        line["trace_id"] = trace_id
    text = "%(method)s %(route)s %(status)s %(milliseconds)s ms user=%(user_id)r id=%(request_id)s"
    requests.info(text, line, extra={"line": line})
    return response
