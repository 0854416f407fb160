"""The request at hand, the notes about it and its application: what is behind Flask's proxies.

A look through a proxy takes six times as long, since Python first looks for the name at the proxy
itself, in vain. So this is for what runs with every request; elsewhere Flask's names do as well.
"""

from collections.abc import Callable
from typing import Any

import flask
from flask import Flask, Request

request: Callable[[], Request] = flask.request._get_current_object  # type: ignore[attr-defined]
notes: Callable[[], Any] = flask.g._get_current_object
app: Callable[[], Flask] = flask.current_app._get_current_object  # type: ignore[attr-defined]
