"""The WSGI entry point: what gunicorn serves and what the `flask` command loads."""

import sys

from taskapp import create_app
from taskapp.config import BadSetting

try:
    app = create_app()
except BadSetting as bad:
    sys.exit(f"taskapp: {bad}")
