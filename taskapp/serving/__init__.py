"""How gunicorn serves the application: its worker, the start and the end."""
