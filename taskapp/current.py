"""The request at hand, the notes about it and its application: what is behind Flask's proxies.

A look through a proxy takes ten times as long, since Python first looks for the name at the proxy
itself, in vain. So this is for what runs with every request; elsewhere Flask's names do as well.
"""

from collections.abc import Callable

import flask
from flask import Flask, Request
from flask.ctx import _AppCtxGlobals

request: Callable[[], Request] = flask.request._get_current_object  # type: ignore[attr-defined]
notes: Callable[[], _AppCtxGlobals] = flask.g._get_current_object
app: Callable[[], Flask] = flask.current_app._get_current_object  # type: ignore[attr-defined]
