"""What pages ask of the list: search, filters, order and pages."""

import pytest

TASKS = [
    {"title": "Buy milk", "priority": "high", "category": "work", "due_date": "2026-12-24"},
    {"title": "Call Bob", "priority": "low", "category": "home", "completed": True},
    {"title": "Milk the cow", "priority": "medium", "category": "work"},
]


@pytest.fixture
def alice(page):
    def alice(form="ours"):
        alice = page(form)
        for task in TASKS:
            alice.read("POST", "/api/tasks", json=task)
        return alice

    return alice


def titles(tasks):
    return [task["title"] for task in tasks]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("limit=100&status=", ["Milk the cow", "Call Bob", "Buy milk"]),
        ("status=all&priority=&category=&search=", ["Milk the cow", "Call Bob", "Buy milk"]),
        ("sort_by=created_at&order=desc&search=milk&priority=high&category=work", ["Buy milk"]),
        ("search=MILK&sort_by=created_at&order=asc", ["Buy milk", "Milk the cow"]),
        ("sort_by=title&order=asc", ["Buy milk", "Call Bob", "Milk the cow"]),
        ("sort_by=priority&order=desc", ["Buy milk", "Milk the cow", "Call Bob"]),
        ("priority=low", ["Call Bob"]),
        ("category=work", ["Milk the cow", "Buy milk"]),
        ("status=completed&search=milk", []),
        ("skip=1&limit=1", ["Call Bob"]),
        ("page=2&limit=2", ["Buy milk"]),
    ],
)
def test_a_page_with_a_search_field_filters_and_an_order(alice, question, found):
    assert titles(alice().read("GET", f"/api/tasks?{question}")) == found


def test_a_page_that_turns_pages_by_skip(alice):
    page = alice("tasks")

    first, second = (page.read("GET", f"/api/tasks?skip={skip}&limit=2") for skip in (0, 2))

    assert titles(first["tasks"] + second["tasks"]) == ["Milk the cow", "Call Bob", "Buy milk"]
    assert (first["total"], first["pages"], first["page"], first["skip"]) == (3, 2, 1, 0)
    assert (second["total"], second["pages"], second["page"], second["skip"]) == (3, 2, 2, 2)


def test_a_page_that_shows_how_many_there_are_of_what_it_searches(alice):
    page = alice("camel")

    found = page.read("GET", "/api/tasks?search=milk&page=1&limit=10")

    assert sorted(titles(found["data"])) == ["Buy milk", "Milk the cow"]
    counts = found["total"], found["count"], found["completedCount"], found["pendingCount"]
    assert counts == (2, 2, 0, 2)
