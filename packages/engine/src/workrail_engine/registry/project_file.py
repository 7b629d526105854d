"""Is the file sound in which a project names its own commands?

It lies beside the workflows of a project and is none. What counts in a session is how it was when
the session started; this tells of the file as it is.
"""

from pathlib import Path

from workrail_engine.projections.catalog import FileProblem, FileReport
from workrail_engine.registry.discovery import MAX_FILE_BYTES
from workrail_engine.registry.document_faults import Unreadable
from workrail_engine.registry.documents import located, read_document
from workrail_engine.registry.reading import file_problems
from workrail_engine.workflow.project_commands import (
    PROJECT_FILE,
    ProjectCommands,
    read_project_commands,
)


def is_project_file(path: Path) -> bool:
    """Whether a path has the name of such a file."""
    return path.absolute().parts[-2:] == Path(PROJECT_FILE).parts


def project_file_report(path: Path) -> FileReport:
    """Every problem of such a file."""
    return FileReport(str(path), None, _problems(path))


def _problems(path: Path) -> tuple[FileProblem, ...]:
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_FILE_BYTES).decode("utf-8")
    except OSError as error:
        return (FileProblem(None, "", f"cannot be read: {error.strerror}"),)
    except UnicodeDecodeError:
        return (FileProblem(None, "", "is not text in UTF-8"),)
    document = read_document(text, yaml=True)
    if isinstance(document, Unreadable):
        faults = document.faults
        return tuple(
            FileProblem(one.line, one.pointer, one.message, None, one.suggestion) for one in faults
        )
    found = read_project_commands(document.value)
    if isinstance(found, ProjectCommands):
        return ()
    return file_problems(located(found, document, str(path)))
