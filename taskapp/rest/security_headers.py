"""What every answer tells a browser not to do (OWASP ASVS 5.0, chapter 3.4)."""

from typing import Any

from taskapp.headers import Header

# An answer of the API is data: nothing in it may run, be framed, or be taken for another type.
POLICY = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
HEADERS: tuple[Header, ...] = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")  # a year of https (RFC 6797)


def source(environ: dict[str, Any], so_far: list[Header]) -> tuple[Header, ...]:
    """Return the headers that each answer has; the documentation has a policy of its own."""
    added = HEADERS
    if not any(name == POLICY[0] for name, _ in so_far):
        added += (POLICY,)
    if environ["wsgi.url_scheme"] == "https":
        added += (TRANSPORT,)
    return added
