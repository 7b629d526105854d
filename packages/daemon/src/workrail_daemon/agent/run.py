"""How is a run worked on, from the claim until it settles?

Everything it needs is made from its order, the settings and its log; the rest is the loop's.
"""

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from workrail_daemon.agent.complete_step import CompleteStep
from workrail_daemon.agent.kit import Kit
from workrail_daemon.agent.letters import Letters
from workrail_daemon.agent.loop import Loop, Settled
from workrail_daemon.agent.position import Position
from workrail_daemon.agent.present import present
from workrail_daemon.agent.prompting import kept_prompt, new_prompt
from workrail_daemon.agent.site import Site
from workrail_daemon.agent.step_tools import ToolsInStep
from workrail_daemon.agent.story import Story, Terms
from workrail_daemon.agent.stuck_rules import StuckSettings
from workrail_daemon.agent.walls import Walls, walls_of
from workrail_daemon.dispatch.contract import Ended, Lost
from workrail_daemon.errors import ConfigError, ModelRefusedError, SandboxUnavailableError
from workrail_daemon.ground import Ground
from workrail_daemon.models.protocol import ModelClient, ToolSpec
from workrail_daemon.options import Limits, RunOptions, Tier
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.policy import options_of
from workrail_daemon.tools.read_files import FILE_TOOLS, ReadFiles
from workrail_daemon.tools.toolbox import Bench, Toolbox, build_toolbox
from workrail_engine.agent_events import (
    AgentEvent,
    Content,
    MessageGiven,
    Noticed,
    RunBegun,
    RunEnded,
    ToolFinished,
    content_of,
)
from workrail_engine.errors import LeaseLostError
from workrail_engine.outcomes import Blocked, StepReady
from workrail_engine.projections.runs import Claim, Entry
from workrail_engine.strays import kill_strays

_TIERS: Final[dict[str, Tier]] = {"lightweight": "lightweight", "mid": "mid", "heavy": "heavy"}


class AgentRun:
    """Works on runs; a `dispatch.contract.Work`."""

    def __init__(self, ground: Ground, site: Site) -> None:
        self._ground = ground
        self._site = site

    def __call__(self, claim: Claim, stop: Stop, doing: Callable[[str], None]) -> Settled:
        """Work on a run until it rests or is over.

        Raises:
            WorkRailError: the engine or its store failed.
        """
        try:
            settled = self._work(claim, stop, doing)
        except LeaseLostError:
            return Lost()
        if isinstance(settled, Ended):
            scratch = self._site.home / "scratch" / claim.lease.session_id
            shutil.rmtree(scratch, ignore_errors=True)
        return settled

    def _work(self, claim: Claim, stop: Stop, doing: Callable[[str], None]) -> Settled:
        entries = self._ground.call(lambda e: e.journal.read(claim.lease.session_id))
        over = self._over_already(claim, entries)
        if over is not None:
            return over
        doing("getting ready")
        try:
            ready = _Ready(self._ground, self._site, claim, entries)
        except _NotReadyError as error:
            return self._ended(claim, str(error))
        try:
            ready.begin()
        except (ConfigError, ModelRefusedError) as error:
            return self._ended(claim, str(error))
        return Loop(ready.kit, ready.story, ready.position, stop, doing).run()

    def _over_already(self, claim: Claim, entries: Sequence[Entry]) -> Ended | None:
        """How a run ended whose end was recorded and not told: a crash came in between."""
        last = entries[-1] if entries else None
        if last is None or not isinstance(last.event, RunEnded):
            return None
        view = self._ground.call(lambda engine: engine.runs.view(claim.lease.session_id))
        if view is None or view.ordered_at > last.at:
            return None  # a person ordered it again
        return Ended(last.event.outcome, last.event.said)

    def _ended(self, claim: Claim, said: str) -> Ended:
        session_id = claim.lease.session_id

        def record() -> None:
            node = self._ground.call(lambda engine: engine.place(session_id)).node
            over: AgentEvent = RunEnded(node, "error", said)
            self._ground.call(lambda engine: engine.journal.append(claim.lease, [over]))
            self._site.told(session_id, over)

        record()
        return Ended("error", said)


class _NotReadyError(Exception):
    """The run cannot be worked on as it was ordered; the message says why and what to do."""


@dataclass(frozen=True)
class _Basis:
    """What a run's order comes to."""

    options: RunOptions
    limits: Limits
    workspace: Path


class _Ready:
    """All that one run works with."""

    def __init__(self, ground: Ground, site: Site, claim: Claim, entries: Sequence[Entry]) -> None:
        self._ground = ground
        self._site = site
        self._claim = claim
        self._entries = entries
        session_id = claim.lease.session_id
        self._basis = _basis(ground, site, claim)
        try:
            self._walls = walls_of(site, session_id, self._basis.workspace, self._basis.options)
        except SandboxUnavailableError as error:
            raise _NotReadyError(str(error)) from error
        self.position = Position(ground, session_id)
        self._workflow_tier: Tier | None = _workflow_tier(self.position)
        self._clients: dict[str | None, ModelClient] = {}
        self._toolbox = ToolsInStep(self.position, self._walls, self._maker())
        kept = kept_prompt(ground, entries)
        self._fresh: bytes | None = None
        self._prompt: Content | None = None
        if kept is None:
            system, self._fresh = self._new_prompt(self._toolbox.whole.specs)
        else:
            system, self._prompt = kept
        spent = ground.call(lambda engine: engine.runs.tree_spent(session_id))
        specs = self._toolbox.whole.specs
        beside = len(system) + sum(len(str(spec.input_schema)) for spec in specs)
        terms = Terms(
            limits=self._basis.limits,
            spent=spent,
            context_tokens=site.settings.agent.context_tokens,
            stuck=_stuck_settings(site),
            beside=beside,
            token_price=self._token_price(),
        )
        self.story = Story(
            ground, claim.lease, entries, terms, lambda event: site.told(session_id, event)
        )
        self.kit = Kit(
            session_id=session_id,
            lease=claim.lease,
            ground=ground,
            mail=Letters(ground, session_id),
            client=self._client,
            toolbox=self._toolbox,
            system=system,
            max_output_tokens=site.settings.agent.max_output_tokens,
            stuck_policy=self._basis.options.stuck or site.settings.stuck.policy,
            later=site.later,
        )

    def begin(self) -> None:
        """Record that the run is taken up, and give a new one its first words.

        Raises:
            ModelRefusedError: the order names a model that is not set up.
        """
        node, sandbox = self.position.node, self._walls.sandbox
        runs = sum(isinstance(entry.event, RunBegun) for entry in self._entries)
        model = self._client(self.position.tier).model
        if runs:  # a daemon may have been killed in the middle of a command
            kill_strays(str(self._walls.workshop.scratch))
        if self._fresh is not None:
            self._prompt = content_of(self._fresh)
        begun = RunBegun(
            node, runs + 1, self._claim.lease.worker, model, sandbox.kind, self._prompt
        )
        contents = [] if self._fresh is None else [self._fresh]
        self.story.record(begun, contents=contents)
        if sandbox.shortfall is not None and runs == 0:
            facts = {"sandbox": sandbox.kind}
            self.story.record(Noticed(node, "sandbox_downgraded", sandbox.shortfall, facts))
        if self.story.silent and not self.position.completed:
            words = present(self.position.stands)
            self.story.record(MessageGiven(node, 0, 1, "engine", words))

    def _client(self, tier: str | None) -> ModelClient:
        if tier not in self._clients:
            step = _TIERS.get(tier or "")
            self._clients[tier] = self._site.models.resolve(
                self._basis.options, self._workflow_tier, step
            )
        return self._clients[tier]

    def _token_price(self) -> float:
        """Millionths of a dollar that a token costs at least to be read; 0 where nobody knows."""
        models, options = self._site.models, self._basis.options
        step = _TIERS.get(self.position.tier or "")
        price = models.price_of(models.choose(options, self._workflow_tier, step).model)
        return 0.0 if price is None else price.cache_read or 0.0

    def _maker(self) -> Callable[[Walls], Toolbox]:
        """Makes the tools that work inside some walls; what the agent read is the same for all."""
        known = ReadFiles()
        known.recall(self._answers_about_files())
        bench = Bench(
            workshop=self._walls.workshop,
            sandbox=self._walls.sandbox,
            command_seconds=self._site.settings.agent.command_seconds,
            ground=self._ground,
            reader=self._site.reader,
            order=self._claim.order,
            options=self._basis.options,
            left=lambda: self.story.left(),
            known=known,
        )
        complete = CompleteStep(self._ground, self._claim.lease, self.position, self._held)

        def make(walls: Walls) -> Toolbox:
            tools = options_of(bench.options.tools, walls.tools)
            options = bench.options.model_copy(update={"tools": tools})
            within = replace(bench, sandbox=walls.sandbox, options=options)
            return build_toolbox(within, walls.tools, complete)

        return make

    def _held(self) -> AbstractContextManager[None]:
        """Holds the checks of the step as its commands are held."""
        walls = self._toolbox.walls
        return self._site.checks.under(walls.wish, walls.policy)

    def _answers_about_files(self) -> list[str]:
        answers = [
            entry.event.answer
            for entry in self._entries
            if isinstance(entry.event, ToolFinished)
            and entry.event.tool in FILE_TOOLS
            and entry.event.outcome == "ok"
        ]
        return [self._text(answer) for answer in answers]

    def _text(self, content: Content) -> str:
        data = self._ground.call(lambda engine: engine.journal.content(content))
        return data.decode("utf-8", "replace")

    def _new_prompt(self, tools: Sequence[ToolSpec]) -> tuple[str, bytes]:
        session_id = self._claim.lease.session_id
        try:
            walls, options = self._walls, self._basis.options
            besides = [each for each in (session_id, self._claim.order.parent) if each]
            return new_prompt(self._ground, self._site, walls, options, tools, besides)
        except ConfigError as error:
            raise _NotReadyError(str(error)) from error


def _basis(ground: Ground, site: Site, claim: Claim) -> _Basis:
    session_id = claim.lease.session_id
    try:
        options = RunOptions.model_validate(claim.order.options)
    except ValidationError as error:
        message = f"The run was ordered with options this release cannot read: {error}"
        raise _NotReadyError(message) from error
    path = ground.call(lambda engine: engine.workspace(session_id))
    if path is None or not path.is_dir():
        where = "no workspace" if path is None else f"the workspace {path}, which is not there"
        message = (
            f"The session has {where}. Put the folder back and run "
            f"`worktrain session retry {session_id}`, or spawn it anew with --workspace."
        )
        raise _NotReadyError(message)
    return _Basis(options, options.limits or site.settings.limits, path.resolve())


def _workflow_tier(position: Position) -> Tier | None:
    match position.stands:
        case StepReady(preamble=preamble) | Blocked(preamble=preamble) if preamble is not None:
            return _TIERS.get(preamble.model_tier or "")
        case _:
            return None


def _stuck_settings(site: Site) -> StuckSettings:
    return StuckSettings(**site.settings.stuck.model_dump(exclude={"policy"}))
