"""The headers of every answer: one WSGI middleware that adds what a list of sources says."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Flask

Header = tuple[str, str]
# Says what to add to an answer, given the WSGI environment and the headers that it has so far.
Source = Callable[[dict[str, Any], list[Header]], Iterable[Header]]


def init_app(app: Flask, sources: Sequence[Source]) -> None:
    """Let whatever is answered carry the headers of all sources, in their order."""
    answer = app.wsgi_app

    def with_headers(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[Header], *error: Any) -> Any:
            headers = list(headers)
            for source in sources:
                headers += source(environ, headers)
            return start_response(status, headers, *error)

        return answer(environ, start)

    app.wsgi_app = with_headers  # type: ignore[method-assign]
