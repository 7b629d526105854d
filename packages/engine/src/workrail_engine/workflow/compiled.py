"""The compiled workflow: what a session runs on.

Everything an execution needs is resolved here: loop bodies are in place whether they were written
inline or by name, assessments and functions are the declared objects and not their names, audit,
verification and synthesis steps are ordinary steps. Context tokens (`{{name}}`) are still in the
texts; they are replaced when a step is rendered.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from workrail_engine.ids import LoopId, StepId, WorkflowHash, WorkflowId
from workrail_engine.workflow.checks import Check
from workrail_engine.workflow.conditions import Condition
from workrail_engine.workflow.criteria import Criteria

StepKind: TypeAlias = Literal["authored", "audit", "verification", "synthesis", "parallel"]
ConfirmationKind: TypeAlias = Literal["coordinator_eval", "human_approval"]
ModelTier: TypeAlias = Literal["lightweight", "mid", "heavy"]


@dataclass(frozen=True)
class Fragment:
    """A conditional tail of a step's prompt."""

    fragment_id: str
    text: str
    when: Condition | None


@dataclass(frozen=True)
class Confirmation:
    """A step asks for confirmation when `condition` holds; always, when there is none."""

    kind: ConfirmationKind
    condition: Condition | None


@dataclass(frozen=True)
class OutputContract:
    """A typed artifact the step must (or may) submit."""

    contract_ref: str
    required: bool


@dataclass(frozen=True)
class Dimension:
    """One scale of an assessment."""

    dimension_id: str
    purpose: str
    levels: tuple[str, ...]
    required: bool


@dataclass(frozen=True)
class Assessment:
    """A typed self-assessment the agent submits as a `wr.assessment` artifact."""

    assessment_id: str
    purpose: str
    dimensions: tuple[Dimension, ...]


@dataclass(frozen=True)
class Consequence:
    """When a dimension has this level, the advance is blocked until it no longer has.

    Levels compare as declared, after a submitted level was matched to a declared one.
    """

    level: str
    for_assessment: str | None
    """Only dimensions of this assessment count; of any, when None."""
    guidance: str


@dataclass(frozen=True)
class Function:
    """A reusable text the prompts refer to by name."""

    name: str
    definition: str
    parameters: tuple[str, ...]
    """Parameter names, in order; an optional one ends in `?`."""


@dataclass(frozen=True)
class Delegation:
    """One workflow a parallel step asks the agent to start."""

    workflow_id: str
    goal: str | None
    run_condition: Condition | None
    context_mapping: tuple[tuple[str, str], ...]
    """(parent context key, parameter name) pairs."""
    args: tuple[tuple[str, str], ...]
    model_tier: ModelTier | None
    allowed_tools: tuple[str, ...]


@dataclass(frozen=True)
class ToolRules:
    """What an agent may do in a step: what its step, its workflow and its routine say, together."""

    allowed: tuple[str, ...] | None
    """Names of tools; None: all."""
    writable: tuple[tuple[str, ...], ...]
    """Lists of globs: a file that may be changed is named by each of them; none: any file may."""
    network: bool
    """Whether what the run may reach can be reached."""


@dataclass(frozen=True)
class CompiledStep:
    """One unit of authored work."""

    step_id: StepId
    title: str
    prompt: str
    kind: StepKind = "authored"
    fragments: tuple[Fragment, ...] = ()
    agent_role: str | None = None
    guidance: tuple[str, ...] = ()
    model_tier: ModelTier | None = None
    run_condition: Condition | None = None
    confirmation: Confirmation | None = None
    criteria: Criteria | None = None
    output_contract: OutputContract | None = None
    assessments: tuple[Assessment, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    functions: tuple[Function, ...] = ()
    """Functions of any scope that this step references or calls."""
    delegations: tuple[Delegation, ...] = ()
    checks: tuple[Check, ...] = ()
    fresh: tuple[str, ...] = ()
    """Ids of checks of other steps that must hold for the files as they are now."""
    tools: ToolRules | None = None
    notes_required: bool = True
    """False with `notesOptional`, on virtual steps and where an output contract is set."""


@dataclass(frozen=True)
class WhileCondition:
    """Repeat while the condition holds (`until`: while it does not)."""

    condition: Condition | None
    until: bool


@dataclass(frozen=True)
class ArtifactDecides:
    """Repeat until a `wr.loop_control` artifact of this loop's own steps says stop."""

    declared_id: str
    """The id the author gave in `conditionSource.loopId`; artifacts may name it or the loop's id."""


@dataclass(frozen=True)
class Counted:
    """Repeat a number of times, given or read from a context variable."""

    count: int | str


@dataclass(frozen=True)
class ForEach:
    """Repeat once for each item of a context variable that holds an array."""

    items: str


LoopRule: TypeAlias = WhileCondition | ArtifactDecides | Counted | ForEach


@dataclass(frozen=True)
class CompiledLoop:
    """Steps that repeat. Loops never contain loops."""

    loop_id: LoopId
    title: str
    rule: LoopRule
    max_iterations: int
    body: tuple[CompiledStep, ...]
    run_condition: Condition | None = None
    confirmation: Confirmation | None = None
    """Asked for once, with the first step of the first pass."""
    iteration_var: str = "currentIteration"
    item_var: str = "currentItem"
    index_var: str = "currentIndex"


TopLevel: TypeAlias = CompiledStep | CompiledLoop


@dataclass(frozen=True)
class Reference:
    """A document the agent is expected to open."""

    reference_id: str
    title: str
    source: str
    purpose: str
    authoritative: bool
    resolve_from: Literal["workspace", "package"]


@dataclass(frozen=True)
class CompiledWorkflow:
    """A definition, expanded and checked; steps in authored order."""

    workflow_hash: WorkflowHash
    workflow_id: WorkflowId
    name: str
    description: str
    version: str
    steps: tuple[TopLevel, ...]
    model_tier: ModelTier | None = None
    metrics_profile: str = "none"
    meta_guidance: tuple[str, ...] = ()
    preconditions: tuple[str, ...] = ()
    clarification_prompts: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    bindings: tuple[tuple[str, str], ...] = field(default=())
    """(slot, bound id) pairs, as resolved when the workflow was pinned."""
