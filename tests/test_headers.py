"""The headers of every answer, from a list of sources."""

from flask import Flask

from taskapp import headers


def test_sources_add_in_their_order_and_see_what_is_there():
    app = Flask("scratch")
    app.get("/")(lambda: ("", {"X-Own": "a"}))
    seen = []

    def first(environ, so_far):
        yield "X-First", environ["REQUEST_METHOD"]

    def second(environ, so_far):
        seen.extend(name for name, _ in so_far)
        return [("X-Second", "b"), ("X-Second", "c")]

    headers.init_app(app, [first, second])
    answer = app.test_client().get("/")

    assert answer.headers["X-Own"] == "a"
    assert answer.headers["X-First"] == "GET"
    assert answer.headers.getlist("X-Second") == ["b", "c"]
    assert {"X-Own", "X-First"} <= set(seen)
    assert "X-Second" not in seen


def test_answers_that_no_view_makes_have_them_too(stranger):
    for answer in (
        stranger.get("/no/such"),
        stranger.open("/health", "PUT"),
        stranger.get("/docs"),
    ):
        assert answer.headers["X-Request-ID"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
