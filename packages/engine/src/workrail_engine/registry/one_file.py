"""Which workflow does one file hold, ready to run?"""

from pathlib import Path

from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.projections.catalog import FileProblem
from workrail_engine.registry.bindings import bindings_of
from workrail_engine.registry.discovery import discover, found_file
from workrail_engine.registry.looking import Lookout
from workrail_engine.registry.preparing import judged, prepare_file
from workrail_engine.registry.reading import FileReader, Usable
from workrail_engine.registry.sources import Folders, Source
from workrail_engine.registry.templates import templates_of
from workrail_engine.registry.validation import home_of
from workrail_engine.workflow.prepared import PreparedWorkflow


def prepared_from(
    path: Path, folders: Folders, workspace: Path | None
) -> PreparedWorkflow | tuple[FileProblem, ...]:
    """The workflow of a file, wherever it lies; or everything that keeps it from being started.

    Args:
        path: of a file that is there.
        folders: where the routines lie that every workspace sees.
        workspace: whose routines and bindings count; None: nobody's.
    """
    sources = Lookout(folders).sources(workspace)
    home = home_of(path, sources).name
    reader = FileReader()
    near = discover(Source(home, path.parent)).files
    theirs = (file for source in sources for file in discover(source).files)
    routines = [file for file in (*near, *theirs) if file.routine]
    templates = templates_of(reader.read_all(routines))
    for file in reader.read_all([found_file(path, Source(home, path))]):
        read = judged(file, templates, workspace)
        if not isinstance(read.reading, Usable):
            return read.reading.problems
        definition = read.reading.definition
        try:
            overrides = bindings_of(definition, workspace)
        except InvalidDefinitionError as error:
            return (FileProblem(None, "", str(error)),)
        return prepare_file(file.found, definition, templates, overrides)
    return (FileProblem(None, "", "is no longer there"),)
