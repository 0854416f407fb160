"""The questions that the list answers: filters, search, order and pages, combined at will."""

import random
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.utils import parse_header_links

from taskapp.tasks.folding import fold
from tests.chance import some
from tests.conftest import person
from tests.problems import assert_problem

TODAY = datetime.now(UTC).date()
YESTERDAY, TOMORROW = (str(TODAY + timedelta(days=days)) for days in (-1, 1))


def ask(someone, **question):
    response = someone.get(f"{someone.tasks_url}?{urlencode(question)}")
    assert response.status_code == 200, response.text
    return response


def titles(someone, **question):
    return [task["title"] for task in ask(someone, **question).json]


def links(response):
    parsed = parse_header_links(response.headers.get("Link", ""))
    return {link["rel"]: link["url"] for link in parsed}


@pytest.fixture(scope="module")
def alice(app):
    """Somebody who has a few tasks, and nobody changes them."""
    alice = person(app, "alice")
    for title, fields in {
        "Müller anrufen": {"priority": "high", "tags": ["Büro", "phone"], "due_date": YESTERDAY},
        "Buy milk": {"category": "Einkäufe", "tags": ["home"], "due_date": "2026-02-01T09:00"},
        "Straße fegen": {"priority": "low", "completed": True, "due_date": "2026-02-01"},
        "хлеб": {"priority": "urgent", "due_date": "2026-02-01T08:59:59Z", "category": "home"},
        "漢字 lernen": {"priority": "none", "description": "50% der Zeichen_A\\B"},
        "ＷＩＤＥ": {"priority": "wichtig", "tags": "phone,home", "due_date": TOMORROW},
    }.items():
        alice.has_task(title, **fields)
    gone = alice.has_task("Gone")
    alice.delete(gone["url"])
    return alice


BY_TITLE = ["Buy milk", "Müller anrufen", "Straße fegen", "ＷＩＤＥ", "хлеб", "漢字 lernen"]
BY_PRIORITY = ["хлеб", "Müller anrufen", "ＷＩＤＥ", "Buy milk", "Straße fegen", "漢字 lernen"]
BY_DATE = ["Straße fegen", "хлеб", "Buy milk", "Müller anrufen", "ＷＩＤＥ"]
ALL = ["ＷＩＤＥ", "漢字 lernen", "хлеб", "Straße fegen", "Buy milk", "Müller anrufen"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({}, ALL),
        ({"status": ""}, ALL),
        ({"status": "Active"}, [t for t in ALL if t != "Straße fegen"]),
        ({"status": "incomplete"}, [t for t in ALL if t != "Straße fegen"]),
        ({"completed": "false"}, [t for t in ALL if t != "Straße fegen"]),
        ({"status": "done"}, ["Straße fegen"]),
        ({"completed": "true"}, ["Straße fegen"]),
        ({"status": "pending", "completed": "true"}, []),
        ({"status": "deleted"}, ["Gone"]),
        ({"priority": "HIGH"}, ["Müller anrufen"]),
        ({"priority": "high,low, ,wichtig"}, ["ＷＩＤＥ", "Straße fegen", "Müller anrufen"]),
        ({"category": "einkaufe"}, ["Buy milk"]),
        ({"category": "HOME"}, ["хлеб"]),
        ({"tag": "phone"}, ["ＷＩＤＥ", "Müller anrufen"]),
        ({"tags": "home,Phone"}, ["ＷＩＤＥ"]),
        ({"tags": "hom"}, []),
        ({"tag": "buro"}, ["Müller anrufen"]),
        ({"due": "none"}, ["漢字 lernen"]),
        ({"due_after": "2026-02-01", "due_before": "2026-02-02"}, ALL[2:5]),
        ({"due_after": "2026-02-01T09:00", "due_before": "2026-02-02"}, ["Buy milk"]),
        ({"due_before": "2026-02-01T08:59:59Z"}, ["Straße fegen"]),
        ({"overdue": "true"}, ["хлеб", "Buy milk", "Müller anrufen"]),
        ({"overdue": "false"}, ["ＷＩＤＥ", "漢字 lernen", "Straße fegen"]),
        ({"search": "muller"}, ["Müller anrufen"]),
        ({"q": "STRASSE"}, ["Straße fegen"]),
        ({"search": "хлеб"}, ["хлеб"]),
        ({"search": "漢"}, ["漢字 lernen"]),
        ({"search": "wide"}, ["ＷＩＤＥ"]),
        ({"search": "%"}, ["漢字 lernen"]),
        ({"search": "_"}, ["漢字 lernen"]),
        ({"search": "\\"}, ["漢字 lernen"]),
        ({"search": "milk einkaufe home"}, ["Buy milk"]),
        ({"search": "milk bread"}, []),
        ({"search": "buro phone"}, ["Müller anrufen"]),
        ({"search": "  "}, ALL),
        ({"search": "'; DROP TABLE tasks; --"}, []),
        ({"sort_by": "title"}, BY_TITLE),
        ({"sort_by": "priority", "sort_order": "desc"}, BY_PRIORITY),
        ({"sort": "-priority"}, BY_PRIORITY),
        ({"sort_by": "due_date"}, [*BY_DATE, "漢字 lernen"]),
        ({"sort_by": "dueDate", "order": "desc"}, [*BY_DATE[::-1], "漢字 lernen"]),
        ({"sort_by": "created_at", "order": "asc"}, ALL[::-1]),
        ({"sort_by": "created_at", "order": "DESC"}, ALL),
        ({"order": "asc"}, ALL[::-1]),
        ({"sort_by": "completed", "sort_order": "desc", "limit": "1"}, ["Straße fegen"]),
        ({"skip": "1", "limit": "2"}, ALL[1:3]),
        ({"page": "2", "page_size": "4"}, ALL[4:]),
        ({"page": "1", "per_page": "4"}, ALL[:4]),
        ({"offset": "100"}, []),
        ({"status": "pending", "priority": "high", "tags": "phone", "search": "anrufen",
          "due_before": "2999-01-01", "overdue": "true", "sort_by": "title"}, ["Müller anrufen"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_question_has_this_answer(alice, question, expected):
    assert titles(alice, **question) == expected
    if not {"skip", "page", "offset", "limit"} & question.keys():
        counted = ask(alice, **question, count="true", limit="1")
        assert counted.headers["X-Total-Count"] == str(len(expected))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ({"status": "open"}, "status"),
        ({"sort_by": "password"}, "sort_by"),
        ({"sort_by": "id; --"}, "sort_by"),
        ({"sort_order": "up"}, "sort_order"),
        ({"priority": "x" * 21}, "priority"),
        ({"due": "soon"}, "due"),
        ({"due_after": "2026-02-30"}, "due_after"),
        ({"overdue": "maybe"}, "overdue"),
        ({"completed": "2"}, "completed"),
        ({"search": "x" * 201}, "search"),
        ({"search": "a\0"}, "search"),
        ({"fields": "id,password"}, "fields"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "1_0"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"offset": "-1"}, "offset"),
        ({"page": "0"}, "page"),
        ({"page": "999999999999"}, "page"),
        ({"cursor": "made up"}, "cursor"),
        ({"cursor": "' OR 1=1 --"}, "cursor"),
        ({"cursor": "bnVsbA"}, "cursor"),
        ({"category": "x" * 51}, "category"),
        ({"tags": "x" * 51}, "tags"),
    ],
    ids=str,
)
def test_a_senseless_question_is_refused_and_says_what_is_allowed(alice, question, names):
    problem = assert_problem(alice.get(f"{alice.tasks_url}?{urlencode(question)}"), 422)

    assert names in problem["errors"] or f"{names}_" in problem["errors"]
    if names == "sort_by":
        assert "due_date" in problem["detail"]


def test_sparse_answers_have_the_fields_that_were_asked_for(alice):
    answer = ask(alice, fields="title,dueDate,id", limit="1").json

    assert [list(task) for task in answer] == [["id", "title", "due_date"]]
    assert ask(alice, fields="title", search="nothing has it").json == []


def test_what_is_overdue_depends_on_the_clock_and_is_not_kept(alice):
    response = ask(alice, overdue="true")

    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    url = f"{alice.tasks_url}?overdue=true"
    etag = ask(alice).headers["ETag"]
    assert alice.get(url, headers={"If-None-Match": etag}).status_code == 200
    assert alice.get(url, headers={"If-None-Match": "*"}).status_code == 200


def test_a_date_is_overdue_when_its_day_is_over(app):
    alice = person(app, "alice")
    now = datetime.now(UTC)
    for title, due in {
        "today": str(TODAY),
        "yesterday": YESTERDAY,
        "just now": (now - timedelta(seconds=5)).isoformat(),
        "soon": (now + timedelta(minutes=5)).isoformat(),
    }.items():
        alice.has_task(title, due_date=due)

    assert set(titles(alice, overdue="true")) - {"today"} == {"yesterday", "just now"}
    assert "today" not in titles(alice, overdue="true") or datetime.now(UTC).date() > TODAY


def test_a_cursor_belongs_to_its_question(alice):
    following = links(ask(alice, limit="2", sort_by="title"))["next"]
    token = following.rpartition("cursor=")[2]

    assert alice.get(following).status_code == 200
    for other in ("sort_by=priority", "sort_by=title&order=desc", "sort_by=title&search=a", ""):
        problem = assert_problem(alice.get(f"{alice.tasks_url}?{other}&cursor={token}"), 422)
        assert "cursor" in problem["errors"]
    assert alice.get(f"{alice.tasks_url}?sort_by=title&limit=1&cursor={token}").status_code == 200


def test_a_cursor_of_before_there_were_orders_still_goes_on(alice):
    tasks = ask(alice).json

    assert ask(alice, cursor=str(tasks[1]["id"])).json == tasks[2:]


def test_links_lead_forth_and_back_and_to_the_first(alice):
    first = ask(alice, limit="2", sort_by="due_date", status="")
    assert links(first).keys() == {"next"}
    second = alice.get(links(first)["next"])
    assert links(second).keys() == {"next", "prev", "first"}
    third = alice.get(links(second)["next"])
    assert links(third).keys() == {"prev", "first"}

    assert alice.get(links(third)["prev"]).json == second.json
    assert alice.get(links(second)["prev"]).json == first.json
    assert alice.get(links(third)["first"]).json == first.json
    assert links(alice.get(links(second)["prev"])).keys() == {"next"}


@pytest.mark.parametrize("pager", [{"offset": "0"}, {"skip": "2"}, {"page": "1"}, {"page": "2"}])
def test_links_of_a_pager_stay_in_its_form(alice, pager):
    response = ask(alice, limit="2", **pager)
    seen = response.json
    while following := links(response).get("next"):
        assert ("page=" in following) == ("page" in pager)
        response = alice.get(following)
        seen += response.json

    start = {"offset=0": 0, "skip=2": 2, "page=1": 0, "page=2": 2}[urlencode(pager)]
    assert seen == ask(alice).json[start:]


WORDS = ["milk", "Müller", "ß", "漢", "a_b", "50%", "ÉTÉ", "x"]
a_task = st.fixed_dictionaries(
    {"title": st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)},
    optional={
        "description": st.none() | st.sampled_from(WORDS),
        "priority": st.sampled_from(["low", "medium", "high", "urgent", "none", "egal"]),
        "due_date": st.none()
        | st.dates(datetime(2026, 1, 1).date(), datetime(2026, 1, 9).date()).map(str)
        | st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9)).map(
            lambda moment: moment.isoformat(timespec="minutes")
        ),
        "tags": st.lists(st.sampled_from(WORDS), max_size=2),
        "category": st.none() | st.sampled_from(WORDS),
        "completed": st.booleans(),
    },
)
a_question = st.fixed_dictionaries(
    {"limit": st.integers(1, 4).map(str)},
    optional={
        "sort_by": st.sampled_from(
            ["created_at", "updated_at", "due_date", "priority", "title", "completed", ""]
        ),
        "sort_order": st.sampled_from(["asc", "desc", ""]),
        "status": st.sampled_from(["all", "pending", "completed"]),
        "priority": st.sampled_from(["low", "high,medium", "egal"]),
        "tags": st.sampled_from(WORDS),
        "category": st.sampled_from(WORDS),
        "search": st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join),
        "due_after": st.just("2026-01-04"),
    },
)
RANKS = {"urgent": 4, "high": 3, "low": 1, "none": 0}


def expected(tasks, question):
    """Answer the question in Python, by the rules of the documentation."""

    def fits(task):
        text = " ".join([task["title"], task["description"] or "", task["category"] or ""])
        text = fold("\n".join([text, *task["tags"]]))
        return (
            question.get("status", "all")
            in ("all", "completed" if task["completed"] else "pending")
            and ("priority" not in question or task["priority"] in question["priority"].split(","))
            and ("tags" not in question or fold(question["tags"]) in map(fold, task["tags"]))
            and (
                "category" not in question
                or fold(question["category"]) == fold(task["category"] or "")
            )
            and all(word in text for word in fold(question.get("search", "")).split())
            and ("due_after" not in question or (task["due_date"] or "") >= question["due_after"])
        )

    def due(task):
        text = task["due_date"]
        return text and (text if "T" in text else f"{text}T00:00")

    keys = {
        "": lambda task: task["id"],
        "due_date": due,
        "priority": lambda task: RANKS.get(task["priority"], 2),
        "title": lambda task: fold(task["title"])[:100].encode(),
        "completed": lambda task: task["completed"],
    }
    sort_by = question.get("sort_by", "")
    key = keys.get(sort_by) or (lambda task: task[sort_by])
    down = (question.get("sort_order") or ("asc" if sort_by else "desc")) == "desc"
    found = sorted(filter(fits, tasks), key=lambda task: task["id"], reverse=down)
    dated = [task for task in found if key(task) is not None]
    undated = [task for task in found if key(task) is None]
    return sorted(dated, key=key, reverse=down) + undated


@given(st.lists(a_task, max_size=9), st.lists(a_question, min_size=1, max_size=6), st.randoms())
@settings(
    max_examples=some(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_question_walks_through_all_its_answers_and_back(app, tasks, questions, chance):
    alice = person(app, "alice")
    for task in tasks:
        alice.has_task(**task)
    stored = ask(alice).json
    for question in questions:
        response = ask(alice, **question, count="true")
        pages = [response]
        while following := links(pages[-1]).get("next"):
            assert len(pages) < 20
            pages.append(alice.get(following))
        seen = [task for page in pages for task in page.json]

        assert seen == expected(stored, question)
        assert response.headers["X-Total-Count"] == str(len(seen))
        for page, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
            assert alice.get(links(page)["prev"]).json == before.json


@pytest.mark.parametrize(
    "sort_by", ["created_at", "due_date", "priority", "title", "completed", ""]
)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_walk_while_others_write_sees_each_untouched_task_once(app, sort_by, order):
    chance = random.Random(f"{sort_by} {order}")  # noqa: S311
    alice = person(app, "alice")

    def some():
        return {
            "title": chance.choice(WORDS),
            "priority": chance.choice(["low", "high", "egal"]),
            "due_date": chance.choice([None, "2026-01-01", "2026-01-02T10:00"]),
            "completed": chance.choice([True, False]),
        }

    untouched = {alice.has_task(**some())["id"] for _ in range(20)}
    touched = [alice.has_task(**some())["url"] for _ in range(10)]
    seen = []
    response = ask(alice, limit="3", sort_by=sort_by, order=order)
    while True:
        seen += [task["id"] for task in response.json]
        alice.put(chance.choice(touched), json=some())
        alice.delete(chance.choice(touched))
        alice.has_task(**some())
        if not (following := links(response).get("next")):
            break
        response = alice.get(following)

    assert sorted(each for each in seen if each in untouched) == sorted(untouched)
