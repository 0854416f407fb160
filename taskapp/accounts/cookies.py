"""The refresh token in a cookie, for browsers: no script can read it, no other site can use it."""

from flask import Response, current_app, request

from taskapp import config, problems

# The prefix makes browsers insist on Secure (RFC 6265bis, section 4.1.3.1).
NAME = "__Secure-taskapp-refresh"
PATH = "/api/auth"
# A form or an image of another site can't send a header of its own, and a script of another
# origin needs our permission by CORS (OWASP, Cross-Site Request Forgery Prevention Cheat Sheet).
CSRF_HEADER = "X-CSRF-Protection"


def set_on(response: Response, refresh_token: str) -> None:
    """Put the refresh token into the response's cookie."""
    settings = config.of(current_app)
    response.set_cookie(
        NAME,
        refresh_token,
        max_age=settings.refresh_token_days * 86400,
        path=_path(),
        secure=True,
        httponly=True,
        samesite=settings.refresh_cookie_samesite,
    )


def delete_from(response: Response) -> None:
    """Tell the browser to forget the cookie."""
    samesite = config.of(current_app).refresh_cookie_samesite
    response.delete_cookie(NAME, path=_path(), secure=True, httponly=True, samesite=samesite)


def _path() -> str:
    return request.root_path + PATH


def refresh_token() -> str | None:
    """Return the refresh token of the request's cookie, if there is one.

    Raises `problems.Forbidden` unless the request is seen to come from an allowed page.
    """
    sent = request.cookies.getlist(NAME)
    if not sent:
        return None
    # Another host of the site may have set one, too, and the browser does not say which is whose.
    if len(sent) > 1:
        raise problems.Forbidden(f"The cookie {NAME} was sent more than once.")
    origin = request.headers.get("Origin")
    allowed = [*config.of(current_app).origins, request.host_url.rstrip("/")]
    if CSRF_HEADER not in request.headers or (origin is not None and origin not in allowed):
        raise problems.Forbidden(
            f"The cookie is accepted only with the header {CSRF_HEADER}: 1, "
            "from an origin that is allowed."
        )
    return str(sent[0])
