"""Frontends that can't be changed: other names, other addresses, other forms of the same answers.

What harms nobody is always on; what changes the form of answers is a setting each. Routes, queries
and schemas know nothing of it, but for the addresses and totals that only they can tell. Whoever
knows our own form asks for it with a header: our page and library work whatever is set.
"""

from typing import cast

from flask import Flask, has_request_context

from taskapp import config, current, problems
from taskapp.dialects.forms import Form

HEADER = "Taskapp-Form"  # with any value
OURS = Form()


def init_app(app: Flask) -> None:
    """Read the form of answers from the settings, once."""
    form = Form.of(config.of(app))
    app.extensions["taskapp.dialect"] = form
    if not form.is_ours:
        app.register_error_handler(problems.Stale, lambda problem: of(app).stale(problem))


def of(app: Flask) -> Form:
    """Return the form that is set or, for a request that asks for it, our own."""
    form = cast(Form, app.extensions["taskapp.dialect"])
    if not form.is_ours and has_request_context() and HEADER in current.request().headers:
        return OURS
    return form
