"""How is a text read as the bytes it is stored in, so that a damaged one can be looked at too?"""

from typing import Any

from sqlalchemy import ColumnElement, LargeBinary
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class stored_bytes(FunctionElement[bytes]):  # noqa: N801 (a function of SQL)
    """The bytes of a text column."""

    type = LargeBinary()
    inherit_cache = True

    def __init__(self, column: ColumnElement[str]) -> None:
        super().__init__(column)


@compiles(stored_bytes, "sqlite")
def _in_sqlite(element: stored_bytes, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS BLOB)"


@compiles(stored_bytes, "postgresql")
def _in_postgresql(element: stored_bytes, compiler: SQLCompiler, **options: Any) -> str:
    return f"convert_to({compiler.process(element.clauses, **options)}, 'UTF8')"
