"""Fuzzy times: which forms there are, what instants they may mean, and which forms are refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.times import DAY_US, format_brief, format_instant, parse_fuzzy, parse_instant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_US = parse_instant("0001-01-01T00:00:00Z")
LAST_US = parse_instant("9999-12-31T23:59:59.999999Z")
INSTANTS_US = st.integers(FIRST_US, LAST_US)


def us(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2024-10-04", "2024-10-04T00:00:00Z", "2024-10-04T23:59:59.999999Z"),
        ("2024-02", "2024-02-01T00:00:00Z", "2024-02-29T23:59:59.999999Z"),
        ("2023-02", "2023-02-01T00:00:00Z", "2023-02-28T23:59:59.999999Z"),
        ("2024-12", "2024-12-01T00:00:00Z", "2024-12-31T23:59:59.999999Z"),
        ("2024", "2024-01-01T00:00:00Z", "2024-12-31T23:59:59.999999Z"),
        ("0001", "0001-01-01T00:00:00Z", "0001-12-31T23:59:59.999999Z"),
        ("9999", "9999-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("9999-12", "9999-12-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("9999-12-31", "9999-12-31T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("2024-10-04T12:00:00Z", "2024-10-04T12:00:00Z", "2024-10-04T12:00:00Z"),
        ("2024-10-04T01:00:00.5+02:00", "2024-10-03T23:00:00.5Z", "2024-10-03T23:00:00.5Z"),
        ("2024-10-04T12:00:00-00:00", "2024-10-04T12:00:00Z", "2024-10-04T12:00:00Z"),
        ("2024-10/2025", "2024-10-01T00:00:00Z", "2025-12-31T23:59:59.999999Z"),
        ("2024-10-04/2024-10-04T12:00:00Z", "2024-10-04T00:00:00Z", "2024-10-04T12:00:00Z"),
        ("2024/2024-01", "2024-01-01T00:00:00Z", "2024-01-31T23:59:59.999999Z"),
    ],
)
def test_a_fuzzy_time_runs_from_its_first_to_its_last_microsecond(text, earliest, latest):
    assert parse_fuzzy(text) == (parse_instant(earliest), parse_instant(latest))


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "2024/", "/2024", "2024/2025/2026", "24", "02024", "2024-1", "2024-13", "2024-00", "0000"),
        *("2024-02-30", "2023-02-29", "2024-10-4", "2024-10-04 ", "2024-10-04\n", "2024-10-04Z", "-2024", "+2024"),
        *("2024-10-04T12:00Z", "2024-10-04T12:00:00", "2024-10-04 12:00:00Z", "2024-10-04t12:00:00z"),
        *("2024-10-04T24:00:00Z", "2024-10-04T23:59:60Z", "2024-10-04T12:60:00Z", "2024-10-04T12:00:00.Z"),
        *("2024-10-04T12:00:00.1234567Z", "2024-10-04T12:00:00,5Z", "2024-10-04T12:00:00+24:00"),
        *("2024-10-04T12:00:00+02:60", "2024-10-04T12:00:00+0200", "2024-W40", "2024-278", "Tuesday", "2024~", "20XX"),
        *("٢٠٢٤", "2024-10-04T12:00:00.٣Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", ".."),
        *("2025/2024", "2024-10-05/2024-10-04", "2024-10-04T12:00:00Z/2024-10-04T11:59:59.999999Z"),
        *("2024-11/2024-10-04", "2024-10-00", "2024-00-04"),
    ],
)
def test_what_is_no_time_of_the_calendar_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_fuzzy(text)


def test_an_instant_alone_is_no_interval_and_no_date():
    for text in ("2024-10-04", "2024-10-04T12:00:00Z/2024-10-04T13:00:00Z"):
        with pytest.raises(ValueError, match="RFC 3339"):
            parse_instant(text)


@given(INSTANTS_US)
def test_every_instant_is_read_as_it_was_written(at_us):
    assert parse_instant(format_instant(at_us)) == parse_instant(format_brief(at_us)) == at_us
    assert len(format_instant(at_us)) == len("2024-10-04T12:00:00.000000Z")
    assert format_brief(at_us) == format_instant(at_us).replace(".000000Z", "Z")


@given(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),  # noqa: DTZ001  # the zone is drawn below
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_an_instant_is_the_same_in_every_zone(local, zone):
    at = local.replace(tzinfo=zone)
    assert parse_instant(at.isoformat()) == us(at)


@given(st.dates())
def test_every_date_lasts_a_day(day):
    earliest_us, latest_us = parse_fuzzy(day.isoformat())
    assert earliest_us == us(datetime(day.year, day.month, day.day, tzinfo=UTC))
    assert latest_us - earliest_us == DAY_US - 1


@given(st.integers(1, 9999), st.integers(1, 11))
def test_the_months_of_a_year_follow_without_gap(year, month):
    one, following = parse_fuzzy(f"{year:04}-{month:02}"), parse_fuzzy(f"{year:04}-{month + 1:02}")
    assert one.latest_us + 1 == following.earliest_us
    whole = parse_fuzzy(f"{year:04}")
    assert whole == (parse_fuzzy(f"{year:04}-01").earliest_us, parse_fuzzy(f"{year:04}-12").latest_us)
