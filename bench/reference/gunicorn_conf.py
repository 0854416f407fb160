"""The reference is served as the service is."""

import os

bind = f"127.0.0.1:{os.environ['PORT']}"
workers = int(os.environ["WEB_CONCURRENCY"])
worker_class = "gevent"
keepalive = 5
accesslog = None
control_socket_disable = True
