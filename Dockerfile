# Any Debian-like base with python3 (3.11 or newer) and its venv module will do.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
COPY requirements.txt /
# The tests of libraries, and what only installs, are left out.
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-compile --require-hashes --only-binary :all: -r /requirements.txt \
    && find /venv -type d \( -name tests -o -name testing \) -prune -exec rm -r {} + \
    && /venv/bin/pip uninstall --yes --quiet setuptools pip \
    && find /venv -type f \( -name '*.h' -o -name '*.c' -o -name '*.pyi' -o -name 'swagger-ui-es-*' \) -delete \
    && find /venv -type d -name __pycache__ -prune -exec rm -r {} +
WORKDIR /app
COPY gunicorn.conf.py wsgi.py ./
COPY migrations migrations
COPY taskapp taskapp
COPY clients/javascript/src clients/javascript/src
# Loading it once compiles what serving imports: the root of the image that runs can't be written.
RUN INSTANCE_PATH=/tmp/instance /venv/bin/gunicorn --check-config && rm -r /tmp/*

FROM ${BASE_IMAGE}
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLASK_APP=wsgi.py \
    HOST=0.0.0.0 \
    LOG_FORMAT=json
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY deploy/taskapp /usr/local/bin/taskapp
WORKDIR /app
# Only a number: nothing is owned by it and it needs no home. The image runs with a read-only root.
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\", 8000)}/health/live', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["taskapp"]
CMD ["serve"]
