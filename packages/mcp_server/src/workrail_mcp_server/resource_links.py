"""Where is the whole of an answer that had to be cut?

Text stays what an agent reads first. A link stands after it only where something was left out and a
resource holds all of it.
"""

import re
from typing import Final

import mcp_types as types

from workrail_mcp_server.present_text import REPLY_LIMIT
from workrail_mcp_server.resource_uris import session_uri, workflow_uri

_OUTLINE: Final = re.compile(r"# .*\(([a-z0-9_.-]+)\)")
_SESSION: Final = re.compile(r"\bsess_[a-z2-7]{26}\b")


def links_for(text: str) -> tuple[types.ResourceLink, ...]:
    """The resources that hold what an answer leaves out; none where it leaves nothing out."""
    if len(text) < REPLY_LIMIT:  # one that was cut has exactly this length
        return ()
    outline = _OUTLINE.match(text)
    if outline is not None:
        name, uri, what = outline[1], workflow_uri(outline[1]), "the whole outline, in pages"
    elif (session := _SESSION.search(text)) is not None:
        name, uri, what = session[0], session_uri(session[0]), "the whole story, in pages"
    else:
        return ()
    return (
        types.ResourceLink(
            type="resource_link", name=name, uri=uri, description=what, mime_type="text/markdown"
        ),
    )
