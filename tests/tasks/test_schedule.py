"""When tasks come again: rules, clock changes, anchors and bounds, without a service."""

import time
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from taskapp.tasks import due_dates, rules, schedule
from tests.chance import some

LONG_AGO = datetime(1980, 1, 1, tzinfo=UTC)
NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"


def a_task(recurrence, due_date, time_zone=None, recurrence_from="due"):
    task = {"recurrence": recurrence, "due_date": due_date, "time_zone": time_zone}
    return {**task, "recurrence_from": recurrence_from, "anchor": None, "position": None}


def chain(task, most=1000, moment=LONG_AGO):
    """Return the due dates of a task that is completed over and over at this moment."""
    due = [task["due_date"]]
    while len(due) < most and (following := schedule.following(task, moment)):
        task = task | following._asdict()
        due.append(task["due_date"])
    return due


MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def days(*parts):
    """Return dates that are written as in the RFC: a year, a month and its days, and so on."""
    found, year, month = [], 0, 0
    for part in parts:
        if isinstance(part, int) and part > 31:
            year = part
        elif isinstance(part, str):
            month = MONTHS.index(part) // 3 + 1
        else:
            found += [date(year, month, day) for day in ([part] if isinstance(part, int) else part)]
    return found


ALL_JANUARY = days(1998, "Jan", range(1, 32), 1999, range(1, 32), 2000, range(1, 32))
TO_THE_23RD = ["Oct", range(1, 32), "Nov", range(1, 31), "Dec", range(1, 24)]
TUESDAYS = ["Sep", 2, 9, 16, 23, 30, "Oct", 7, 14, 21, 28, "Nov", 4]
TUESDAYS_AND_THURSDAYS = days(1997, "Sep", 2, 4, 9, 11, 16, 18, 23, 25, 30, "Oct", 2)
IN_SUMMER = days(
    1997, "Jun", 5, 12, 19, 26, "Jul", 3, 10, 17, 24, 31, "Aug", 7, 14, 21, 28,
    1998, "Jun", 4, 11, 18, 25, "Jul", 2, 9, 16, 23, 30, "Aug", 6, 13, 20, 27,
    1999, "Jun", 3, 10, 17, 24, "Jul", 1, 8, 15, 22, 29, "Aug", 5, 12, 19, 26,
)  # fmt: skip
# RFC 5545, section 3.8.5.3: all whose frequency is a day or longer, each at 9:00 in New York. Those
# that go on forever go on after the dates that the RFC lists.
EXAMPLES = [
    ("FREQ=DAILY;COUNT=10", days(1997, "Sep", range(2, 12)), True),
    ("FREQ=DAILY;UNTIL=19971224T000000Z", days(1997, "Sep", range(2, 31), *TO_THE_23RD), True),
    (
        "FREQ=DAILY;INTERVAL=2",
        days(1997, "Sep", range(2, 31, 2), "Oct", range(2, 31, 2), "Nov", range(1, 30, 2)),
        False,
    ),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", days(1997, "Sep", 2, 12, 22, "Oct", 2, 12), True),
    (
        "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        ALL_JANUARY,
        True,
    ),
    ("FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", ALL_JANUARY, True),
    ("FREQ=WEEKLY;COUNT=10", days(1997, *TUESDAYS), True),
    (
        "FREQ=WEEKLY;UNTIL=19971224T000000Z",
        days(1997, *TUESDAYS, 11, 18, 25, "Dec", 2, 9, 16, 23),
        True,
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        days(1997, "Sep", 2, 16, 30, "Oct", 14, 28, "Nov", 11, 25, "Dec", 9, 23,
             1998, "Jan", 6, 20, "Feb", 3, 17),
        False,
    ),
    ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", TUESDAYS_AND_THURSDAYS, True),
    ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", TUESDAYS_AND_THURSDAYS, True),
    (
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        days(1997, "Sep", 1, 3, 5, 15, 17, 19, 29, "Oct", 1, 3, 13, 15, 17, 27, 29, 31,
             "Nov", 10, 12, 14, 24, 26, 28, "Dec", 8, 10, 12, 22),
        True,
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        days(1997, "Sep", 2, 4, 16, 18, 30, "Oct", 2, 14, 16),
        True,
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        days(1997, "Sep", 5, "Oct", 3, "Nov", 7, "Dec", 5,
             1998, "Jan", 2, "Feb", 6, "Mar", 6, "Apr", 3, "May", 1, "Jun", 5),
        True,
    ),
    (
        "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        days(1997, "Sep", 5, "Oct", 3, "Nov", 7, "Dec", 5),
        True,
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        days(1997, "Sep", 7, 28, "Nov", 2, 30, 1998, "Jan", 4, 25, "Mar", 1, 29, "May", 3, 31),
        True,
    ),
    (
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        days(1997, "Sep", 22, "Oct", 20, "Nov", 17, "Dec", 22, 1998, "Jan", 19, "Feb", 16),
        True,
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        days(1997, "Sep", 28, "Oct", 29, "Nov", 28, "Dec", 29, 1998, "Jan", 29, "Feb", 26),
        False,
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        days(1997, "Sep", 2, 15, "Oct", 2, 15, "Nov", 2, 15, "Dec", 2, 15, 1998, "Jan", 2, 15),
        True,
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        days(1997, "Sep", 30, "Oct", 1, 31, "Nov", 1, 30, "Dec", 1, 31,
             1998, "Jan", 1, 31, "Feb", 1),
        True,
    ),
    (
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        days(1997, "Sep", range(10, 16), 1999, "Mar", range(10, 14)),
        True,
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        days(1997, "Sep", 2, 9, 16, 23, 30, "Nov", 4, 11, 18, 25,
             1998, "Jan", 6, 13, 20, 27, "Mar", 3, 10, 17, 24, 31),
        False,
    ),
    (
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        [date(year, month, 10) for year in range(1997, 2002) for month in (6, 7)],
        True,
    ),
    (
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        [date(1997, 3, 10)]
        + [date(year, month, 10) for year in (1999, 2001, 2003) for month in (1, 2, 3)],
        True,
    ),
    (
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        days(1997, "Jan", 1, "Apr", 10, "Jul", 19, 2000, "Jan", 1, "Apr", 9, "Jul", 18,
             2003, "Jan", 1, "Apr", 10, "Jul", 19, 2006, "Jan", 1),
        True,
    ),
    ("FREQ=YEARLY;BYDAY=20MO", days(1997, "May", 19, 1998, 18, 1999, 17), False),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", days(1997, "May", 12, 1998, 11, 1999, 17), False),
    (
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        days(1997, "Mar", 13, 20, 27, 1998, 5, 12, 19, 26, 1999, 4, 11, 18, 25),
        False,
    ),
    ("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", IN_SUMMER, False),
    (
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",  # from 2 September, which is no such Friday
        days(1997, "Sep", 2, 1998, "Feb", 13, "Mar", 13, "Nov", 13, 1999, "Aug", 13,
             2000, "Oct", 13),
        False,
    ),
    (
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        days(1997, "Sep", 13, "Oct", 11, "Nov", 8, "Dec", 13,
             1998, "Jan", 10, "Feb", 7, "Mar", 7, "Apr", 11, "May", 9, "Jun", 13),
        False,
    ),
    (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        days(1996, "Nov", 5, 2000, 7, 2004, 2),
        False,
    ),
    (
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        days(1997, "Sep", 4, "Oct", 7, "Nov", 6),
        True,
    ),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        days(1997, "Sep", 29, "Oct", 30, "Nov", 27, "Dec", 30,
             1998, "Jan", 29, "Feb", 26, "Mar", 30),
        False,
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        days(1997, "Aug", 5, 10, 19, 24),
        True,
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        days(1997, "Aug", 5, 17, 19, 31),
        True,
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        days(2007, "Jan", 15, 30, "Feb", 15, "Mar", 15, 30),
        True,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "expected", "ends"), EXAMPLES, ids=lambda value: str(value)[:70])
def test_the_examples_of_the_rfc(rule, expected, ends):
    at_nine = [f"{day}T09:00:00" for day in expected]
    most = len(expected) + 1 if ends else len(expected)
    assert chain(a_task(rule, at_nine[0], NEW_YORK), most) == at_nine

    # The same as instants, which say in summer something else than in winter.
    instants = [
        datetime.fromisoformat(each).replace(tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)
        for each in at_nine
    ]
    written = [f"{instant:%Y-%m-%dT%H:%M:%SZ}" for instant in instants]
    assert chain(a_task(rule, written[0], NEW_YORK), most) == written

    if "UNTIL" not in rule:  # which is a time in the RFC's
        dates = [str(day) for day in expected]
        assert chain(a_task(rule, dates[0]), most) == dates


def test_the_example_of_the_rfc_with_several_times_a_day():
    rule = "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40"
    times = [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 20, 40)]
    expected = [f"1997-09-{day:02}T{time}" for day in (2, 3, 4) for time in times]

    assert chain(a_task(rule, expected[0], NEW_YORK), len(expected)) == expected
    assert chain(a_task(rule, "1997-09-02"), 3) == ["1997-09-02", "1997-09-03", "1997-09-04"]


# Zone, the day of the change, a local time that it skips or repeats, and what it becomes then.
CLOCK_CHANGES = [
    (BERLIN, "2026-03-29", "02:30", "03:30", "+02:00"),
    (BERLIN, "2026-10-25", "02:30", "02:30", "+02:00"),  # the first of two
    (NEW_YORK, "2026-03-08", "02:30", "03:30", "-04:00"),
    (NEW_YORK, "2026-11-01", "01:30", "01:30", "-04:00"),
    ("Australia/Lord_Howe", "2026-04-05", "01:45", "01:45", "+11:00"),
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "02:45", "+11:00"),
    ("Pacific/Apia", "2026-04-05", "03:30", "03:30", "+13:00"),  # has none any more
    ("Pacific/Apia", "2026-09-27", "03:30", "03:30", "+13:00"),
]


@pytest.mark.parametrize(("zone", "day", "time", "then", "offset"), CLOCK_CHANGES)
def test_a_local_time_stays_over_a_clock_change(zone, day, time, then, offset):
    around = [date.fromisoformat(day) + timedelta(days=number) for number in (-2, -1, 0, 1, 2)]
    local = [f"{each}T{then if str(each) == day else time}" for each in around]
    assert chain(a_task("daily", local[0], zone), 5) == local
    assert due_dates.moment(local[2], zone).isoformat() == (
        due_dates.moment(f"{day}T{then}{offset}").isoformat()
    )

    as_instant = [
        due_dates.moment(each, zone).isoformat(timespec="minutes").replace("+00:00", "Z")
        for each in local
    ]
    assert chain(a_task("daily", as_instant[0], zone), 5) == as_instant

    with_offset = [
        due_dates.moment(each, zone).astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")
        for each in local
    ]
    assert chain(a_task("daily", with_offset[0], zone), 5) == with_offset
    assert with_offset[2] == f"{day}T{then}{offset}"

    at_nine = [f"{each}T09:00" for each in around]
    assert chain(a_task("daily", at_nine[0], zone), 5) == at_nine
    assert chain(a_task("daily", str(around[0]), zone), 5) == [str(each) for each in around]


def test_a_day_that_a_zone_skips_is_a_date_like_any_other():
    """Samoa had no 30 December 2011."""
    dates = ["2011-12-29", "2011-12-30", "2011-12-31", "2012-01-01"]
    assert chain(a_task("daily", dates[0], "Pacific/Apia"), 4) == dates
    times = [f"{day}T09:00" for day in dates if day != "2011-12-30"]
    assert chain(a_task("daily", times[0], "Pacific/Apia"), 3) == times


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("monthly", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("FREQ=MONTHLY;INTERVAL=2", ["2027-12-31", "2028-02-29", "2028-04-30", "2028-06-30"]),
        ("monthly", ["2026-01-29", "2026-02-28", "2026-03-29"]),
        ("yearly", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("FREQ=YEARLY;BYMONTH=2,6", ["2026-01-31", "2026-02-28", "2026-06-30", "2027-02-28"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-01-31", "2026-02-28", "2026-03-31"]),
    ],
)
def test_a_day_that_a_month_lacks_is_its_last_and_is_itself_again(rule, expected):
    assert chain(a_task(rule, expected[0]), len(expected)) == expected
    times = [f"{day}T09:00" for day in expected]
    assert chain(a_task(rule, times[0], BERLIN), len(times)) == times


def test_all_times_of_a_day_that_a_month_lacks():
    rule = "FREQ=MONTHLY;BYHOUR=9,17"

    assert chain(a_task(rule, "2026-01-31T09:00"), 5) == [
        "2026-01-31T09:00", "2026-01-31T17:00", "2026-02-28T09:00", "2026-02-28T17:00",
        "2026-03-31T09:00",
    ]  # fmt: skip


def test_a_position_in_a_week_is_one_in_the_whole_week():
    rule = "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1;WKST=TU"  # so Monday is the last

    assert chain(a_task(rule, "2000-01-01"), 3) == ["2000-01-01", "2000-01-04", "2000-01-11"]


NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("rule", "due", "zone", "expected"),
    [
        ("daily", "1999-01-01", None, "2026-05-07"),
        ("daily", "2026-05-05", None, "2026-05-07"),
        ("daily", "2026-05-06", None, "2026-05-07"),
        ("daily", "2026-05-07", None, "2026-05-08"),  # done early
        ("daily", "1999-01-01T13:00", None, "2026-05-06T13:00"),
        ("daily", "1999-01-01T12:00", None, "2026-05-07T12:00"),
        ("daily", "1999-01-01T13:30", BERLIN, "2026-05-07T13:30"),
        ("daily", "1999-01-01T14:30", BERLIN, "2026-05-06T14:30"),
        ("FREQ=DAILY;INTERVAL=2", "2026-05-01", None, "2026-05-07"),
        ("weekly", "2001-01-01", None, "2026-05-11"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "2026-04-02", None, "2026-05-11"),
        ("monthly", "2001-01-31", None, "2026-05-31"),
        ("yearly", "1904-02-29", None, "2027-02-28"),
        ("FREQ=YEARLY;INTERVAL=10", "1926-05-06", None, "2036-05-06"),
        ("FREQ=DAILY;COUNT=3", "1999-01-01", None, None),
        ("FREQ=DAILY;COUNT=3", "2026-05-05", None, "2026-05-07"),
        ("FREQ=DAILY;COUNT=2", "2026-05-05", None, None),
        ("FREQ=DAILY;COUNT=9999", "2001-01-01", None, "2026-05-07"),
        ("FREQ=DAILY;UNTIL=20260507", "1999-01-01", None, "2026-05-07"),
        ("FREQ=DAILY;UNTIL=20260506", "1999-01-01", None, None),
        ("daily", "2026-05-06", "Pacific/Kiritimati", "2026-05-08"),  # where it is the 7th
        ("daily", "2026-05-06T03:00+05:30", None, "2026-05-07T03:00+05:30"),
        ("daily", "2026-05-06T03:00:00.250Z", None, "2026-05-07T03:00:00.250Z"),
    ],
)
def test_what_is_overdue_comes_again_after_now(rule, due, zone, expected):
    following = schedule.following(a_task(rule, due, zone), NOW)

    assert (following and following.due_date) == expected


@pytest.mark.parametrize(
    ("rule", "due", "zone", "expected"),
    [
        ("daily", "2020-01-01", None, "2026-05-07"),
        ("FREQ=DAILY;INTERVAL=3", "2030-01-01", None, "2026-05-09"),
        ("FREQ=DAILY;INTERVAL=3", "2020-01-01T09:00", BERLIN, "2026-05-09T09:00"),
        ("FREQ=DAILY;INTERVAL=3", "2020-01-01T23:00", BERLIN, "2026-05-09T23:00"),
        ("monthly", "2020-01-31", None, "2026-06-06"),
        ("FREQ=WEEKLY;BYDAY=MO", "2020-01-31", None, "2026-05-11"),
        ("daily", None, None, "2026-05-07"),
        ("weekly", None, "Pacific/Kiritimati", "2026-05-14"),
        ("FREQ=DAILY;COUNT=1", "2020-01-01", None, None),
        ("FREQ=DAILY;UNTIL=20260506", "2020-01-01", None, None),
    ],
)
def test_from_completion_it_counts_from_the_day_of_that(rule, due, zone, expected):
    following = schedule.following(a_task(rule, due, zone, "completion"), NOW)

    assert (following and following.due_date) == expected
    if due is None:
        following = schedule.following(a_task(rule, due, zone, "due"), NOW)
        assert following.due_date == expected


def test_from_completion_a_count_counts_the_tasks():
    task = a_task("FREQ=DAILY;COUNT=3", "2020-01-01", None, "completion")

    assert chain(task, moment=NOW) == ["2020-01-01", "2026-05-07", "2026-05-07"]


def test_a_skipped_time_of_day_comes_back_from_completion_too():
    task = a_task("daily", "2026-03-07T02:30", NEW_YORK, "completion")
    for day, expected in [(7, "2026-03-08T03:30"), (8, "2026-03-09T02:30")]:
        following = schedule.following(task, datetime(2026, 3, day, 23, tzinfo=UTC))
        assert following.due_date == expected
        task |= following._asdict()


@pytest.mark.parametrize(
    ("until", "due", "zone", "last"),
    [
        ("20260103", "2026-01-01", None, "2026-01-03"),
        ("20260103", "2026-01-01T23:00", NEW_YORK, "2026-01-03T23:00"),
        ("20260103T090000", "2026-01-01T09:00", NEW_YORK, "2026-01-03T09:00"),
        ("20260103T090000Z", "2026-01-01T09:00", NEW_YORK, "2026-01-02T09:00"),
        ("20260103T140000Z", "2026-01-01T09:00", NEW_YORK, "2026-01-03T09:00"),
        ("20260103T090000Z", "2026-01-01T09:00", None, "2026-01-03T09:00"),
        ("20260103T000000Z", "2026-01-01", NEW_YORK, "2026-01-03"),
        ("20200101", "2026-01-01", None, "2026-01-01"),
    ],
)
def test_until_is_the_last_day_or_moment(until, due, zone, last):
    assert chain(a_task(f"FREQ=DAILY;UNTIL={until}", due, zone))[-1] == last


REFUSED = [
    "hourly",
    "every day",
    "FREQ=",
    "FREQ",
    "=DAILY",
    "INTERVAL=2",
    "FREQ=HOURLY",
    "FREQ=MINUTELY",
    "FREQ=SECONDLY",
    "FREQ=FORTNIGHTLY",
    "FREQ=DAILY;FREQ=DAILY",
    "FREQ=DAILY;",
    "FREQ=DAILY;;COUNT=2",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=-1",
    "FREQ=DAILY;INTERVAL=1001",
    "FREQ=DAILY;INTERVAL=1.5",
    "FREQ=DAILY;INTERVAL=٣",
    "FREQ=DAILY;COUNT=0",
    "FREQ=DAILY;COUNT=10000",
    "FREQ=DAILY;COUNT=2;UNTIL=20260101",
    "FREQ=DAILY;UNTIL=20260230",
    "FREQ=DAILY;UNTIL=tomorrow",
    "FREQ=DAILY;UNTIL=2026-01-01",
    "FREQ=DAILY;UNTIL=20260101T250000Z",
    "FREQ=MONTHLY;BYSETPOS=1",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367",
    "FREQ=MONTHLY;BYDAY=6MO",
    "FREQ=MONTHLY;BYDAY=0MO",
    "FREQ=MONTHLY;BYDAY=MO(1)",
    "FREQ=MONTHLY;BYDAY=",
    "FREQ=MONTHLY;BYDAY=XX",
    "FREQ=WEEKLY;BYDAY=1MO",
    "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO",
    "FREQ=YEARLY;BYDAY=54MO",
    "FREQ=YEARLY;BYMONTH=1;BYDAY=6MO",
    "FREQ=MONTHLY;BYWEEKNO=2",
    "FREQ=DAILY;BYYEARDAY=2",
    "FREQ=WEEKLY;BYMONTHDAY=2",
    "FREQ=MONTHLY;BYMONTHDAY=32",
    "FREQ=MONTHLY;BYMONTHDAY=0",
    "FREQ=MONTHLY;BYMONTHDAY=1,,2",
    "FREQ=YEARLY;BYMONTH=13",
    "FREQ=DAILY;BYHOUR=24",
    "FREQ=DAILY;BYMINUTE=-1",
    "FREQ=DAILY;BYSECOND=60",
    "FREQ=DAILY;WKST=XX",
    "FREQ=DAILY;BYEASTER=0",
    "FREQ=DAILY;BYWEEKDAY=MO",
    "FREQ=DAILY;X-NAME=1",
    "DTSTART:20260101T090000Z\nRRULE:FREQ=DAILY",
    "RRULE:FREQ=DAILY\nEXDATE:20260101",
    "FREQ=DAILY COUNT=2",
    "EXRULE:FREQ=DAILY",
    "RRULE:RRULE:FREQ=DAILY",
    "FREQ=DAILY;BYHOUR=0,1,2,3,4;BYMINUTE=1,2,3,4,5,6,7,8,9,10",
]


@pytest.mark.parametrize("rule", REFUSED)
def test_a_senseless_rule_is_refused(rule):
    with pytest.raises(rules.BadRule):
        rules.read(rule)


@pytest.mark.parametrize("rule", ["hourly", "none", "every day", "RRULE:weekdays", "FREQ=HOURLY"])
def test_who_sends_another_word_is_told_the_words(rule):
    with pytest.raises(rules.BadRule, match="Send daily, weekly, monthly, yearly"):
        rules.read(rule)


@pytest.mark.parametrize(
    "rule",
    ["Daily", " weekly ", "RRULE:FREQ=DAILY", "freq=weekly;byday=mo,th", "FREQ=DAILY;COUNT=1"],
)
def test_other_ways_to_write_a_rule_are_read(rule):
    assert rules.read(rule).frequency in rules.FREQUENCIES.values()


NEVER = [
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01"),
    ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01"),
    ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01T09:00"),
    ("FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31", "2026-01-01"),
    ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "2026-01-01"),
    ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "2026-01-01"),
    ("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "2026-01-01"),
    ("FREQ=YEARLY;BYWEEKNO=1;BYMONTH=6", "2026-01-01"),
    ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "2026-01-01"),
    ("FREQ=YEARLY;INTERVAL=1000", "9500-01-01"),
    ("daily", "9999-12-31"),
    ("FREQ=WEEKLY;WKST=WE", "0001-01-01"),
]


@pytest.mark.parametrize(("rule", "due"), NEVER)
def test_a_rule_that_never_matches_is_refused_after_a_bounded_search(rule, due, monkeypatch):
    steps = []
    count = rules.Interval._count
    monkeypatch.setattr(rules.Interval, "_count", lambda each: (steps.append(1), count(each)))

    with pytest.raises(schedule.Refused):
        schedule.check(a_task(rule, due))

    assert len(steps) <= max(rules.PATIENCE.values()) + 1
    assert schedule.following(a_task(rule, due), LONG_AGO) is None


@pytest.mark.parametrize("due", ["2026-01-01T09:00", "2026-01-01", None])
@pytest.mark.parametrize("rule", [*rules.WORDS, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"])
def test_a_rule_that_matches_now_and_then_is_not_refused(rule, due):
    schedule.check(a_task(rule, due))


def test_what_is_years_overdue_is_found_without_walking_through_the_years(monkeypatch):
    yielded = []
    after = rules.Rule.after

    def noted(*arguments):
        for found in after(*arguments):
            yielded.append(found)
            yield found

    monkeypatch.setattr(rules.Rule, "after", noted)
    steps = []
    count = rules.Interval._count
    monkeypatch.setattr(rules.Interval, "_count", lambda each: (steps.append(1), count(each)))
    for rule in (*rules.WORDS, "FREQ=DAILY;BYHOUR=9,12;BYMINUTE=0,15,30,45"):
        assert schedule.following(a_task(rule, "0100-01-01T09:00", BERLIN), NOW)

    assert len(yielded) < 60
    assert len(steps) < 20


numbers = {
    "BYMONTH": st.lists(st.integers(1, 12), min_size=1, max_size=4),
    "BYMONTHDAY": st.lists(st.integers(-31, 31).filter(bool), min_size=1, max_size=4),
    "BYYEARDAY": st.lists(st.integers(-366, 366).filter(bool), min_size=1, max_size=4),
    "BYWEEKNO": st.lists(st.integers(-53, 53).filter(bool), min_size=1, max_size=3),
    "BYSETPOS": st.lists(st.integers(-3, 3).filter(bool), min_size=1, max_size=2),
}
weekdays = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
allowed = {
    "DAILY": ["BYMONTH", "BYMONTHDAY", "BYDAY"],
    "WEEKLY": ["BYMONTH", "BYDAY"],
    "MONTHLY": ["BYMONTH", "BYMONTHDAY", "BYDAY"],
    "YEARLY": ["BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY"],
}


@st.composite
def some_rules(draw):
    frequency = draw(st.sampled_from(list(allowed)))
    parts = {"FREQ": frequency, "INTERVAL": draw(st.integers(1, 5))}
    names = draw(st.lists(st.sampled_from(allowed[frequency]), max_size=2, unique=True))
    for name in names:
        if name == "BYDAY":
            number = st.sampled_from(["", "1", "-1", "+2"])
            counts = frequency in ("MONTHLY", "YEARLY") and "BYWEEKNO" not in names
            day = st.builds(str.__add__, number if counts else st.just(""), weekdays)
            parts[name] = ",".join(draw(st.lists(day, min_size=1, max_size=3)))
        else:
            parts[name] = ",".join(map(str, draw(numbers[name])))
    if names and draw(st.booleans()):
        parts["BYSETPOS"] = ",".join(map(str, draw(numbers["BYSETPOS"])))
    if draw(st.booleans()):
        parts["WKST"] = draw(weekdays)
    return ";".join(f"{name}={value}" for name, value in parts.items())


@given(
    some_rules(),
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(
        lambda at: at.replace(microsecond=0)
    ),
    st.sampled_from(
        [None, BERLIN, NEW_YORK, "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]
    ),
    st.sampled_from(["date", "local", "Z"]),
)
@settings(max_examples=some(300), deadline=None)
def test_one_after_the_other_they_are_the_rules_own(rule, anchor, zone, kind):
    place = ZoneInfo(zone) if zone else UTC
    if kind == "date":
        anchor = datetime.combine(anchor.date(), datetime.min.time())
    anchor = (
        anchor.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None, fold=0)
    )
    on_days = any(part in rule for part in ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY"))
    # Days that a month lacks are moved, which the library does not do.
    assume(on_days or anchor.day <= 28 or "DAILY" in rule or "WEEKLY" in rule)
    # Of the first week it knows only what comes after the start.
    assume(not ("WEEKLY" in rule and "BYSETPOS" in rule))
    due = {
        "date": str(anchor.date()),
        "local": anchor.isoformat(),
        "Z": f"{anchor.replace(tzinfo=place).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }[kind]
    task = a_task(rule, due, zone)
    try:
        schedule.check(task)
    except schedule.Refused:
        return

    began = time.monotonic()
    made = chain(task, 6)[1:]

    assert time.monotonic() - began < 30
    own = (found for found in rrulestr(rule, dtstart=anchor) if found > anchor)
    for text, expected in zip(made, islice(own, 5), strict=False):
        if kind == "date":
            assert text == str(expected.date())
            continue
        instant = expected.replace(tzinfo=place).astimezone(UTC)
        assert due_dates.moment(text, zone) == instant
        shown = instant.astimezone(place).replace(tzinfo=None)
        if shown != expected:  # a gap
            assert expected.replace(tzinfo=place, fold=1).utcoffset() != (
                expected.replace(tzinfo=place, fold=0).utcoffset()
            )
            assert shown > expected
        else:
            assert shown.time() == anchor.time()
    assert len(made) == 5 or not made or made[-1] > "2050"
