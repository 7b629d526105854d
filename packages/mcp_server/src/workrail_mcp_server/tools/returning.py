"""What do the tools that bring recorded work back do?"""

from workrail_engine.engine import Engine, ResumeRequest
from workrail_mcp_server.present_sessions import present_artifact, present_resume
from workrail_mcp_server.tools.arguments import Arguments
from workrail_mcp_server.tools.caller import Caller

_LISTED = 5


def resume_session(engine: Engine, arguments: Arguments, _caller: Caller) -> str:
    """Sessions that may be the one meant, each with a token."""
    request = ResumeRequest(
        query=arguments.text_or_none("query"),
        session_id=arguments.text_or_none("sessionId"),
        branch=arguments.text_or_none("branch"),
        repository=arguments.text_or_none("repository"),
        limit=arguments.number("limit", _LISTED),
    )
    return present_resume(engine.resume(request))


def read_artifact(engine: Engine, arguments: Arguments, _caller: Caller) -> str:
    """A page of an artifact's content."""
    digest = arguments.text("digest").strip()
    return present_artifact(digest, engine.artifact(digest), arguments.number("offset", 0))
