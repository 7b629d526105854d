"""What does the tool for sources do?

Nothing here can trust a source: that is for a person, on the command line.
"""

from workrail_engine.engine import Engine, SourceRequest
from workrail_engine.errors import InvalidSubmissionError
from workrail_mcp_server.present_sources import (
    present_added,
    present_removed,
    present_sources,
    present_synced,
)
from workrail_mcp_server.tools.arguments import Arguments
from workrail_mcp_server.tools.caller import Caller


def manage_workflow_source(engine: Engine, arguments: Arguments, caller: Caller) -> str:
    """Add, list, sync or remove a source."""
    name = arguments.text_or_none("name")
    match arguments.text("action"):
        case "add":
            request = SourceRequest(
                address=_needed(arguments, "address"),
                base=caller.workspace,
                added_by="agent",
                name=name,
                ref=arguments.text_or_none("ref"),
            )
            watch = caller.watch
            return present_added(engine.sources.add(request, watch.told, watch.stopped))
        case "sync":
            watch = caller.watch
            outcomes = engine.sources.sync(name, told=watch.told, stopped=watch.stopped)
            return present_synced(outcomes)
        case "remove":
            return present_removed(engine.sources.remove(_needed(arguments, "name")))
        case _:
            return present_sources(engine.sources.all())


def _needed(arguments: Arguments, field: str) -> str:
    text = arguments.text_or_none(field)
    if text is None:
        message = (
            f'{field}: it is required with action "{arguments.text("action")}". Nothing was done.'
        )
        raise InvalidSubmissionError(message, field=field)
    return text
