"""The WSGI entry point: what gunicorn serves and what the `flask` command loads."""

import sys

import click

from taskapp import create_app
from taskapp.config import BadSetting, warnings

try:
    if click.get_current_context(silent=True):  # a command; gunicorn's master warns once for all
        for warning in warnings():
            click.echo(f"taskapp: {warning}", err=True)
    app = create_app()
except BadSetting as bad:
    sys.exit(f"taskapp: {bad}")
