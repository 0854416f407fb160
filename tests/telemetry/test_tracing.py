"""Traces and errors, as a collector and a Sentry receive them; and nothing where neither is set."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import psycopg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.servers import ForkedService, Postgres, Service, new_user_id
from tests.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, bytes]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def wait(self, part: str, service: Service) -> list[bytes]:
        """Return what came to a path with this part, once there is something."""
        return until(lambda: self.came(part), f"what goes to {part}: {service.log}")

    def came(self, part: str) -> list[bytes]:
        return [body for path, body in self.received if part in path]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.received.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *about: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        Thread(target=receiver.serve_forever, daemon=True).start()
        yield receiver
        receiver.shutdown()


def spans(sent):
    """Return the spans of the trace, by name."""
    return {
        span.name: span
        for body in sent
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
        if span.trace_id.hex() == TRACE
    }


def test_a_callers_trace_goes_on_through_request_and_statement(receiver, postgresql_url, tmp_path):
    alice = new_user_id()
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{receiver.address}",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup",  # by old and by new names
        "WEB_CONCURRENCY": "1",
    }
    with (
        ForkedService(postgresql_url, tmp_path, **settings) as service,
        service.session(alice) as session,
    ):
        url = f"{service.url}/api/{alice}/tasks"
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        answer = session.post(f"{url}?secret=1", json={"title": "A title"}, headers=headers)
        assert answer.status_code == 201
        # A request's span ends after those of its statements.
        until(lambda: "POST /api/<user_id>/tasks" in spans(receiver.came("/v1/traces")))

    sent = receiver.came("/v1/traces")
    found = spans(sent)
    request = found["POST /api/<user_id>/tasks"]
    assert request.parent_span_id.hex() == PARENT
    statements = [span for span in found.values() if span.parent_span_id == request.span_id]
    assert statements, found.keys()
    assert b"A title" not in b"".join(sent)
    assert b"secret=1" not in b"".join(sent)
    lines = [json.loads(line) for line in service.lines()]
    assert TRACE in {line.get("trace_id") for line in lines}


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL with a constraint of its own."""
    with Postgres() as postgres:
        yield postgres


def test_an_error_reaches_sentry_without_what_people_wrote(receiver, postgres, tmp_path):
    alice = new_user_id()
    dsn = f"http://key@{receiver.address}/1"
    with (
        ForkedService(postgres.url, tmp_path, SENTRY_DSN=dsn, WEB_CONCURRENCY="1") as service,
        service.session(alice) as session,
    ):
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute("ALTER TABLE tasks ADD CONSTRAINT odd CHECK (title <> 'Private')")
        url = f"{service.url}/api/{alice}/tasks?secret=1"
        assert session.post(url, json={"title": "Private"}).status_code == 500
        (event, *_) = receiver.wait("/envelope/", service)

    assert b"CheckViolation" in event
    assert b"Private" not in event
    assert b"secret=1" not in event
    assert session.headers["Authorization"].removeprefix("Bearer ").encode() not in event


def test_nothing_is_loaded_where_neither_is_set():
    code = (
        "import sys, taskapp; taskapp.create_app({'JWT_SECRET_KEY': 'x' * 32});"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'sentry'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
