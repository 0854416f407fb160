"""JSON: arrays of tasks, wherever they stand."""

import json
from io import BytesIO

import pytest

from taskapp.transfer.formats import Unreadable
from taskapp.transfer.formats.documents import read
from tests.transfer.formats.reading import entries, ids, tasks

TASKS = [{"title": "a", "tags": ["x"]}, {"title": "b", "description": '"]}\\'}]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "around",
    [
        lambda tasks: tasks,
        lambda tasks: {"tasks": tasks, "total": 2},
        lambda tasks: {"count": 2, "more": [{"tasks": [1]}], "items": tasks},
        lambda tasks: {"user": {"id": "alice", "tasks": []}, "data": tasks},
    ],
)
def test_an_array_is_found_by_itself_and_in_lists_of_every_form(around, indent):
    assert tasks(json.dumps(around(TASKS), indent=indent)) == TASKS


@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_a_byte_order_mark_is_no_trouble(mark):
    assert tasks(mark + json.dumps(TASKS)) == TASKS


def test_each_has_its_line():
    text = '[\n{"title": "a"},\n\n{"title":\n"b"}, {"title": "c"}\n]'

    assert [entry.line for entry in entries(text)] == [2, 4, 5]


def test_what_is_no_object_has_a_problem_and_the_others_do_not():
    found = entries('[1, {"title": "a"}, null, "x", 2.5e3]')

    assert [bool(entry.problem) for entry in found] == [True, False, True, True, True]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "{",
        "{}",
        "[1 2]",
        "[1,]",
        "[NaN]",
        '{"tasks": 7}',
        '{"tasks" []}',
        '{"title": "a"}',
        '[{"title": "a}]',
        "[" * 100_000,
        '[{"a": ' + "9" * 5000 + "}]",
    ],
)
def test_what_is_not_json_or_has_no_tasks_is_refused(text):
    with pytest.raises(Unreadable):
        entries(text, "json")


def test_what_comes_before_a_mistake_is_read_and_the_mistake_has_its_line():
    text = '[\n{"title": "a"},\n{"title": b}\n]'
    found = []
    with pytest.raises(Unreadable) as mistake:
        found.extend(entries(text))

    assert mistake.value.line == 3


@pytest.mark.parametrize("rest", ["x", '[{"title": "c"}]', ","])
def test_what_follows_the_array_is_not_left_out_silently(rest):
    found = []
    with pytest.raises(Unreadable) as mistake:
        found.extend(read(BytesIO(f"{json.dumps(TASKS)}\n{rest}".encode())))

    assert (len(found), mistake.value.line) == (2, 2)


def test_an_id_that_is_text_is_ours_where_answers_have_it_so_and_else_the_files_own():
    ours = {"id": "7", "user_id": "alice", "created_at": "2026-01-31T09:30:00Z"}
    assert entries(json.dumps([ours]))[0].fields["id"] == 7
    assert ids(json.dumps([ours])) == ids(json.dumps([{**ours, "id": 7}]))
    [task] = tasks('[{"id": "64fa-b", "title": "a"}]')
    assert task == {"title": "a"}
    assert ids('[{"id": "64fa-b", "title": "a"}]') == ["64fa-b"]
    assert ids('[{"_id": "64fa-b", "title": "a"}]') == ["64fa-b"]
    assert ids('[{"id": "64fa-b", "external_id": "x:1"}]') == ["x:1"]


def test_values_are_read_whole_wherever_pieces_of_the_file_end():
    many = [{"title": "t" * number, "id": 10**number} for number in range(1, 18)] * 900

    assert tasks(json.dumps(many)) == many


def test_ids_are_the_tasks_own_or_made_of_what_they_say():
    own = {"id": 7, "user_id": "alice", "created_at": "2026-01-31T09:30:00Z"}
    again = {**own, "title": "changed", "created_at": "2026-01-31T10:30:00+01:00"}
    assert len(set(ids(json.dumps([own, again])))) == 1
    assert ids('[{"external_id": "x:1"}]') == ["x:1"]
    assert len(set(ids('[{"title": "a"}, {"title": "a"}]'))) == 2
    for broken in ({**own, "id": []}, {**own, "created_at": 7}, {**own, "user_id": None}):
        assert ids(json.dumps([broken]))


def test_what_is_too_deep_to_be_known_again_is_told():
    for depth in (900, 990, 2000):
        deep = '{"title": "a", "x": ' + "[" * depth + "]" * depth + "}"
        try:
            found = entries(f"[{deep}]")
        except Unreadable:
            continue
        assert found[0].problem or found[0].fields["external_id"]
