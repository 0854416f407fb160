"""Todoist's CSV; the files here are made from the columns that its help pages describe."""

from taskapp.transfer.formats import FORMATS
from tests.transfer.formats.reading import entries, ids, tasks

COLUMNS = (
    "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,"
    "DURATION_UNIT"
)
FILE = f"""\
\ufeff{COLUMNS}
task,Plan the trip @travel @summer,All of it,1,1,Ada (1),,2026-02-01,en,Europe/Berlin,,
note,Ask Ben first,,,,Ada (1),,,,,,
note,"And Clara,\nwho knows",,,,Ada (1),,,,,,
task,Book the train,,2,2,Ada (1),Ben (2),2026-02-01 09:30,en,Europe/Berlin,30,minute
task,Window seats,,3,3,Ada (1),,,en,,,
,,,,,,,,,,,
section,Later,,,,,,,,,,
task,Water the plants,,4,1,Ada (1),,every monday at 9,en,Europe/Berlin,,
meta,view_style=list,,,,,,,,,,
"""


def test_tasks_come_with_all_that_there_is_about_them():
    trip, train, seats, plants = tasks(FILE)

    assert trip == {
        "title": "Plan the trip",
        "description": "All of it\n\nAsk Ben first\n\nAnd Clara,\nwho knows",
        "priority": "urgent",
        "tags": ["travel", "summer"],
        "due_date": "2026-02-01",
    }
    assert train == {
        "title": "Book the train",
        "description": "Part of: Plan the trip",
        "priority": "high",
        "due_date": "2026-02-01T09:30",
        "time_zone": "Europe/Berlin",
    }
    assert seats["description"] == "Part of: Plan the trip > Book the train"
    assert plants == {
        "title": "Water the plants",
        "description": "Date: every monday at 9",
        "priority": "low",
        "category": "Later",
    }


def test_priorities_are_the_right_way_round():
    rows = "".join(f"task,p{number},{number},1\n" for number in "1234")
    found = tasks(f"TYPE,CONTENT,PRIORITY,INDENT\n{rows}")

    assert [task["priority"] for task in found] == ["urgent", "high", "medium", "low"]


def test_each_has_its_line_and_what_was_left_out():
    assert [entry.line for entry in entries(FILE)] == [2, 6, 7, 10]
    assert [entry.ignored for entry in entries(FILE)][1] == ("RESPONSIBLE", "DURATION")


def test_columns_of_older_exports_are_enough():
    [task] = tasks("TYPE,CONTENT,PRIORITY,INDENT,DATE\ntask,Call,4,1,1 Feb 2026\n")

    assert task == {"title": "Call", "priority": "low", "due_date": "2026-02-01"}


def test_what_is_no_label_stays_in_the_title():
    rows = 'task,Write to ada@example.com,4,1\ntask,@phone,4,1\ntask,"a  @b c",4,1\n'
    mail, label, middle = tasks(f"TYPE,CONTENT,PRIORITY,INDENT\n{rows}")

    assert (mail["title"], mail.get("tags")) == ("Write to ada@example.com", None)
    assert (label["title"], label.get("tags")) == ("@phone", None)
    assert (middle["title"], middle["tags"]) == ("a c", ["b"])


def test_what_belongs_to_no_task_is_named():
    rows = "note,Of the project,,\ntask,a,4,1\nhabit,b,4,1\nnote,Of no task,,\nmeta,x=y,,\n"
    found = entries(f"TYPE,CONTENT,PRIORITY,INDENT\n{rows}")

    assert [(entry.line, entry.ignored) for entry in found] == [
        (2, ("note",)),
        (3, ()),
        (4, ("habit",)),
        (5, ("note",)),
    ]


def test_a_section_begins_anew():
    rows = "task,a,4,1\nsection,Later,,\ntask,b,4,2\n"
    _, second = tasks(f"TYPE,CONTENT,PRIORITY,INDENT\n{rows}")

    assert second == {"title": "b", "priority": "low", "category": "Later"}


def test_a_title_that_is_too_long_is_in_the_description_as_a_whole():
    long = "word " * 99 + "end"
    [task] = tasks(f"TYPE,CONTENT,PRIORITY,INDENT\ntask,{long},4,1\n")

    assert len(task["title"]) == 255
    assert task["title"].endswith("…")
    assert task["description"] == long


def test_of_a_long_title_each_part_has_the_beginning():
    rows = f"task,{'x' * 1000},4,1\ntask,Part,4,2\n"
    _, part = tasks(f"TYPE,CONTENT,PRIORITY,INDENT\n{rows}")

    assert part["description"] == f"Part of: {'x' * 254}…"


def test_the_same_file_has_the_same_ids_and_equal_rows_have_two():
    file = "TYPE,CONTENT,PRIORITY,INDENT\ntask,a,4,1\ntask,a,4,1\ntask,b,4,1\n"

    assert ids(file) == ids(file)
    assert len(set(ids(file))) == 3
    assert ids(file)[0] == ids("TYPE,CONTENT,PRIORITY,INDENT\ntask,a,4,1\n")[0]


def test_it_can_only_be_read():
    assert FORMATS["todoist"].write is None
