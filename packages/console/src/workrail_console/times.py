"""How are points in time and spans of time written?

Times come as RFC 3339 text in UTC. The console runs on the machine of the person who looks, so that
machine's time zone is theirs. A damaged record may have lost a time, which then comes as an empty
text; its page is shown all the same.
"""

from datetime import datetime, timedelta

UNKNOWN = "at an unknown time"
_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def ago(at: str, now: datetime) -> str:
    """How long ago a time was, in words (`3 min ago`); times in the future are `just now`."""
    if not at:
        return UNKNOWN
    seconds = int((now - datetime.fromisoformat(at)).total_seconds())
    if seconds < 10:
        return "just now"
    return f"{_span(seconds)} ago"


def shown(at: str) -> str:
    """A time in the zone of this machine, to the second, with the zone's name."""
    if not at:
        return UNKNOWN
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def clock_time(at: str) -> str:
    """The time of day in the zone of this machine, as `17:05`."""
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M") if at else UNKNOWN


def lasted(start: str, end: str) -> str:
    """The span between two times, in words; `< 1 s` for less than a second."""
    if not start or not end:
        return "an unknown time"
    span = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    if span < timedelta(seconds=1):
        return "< 1 s"
    return _span(int(span.total_seconds()))


def _span(seconds: int) -> str:
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        hours, rest = divmod(seconds, _HOUR)
        return f"{hours} h {rest // _MINUTE} min"
    days = seconds // _DAY
    return "1 day" if days == 1 else f"{days} days"
