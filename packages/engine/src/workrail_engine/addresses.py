"""How is the address of a database shown without the password in it?"""

import re
from typing import Final

_IN_QUERY: Final = re.compile(r"(?<=password=)[^&]*", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.\-]*://", re.IGNORECASE)
_HIDDEN: Final = "***"


def without_password(url: str) -> str:
    """An address as it may be shown: whatever can be a password in it is replaced by `***`.

    An address that is written wrongly is still cleaned: everything between the first colon and the
    last `@` counts as password.
    """
    scheme = _SCHEME.match(url)
    if scheme is None:
        return _HIDDEN
    login, at, rest = url[scheme.end() :].rpartition("@")
    user, colon, _ = login.partition(":")
    shown = f"{user}{colon and f':{_HIDDEN}'}{at}{rest}"
    return scheme.group() + _IN_QUERY.sub(_HIDDEN, shown)
