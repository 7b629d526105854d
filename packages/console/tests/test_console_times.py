"""Times and spans are written in words."""

from datetime import UTC, datetime

import pytest

from workrail_console.times import ago, lasted, shown

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-22T11:59:55Z", "just now"),
        ("2026-11-22T12:00:30Z", "just now"),
        ("2026-11-22T11:59:18Z", "42 s ago"),
        ("2026-11-22T11:30:00.250000Z", "29 min ago"),
        ("2026-11-22T09:30:00+00:00", "2 h 30 min ago"),
        ("2026-11-21T11:00:00Z", "1 day ago"),
        ("2026-11-01T12:00:00Z", "21 days ago"),
    ],
)
def test_an_age_is_given_in_the_largest_fitting_unit(at: str, words: str) -> None:
    assert ago(at, NOW) == words


def test_a_span_below_a_second_is_not_called_zero() -> None:
    assert lasted("2026-11-22T10:00:00Z", "2026-11-22T10:00:00.4Z") == "< 1 s"
    assert lasted("2026-11-22T10:00:00Z", "2026-11-22T10:02:05Z") == "2 min"


def test_a_time_is_shown_in_the_zone_of_this_machine() -> None:
    here = datetime(2026, 11, 22, 10, 0, tzinfo=UTC).astimezone()

    assert shown("2026-11-22T10:00:00Z") == here.strftime("%Y-%m-%d %H:%M:%S %Z")


def test_a_time_that_a_damaged_record_has_lost_is_called_unknown() -> None:
    assert ago("", NOW) == shown("") == "at an unknown time"
    assert lasted("", "2026-11-22T10:00:00Z") == "an unknown time"
