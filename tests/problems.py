"""One helper asserts what every error promises."""

from typing import Any


def assert_problem(response: Any, status: int, *, names: str = "") -> dict[str, Any]:
    """Assert an RFC 9457 answer of `status` whose `detail` names `names`; return the problem."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json() if callable(response.json) else response.json
    assert {"type", "title", "status", "detail", "instance", "request_id"} <= problem.keys()
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert names in problem["detail"]
    assert problem["message"] == problem["detail"]
    challenge = response.headers.get("WWW-Authenticate", "")
    assert (status == 401 or "insufficient_scope" in challenge) == bool(challenge)
    assert (status in (429, 503)) == ("Retry-After" in response.headers)
    return problem
