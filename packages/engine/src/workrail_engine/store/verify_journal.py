"""Do the rows kept beside the facts of unattended runs agree with the log?"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from workrail_engine.agent_events import AGENT_EVENTS, contents_of, key_of
from workrail_engine.ids import Digest
from workrail_engine.session.events import Event
from workrail_engine.store import schema
from workrail_engine.store.chain import spelled

_e, _j = schema.events.c, schema.journal_contents.c


def names_of(event: Event) -> tuple[Digest, ...]:
    """The contents that a fact of a run names."""
    if not isinstance(event, AGENT_EVENTS):
        return ()
    return tuple(content.digest for content in contents_of(event))


def journal_problems(connection: Connection, number: int, events: Sequence[Event]) -> Iterator[str]:
    """Facts under a wrong key, and contents that are not noted as theirs.

    Args:
        connection: to the store.
        number: the session's.
        events: its whole log.
    """
    rows = select(_e.seq, _e.key).where(_e.session == number, _e.key.is_not(None))
    stored = dict(connection.execute(rows).all())
    logged = {
        seq: key
        for seq, event in enumerate(events, start=1)
        if isinstance(event, AGENT_EVENTS) and (key := key_of(event)) is not None
    }
    for seq in sorted(seq for seq in stored.keys() | logged.keys()):
        if stored.get(seq) != logged.get(seq):
            yield (
                f"the row of event {seq} has the key {stored.get(seq)!r}, and the log says "
                f"{logged.get(seq)!r}"
            )
    noted = set(connection.execute(select(_j.digest).where(_j.session == number)).scalars())
    for seq, event in enumerate(events, start=1):
        for digest in names_of(event):
            if bytes.fromhex(digest.removeprefix("sha256:")) not in noted:
                yield f"what event {seq} names is not noted as the session's ({digest})"
    named = {digest for event in events for digest in names_of(event)}
    for digest in sorted(map(spelled, noted)):
        if digest not in named:
            yield f"a content is noted as the session's, and no event names it ({digest})"
