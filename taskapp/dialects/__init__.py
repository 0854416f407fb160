"""Frontends that can't be changed: other names, other addresses, other forms of the same answers.

What harms nobody is always on; what changes the form of answers is a setting each. Routes, queries
and schemas know nothing of it, but for the addresses and totals that only they can tell.
"""

from typing import cast

from flask import Flask

from taskapp import config, problems
from taskapp.dialects.forms import Form


def init_app(app: Flask) -> None:
    """Read the form of answers from the settings, once."""
    form = Form.of(config.of(app))
    app.extensions["taskapp.dialect"] = form
    if not form.is_ours:
        app.register_error_handler(problems.Stale, form.stale)


def of(app: Flask) -> Form:
    """Return the form that the application's answers have."""
    return cast(Form, app.extensions["taskapp.dialect"])
