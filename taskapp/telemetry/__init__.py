"""What operators see of a running service: its log lines and the ids that join them."""

from flask import Flask

from taskapp.telemetry import logs, request_ids


def init_app(app: Flask) -> None:
    logs.init_app(app)
    request_ids.init_app(app)
