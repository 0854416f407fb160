"""The WSGI entry point: what gunicorn serves and what the `flask` command loads."""

import gc
import sys

# What is loaded stays: while it loads nobody looks for garbage, and afterwards nobody in it.
gc.disable()

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

gc.freeze()
gc.enable()
