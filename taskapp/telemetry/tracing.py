"""Traces by OpenTelemetry and errors by Sentry; nothing of either is loaded unless it is set.

A caller's `traceparent` (W3C Trace Context) is continued. What people wrote, tokens and values of
statements are sent to nobody.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

from flask import Flask, g

from taskapp import config
from taskapp.telemetry import logs

# Addresses that are looked for, with commas between them. That of a feed is a secret.
UNTRACED = "health,metrics,^[a-z]+://[^/]+/feeds/"
ADDRESSES = ("http.target", "http.url", "url.full")  # of a request, in OpenTelemetry's conventions
NO_SPAN: AbstractContextManager[None] = nullcontext()


def init_app(app: Flask) -> None:
    settings = config.of(app)
    if settings.otel_exporter_otlp_endpoint:
        _trace(app, settings.otel_exporter_otlp_endpoint)
    if settings.sentry_dsn:
        _report_errors(settings.sentry_dsn)


def follow(app: Flask, connection: Any) -> None:
    """Let the statements of a connection of the database be spans, if there are traces."""
    if provider := app.extensions.get("taskapp.tracer_provider"):
        from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor

        PsycopgInstrumentor().instrument_connection(connection, tracer_provider=provider)
        connection.tracer = provider.get_tracer("taskapp")


def query(tracer: Any, text: bytes) -> AbstractContextManager[Any]:
    """Return the span of a query to PostgreSQL; without a tracer there is none."""
    if tracer is None:
        return NO_SPAN
    from opentelemetry.trace import SpanKind

    # OpenTelemetry's conventions for database client spans. An error may repeat a row.
    about = {"db.system.name": "postgresql", "db.query.text": text.decode()}
    return cast(
        AbstractContextManager[Any],
        tracer.start_as_current_span(
            text.split()[0].decode(),
            kind=SpanKind.CLIENT,
            attributes=about,
            record_exception=False,
            set_status_on_exception=False,
        ),
    )


def _trace(app: Flask, endpoint: str) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # OTEL_SERVICE_NAME and the other variables of the specification hold, too.
    provider = TracerProvider(resource=Resource.create({"service.name": "taskapp"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    app.extensions["taskapp.tracer_provider"] = provider
    instrument: Any = FlaskInstrumentor()
    instrument.instrument_app(app, tracer_provider=provider, excluded_urls=UNTRACED)

    @app.before_request
    def note_trace() -> None:
        span: Any = trace.get_current_span()
        context = span.get_span_context()
        if span.is_recording():
            _leave_out_query(span)
        if context.is_valid:
            g.trace_id = trace.format_trace_id(context.trace_id)


def _leave_out_query(span: Any) -> None:
    for name in ADDRESSES:
        if address := span.attributes.get(name):
            span.set_attribute(name, address.partition("?")[0])
    if "url.query" in span.attributes:
        span.set_attribute("url.query", "")


def _report_errors(dsn: str) -> None:
    import sentry_sdk

    sentry_sdk.init(
        dsn,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=_without_rows,
    )


def _without_rows(event: Any, hint: object) -> Any:
    """Leave out the values of a refused row, as the log does, the query, and a feed's address."""
    for raised in event.get("exception", {}).get("values", []):
        raised["value"] = logs.without_rows(raised.get("value") or "")
    asked = event.get("request", {})
    asked.pop("query_string", None)
    if "url" in asked:
        asked["url"] = logs.without_secret(asked["url"])
    return event
