"""What every answer tells a browser not to do (OWASP ASVS 5.0, chapter 3.4)."""

from typing import Any

from flask import Flask

# An answer of the API is data: nothing in it may run, be framed, or be taken for another type.
POLICY = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")  # a year of https (RFC 6797)


def init_app(app: Flask) -> None:
    answer = app.wsgi_app

    # As WSGI middleware: whatever goes out has them, and constants need none of werkzeug's checks.
    def with_headers(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            added = [*headers, *HEADERS]
            if not any(name == POLICY[0] for name, _ in headers):  # the documentation has its own
                added.append(POLICY)
            if environ["wsgi.url_scheme"] == "https":
                added.append(TRANSPORT)
            return start_response(status, added, *error)

        return answer(environ, start)

    app.wsgi_app = with_headers  # type: ignore[method-assign]
