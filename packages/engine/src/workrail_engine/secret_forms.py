"""What looks like a secret?

A variable does by its name, or by a password in an address it holds; a key does by the form its issuer
gives it. This guards against accidents; it cannot know every secret. The time it takes grows with
the length of a text, never faster.
"""

import re
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(
    r"(?:^|_)(?:TOKENS?|KEYS?|PAT|PASS|PWD|AUTH|COOKIES?|DSN|CREDS?)(?:_|$)"
    r"|SECRET|PASSW|PASSPHRASE|CREDENTIAL|APIKEY|PRIVATE|SESSION|DATABASE_URL|_AUTH_SOCK"
)
_OWNERS: Final = (
    *("ANTHROPIC_", "AWS_", "AZURE_", "BITBUCKET_", "CLAUDE_", "GH_", "GITHUB_", "GITLAB_"),
    *("GOOGLE_", "OPENAI_", "OPENROUTER_", "SLACK_", "WORKRAIL_", "WORKTRAIN_"),
)
_PASSWORD_IN_ADDRESS: Final = re.compile(r"://[^/\s@]*:[^/\s@]+@")


@dataclass(frozen=True)
class _Form:
    signs: tuple[str, ...]
    """A text without any of these holds no such secret; to look for them costs next to nothing."""
    pattern: re.Pattern[str]
    before: str = ""
    """What of a match stays in front of what is shown instead, as in a template of `re`."""
    after: str = ""


# No pattern reaches over a quote or a bracket, so that HTML stays HTML and JSON stays JSON.
_KEY: Final = r"[A-Za-z0-9_-]"
_FORMS: Final = (
    _Form(("sk-",), re.compile(rf"sk-ant-{_KEY}{{8,}}|(?<![A-Za-z0-9])sk-{_KEY}{{16,}}")),
    _Form(
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})"),
    ),
    _Form(("glpat-",), re.compile(rf"(?<![A-Za-z0-9])glpat-{_KEY}{{16,}}")),
    _Form(("AKIA", "ASIA"), re.compile(r"(?<![A-Z0-9])A(?:KI|SI)A[A-Z0-9]{16}(?![A-Z0-9])")),
    _Form(("AIza",), re.compile(rf"(?<![A-Za-z0-9])AIza{_KEY}{{30,}}")),
    _Form(("xox",), re.compile(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}")),
    _Form(("eyJ",), re.compile(rf"(?<![A-Za-z0-9_-])eyJ{_KEY}{{8,}}\.{_KEY}{{8,}}\.{_KEY}*")),
    _Form(
        ("://",),
        re.compile(r"(?<=://)([^\s/:@<>\"'\\]*):[^\s/@<>\"'\\]+@"),
        before=r"\1:",
        after="@",
    ),
    _Form(
        ("PRIVATE KEY-----",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
            r"[^\"<]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|(?=[\"<])|\Z)"
        ),
    ),
)


def may_be_secret(name: str, value: str = "") -> bool:
    """Whether a variable looks like one that holds a secret, by its name or by its value."""
    capitals = name.upper()
    return (
        capitals.startswith(_OWNERS)
        or _WORD.search(capitals) is not None
        or _PASSWORD_IN_ADDRESS.search(value) is not None
    )


def without_secrets(text: str, shown: str) -> str:
    """A text with everything that has the form of a secret replaced.

    Args:
        text: of any length; HTML and JSON stay what they are.
        shown: stands for each of them, such as `***`; no backslashes.
    """
    for form in _FORMS:
        if any(sign in text for sign in form.signs):
            text = form.pattern.sub(f"{form.before}{shown}{form.after}", text)
    return text
