"""Writing JSON: msgspec takes a tenth of the standard library's time, also for records."""

from typing import Any

import msgspec
from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import Headers

from taskapp import current, dialects

_written = msgspec.json.Encoder().encode


class Answer(Response):
    """A response of JSON, or a 304: there is nothing in its headers to be made right."""

    default_mimetype = None

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        """Return the headers: their length is there, and addresses are written as URIs already."""
        return self.headers


class Provider(DefaultJSONProvider):
    """Flask's provider, with msgspec to write. Bodies are read by `bodies`, by stricter rules."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return _written(obj).decode()

    def response(self, *args: Any, **kwargs: Any) -> Response:
        body = _written(self._prepare_response_obj(args, kwargs))
        return Answer(body, mimetype=self.mimetype)


class FormedProvider(Provider):
    """The provider where answers have another form than ours."""

    def response(self, *args: Any, **kwargs: Any) -> Response:
        answer = self._prepare_response_obj(args, kwargs)
        return super().response(dialects.of(current.app()).answer(answer))


def init_app(app: Flask) -> None:
    # Chosen once, so that our own form costs nothing.
    app.json = Provider(app) if dialects.of(app).is_ours else FormedProvider(app)
