"""TickTick's CSV; the files here are made from the columns that its backups have."""

import pytest

from tests.transfer.formats.reading import entries, ids, tasks

ABOUT = '"Date: 2026-01-31+0000"\n"Version: 7.1"\n"Status: \n0 Normal\n1 Completed\n2 Archived"\n'
COLUMNS = [
    *("Folder Name", "List Name", "Title", "Kind", "Tags", "Content", "Is Check list"),
    *("Start Date", "Due Date", "Reminder", "Repeat", "Priority", "Status", "Created Time"),
    *("Completed Time", "Order", "Timezone", "Is All Day", "Is Floating", "Column Name"),
    *("Column Order", "View Mode", "taskId", "parentId"),
]
CREATED = "2026-01-30T08:00:00+0000"


def row(**cells):
    named = {name.replace(" ", "_"): name for name in COLUMNS}
    by_column = {named[name]: text for name, text in cells.items()}
    quoted = (by_column.get(name, "").replace('"', '""') for name in COLUMNS)
    return ",".join(f'"{cell}"' for cell in quoted)


def backup(*rows):
    names = ",".join(f'"{name}"' for name in COLUMNS)
    return "\ufeff" + ABOUT + "\n".join([names, *rows]) + "\n"


def only(**cells):
    [task] = tasks(backup(row(**{"Title": "t", "Status": "0", "Created_Time": CREATED, **cells})))
    return task


def test_a_task_comes_with_all_that_there_is_about_it():
    done = {"Status": "1", "Completed_Time": "2026-01-31T10:00:00+0000"}
    found = only(
        List_Name="Home", Title="Buy milk", Tags="shop, food", Content="▫Oat\n▪Cow", **done
    )

    assert found == {
        "title": "Buy milk",
        "description": "▫Oat\n▪Cow",
        "completed": True,
        "priority": "none",
        "tags": "shop, food",
        "category": "Home",
        "created_at": "2026-01-30T08:00:00Z",
        "completed_at": "2026-01-31T10:00:00Z",
    }


@pytest.mark.parametrize("number", ["None", "", " "])
def test_what_is_a_part_of_nothing_is_not_said_to_be_one(number):
    whole = row(Title="Whole", Status="0", taskId=number)
    for task in tasks(backup(whole, row(Title="Alone", Status="0"))):
        assert "description" not in task


@pytest.mark.parametrize(
    ("number", "word"), [("0", "none"), ("1", "low"), ("3", "medium"), ("5", "high")]
)
def test_priorities_are_the_right_way_round(number, word):
    assert only(Priority=number)["priority"] == word


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # Midnight in Berlin, which is the day before in UTC.
        ({"Timezone": "Europe/Berlin", "Is_All_Day": "true"}, {"due_date": "2026-02-02"}),
        (
            {"Timezone": "Europe/Berlin", "Is_All_Day": "false"},
            {"due_date": "2026-02-02T00:00", "time_zone": "Europe/Berlin"},
        ),
        (
            {"Timezone": "Europe/Berlin", "Is_Floating": "true"},
            {"due_date": "2026-02-02T00:00"},
        ),
        ({"Timezone": "Mars/Olympus"}, {"due_date": "2026-02-01T23:00:00Z"}),
        ({}, {"due_date": "2026-02-01T23:00:00Z"}),
    ],
)
def test_a_due_date_stays_where_it_was(cells, expected):
    found = only(Due_Date="2026-02-01T23:00:00+0000", **cells)

    assert {name: found[name] for name in ("due_date", "time_zone") if name in found} == expected


def test_without_a_due_date_it_is_the_start():
    found = only(Start_Date="2026-02-01T23:00:00+0000", Is_All_Day="true", Timezone="Asia/Tokyo")

    assert found["due_date"] == "2026-02-02"


def test_a_rule_that_is_known_is_kept_and_another_one_told():
    assert only(Repeat="RRULE:FREQ=DAILY;INTERVAL=2")["recurrence"] == "FREQ=DAILY;INTERVAL=2"
    other = only(Repeat="ERULE:NAME=CUSTOM;BYDATE=20260201")
    assert "recurrence" not in other
    assert other["description"] == "Repeats: ERULE:NAME=CUSTOM;BYDATE=20260201"


def test_the_title_of_the_whole_is_kept_wherever_it_stands():
    part = row(Title="Part", Status="0", taskId="1", parentId="2", Created_Time=CREATED)
    whole = row(Title="Whole", Status="0", taskId="2", Created_Time=CREATED)
    first, _ = tasks(backup(part, whole))

    assert first["description"] == "Part of: Whole"


def test_of_a_long_title_each_part_has_the_beginning():
    part = row(Title="Part", Status="0", taskId="1", parentId="2", Created_Time=CREATED)
    whole = row(Title="x" * 1000, Status="0", taskId="2", Created_Time=CREATED)
    first, _ = tasks(backup(part, whole))

    assert first["description"] == f"Part of: {'x' * 254}…"


def test_a_later_backup_that_numbers_anew_has_the_same_ids():
    one = row(Title="One", Status="0", taskId="1", Created_Time=CREATED)
    later = "2026-01-31T08:00:00+0000"
    two = row(Title="Two", Status="0", taskId="2", Created_Time=later)
    again = row(Title="Two", Status="1", taskId="1", Created_Time=later)

    assert ids(backup(one, two))[1] == ids(backup(again))[0]


def test_lines_are_those_of_the_file_and_what_was_left_out_is_named():
    file = backup(row(Title="a", Status="0", Reminder="-PT0M", Folder_Name="F", taskId="1"))
    [entry] = entries(file)

    assert entry.line == 8
    assert entry.ignored == ("Folder Name", "Reminder")


def test_a_column_that_is_not_known_is_named():
    names = "List Name,Title,Priority,Status,Mood"
    [entry] = entries(f"{names}\nl,t,0,0,good\n")

    assert entry.ignored == ("Mood",)
