"""CSV of other programs and of spreadsheets."""

import pytest

from taskapp.transfer.formats import Unreadable
from tests.transfer.formats.reading import entries, ids, tasks


@pytest.mark.parametrize(
    "names",
    [
        "title,due_date,completed",
        "Title,Due Date,Completed",
        "Task Name;Deadline;Done",
        "NAME\tdueDate\tStatus",
        "subject,Due,Is Completed",
    ],
)
def test_columns_have_the_names_that_are_in_use(names):
    mark = next(mark for mark in "\t;," if mark in names)
    row = mark.join(["Buy milk", "2026-02-01", "done"])

    [task] = tasks(f"{names}\n{row}\n")

    assert task == {"title": "Buy milk", "due_date": "2026-02-01", "completed": True}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_it_is_utf_8_or_says_what_it_is(encoding):
    text = "title,note\r\nКупить молоко,漢字\r\n"
    mark = "\ufeff" if encoding == "utf-16-be" else ""

    assert tasks((mark + text).encode(encoding)) == [
        {"title": "Купить молоко", "description": "漢字"}
    ]


def test_what_is_no_text_is_refused():
    with pytest.raises(Unreadable, match="UTF-8"):
        entries("title\nMüller\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "done"),
    [("yes", True), ("✓", True), ("X", True), ("1", True), ("no", False), ("0", False)],
)
def test_whether_a_task_is_done(text, done):
    [task] = tasks(f"title,done\na,{text}\n")

    assert task["completed"] is done


def test_a_state_that_is_not_known_is_not_done_and_is_named():
    [entry] = entries("title,Status\na,waiting for Ben\n")

    assert (entry.fields["completed"], entry.ignored) == (False, ("Status",))


@pytest.mark.parametrize(
    ("written", "due"),
    [
        ("2026-02-01", "2026-02-01"),
        ("2026-02-01 09:30", "2026-02-01T09:30"),
        ("2026-02-01T09:30:00+0100", "2026-02-01T09:30:00+01:00"),
        ("2026/2/1", "2026-02-01"),
        ("1.2.2026", "2026-02-01"),
        ("01.02.2026 9:30", "2026-02-01T09:30"),
        ("13/02/2026", "2026-02-13"),
        ("02/13/2026", "2026-02-13"),
        ("2/2/2026", "2026-02-02"),
        ("1 February 2026", "2026-02-01"),
        ("Feb 1, 2026", "2026-02-01"),
        ("12/25/2026 5:00 PM", "2026-12-25T17:00"),
        ("2026-02-01 12:05 am", "2026-02-01T00:05"),
        ("2026-02-01 13:00 PM", "2026-02-01 13:00 PM"),
        # Nobody knows which is the month, or it is no date at all: the schema says so.
        ("01/02/2026", "01/02/2026"),
        ("31.02.2026", "31.02.2026"),
        ("some day", "some day"),
        ("1 Foo 2026", "1 Foo 2026"),
        ("14/13/2026", "14/13/2026"),
    ],
)
def test_dates_are_read_where_there_is_no_doubt(written, due):
    [task] = tasks(f'title,due\na,"{written}"\n')

    assert task["due_date"] == due


@pytest.mark.parametrize(
    ("written", "tags"),
    [("a;b", "a,b"), ('"a,b"', "a,b"), ('"[""a,b"", ""c""]"', ["a,b", "c"]), ("[a", "[a")],
)
def test_tags(written, tags):
    [task] = tasks(f"title|labels\na|{written}\n".replace("|", ","))

    assert task["tags"] == tags


def test_a_column_that_says_the_same_again_and_one_that_is_not_known_are_named():
    [entry] = entries("title,project,section,colour\na,Home,Later,red\n")

    assert entry.fields["category"] == "Home"
    assert entry.ignored == ("section", "colour")


def test_an_apostrophe_of_other_programs_is_theirs():
    [task] = tasks("title\n'tis\n")

    assert task["title"] == "'tis"


def test_an_own_export_is_read_after_a_spreadsheet_has_written_it_again():
    names = "title;completed;due_date;created_at;series_id;user_id;id\n"
    row = "'=1+1;TRUE;01.02.2026;31.01.2026 09:30;;alice;7\n"
    [entry] = entries("\ufeff" + names + row)

    assert entry.fields["title"] == "=1+1"
    assert entry.fields["completed"] is True
    assert (entry.fields["id"], entry.fields["created_at"]) == (7, "2026-01-31T09:30")


def test_rows_that_make_no_sense_have_a_problem_and_the_others_do_not():
    found = entries('title,note\na,b,c\n"d"e,f\n\n,\ng\n"h\ni",j\n')

    assert [entry.line for entry in found] == [2, 3, 6, 7]
    assert [bool(entry.problem) for entry in found] == [True, True, False, False]
    assert found[-1].fields["title"] == "h\ni"


def test_a_quote_that_is_never_closed_is_told():
    found = entries('title\na\n"b\nc\n')

    assert [bool(entry.problem) for entry in found] == [False, True]


def test_without_a_column_of_titles_it_is_no_file_of_tasks():
    with pytest.raises(Unreadable, match="names of columns"):
        entries("due,colour\n2026-02-01,red\n", "csv")


def test_numbers_of_rows_are_not_those_of_another_files_rows():
    home, work = "id,title\n1,Buy milk\n", "id,title\n1,Write the report\n"

    assert ids(home) == ids(home)
    assert ids(home) != ids(work)


def test_ids_are_the_rows_own_or_made_of_what_they_say():
    assert ids("id,title\nT-7,a\nT-8,b\n") == ["T-7", "T-8"]
    assert ids("uid,title\n7,a\n") == ["7"]
    assert len(ids(f"id,title\n{'x' * 300},a\n")[0]) < 255
    without = "title,note\na,1\na,2\na,1\n"
    assert len(set(ids(without))) == 3
    assert ids(without) == ids(without)
    assert set(ids("title,note\na,2\na,1\n")) < set(ids(without))


def test_a_second_column_of_the_same_name_is_named():
    [entry] = entries("title,labels,labels\na,x,y\n")

    assert (entry.fields["tags"], entry.ignored) == ("x", ("labels (2)",))


def test_a_list_of_one_column_needs_no_quotes():
    assert [task["title"] for task in tasks("title\nBuy milk, eggs\nb,\n")] == [
        "Buy milk, eggs",
        "b",
    ]
