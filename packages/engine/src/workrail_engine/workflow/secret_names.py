"""May the name of an environment variable be that of a secret?"""

import re
from typing import Final

_WORD: Final = re.compile(
    r"(?:^|_)(?:TOKENS?|KEYS?|PAT|PASS|PWD|AUTH|COOKIES?|DSN|CREDS?)(?:_|$)"
    r"|SECRET|PASSW|PASSPHRASE|CREDENTIAL|APIKEY|PRIVATE|SESSION|DATABASE_URL|_AUTH_SOCK"
)
_OWNERS: Final = (
    *("ANTHROPIC_", "AWS_", "AZURE_", "BITBUCKET_", "CLAUDE_", "GH_", "GITHUB_", "GITLAB_"),
    *("GOOGLE_", "OPENAI_", "SLACK_", "WORKRAIL_", "WORKTRAIN_"),
)


def may_be_secret(name: str) -> bool:
    """Whether what a variable of this name holds is never given to a command."""
    capitals = name.upper()
    return capitals.startswith(_OWNERS) or _WORD.search(capitals) is not None
