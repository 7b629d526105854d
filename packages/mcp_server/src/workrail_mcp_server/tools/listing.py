"""Which tools are there, and what does an agent read about each?

Light on purpose: a client asks for this list before anything heavy may be imported.
"""

from workrail_mcp_server.schemas import Field, Shape, ToolSpec

_COPIED_EXACTLY = "ct_ token, copied exactly from the last answer"
_NOTES_TEXT = "What you did, found and decided; markdown"
_CONTEXT_TEXT = "Changes to the session's variables; null deletes one"
_ARTIFACTS_TEXT = 'Typed results the step asks for, each with a "kind"'
_WORKSPACE_TEXT = "Absolute path of the project; default: current"


LIST_WORKFLOWS = ToolSpec(
    name="list_workflows",
    title="List workflows",
    description="Find a workflow for the task at hand: id, size and purpose of each.",
    fields=(
        Field("query", Shape.TEXT, "Words to look for"),
        Field("tags", Shape.TEXTS, "Only workflows with all these tags"),
        Field("workspace", Shape.TEXT, _WORKSPACE_TEXT, aliases=("workspacePath",)),
        Field("limit", Shape.WHOLE_NUMBER, "Most to list; default 20", minimum=1, maximum=200),
    ),
    example='list_workflows {"query": "code review"}',
    reads_only=True,
    idempotent=True,
)

INSPECT_WORKFLOW = ToolSpec(
    name="inspect_workflow",
    title="Inspect a workflow",
    description="Outline of a workflow without starting it; with step, that step's full text.",
    fields=(
        Field("workflowId", Shape.TEXT, "Id from list_workflows", required=True),
        Field("step", Shape.TEXT, "Id of one step"),
        Field("workspace", Shape.TEXT, _WORKSPACE_TEXT, aliases=("workspacePath",)),
    ),
    example='inspect_workflow {"workflowId": "wr.bug-investigation"}',
    reads_only=True,
    idempotent=True,
    search_hint="workflow outline steps preview",
)

START_WORKFLOW = ToolSpec(
    name="start_workflow",
    title="Start a workflow",
    description="Begin a session of a workflow. The answer is its first step and the token that "
    "completes it. Later steps stay hidden until then.",
    fields=(
        Field("workflowId", Shape.TEXT, "Id from list_workflows", required=True),
        Field("goal", Shape.TEXT, "What the person wants, one sentence or more", required=True),
        Field("workspace", Shape.TEXT, _WORKSPACE_TEXT, aliases=("workspacePath",)),
        Field("parentSessionId", Shape.TEXT, "Session that asked you to start this one"),
        Field("context", Shape.OBJECT, "First values of the session's variables"),
    ),
    example='start_workflow {"workflowId": "wr.bug-investigation", "goal": "Find why login fails"}',
)

COMPLETE_STEP = ToolSpec(
    name="complete_step",
    title="Complete a step",
    description="Hand in the finished step. The answer is the next step, what is still missing, or "
    "that the workflow is complete. A repeated call is recorded once.",
    fields=(
        Field("token", Shape.TEXT, _COPIED_EXACTLY, required=True, aliases=("continueToken",)),
        Field("notes", Shape.TEXT, _NOTES_TEXT, aliases=("notesMarkdown",)),
        Field("artifacts", Shape.OBJECTS, _ARTIFACTS_TEXT),
        Field("context", Shape.OBJECT, _CONTEXT_TEXT, aliases=("contextVariables",)),
    ),
    example='complete_step {"token": "ct_…", "notes": "What I did, found and decided"}',
    idempotent=True,
)

CONTINUE_WORKFLOW = ToolSpec(
    name="continue_workflow",
    title="Return to a session",
    description="With only a token (ct_, cp_ or rs_): show its pending step and what was done so "
    "far; nothing changes. With intent advance or output it acts as complete_step (deprecated).",
    fields=(
        Field(
            "continueToken",
            Shape.TEXT,
            "Any token of the session",
            required=True,
            aliases=("token",),
        ),
        Field(
            "intent",
            Shape.TEXT,
            "Default: advance if output or context is given, else rehydrate",
            choices=("advance", "rehydrate"),
        ),
        Field(
            "output",
            Shape.OBJECT,
            "Deprecated: use complete_step",
            members=(
                Field("notesMarkdown", Shape.TEXT, "Its notes"),
                Field("artifacts", Shape.OBJECTS, "Its artifacts"),
            ),
        ),
        Field("context", Shape.OBJECT, _CONTEXT_TEXT, aliases=("contextVariables",)),
        Field(
            "offset",
            Shape.WHOLE_NUMBER,
            "Where to read on in a long step",
        ),
        Field("notes", Shape.TEXT, advertised=False),
        Field("artifacts", Shape.OBJECTS, advertised=False),
        Field("workspacePath", Shape.TEXT, advertised=False, aliases=("workspace",)),
    ),
    example='continue_workflow {"continueToken": "ct_…"}',
    idempotent=True,
    search_hint="resume session rehydrate token show pending step again",
)

CHECKPOINT_WORKFLOW = ToolSpec(
    name="checkpoint_workflow",
    title="Record a checkpoint",
    description="Keep unfinished work durable in the middle of a long step. The session does not "
    "move.",
    fields=(
        Field(
            "token",
            Shape.TEXT,
            _COPIED_EXACTLY,
            required=True,
            aliases=("continueToken", "checkpointToken"),
        ),
        Field("notes", Shape.TEXT, "What is done and what is left", aliases=("notesMarkdown",)),
        Field("context", Shape.OBJECT, _CONTEXT_TEXT, aliases=("contextVariables",)),
    ),
    example='checkpoint_workflow {"token": "ct_…", "notes": "Read half of the modules"}',
    idempotent=True,
    search_hint="workflow save progress durable notes",
)

RESUME_SESSION = ToolSpec(
    name="resume_session",
    title="Find a session to resume",
    description="Find sessions of earlier conversations, best first, each with a token to return "
    "with. Without arguments: the newest.",
    fields=(
        Field("query", Shape.TEXT, "Words of goal, notes or workflow"),
        Field("sessionId", Shape.TEXT, "Exact session id (sess_…)"),
        Field("branch", Shape.TEXT, "Git branch it ran on", aliases=("gitBranch",)),
        Field("repository", Shape.TEXT, "Git repository it ran in"),
        Field("limit", Shape.WHOLE_NUMBER, "Most to show; default 5", minimum=1, maximum=50),
    ),
    example='resume_session {"query": "login bug"}',
    reads_only=True,
    idempotent=True,
)

READ_ARTIFACT = ToolSpec(
    name="read_artifact",
    title="Read an artifact",
    description="A recorded artifact as JSON text, in pages.",
    fields=(
        Field("digest", Shape.TEXT, "Its sha256:… name", required=True),
        Field("offset", Shape.WHOLE_NUMBER, "First character; default 0"),
    ),
    example='read_artifact {"digest": "sha256:…", "offset": 0}',
    reads_only=True,
    idempotent=True,
    search_hint="workflow session artifact content",
)

MANAGE_WORKFLOW_SOURCE = ToolSpec(
    name="manage_workflow_source",
    title="Manage sources",
    description="Where workflows come from: folders and git repositories. Only a person can trust "
    "what you add.",
    fields=(
        Field(
            "action",
            Shape.TEXT,
            "What to do",
            required=True,
            choices=("add", "list", "sync", "remove"),
        ),
        Field("address", Shape.TEXT, "For add: path or git URL", aliases=("path", "url")),
        Field("name", Shape.TEXT, "Source name; for remove, and for sync of just one"),
        Field("ref", Shape.TEXT, "For add: branch, tag or commit"),
    ),
    example='manage_workflow_source {"action": "add", "address": "https://example.org/flows.git"}',
    idempotent=True,
    reaches_out=True,
    takes_away=True,
    search_hint="workflow source git folder",
)

TOOLS: tuple[ToolSpec, ...] = (
    LIST_WORKFLOWS,
    INSPECT_WORKFLOW,
    START_WORKFLOW,
    COMPLETE_STEP,
    CONTINUE_WORKFLOW,
    CHECKPOINT_WORKFLOW,
    RESUME_SESSION,
    READ_ARTIFACT,
    MANAGE_WORKFLOW_SOURCE,
)
