"""Days and hours: every way people write them is understood, or refused; none is taken wrongly."""

from datetime import date, time

import pytest
from flask import Flask
from wtforms import Form

from campaign.days_and_hours import DayField, HourField, clock_of, hour_of, trouble_with
from tests.fields import filled_in


class When(Form):
    day = DayField("Day")
    hour = HourField("Hour")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("17:30", time(17, 30)),
        ("05:30 PM", time(17, 30)),
        ("5:30 pm", time(17, 30)),
        ("5.30pm", time(17, 30)),
        ("5:30p", time(17, 30)),
        ("5:30 p.m.", time(17, 30)),
        ("5:30 p. m.", time(17, 30)),
        ("5:30\u202fPM", time(17, 30)),
        ("５：３０ ｐｍ", time(17, 30)),
        ("17h30", time(17, 30)),
        ("17 h 30", time(17, 30)),
        ("17.30", time(17, 30)),
        ("17.30 Uhr", time(17, 30)),
        ("17:30:00", time(17, 30)),
        ("17:30:00.000", time(17, 30)),
        ("05:30:00 PM", time(17, 30)),
        ("1730", time(17, 30)),
        (" 17:30 ", time(17, 30)),
        ("5 pm", time(17)),
        ("5 o’clock pm", time(17)),
        ("5PM", time(17)),
        ("17h", time(17)),
        ("17 Uhr", time(17)),
        ("noon", time(12)),
        ("12 noon", time(12)),
        ("12 pm", time(12)),
        ("12:30 PM", time(12, 30)),
        ("12 am", time(0)),
        ("12:30 am", time(0, 30)),
        ("11:59 PM", time(23, 59)),
        ("5:30 am", time(5, 30)),
        ("05:30", time(5, 30)),
        ("0:00", time(0)),
    ],
)
def test_a_time_is_understood_however_it_is_written(typed: str, meant: time) -> None:
    assert hour_of(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "5", "17", "half past five", "25:00", "24:00", "17:60", "17:3", "13:00 pm", "0:30 pm",
        "17:30 PM", "5:30 xm", "5:30 pm tomorrow", "17:30-19:00", "17:30 19:00", "-5:30", "٥:٣٠",
        "5:30 pmm", "99999", "17:30Z", "17:30+02:00", "5;30", "midnight", "a", "pm", ":", "5 o",
        "5 o’clock", "9 o’clock",
    ],
)  # fmt: skip
def test_a_time_that_could_mean_two_or_nothing_is_refused(typed: str) -> None:
    form = filled_in(When, hour=typed)

    assert hour_of(typed) is None
    assert not form.validate()
    assert "Enter a time, like 17:30." in str(form.hour.errors[0])
    assert f'value="{typed}"' in form.hour()


@pytest.mark.parametrize("typed", ["2000-01-01", "2024-05-13", "2027-5-3", "2099-12-31"])
def test_a_day_a_campaign_may_have_is_taken(typed: str) -> None:
    form = filled_in(When, day=typed)

    assert form.validate()
    assert form.day.data is not None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        *((typed, "Look at the year: enter one from 2000 to 2099.") for typed in (
            "0027-05-13", "0001-01-01", "0202-05-13", "1999-12-31", "2100-01-01", "2207-05-13",
            "9999-12-31",
        )),
        *((typed, "Enter a day, like 2027-05-13.") for typed in (
            "20277-05-13", "27-05-13", "2027-02-29", "2027-13-01", "13 May", "-2027-05-13", "٢٠٢٧",
        )),
    ],
)  # fmt: skip
def test_a_day_no_campaign_has_is_refused_and_shown_again(typed: str, sentence: str) -> None:
    form = filled_in(When, day=typed)

    assert not form.validate()
    assert form.day.errors == [sentence]
    assert f'value="{typed}"' in form.day()


@pytest.mark.parametrize(
    ("zone", "day", "hour", "word"),
    [
        ("Europe/London", date(2027, 3, 28), time(1, 0), "There is no 01:00"),
        ("Europe/London", date(2027, 3, 28), time(1, 30), "There is no 01:30"),
        ("Europe/London", date(2027, 3, 28), time(0, 59), ""),
        ("Europe/London", date(2027, 3, 28), time(2, 0), ""),
        ("Europe/London", date(2027, 10, 31), time(1, 30), "There are two 01:30"),
        ("Europe/London", date(2027, 10, 31), time(2, 0), ""),
        ("America/New_York", date(2027, 3, 14), time(2, 30), "There is no 02:30"),
        ("America/New_York", date(2027, 11, 7), time(1, 30), "There are two 01:30"),
        ("Australia/Lord_Howe", date(2027, 10, 3), time(2, 15), "There is no 02:15"),
        ("Australia/Lord_Howe", date(2027, 10, 3), time(2, 30), ""),
        ("Asia/Beirut", date(2027, 3, 28), time(0, 30), "There is no 00:30"),
        ("Africa/Cairo", date(2027, 4, 30), time(0, 30), "There is no 00:30"),
        ("Pacific/Apia", date(2011, 12, 30), time(12), "There is no 12:00"),
        ("Asia/Kolkata", date(2027, 3, 28), time(1, 30), ""),
        ("UTC", date(2027, 3, 28), time(1, 30), ""),
        ("Europe/London", date(2027, 5, 13), time(1, 30), ""),
    ],
)
def test_an_hour_that_clocks_leave_out_or_show_twice_is_said(
    app: Flask, zone: str, day: date, hour: time, word: str
) -> None:
    with app.test_request_context():
        said = str(trouble_with(day, hour, zone))

    assert said.startswith(word)
    assert bool(said) is bool(word)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "Europe", "Europe/", "x\0y", "é"]
)
def test_a_zone_there_is_not_has_the_clocks_of_utc(zone: str) -> None:
    assert clock_of(zone).key == "UTC"
