"""Metrics for Prometheus, over all workers, at /metrics for whoever has `METRICS_TOKEN`.

Labels are few and known in advance: route templates, statuses, outcomes; never a user.
"""

import hmac
import os
import sys
import time
from functools import cache

from flask import Flask, Response, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from taskapp import config, current

# The metrics below write into it as soon as they are made, in commands as in workers.
folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if folder and not (os.path.isdir(folder) and os.access(folder, os.W_OK)):
    sys.exit(f"taskapp: PROMETHEUS_MULTIPROC_DIR: {folder} is no folder that can be written.")

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

requests = Histogram(
    "taskapp_request_seconds",
    "Time to answer a request.",
    ["method", "route", "status"],
    buckets=SECONDS,
)
in_flight = Gauge(
    "taskapp_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum"
)
connections = Gauge(
    "taskapp_database_connections_in_use",
    "Database connections that are in use.",
    multiprocess_mode="livesum",
)
connection_wait = Histogram(
    "taskapp_database_connection_wait_seconds",
    "Time to get a database connection, where it had to be waited for.",
    buckets=SECONDS,
)
token_checks = Counter("taskapp_token_checks", "Tokens that were looked at.", ["outcome"])
tokens_accepted = token_checks.labels("accepted")
rate_limit_hits = Counter(
    "taskapp_rate_limit_hits", "Requests that were refused as too many.", ["limit"]
)
rate_limit_failures = Counter(
    "taskapp_rate_limit_storage_failures", "Times that Redis could not count a request."
)
key_fetch_failures = Counter(
    "taskapp_login_key_fetch_failures", "Times that the keys of the login could not be fetched."
)
NEEDED = "Send METRICS_TOKEN of this service: Authorization: Bearer <METRICS_TOKEN>."


class TokenNeeded(Unauthorized):
    """The metrics were asked for without their token; the description may be shown."""


@cache
def keys_fetched() -> Gauge:
    """Return when the keys of the login were fetched, of the worker where that is longest ago.

    A gauge begins with 0 when it is made, and the process that starts the workers, which fetches
    no keys, would be the one where it is longest ago.
    """
    return Gauge(
        "taskapp_login_keys_fetched_timestamp_seconds",
        "When the keys of the login were fetched; of the worker where that is longest ago.",
        multiprocess_mode="livemin",
    )


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_measure)
    app.teardown_request(_end)
    if config.of(app).metrics_token:
        app.add_url_rule("/metrics", "metrics", lambda: _metrics(config.of(app).metrics_token))


def _begin() -> None:
    in_flight.inc()


def _measure(response: Response) -> Response:
    # Methods and paths that no route has are made up by clients, without end.
    asked = current.request()
    rule = asked.url_rule
    method, route = (asked.method, rule.rule) if rule else ("other", "none")
    seconds = time.perf_counter() - current.notes().started
    requests.labels(method, route, response.status_code).observe(seconds)
    return response


def _end(error: BaseException | None) -> None:
    in_flight.dec()


def _metrics(token: str) -> Response:
    sent = request.headers.get("Authorization", "")
    if not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
        challenge = WWWAuthenticate("bearer", {"realm": "metrics"})
        raise TokenNeeded(NEEDED, www_authenticate=challenge)
    return Response(generate_latest(_all_workers()), content_type=CONTENT_TYPE_LATEST)


def _all_workers() -> CollectorRegistry:
    # Each worker of gunicorn writes to files in this folder, which its configuration has made.
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
