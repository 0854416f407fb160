"""iCalendar's to-dos, as other programs write them."""

import pytest

from tests.transfer.formats.reading import entries, ids, tasks


def calendar(*todos):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//EN"]
    for todo in todos:
        lines += ["BEGIN:VTODO", *todo, "END:VTODO"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def only(*lines):
    [task] = tasks(calendar(["UID:1", "SUMMARY:t", *lines]))
    return task


def test_what_a_task_has_of_a_to_do():
    found = only(
        "DESCRIPTION:Two litres\\, of\\noats",
        "CATEGORIES:home,errands\\, long",
        "CATEGORIES:third",
        "PRIORITY:1",
        "CREATED:20260131T093000Z",
        "DUE;VALUE=DATE:20260201",
    )

    assert found == {
        "title": "t",
        "description": "Two litres, of\noats",
        "completed": False,
        "tags": ["home", "errands, long", "third"],
        "priority": "urgent",
        "created_at": "2026-01-31T09:30:00Z",
        "due_date": "2026-02-01",
    }


@pytest.mark.parametrize(
    ("line", "due", "zone"),
    [
        ("DUE;VALUE=DATE:20260201", "2026-02-01", None),
        ("DUE:20260201T093000", "2026-02-01T09:30", None),
        ("DUE:20260201T093015Z", "2026-02-01T09:30:15Z", None),
        ("DUE;TZID=Europe/Berlin:20260201T093000", "2026-02-01T09:30", "Europe/Berlin"),
        ("DTSTART;VALUE=DATE:20260201", "2026-02-01", None),
    ],
)
def test_when_it_is_due(line, due, zone):
    found = only(line)

    assert (found["due_date"], found.get("time_zone")) == (due, zone)


def test_the_end_of_its_duration_is_when_it_is_due():
    assert only("DTSTART:20260201T093000Z", "DURATION:PT1H")["due_date"] == "2026-02-01T10:30Z"


def test_a_zone_of_the_files_own_is_kept_as_a_moment():
    zone = [
        *("BEGIN:VTIMEZONE", "TZID:My office", "BEGIN:STANDARD", "DTSTART:19700101T000000"),
        *("TZOFFSETFROM:+0230", "TZOFFSETTO:+0230", "END:STANDARD", "END:VTIMEZONE", ""),
    ]
    text = calendar(["UID:1", "SUMMARY:t", "DUE;TZID=My office:20260201T093000"])
    [task] = tasks(text.replace("BEGIN:VTODO", "\r\n".join(zone) + "BEGIN:VTODO"))

    assert task["due_date"] == "2026-02-01T07:00Z"


@pytest.mark.parametrize(
    ("lines", "done"),
    [
        (["STATUS:COMPLETED"], True),
        (["STATUS:CANCELLED"], True),
        (["STATUS:IN-PROCESS", "PERCENT-COMPLETE:50"], False),
        (["PERCENT-COMPLETE:100"], True),
        (["COMPLETED:20260201T093000Z"], True),
        ([], False),
    ],
)
def test_whether_it_is_done(lines, done):
    assert only(*lines)["completed"] is done


@pytest.mark.parametrize(
    ("number", "word"),
    [(0, None), (1, "urgent"), (2, "high"), (4, "high"), (5, "medium"), (6, "low"), (9, "low")],
)
def test_priorities_are_the_right_way_round(number, word):
    assert only(f"PRIORITY:{number}").get("priority") == word


def test_a_rule_that_is_known_is_kept_and_another_one_told():
    assert only("RRULE:FREQ=WEEKLY;BYDAY=MO")["recurrence"] == "FREQ=WEEKLY;BYDAY=MO"
    found = only("RRULE:FREQ=SECONDLY")
    assert "recurrence" not in found
    assert found["description"] == "Repeats: FREQ=SECONDLY"


def test_the_title_of_the_whole_is_kept_wherever_it_stands():
    part = ["UID:1", "SUMMARY:Part", "RELATED-TO:2"]
    whole = ["UID:2", "SUMMARY:A\\, whole that is folded af", " ter some letters"]
    first, second = tasks(calendar(part, whole))

    assert first["description"] == f"Part of: {second['title']}"
    assert second["title"] == "A, whole that is folded after some letters"


@pytest.mark.parametrize("named", ["None", "", " "])
def test_what_is_a_part_of_nothing_is_not_said_to_be_one(named):
    whole = [f"UID:{named}", "SUMMARY:Whole"]
    for task in tasks(calendar(whole, ["SUMMARY:Alone"], ["SUMMARY:Blank", "RELATED-TO:"])):
        assert "description" not in task


def test_of_a_long_title_each_part_has_the_beginning():
    part = ["UID:1", "SUMMARY:Part", "RELATED-TO:2"]
    [first, _] = tasks(calendar(part, ["UID:2", "SUMMARY:" + "\\," * 1000]))

    assert first["description"] == f"Part of: {',' * 254}…"


def test_a_broken_one_has_a_problem_with_its_line_and_spoils_no_other():
    text = calendar(
        ["UID:1", "SUMMARY:a"],
        ["UID:2", "SUMMARY:b", "DUE:20269901"],
        ["UID:3", "SUMMARY:c", "no property"],
        ["UID:4", "SUMMARY:d"],
    )
    found = entries(text)

    assert [entry.line for entry in found] == [4, 8, 13, 18]
    assert [bool(entry.problem) for entry in found] == [False, True, True, False]
    assert "20269901" in found[1].problem


def test_a_file_that_breaks_off_is_told():
    found = entries(calendar(["UID:1", "SUMMARY:a"], ["UID:2", "SUMMARY:b"])[:-40])

    assert [bool(entry.problem) for entry in found] == [False, True]


def test_events_and_alarms_are_no_tasks_and_are_named():
    alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "DESCRIPTION:x", "END:VALARM"]
    text = calendar(["UID:1", "SUMMARY:a", "LOCATION:here", *alarm])
    event = "BEGIN:VEVENT\r\nUID:9\r\nSUMMARY:e\r\nEND:VEVENT\r\n"
    found = entries(text.replace("END:VCALENDAR", f"{event}END:VCALENDAR"))

    assert [entry.ignored for entry in found] == [("LOCATION", "VALARM"), ("VEVENT",)]
    assert not found[1].fields


def test_it_is_known_by_its_uid():
    assert ids(calendar(["UID:a@b", "SUMMARY:t"])) == ["a@b"]
    recurring = ["UID:a@b", "SUMMARY:t", "RECURRENCE-ID:20260201T093000Z"]
    assert ids(calendar(recurring)) == ["a@b/20260201T093000Z"]
    assert len(ids(calendar([f"UID:{'x' * 300}", "SUMMARY:t"]))[0]) < 255
    without = calendar(["SUMMARY:t"], ["SUMMARY:t"])
    assert len(set(ids(without))) == 2
    assert ids(without) == ids(without)


def zone(name, *lines):
    return ["BEGIN:VTIMEZONE", f"TZID:{name}", *lines, "END:VTIMEZONE"]


def with_zones(zones, *todos):
    return calendar(*todos).replace("BEGIN:VTODO", "\r\n".join([*zones, "BEGIN:VTODO"]), 1)


def test_a_broken_zone_spoils_only_what_is_in_it():
    of_it = ["UID:1", "SUMMARY:a", "DUE;TZID=Moon:20260201T093000"]
    names_it = ["UID:2", "SUMMARY:To the Moon", "DUE;TZID=Europe/Berlin:20260201T093000"]
    found = entries(with_zones(zone("Moon"), of_it, names_it))

    assert [bool(entry.problem) for entry in found] == [True, False]


@pytest.mark.parametrize("name", ['TZID="My office"', "X-A=1;TZID=My office", "tzid=My office"])
def test_a_zone_is_found_however_it_is_named(name):
    hours = ["BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0230", "TZOFFSETTO:+0230"]
    zones = zone("My office", *hours, "END:STANDARD")
    [task] = tasks(with_zones(zones, ["UID:1", "SUMMARY:t", f"DUE;{name}:20260201T093000"]))

    assert task["due_date"] == "2026-02-01T07:00Z"


def office(offset):
    hours = ["BEGIN:STANDARD", "DTSTART:19700101T000000"]
    offsets = [f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "END:STANDARD"]
    return zone("My office", *hours, *offsets)


DUE_THERE = ["UID:1", "SUMMARY:t", "DUE;TZID=My office:20260201T093000"]


def test_a_zone_is_that_of_its_own_file_only():
    """The library keeps them by their names for the whole process."""
    east, west = office("+0500"), office("-0500")

    assert tasks(with_zones(east, DUE_THERE))[0]["due_date"] == "2026-02-01T04:30Z"
    assert tasks(with_zones(west, DUE_THERE))[0]["due_date"] == "2026-02-01T14:30Z"
    folded = ["BEGIN:VTIME", "", " ZONE", *east[1:]]
    inside = entries(calendar([*DUE_THERE, *east], [*DUE_THERE, *folded]))
    assert all("inside" in entry.problem for entry in inside)
    assert tasks(calendar(DUE_THERE))[0]["due_date"] == "2026-02-01T09:30"


SUMMER = "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
WINTER = "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"


def changing(summer):
    lines = []
    for part, rule, old, new in (
        ("DAYLIGHT", summer, "+0100", "+0200"),
        ("STANDARD", WINTER, "+0200", "+0100"),
    ):
        lines += [f"BEGIN:{part}", "DTSTART:19700329T020000", f"RRULE:{rule}"]
        lines += [f"TZOFFSETFROM:{old}", f"TZOFFSETTO:{new}", f"END:{part}"]
    return zone("My office", *lines)


@pytest.mark.filterwarnings("ignore::icalendar.GloballyUniqueTZIDGuessed")
def test_a_zone_that_somebody_has_put_a_name_before_is_known():
    found = only("DUE;TZID=/mozilla.org/20070129_1/Europe/Berlin:20260201T093000")

    assert (found["due_date"], found["time_zone"]) == ("2026-02-01T09:30", "Europe/Berlin")


def test_clocks_of_a_zone_of_the_files_own_change():
    in_summer = ["UID:2", "SUMMARY:t", "DUE;TZID=My office:20260701T093000"]
    found = tasks(with_zones(changing(SUMMER), DUE_THERE, in_summer))

    assert [task["due_date"] for task in found] == ["2026-02-01T08:30Z", "2026-07-01T07:30Z"]


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=DAILY", f"{SUMMER};BYSECOND={','.join(map(str, range(60)))}"]
)
def test_a_zone_whose_clocks_change_all_the_time_is_not_waited_for(rule):
    [entry] = entries(with_zones(changing(rule), DUE_THERE))

    assert "My office" in entry.problem


def test_a_title_with_parameters_is_that_of_the_whole():
    part = ["UID:1", "SUMMARY:Part", "RELATED-TO:2"]
    whole = ["UID:2", 'SUMMARY;ALTREP="cid:x";LANGUAGE=de:Whole']
    first, _ = tasks(calendar(part, whole))

    assert first["description"] == "Part of: Whole"


def test_what_is_larger_than_a_task_is_told_and_spoils_no_other():
    attached = [f"ATTACH;ENCODING=BASE64;VALUE=BINARY:{'A' * 2**19}"]
    folded = [f"COMMENT:{'a' * 70}"] * 20_000
    found = entries(
        calendar(["UID:1", "SUMMARY:a", *attached], ["UID:2", *folded], ["UID:3", "SUMMARY:c"])
    )

    assert ["characters" in entry.problem for entry in found] == [True, True, False]


@pytest.mark.parametrize("text", ["X-TASKAPP-TAGS:[", "X-TASKAPP-ID:x"])
def test_what_looks_like_ours_and_is_not_is_a_problem(text):
    [entry] = entries(calendar(["UID:1", "SUMMARY:a", text]))

    assert entry.problem


# Made from what these programs are known to write, with what else they say about a task.
NEXTCLOUD = [
    *("UID:6b1f", "CREATED:20260131T093000", "LAST-MODIFIED:20260131T093100"),
    *("DTSTAMP:20260131T093100Z", "SUMMARY:Paint\\, twice", "RELATED-TO;RELTYPE=PARENT:0c9e"),
    *("PRIORITY:9", "PERCENT-COMPLETE:40", "STATUS:IN-PROCESS"),
    *("DTSTART;VALUE=DATE:20260130", "DUE;VALUE=DATE:20260201"),
    *("X-OC-HIDESUBTASKS:0", "X-PINNED:true", "X-APPLE-SORT-ORDER:791"),
]
APPLE = [
    *("CREATED:20260131T093000Z", "DTSTAMP:20260131T093000Z", "SEQUENCE:1", "UID:9F2A-77"),
    *("SUMMARY:Call", "DUE;TZID=Europe/Berlin:20260201T180000", "PRIORITY:5", "STATUS:COMPLETED"),
    *("COMPLETED:20260201T170000Z", "PERCENT-COMPLETE:100", "RRULE:FREQ=WEEKLY;INTERVAL=1"),
    *("BEGIN:VALARM", "UID:1", "TRIGGER;VALUE=DATE-TIME:20260201T170000Z", "ACTION:DISPLAY"),
    *("DESCRIPTION:Reminder", "END:VALARM"),
]
THUNDERBIRD = [
    *("CREATED:20260131T093000Z", "LAST-MODIFIED:20260131T093000Z", "DTSTAMP:20260131T093000Z"),
    *("UID:c1-5", "SUMMARY:Write", "CATEGORIES:Work,Ideas"),
    *("DTSTART;TZID=Europe/Berlin:20260201T09", " 0000"),
    *("DUE;TZID=Europe/Berlin:20260201T093000", "X-MOZ-GENERATION:2", "CLASS:PRIVATE"),
]


def test_what_nextcloud_apple_and_thunderbird_write():
    whole = ["UID:0c9e", "SUMMARY:The door"]
    nextcloud, apple, thunderbird, _ = tasks(calendar(NEXTCLOUD, APPLE, THUNDERBIRD, whole))

    assert nextcloud == {
        "title": "Paint, twice",
        "description": "Part of: The door",
        "completed": False,
        "priority": "low",
        "tags": [],
        "created_at": "2026-01-31T09:30:00Z",
        "due_date": "2026-02-01",
    }
    assert apple == {
        "title": "Call",
        "completed": True,
        "priority": "medium",
        "tags": [],
        "recurrence": "FREQ=WEEKLY;INTERVAL=1",
        "created_at": "2026-01-31T09:30:00Z",
        "completed_at": "2026-02-01T17:00:00Z",
        "due_date": "2026-02-01T18:00",
        "time_zone": "Europe/Berlin",
    }
    assert thunderbird == {
        "title": "Write",
        "completed": False,
        "tags": ["Work", "Ideas"],
        "created_at": "2026-01-31T09:30:00Z",
        "due_date": "2026-02-01T09:30",
        "time_zone": "Europe/Berlin",
    }
