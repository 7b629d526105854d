"""How does a session read as a report when its record contradicts itself?"""

from collections.abc import Iterator

from workrail_console.event_words import event_words
from workrail_console.exports.markdown import below_ours
from workrail_console.exports.marked_down import escaped
from workrail_console.session_views.damage import REMEDY, TITLE, Damage
from workrail_console.times import shown
from workrail_engine.projections.event_page import EventLine


def damaged_report(damage: Damage) -> str:
    """What can be told of a damaged session, as Markdown."""
    commands = "\n".join(f"    {command}" for command in damage.commands)
    blocks = [
        f"# {TITLE}",
        f"Session `{damage.session_id}`: its story cannot be told.",
        escaped(damage.problem),
        "## What to do next",
        REMEDY,
        commands,
        "## What lies in its log",
        *_log(damage),
        f"The log as it is stored: {damage.log}",
    ]
    return "\n\n".join(blocks) + "\n"


def _log(damage: Damage) -> Iterator[str]:
    whole, events = len(damage.whole), damage.events
    counted = "1 event" if events == 1 else f"{events:,} events"
    if damage.broken is not None:
        yield (
            f"The log has {counted}. Event {damage.broken.seq} is the first that is not what was "
            f"written: {escaped(damage.broken.problem or '')}"
        )
    elif whole < events:
        yield f"The log has {counted}; the first {whole:,} are what was written."
    else:
        yield f"The log has {counted}; all are what was written."
    for line in damage.whole:
        yield from _event(line)


def _event(line: EventLine) -> Iterator[str]:
    yield f"### {line.seq}. {escaped(line.kind)}"
    yield f"{shown(line.at)}: {escaped(event_words(line))}"
    notes = None if line.payload is None else line.payload.get("notes")
    if isinstance(notes, str) and notes:
        yield below_ours(notes)
