"""A node as an answer: what the agent is told when a run comes to stand there.

The same recorded facts always give the same answer, whether the call is new or repeated.
"""

from dataclasses import dataclass

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import SessionId, approval_id
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    Completed,
    LoopPass,
    Preamble,
    Recap,
    Recorded,
    ReferenceView,
    StepReady,
    StepTools,
    StepView,
    Waiting,
)
from workrail_engine.session.approval import confirmation_of
from workrail_engine.session.context_tokens import replace_tokens
from workrail_engine.session.events import Ask
from workrail_engine.session.loops import inside, most_passes
from workrail_engine.session.next_step import never_run, pending_loop, pending_step
from workrail_engine.session.progress import progress
from workrail_engine.session.prompt import step_text
from workrail_engine.session.recap import kept_parts, late_notice, notices
from workrail_engine.session.requirements import confirmation, requirements
from workrail_engine.session.state import Node
from workrail_engine.workflow.compiled import CompiledWorkflow, ToolRules


@dataclass(frozen=True)
class Scene:
    """What an answer is made from."""

    session_id: SessionId
    workflow: CompiledWorkflow
    node: Node
    context: JsonObject
    """At the node."""
    token: str | None
    """What completes the node's step; None at the end of a branch."""
    recorded: Recorded = Recorded.NOW
    preamble: Preamble | None = None
    recap: Recap | None = None


def answer(scene: Scene) -> AdvanceOutcome:
    """The outcome a node stands for."""
    node = scene.node
    if node.ask is not None:
        return _waiting(scene, node.ask)
    if node.kind != "blocked":
        return arrival(scene)
    return Blocked(
        session_id=scene.session_id,
        token=_token(scene),
        step=step_view(scene),
        blockers=node.blockers,
        kept=kept_parts(node),
        notices=notices(node),
        recap=scene.recap,
        preamble=scene.preamble,
        recorded=scene.recorded,
    )


def arrival(scene: Scene) -> StepReady | Completed:
    """The outcome of a node that is no attempt that was not accepted."""
    node = scene.node
    if node.kind == "end":
        return Completed(
            session_id=scene.session_id,
            workflow_id=scene.workflow.workflow_id,
            steps_completed=node.position.completed,
            notices=(*notices(node), *_never_ran(scene)),
            recap=scene.recap,
            recorded=scene.recorded,
        )
    late = late_notice(node)
    return StepReady(
        session_id=scene.session_id,
        token=_token(scene),
        step=step_view(scene),
        notices=(*notices(node), *([late] if late else [])),
        preamble=scene.preamble,
        recap=scene.recap,
        recorded=scene.recorded,
    )


def step_view(scene: Scene) -> StepView:
    """The node's pending step, ready to be shown."""
    position = scene.node.position
    step = pending_step(scene.workflow, position)
    loop = pending_loop(scene.workflow, position)
    context = scene.context
    loop_pass = None
    if loop is not None and position.frame is not None:
        context = inside(loop, position.frame.iteration, context)
        loop_pass = LoopPass(
            loop_id=loop.loop_id,
            title=replace_tokens(loop.title, context),
            number=position.frame.iteration + 1,
            limit=most_passes(loop, context),
        )
    number, total = progress(scene.workflow, position, context)
    return StepView(
        step_id=step.step_id,
        title=replace_tokens(step.title, context),
        text=step_text(scene.workflow, step, context, scene.session_id),
        number=number,
        total=total,
        loop=loop_pass,
        requirements=requirements(step),
        confirmation=confirmation(confirmation_of(step, loop, position), context),
        model_tier=step.model_tier,
        tools=_tools(step.tools),
    )


def _tools(rules: ToolRules | None) -> StepTools | None:
    return None if rules is None else StepTools(rules.allowed, rules.writable, rules.network)


def _waiting(scene: Scene, asked: Ask) -> Waiting:
    node = scene.node
    return Waiting(
        session_id=scene.session_id,
        token=_token(scene),
        approval_id=approval_id(scene.session_id, node.node_id),
        approver=asked.approver,
        digest=asked.shown,
        step_title=asked.title,
        reason=asked.reason,
        held=kept_parts(node),
        notices=notices(node),
        recap=scene.recap,
        preamble=scene.preamble,
        recorded=scene.recorded,
    )


def pending_title(workflow: CompiledWorkflow, node: Node, context: JsonObject) -> str | None:
    """Title of the step a node waits on, for lists; None at the end of a branch."""
    if node.kind == "end":
        return None
    loop, frame = pending_loop(workflow, node.position), node.position.frame
    seen = context if loop is None or frame is None else inside(loop, frame.iteration, context)
    return replace_tokens(pending_step(workflow, node.position).title, seen)


def preamble(
    workflow: CompiledWorkflow, goal: str, references: tuple[ReferenceView, ...]
) -> Preamble:
    """What an agent should know of the whole workflow."""
    return Preamble(
        workflow_id=workflow.workflow_id,
        workflow_name=workflow.name,
        goal=goal,
        meta_guidance=workflow.meta_guidance,
        preconditions=workflow.preconditions,
        clarification_prompts=workflow.clarification_prompts,
        references=references,
        model_tier=workflow.model_tier,
    )


def _token(scene: Scene) -> str:
    if scene.token is None:
        message = f"Node {scene.node.node_id} of {scene.session_id} has no attempt to go on with."
        raise CorruptSessionError(message)
    return scene.token


def _never_ran(scene: Scene) -> tuple[str, ...]:
    skipped = never_run(scene.workflow, scene.node.position)
    return (f"Never ran in this session: {', '.join(skipped)}.",) if skipped else ()
