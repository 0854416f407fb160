"""What operators see of a running service: its log lines, the ids that join them, and metrics."""

from flask import Flask

from taskapp.telemetry import logs, metrics, tracing


def init_app(app: Flask) -> None:
    logs.init_app(app)
    metrics.init_app(app)
    tracing.init_app(app)
