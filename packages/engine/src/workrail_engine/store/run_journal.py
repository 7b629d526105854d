"""Which facts of an unattended run belong to a stretch of its turns, and what do they name?

Turns are found by their keys, so that a stretch of a long run costs no more than one of a short one.
"""

import json
import zlib
from typing import Final, cast

from sqlalchemy import Connection, select

from workrail_engine.agent_events import Content, Noticed, RunBegun
from workrail_engine.canonical import JsonValue
from workrail_engine.errors import ArtifactNotFoundError, CorruptSessionError
from workrail_engine.ids import Digest, SessionId
from workrail_engine.projections.run_story import PromptPart, RunOrigin, RunStory, told
from workrail_engine.projections.runs import Entry
from workrail_engine.store import schema
from workrail_engine.store.agent_payloads import AGENT_READERS
from workrail_engine.store.chain import raw
from workrail_engine.store.contents import read_blobs
from workrail_engine.store.journal import fact_in, number_of
from workrail_engine.store.rows import AnyRow, rfc3339

TURNS_A_PAGE: Final = 25
_MOST: Final = 20_000
"""Facts that are read at once; no stretch of turns comes near."""
_LARGEST: Final = 2**31 - 1
_e, _c = schema.events.c, schema.journal_contents.c
_FACT: Final = select(_e.seq, _e.at, _e.kind, _e.payload)


def story(
    connection: Connection, session_id: SessionId, turn: int | None, size: int = TURNS_A_PAGE
) -> RunStory:
    """The stretch of turns that holds one, the newest for None; each of that size.

    Raises:
        SessionNotFoundError: no such session.
        CorruptSessionError: a fact cannot be read.
    """
    number = number_of(connection, session_id)
    turns = _turns(connection, number)
    wanted = turns if turn is None else max(1, min(turn, turns))
    first = max(wanted - 1, 0) // size * size + 1
    last = min(first + size - 1, turns)
    begin = 0 if first == 1 else _seq(connection, number, f"llm:{first}") or 0
    end = None if last >= turns else _seq(connection, number, f"llm:{last + 1}")
    rows = connection.execute(
        _FACT.where(
            _e.session == number,
            _e.seq >= begin,
            _e.seq < (_LARGEST if end is None else end),
            _e.kind.in_([*AGENT_READERS]),
        )
        .order_by(_e.seq)
        .limit(_MOST)
    )
    facts = [Entry(row.seq, rfc3339(row.at), fact_in(row, session_id)) for row in rows]
    prompt = _prompt(connection, number, session_id)
    return RunStory(
        first=first if turns else 0,
        last=last,
        turns=turns,
        told=told(facts),
        prompt=() if prompt is None else _parts(connection, prompt),
        prompt_from=prompt,
    )


def origin(connection: Connection, session_id: SessionId) -> RunOrigin | None:
    """How a run was taken up last, and what was changed for it; None where it never was.

    Raises:
        CorruptSessionError: that cannot be read.
    """
    number = number_of(connection, session_id)
    rows = _begins(connection, number)
    event = fact_in(rows[0], session_id) if rows else None
    if not isinstance(event, RunBegun):
        return None
    noticed = _FACT.where(_e.session == number, _e.kind == "noticed").order_by(_e.seq)
    notices = [fact_in(row, session_id) for row in connection.execute(noticed)]
    told = [one for one in notices if isinstance(one, Noticed)]
    lesser = [one.said for one in told if one.what == "sandbox_downgraded"]
    raised: dict[str, float] = {}
    for one in told:
        if one.what == "limits_raised":
            for name, by in one.facts.items():
                if isinstance(by, int | float):
                    raised[name] = raised.get(name, 0) + by
    return RunOrigin(
        event.driver, event.model, event.sandbox, lesser[-1] if lesser else None, raised
    )


def named(connection: Connection, session_id: SessionId, digest: Digest) -> bytes:
    """The bytes that a fact of a session's run names.

    Raises:
        SessionNotFoundError: no such session.
        ArtifactNotFoundError: no fact of this session names them.
        CorruptSessionError: they are lost.
    """
    number = number_of(connection, session_id)
    asked = select(_c.digest).where(_c.session == number, _c.digest == raw(digest))
    if connection.execute(asked).one_or_none() is None:
        message = (
            f"No run of this session left a content {digest}. The session's turns link to what "
            "there is."
        )
        raise ArtifactNotFoundError(message)
    try:
        return read_blobs(connection, [digest])[digest]
    except (KeyError, zlib.error) as error:
        message = (
            f"The content {digest}, which a run left, is missing from the store or damaged. Run "
            f"`workrail session verify {session_id}` to see what else is."
        )
        raise CorruptSessionError(message) from error


def _turns(connection: Connection, number: int) -> int:
    """The number of the last turn."""
    newest = (
        select(_e.key)
        .where(_e.session == number, _e.kind == "turn_taken", _e.key.is_not(None))
        .order_by(_e.seq.desc())
        .limit(1)
    )
    key: str | None = connection.execute(newest).scalar()
    found = (key or "").partition(":")[2]
    return int(found) if found.isdecimal() else 0


def _seq(connection: Connection, number: int, key: str) -> int | None:
    return connection.execute(
        select(_e.seq).where(_e.session == number, _e.key == key)
    ).scalar_one_or_none()


def _begins(connection: Connection, number: int) -> list[AnyRow]:
    """Where a run was taken up, the last time first."""
    keyed = _FACT.where(_e.session == number, _e.key.startswith("run:"), _e.kind == "run_begun")
    return [*connection.execute(keyed.order_by(_e.seq.desc()))]


def _prompt(connection: Connection, number: int, session_id: SessionId) -> Content | None:
    for row in _begins(connection, number):
        event = fact_in(row, session_id)
        if isinstance(event, RunBegun) and event.prompt is not None:
            return event.prompt
    return None


def _parts(connection: Connection, content: Content) -> tuple[PromptPart, ...]:
    """The parts of a system prompt; none where they cannot be read."""
    try:
        found = read_blobs(connection, [content.digest])[content.digest]
        value = cast("JsonValue", json.loads(found))
    except (KeyError, zlib.error, ValueError):
        return ()
    return tuple(_part(one) for one in value) if isinstance(value, list) else ()


def _part(value: JsonValue) -> PromptPart:
    fields = value if isinstance(value, dict) else {}
    text, left_out = fields.get("text"), fields.get("left_out")
    words = text if isinstance(text, str) else ""
    return PromptPart(
        name=str(fields.get("name", "?")),
        source=str(fields.get("source", "?")),
        text=words,
        size=len(words.encode(errors="replace")),
        left_out=left_out if isinstance(left_out, int) else 0,
    )
