"""What every answer tells a browser not to do (OWASP ASVS 5.0, chapter 3.4)."""

from flask import Flask, Response, request

# An answer of the API is data: nothing in it may run, be framed, or be taken for another type.
POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TRANSPORT = "max-age=31536000"  # a year of https (RFC 6797)


def init_app(app: Flask) -> None:
    app.after_request(_add)


def _add(response: Response) -> Response:
    headers = response.headers
    if "Content-Security-Policy" not in headers:  # the documentation has its own
        headers.add("Content-Security-Policy", POLICY)
    for name, value in HEADERS.items():
        headers.add(name, value)
    if request.is_secure:
        headers["Strict-Transport-Security"] = TRANSPORT
    return response
