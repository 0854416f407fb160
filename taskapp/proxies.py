"""What the proxies in front say of a request: the client's address, the scheme, and a prefix.

Only as many as `TRUSTED_PROXIES` are believed; without any, no header changes what a request is.
"""

import re
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from taskapp import config

PREFIX = "HTTP_X_FORWARDED_PREFIX"
# Whoever can send another one may have a proxy in front that hands it on.
SANE = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


def init_app(app: Flask) -> None:
    proxies = config.of(app).trusted_proxies
    if not proxies:
        return
    answer = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_prefix=proxies)

    def with_sane_prefix(environ: dict[str, Any], start_response: Any) -> Any:
        sent = [each.strip() for each in environ.pop(PREFIX, "").split(",")]
        if all(SANE.fullmatch(each) for each in sent):
            environ[PREFIX] = ",".join(each.rstrip("/") for each in sent)
        return answer(environ, start_response)

    app.wsgi_app = with_sane_prefix  # type: ignore[method-assign]
