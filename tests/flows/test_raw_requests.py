"""Requests that only a socket can send."""

import json
import socket

import pytest

from tests.servers import ForkedService, new_user_id
from tests.waiting import PATIENCE, until


def send(service, text: bytes) -> tuple[int, dict[str, object]]:
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer
    problem = json.loads(body)
    assert problem["message"] == problem["detail"]
    return int(head.split()[1]), problem


def request(service, user_id: str, body: bytes, *headers: str) -> bytes:
    token = service.session(user_id).headers["Authorization"]
    lines = [
        f"POST /api/{user_id}/tasks HTTP/1.1",
        "Host: localhost",
        f"Authorization: {token}",
        "Content-Type: application/json",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "chunks", [b"zz\r\n{}\r\n0\r\n\r\n", b"5\r\n{}", b"-1\r\n{}\r\n", b"2\r\n{}XX0\r\n\r\n"]
)
def test_a_broken_chunked_body_is_a_400(service, chunks):
    text = request(service, new_user_id(), chunks, "Transfer-Encoding: chunked")

    status, problem = send(service, text)

    assert status == 400
    assert "body is broken" in str(problem["detail"])


def test_a_body_that_ends_early_is_a_400(service):
    text = request(service, new_user_id(), b'{"title": ', "Content-Length: 500")

    status, _ = send(service, text)

    assert status == 400


def test_a_long_chunked_body_is_a_413(service):
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    text = request(service, new_user_id(), chunk * 5 + b"0\r\n\r\n", "Transfer-Encoding: chunked")

    status, _ = send(service, text)

    assert status == 413


HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET /health HTTP/9.9\r\n\r\n", 400),
        (HEAD + b"Bad Header: 1\r\n\r\n", 400),
        (HEAD + b"A: 1\r\n folded\r\n\r\n", 400),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (HEAD + b"A: " + b"a" * 200_000 + b"\r\n\r\n", 431),
        (HEAD + b"".join(b"A%d: 1\r\n" % n for n in range(10_000)) + b"\r\n", 431),
    ],
)
def test_what_gunicorn_refuses_is_a_problem_too(service, text, expected):
    status, problem = send(service, text)

    assert status == problem["status"] == expected
    assert problem["detail"]


ORIGIN = b"Origin: http://localhost:3000\r\n"  # the default of CORS_ORIGINS
LONG = b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (LONG + ORIGIN + b"\r\n", 414),
        (LONG.replace(b"a" * 10_000, b"a" * 5_000) + ORIGIN + b"\r\n", 414),
        (LONG.replace(b"a" * 10_000, b"a" * 70_000) + b"A: b\r\n" + ORIGIN + b"A: b\r\n\r\n", 414),
        (HEAD + ORIGIN + b"A: " + b"a" * 200_000 + b"\r\n\r\n", 431),
        (HEAD + b"A: " + b"a" * 200_000 + b"\r\n" + ORIGIN.upper().lower() + b"\r\n", 431),
        (HEAD + ORIGIN + b"".join(b"A%d: 1\r\n" % n for n in range(100)) + b"\r\n", 431),
        (HEAD + ORIGIN + b"Bad Header: 1\r\n\r\n", 400),
        (HEAD + b"\r\n" + HEAD + ORIGIN + b"Bad Header: 1\r\n\r\n", 400),
    ],
)
def test_a_browser_may_show_what_gunicorn_refuses(service, text, status):
    head = head_of(service, text)

    assert f" {status} ".encode() in head
    assert b"\r\nAccess-Control-Allow-Origin: http://localhost:3000\r\n" in head
    assert b"\r\nAccess-Control-Allow-Credentials: true\r\n" in head
    assert b"X-Request-ID" in head.partition(b"Access-Control-Expose-Headers: ")[2]


@pytest.mark.parametrize("origin", [b"", b"Origin: https://evil.example\r\n", b"Origin: a b\r\n"])
def test_another_origin_may_not_and_no_cache_mixes_them_up(service, origin):
    head = head_of(service, LONG + origin + b"\r\n")

    assert b" 414 " in head
    assert b"Access-Control-Allow-Origin" not in head
    assert b"\r\nVary: Origin" in head


def head_of(service, text: bytes) -> bytes:
    """Return the head of the last answer to what is sent."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
        connection.sendall(text)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return answer[answer.rindex(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(("length", "expected"), [(4094, 404), (4095, 414)])
def test_a_request_line_of_4094_bytes_is_read(service, length, expected):
    line = b"GET /%s HTTP/1.1" % (b"a" * (length - len("GET / HTTP/1.1")))

    status, _ = send(service, line + b"\r\nHost: localhost\r\n\r\n")

    assert status == expected


@pytest.mark.parametrize("front", ["", "http://localhost"])
@pytest.mark.parametrize("slash", ["%2F", "%2f"])
def test_a_slash_in_a_user_id_comes_through_the_server(service, front, slash):
    user_id = f"https://login.example.com/{new_user_id()}"
    token = service.session(user_id).headers["Authorization"]

    def status(path: str) -> bytes:
        line = f"GET {front}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        return head_of(service, f"{line}Authorization: {token}\r\n\r\n".encode()).split()[1]

    encoded = user_id.replace("/", slash).replace(":", "%3A")
    assert status(f"/api/{encoded}/tasks?limit=1") == b"200"
    assert status(f"/api/{encoded}/export") == b"200"
    assert status(f"/api/{user_id}/tasks") == b"403"


def test_no_answer_says_what_serves_it(service):
    with service.session(new_user_id()) as session:
        assert "Server" not in session.get(f"{service.url}/health").headers


def test_a_body_that_does_not_arrive_is_a_408(slow_service):
    text = request(slow_service, new_user_id(), b'{"title": ', "Content-Length: 500")
    with socket.create_connection(("127.0.0.1", slow_service.port), timeout=PATIENCE) as connection:
        connection.sendall(text)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert b" 408 " in answer.split(b"\r\n")[0]
    assert b"did not arrive in time" in answer


@pytest.fixture(scope="module")
def slow_service(postgresql_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slow")
    with ForkedService(postgresql_url, folder, BODY_TIMEOUT="1", WEB_CONCURRENCY="1") as service:
        yield service


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO", "REMOTE_USER", "SCRIPT-NAME"])
def test_no_header_sets_what_wsgi_says_of_a_request(service, name):
    user_id = new_user_id()
    text = request(
        service,
        user_id,
        b'{"title": ""}',
        "Content-Length: 13",
        f"{name}: /api",
        f"{name}: /metrics",
    )

    status, problem = send(service, text)

    assert status == 422
    assert problem["instance"] == f"/api/{user_id}/tasks"


@pytest.mark.parametrize(
    "text",
    [
        b"GET /?hidden HTTP/9.9\r\nAuthorization: Bearer hidden\r\n\r\n",
        b"GET /hidden\r\n\r\n",
        HEAD + b"Authorization: Bearer hidden\x00\r\n\r\n",
        HEAD + b"Expect: hidden\r\n\r\n",
        HEAD + b"Transfer-Encoding: hidden\r\n\r\n",
        HEAD + b"Content-Length: hidden\r\n\r\n",
        HEAD + b"hidden: 1\r\n folded\r\n\r\n",
        HEAD + b"Authorization: Bearer hidden",  # and then no more
    ],
)
def test_the_log_repeats_nothing_of_what_can_not_be_read(talkative_service, text):
    before = len(talkative_service.lines())
    with socket.create_connection(("127.0.0.1", talkative_service.port), PATIENCE) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        b"".join(iter(lambda: connection.recv(65536), b""))

    said = until(lambda: talkative_service.lines()[before:])

    assert "hidden" not in "\n".join(said)


@pytest.fixture(scope="module")
def talkative_service(postgresql_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("talkative")
    with ForkedService(postgresql_url, folder, LOG_LEVEL="DEBUG", WEB_CONCURRENCY="1") as service:
        yield service
