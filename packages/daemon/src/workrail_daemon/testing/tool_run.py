"""How does a test use the tools of a real run, on a real store, without a model?

Answers are recorded as the loop of a run records them; a call can be made again, as after a crash.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from workrail_daemon.ground import Ground, T
from workrail_daemon.options import Limits, RunOptions
from workrail_daemon.sandbox.contract import SandboxPolicy
from workrail_daemon.sandbox.unconfined import Unconfined
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.bounded import bounded
from workrail_daemon.tools.contract import Answered, Call, Ends, ToolAnswer, Waits, Workshop
from workrail_daemon.tools.policy import policy_of
from workrail_daemon.tools.read_files import ReadFiles
from workrail_daemon.tools.toolbox import Bench, build_toolbox
from workrail_engine.agent_events import AgentEvent, Content, Noticed, ToolFinished
from workrail_engine.canonical import JsonValue, digest_bytes
from workrail_engine.engine import Engine, StartRequest
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.projections.runs import Lease, RunOrder
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

WORKER = "here:1"


class Straight(Ground):
    """The engine itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def call(self, work: Callable[[Engine], T]) -> T:
        """What some work on the engine comes to."""
        return work(self._engine)


class ToolRun:
    """A run that a test drives."""

    def __init__(
        self,
        engine: Engine,
        locations: Locations,
        session_id: SessionId,
        workspace: Path,
    ) -> None:
        """Take a run up that was ordered and is ready.

        Args:
            engine: on the store.
            locations: of the same store.
            session_id: of the run.
            workspace: its folder, a real path.
        """
        claim = engine.runs.claim_this(session_id, WORKER, 60)
        assert claim is not None, session_id  # noqa: S101 - a test asks this
        self.engine = engine
        self.lease: Lease = claim.lease
        self.left: Limits | None = Limits()
        options = RunOptions.model_validate_json(json.dumps(claim.order.options))
        bench = Bench(
            Workshop(workspace, workspace),
            Unconfined(SandboxPolicy(workspace), None),
            20,
            Straight(engine),
            partial(open_reader, locations),
            claim.order,
            options,
            lambda: self.left,
            ReadFiles(),
        )
        self.toolbox = build_toolbox(bench, policy_of(options.tools))
        self._turn = 0
        self._last: Call | None = None

    def use(self, name: str, /, **arguments: JsonValue) -> ToolAnswer:
        """What a call in a new turn comes to; it is recorded."""
        self._turn += 1
        call = Call(self.lease.session_id, NodeId(1), self._turn, 1, name, arguments)
        self._last = call
        answer = self.make(call)
        self.record(call, answer)
        return answer

    def again(self, *, recorded: bool = True) -> ToolAnswer:
        """What the last call comes to when it is made again."""
        assert self._last is not None  # noqa: S101 - a test asks this
        answer = self.make(self._last)
        if recorded:
            self.record(self._last, answer)
        return answer

    def make(self, call: Call) -> ToolAnswer:
        """What a call comes to; nothing is recorded."""
        tool = self.toolbox.find(call.name)
        assert tool is not None, call.name  # noqa: S101 - a test asks this
        return tool.run(call, Stop(), lambda _doing: None)

    def record(self, call: Call, answer: ToolAnswer) -> None:
        """Keep an answer, and put away the messages it settles."""
        match answer:
            case Waits():
                self._append(answer.events)
            case Ends():
                self._append(answer.events)
            case Answered():
                cut = bounded(answer.text, call.turn, call.number)
                shown = cut.text.encode()
                whole = None if cut.whole is None else _named(cut.whole)
                finished = ToolFinished(
                    call.node, call.turn, 1, call.name, answer.outcome, "", _named(shown), whole, 1
                )
                contents = [*answer.contents, shown, cut.whole or b""]
                self._append((*answer.events, finished), contents)
                for number in answer.settles:
                    self.engine.mail.acknowledge(number)

    def noticed(self, what: str) -> list[Noticed]:
        """The incidents of one kind in the log."""
        entries = self.engine.journal.read(self.lease.session_id)
        events = [entry.event for entry in entries]
        return [each for each in events if isinstance(each, Noticed) and each.what == what]

    def _append(self, events: Sequence[AgentEvent], contents: Sequence[bytes] = ()) -> None:
        self.engine.journal.append(self.lease, events, contents)


def order_run(engine: Engine, workspace: Path, order: RunOrder | None = None) -> SessionId:
    """A session of the workflow `flow` in a project, and its run.

    Args:
        engine: on the store.
        workspace: the project; it gets the workflow.
        order: what else the run is ordered with; its session does not count.
    """
    folder = workspace / ".workrail" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    step = {"id": "work", "title": "Work", "prompt": "Do it."}
    head = {"id": "flow", "name": "Flow", "description": "A flow.", "version": "1.0.0"}
    (folder / "flow.json").write_text(json.dumps({**head, "steps": [step]}))
    request = StartRequest("flow", "Reach the end.", workspace, origin="daemon")
    session_id = SessionId(engine.start(request).session_id)
    wanted = order or RunOrder(session_id)
    options = wanted.options or RunOptions().model_dump(mode="json")
    engine.runs.order(
        RunOrder(session_id, priority=wanted.priority, depth=wanted.depth, options=options)
    )
    return session_id


def _named(data: bytes) -> Content:
    return Content(Digest(digest_bytes(data)), len(data))
