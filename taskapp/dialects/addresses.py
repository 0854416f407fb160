"""More addresses for routes that exist: `/api/tasks…` without the user id, other words for sign-in.

A twin is a rule without an endpoint of its own, so guard, limits and all that follows are those of
the route. It is made from the URL map, when all routes are in it.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import flask
from flask import Flask

from taskapp import current

LONG, SHORT = "/api/<user_id>/tasks", "/api/tasks"
SIGN_IN = "/api/auth/"
WORDS = {"register": "signup", "login": "signin"}


def init_app(app: Flask) -> None:
    """Give the routes their further addresses; nothing that is registered later has any.

    One that is another route's stays that: the export of the user who is called `tasks`.
    """
    there = app.url_map.bind("")
    for rule in list(app.url_map.iter_rules()):
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        for address in _further(rule.rule):
            if not any(there.test(address, method) for method in methods):
                app.add_url_rule(address, rule.endpoint, methods=methods)


def url_for(endpoint: str, *, user_id: str, **values: Any) -> str:
    """Return the address of a thing of this user, in the form in which the request was made."""
    return flask.url_for(endpoint, user_id=_named(user_id), **values)


def task_url(user_id: str, task_id: int) -> str:
    """Return the address of a task of this user, as `url_for` would."""
    if current.request().root_path:  # which may be as long as a header: it is not remembered
        return url_for("tasks.get_task", user_id=user_id, task_id=task_id)
    return f"{_tasks_url(_named(user_id))}/{task_id}"


@lru_cache(maxsize=1024)
def _tasks_url(user_id: str | None) -> str:
    """Return the address of all tasks of this user, without a prefix."""
    return flask.url_for("tasks.list_tasks", user_id=user_id)


def _named(user_id: str) -> str | None:
    """Return the user id where the request was made by an address that has it."""
    rule = current.request().url_rule
    return user_id if rule is None or "user_id" in rule.arguments else None


def _further(rule: str) -> Iterator[str]:
    if rule.startswith(LONG):
        yield SHORT + rule.removeprefix(LONG)
    if rule.startswith(SIGN_IN):
        word = rule.removeprefix(SIGN_IN)
        yield f"/auth/{word}"
        if word in WORDS:
            yield SIGN_IN + WORDS[word]
            yield f"/auth/{WORDS[word]}"
