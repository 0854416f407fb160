"""Somebody with a hundred tasks, to try things out: through the API, as any frontend would."""

import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from flask import Flask
from flask.testing import FlaskClient

from taskapp import config
from taskapp.auth import guard, tokens

EMAIL = "demo@example.com"
AREAS = {
    "Home": (
        "Water the plants|Repair the bicycle|Clean the windows|Descale the kettle|Sort the cellar|"
        "Change the bed linen|Hang the picture in the hall|Oil the door hinges|Mow the lawn|"
        "Replace the smoke detector's battery|Wash the curtains|Defrost the freezer|"
        "Order firewood|Fix the dripping tap|Paint the garden fence"
    ),
    "Shopping": (
        "Oat milk, bread and apples|A present for Clara|Light bulbs|Printer paper|Coffee beans|"
        "New running shoes|Stamps|A birthday card for Tom|Seeds for the balcony|Sun cream|"
        "Batteries (AA)|Flour and yeast"
    ),
    "Work": (
        "Send the invoice to Mrs Brown|Prepare the slides for Monday|Answer the tax adviser|"
        "Review Ada's proposal|Write the minutes|Book the room for the workshop|"
        "Update the price list|Ask Ben about the contract|Plan the next quarter|Back up the laptop|"
        "Reply to the survey|Collect the receipts of the trip|Draft the newsletter|"
        "Call the print shop|Clear the inbox|Test the new scanner|Order visiting cards"
    ),
    "Papers": (
        "Renew the passport|Pay the rent|File the tax return|Cancel the old insurance|"
        "Send in the doctor's bill|Read the electricity meter|Sign the lease|"
        "Copy the birth certificates|Check the bank statements|Apply for the parking permit"
    ),
    "People": (
        "Call Grandma|Write to Elena|Invite the neighbours|Thank Jonas for the book|"
        "Arrange lunch with Mira|Plan the weekend in the mountains|Congratulate Paul|"
        "Ask Lea for the recipe|Return the drill to Max|Find a date for the class reunion"
    ),
    "Health": (
        "See the dentist|Run 5 km|Book the eye test|Refill the prescription|Try the new pool|"
        "Stretch in the morning|Get the flu jab|Buy a new pillow"
    ),
    "Reading": (
        "The chapter on trees|The article about sleep|The manual of the camera|Poems by Szymborska|"
        "The travel guide to Lisbon|Last week's newspaper|The history of maps|A novel by Natsume"
    ),
    "Travel": (
        "Book the train to Vienna|Find a hotel near the station|Check the suitcase's lock|"
        "Ask about the ferry|Print the tickets|Download the map for offline use|Get Swiss francs|"
        "Make a packing list|Tell the post office|Charge the power bank"
    ),
}
TAGS = ("phone", "computer", "outside", "five minutes", "together")
PRIORITIES = ("medium", "medium", "high", "low", "medium", "medium", "urgent")
HOW_MANY = 100


class Demo(NamedTuple):
    """Whose tasks they are, and how one signs in; no password where it is known, or none."""

    user: str
    password: str | None


class Refused(Exception):
    """The service does not take what the demo sends; the text says why."""


def fill(app: Flask, user: str = "") -> Demo:
    """Fill an account (or, without accounts here, a user id) with tasks; raises `Refused`."""
    client = app.test_client()
    settings = config.of(app)
    if settings.accounts_kept:
        demo, token = _register(client, user or EMAIL)
    elif settings.shared_secret_accepted:
        demo = Demo(user or "demo", None)
        token = tokens.issue(demo.user, guard.shared_key(settings), settings.jwt_identity_claim)
    else:
        raise Refused("Tokens come from the outside login: sign in there, and use the page.")
    for task in _tasks(date.today()):
        _post(client, "/api/tasks", task, {"Authorization": f"Bearer {token}"})
    return demo


def _register(client: FlaskClient, email: str) -> tuple[Demo, str]:
    password = secrets.token_urlsafe(9)
    fields = {"email": email, "password": password, "name": "Demo"}
    return Demo(email, password), _post(client, "/api/auth/register", fields)["access_token"]


def _post(
    client: FlaskClient, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
) -> Any:
    answer = client.post(path, json=body, headers=headers)
    if answer.status_code >= 400:
        raise Refused((answer.json or {}).get("detail", answer.status))
    return answer.json


def _tasks(today: date) -> Iterator[dict[str, Any]]:
    """Yield a hundred tasks of all kinds, the areas mixed, some done and some overdue."""
    lists = [(area, titles.split("|")) for area, titles in AREAS.items()]
    mixed = [
        (area, titles[at])
        for at in range(max(len(titles) for _, titles in lists))
        for area, titles in lists
        if at < len(titles)
    ]
    for number in range(HOW_MANY):
        area, title = mixed[number % len(mixed)]
        day = today + timedelta(days=number * 7 % 31 - 4)
        yield {
            "title": title if number < len(mixed) else f"{title}, once more",
            "category": area,
            "tags": [TAGS[number % 5]] if number % 3 == 0 else [],
            "priority": PRIORITIES[number % 7],
            "due_date": day.isoformat() if number % 2 else None,
            "completed": number % 6 == 5,
        }
