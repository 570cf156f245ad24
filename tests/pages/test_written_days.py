"""Days are understood as people and programs write them; what may be two days is asked about."""

from datetime import date

import pytest

from campaign.pages.written_days import AmbiguousDay, read_day

DAY = date(2024, 9, 18)
SPELLINGS = [
    "2024-09-18", "2024-9-18", "2024/09/18", "2024/9/18", "2024.09.18", "20240918",
    "2024-09-18T14:26:00.000+01:00", "2024-09-18T14:26:00Z", "2024-09-18 14:26",
    "2024-9-18 4:26:00",
    "2024-09-18 14:26:00 +0200", "2024-09-18 14:26:00 UTC", "2024-09-18T23:59:59.999999-11:00",
    "18 September 2024", "18 Sep 2024", "18. September 2024", "September 18, 2024", "Sept. 18 2024",
    "SEPTEMBER 18 2024", "18th of September 2024", "the 18th of September, 2024", "18-Sep-2024",
    "Wed, 18 Sep 2024 14:26:00 +0200", "Wednesday, 18 September 2024", "2024 September 18",
    "18.09.2024", "18.9.2024", "18. 9. 2024", "18/09/2024", "09/18/2024", "18-9-2024",
    " 2024-09-18 ",
]  # fmt: skip
NAMED = [
    ("de", "18. März 2024", date(2024, 3, 18)),
    ("de", "Mittwoch, 18. September 2024", DAY),
    ("es", "18 de septiembre de 2024", DAY),
    ("fr", "le 1er août 2024", date(2024, 8, 1)),
    ("ru", "18 сентября 2024", DAY),
    ("pt-BR", "18 de setembro de 2024", DAY),
    ("nonsense", "18 September 2024", DAY),
]
AMBIGUOUS = ["03/04/2024", "3/4/2024", "03-04-2024", "12/11/2024"]
NONE = [
    "2024-02-30", "2024-13-01", "13/13/2024", "31.02.2024", "2024-09", "2024", "18-09-24",
    "18/9/24",
    "next week", "2024118", "14 Sep Oct 2024", "18 Septober 2024", "September 2024", "18 September",
    "18 September 2024 or so", "0", "-1", "2024-09-18 and more", "", "32 September 2024",
]  # fmt: skip


@pytest.mark.parametrize("written", SPELLINGS)
def test_the_usual_spellings_of_a_day_are_understood(written: str) -> None:
    assert read_day(written) == DAY


@pytest.mark.parametrize(("language", "written", "day"), NAMED)
def test_months_are_named_in_the_language_of_the_page(
    language: str, written: str, day: date
) -> None:
    assert read_day(written, language=language) == day


@pytest.mark.parametrize("written", AMBIGUOUS)
def test_what_may_be_two_days_is_refused(written: str) -> None:
    with pytest.raises(AmbiguousDay):
        read_day(written)


@pytest.mark.parametrize("written", ["04/04/2024", "4-4-2024"])
def test_what_is_the_same_day_either_way_is_that_day(written: str) -> None:
    assert read_day(written) == date(2024, 4, 4)


@pytest.mark.parametrize("written", NONE)
def test_what_is_no_day_is_refused(written: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_day(written)
