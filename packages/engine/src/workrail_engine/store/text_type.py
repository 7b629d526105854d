"""How is any text kept in a database that does not take every character?

PostgreSQL refuses the character NUL in a text. It is written as two characters there, and read back
as it was; SQLite takes it as it is.
"""

from typing import Final

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

_ESCAPE: Final = "\x1a"
_FOR_NUL: Final = "\x1a0"
_FOR_ESCAPE: Final = "\x1a1"


class EveryText(TypeDecorator[str]):
    """Text of a PostgreSQL column that may hold any character Python's texts can."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """From a text to what the server takes."""
        if value is None or (_ESCAPE not in value and "\x00" not in value):
            return value
        return value.replace(_ESCAPE, _FOR_ESCAPE).replace("\x00", _FOR_NUL)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """And back."""
        if value is None or _ESCAPE not in value:
            return value
        return value.replace(_FOR_NUL, "\x00").replace(_FOR_ESCAPE, _ESCAPE)
