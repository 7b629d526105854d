"""Which workflows does a workspace see, and which one is meant?

Folders are looked through on every call, which costs a `stat` a file; a file is read again only
when it changed. Starting a workflow reads only the files that could define it.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from workrail_engine.errors import (
    InvalidDefinitionError,
    UntrustedWorkflowError,
    WorkflowNotFoundError,
)
from workrail_engine.outcomes import ReferenceView
from workrail_engine.projections.catalog import Catalog, WorkflowOutline
from workrail_engine.registry.bindings import bindings_of
from workrail_engine.registry.discovery import FoundFile, stamp_of
from workrail_engine.registry.kept import Kept
from workrail_engine.registry.looking import Files, Lookout, Signature, signature_of
from workrail_engine.registry.outline import outline
from workrail_engine.registry.preparing import invalid, judged, prepare_file, uses_templates
from workrail_engine.registry.reading import Broken, FileReader, ReadFile, Usable, declared_id
from workrail_engine.registry.references import resolve_references
from workrail_engine.registry.resolution import Resolved, Winner, resolve
from workrail_engine.registry.sources import BINDINGS_FILE, Folders, is_reserved
from workrail_engine.registry.templates import templates_of
from workrail_engine.workflow.compiled import CompiledWorkflow
from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.expand import RoutineTemplate
from workrail_engine.workflow.prepared import PreparedWorkflow

_PREPARED_KEPT = 64
_CATALOGS_KEPT = 8
_NEAR_MISSES = 4

_PreparedKey: TypeAlias = tuple[Signature, tuple[tuple[str, str], ...]]


class Registry:
    """The workflows on disk. Safe to use from several threads."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._lookout = Lookout(folders)
        self._files = FileReader()
        self._resolved: Kept[Signature, Resolved] = Kept(_CATALOGS_KEPT)
        self._prepared: Kept[_PreparedKey, PreparedWorkflow] = Kept(_PREPARED_KEPT)

    @property
    def managed_sources(self) -> Path:
        """The folder with the list of added sources."""
        return self._folders.managed_sources

    @property
    def keys(self) -> Path:
        """The folder with the keys of this installation."""
        return self._folders.keys

    def catalog(self, workspace: Path | None) -> Catalog:
        """Every listed workflow a workspace sees, and every file that cannot be used."""
        return self._everything(self._lookout.files(workspace), workspace).catalog

    def definition(self, workflow_id: str, workspace: Path | None) -> WorkflowDefinition:
        """A workflow as its author wrote it.

        Raises:
            WorkflowNotFoundError: no such workflow; the message offers near misses.
            InvalidDefinitionError: its file is broken; the message holds every problem.
        """
        return self._find(workflow_id, self._lookout.files(workspace), workspace).definition

    def prepare(self, workflow_id: str, workspace: Path | None) -> PreparedWorkflow:
        """A workflow ready to be pinned and run.

        Raises:
            WorkflowNotFoundError: no such workflow; the message offers near misses.
            UntrustedWorkflowError: it comes from a source nobody trusts as it is now.
            InvalidDefinitionError: its file, or the project's bindings file, is broken; the
                message holds every problem.
        """
        files = self._lookout.files(workspace)
        winner = self._find(workflow_id, files, workspace)
        if not winner.file.source.trusted:
            raise _untrusted(winner)
        return self._prepare(winner, files, workspace)

    def inspect(self, workflow_id: str, workspace: Path | None) -> WorkflowOutline:
        """A workflow seen whole, without running it; also one that is not trusted.

        Raises what `prepare` raises for any other reason.
        """
        files = self._lookout.files(workspace)
        winner = self._find(workflow_id, files, workspace)
        workflow = self._prepare(winner, files, workspace).compiled
        references = self.references(workflow, workspace)
        return outline(workflow, winner.entry, winner.definition.examples or (), references)

    def references(
        self, workflow: CompiledWorkflow, workspace: Path | None
    ) -> tuple[ReferenceView, ...]:
        """Where a workflow's documents lie."""
        return resolve_references(workflow, workspace, self._folders.bundled_dir)

    def _everything(self, files: Files, workspace: Path | None) -> Resolved:
        signature = _signature(files, workspace)
        known = self._resolved.get(signature)
        if known is None:
            read = self._files.read_all(files.found)
            known = resolve(self._in_full(read, files, workspace), files.faults)
            self._resolved.put(signature, known)
        return known

    def _in_full(
        self, read: Iterable[ReadFile], files: Files, workspace: Path | None
    ) -> Iterator[ReadFile]:
        """The files, those that cannot be used with all that is wrong with them."""
        templates: dict[str | None, Mapping[str, RoutineTemplate]] = {}
        for file in read:
            source = file.found.source
            workflow_id = declared_id(file.reading) or ""
            if isinstance(file.reading, Usable) and not is_reserved(workflow_id, source.name):
                yield file
                continue
            if source.managed not in templates:
                routines = _routines_for(file.found, files)
                templates[source.managed] = templates_of(self._files.read_all(routines))
            yield judged(file, templates[source.managed], workspace)

    def _find(self, workflow_id: str, files: Files, workspace: Path | None) -> Winner:
        resolved = self._resolved.get(_signature(files, workspace))
        if resolved is None:
            likely = (file for file in files.found if self._files.may_define(file, workflow_id))
            resolved = resolve(self._in_full(self._files.read_all(likely), files, workspace))
        if workflow_id in resolved.blocked:
            file = resolved.blocked[workflow_id]
            raise invalid(workflow_id, file.path, file.problems)
        if workflow_id not in resolved.winners:
            raise _not_found(workflow_id, self._everything(files, workspace).catalog)
        return resolved.winners[workflow_id]

    def _prepare(self, winner: Winner, files: Files, workspace: Path | None) -> PreparedWorkflow:
        definition = winner.definition
        routines = _routines_for(winner.file, files) if uses_templates(definition) else []
        try:
            overrides = bindings_of(definition, workspace)
        except InvalidDefinitionError as error:
            raise self._unbound(winner, routines, workspace, error) from error
        key = (signature_of([winner.file, *routines]), tuple(sorted(overrides.items())))
        known = self._prepared.get(key)
        if known is not None:
            return known
        templates = templates_of(self._files.read_all(routines))
        prepared = prepare_file(winner.file, definition, templates, overrides)
        if not isinstance(prepared, PreparedWorkflow):
            raise invalid(definition.id, winner.file.path, prepared)
        return self._prepared.put(key, prepared)

    def _unbound(
        self,
        winner: Winner,
        routines: Sequence[FoundFile],
        workspace: Path | None,
        error: InvalidDefinitionError,
    ) -> InvalidDefinitionError:
        """The failure of a bindings file that cannot be read, with what else is wrong."""
        templates = templates_of(self._files.read_all(routines))
        reading = judged(ReadFile(winner.file, Usable(winner.definition, 1)), templates, workspace)
        problems = reading.reading.problems if isinstance(reading.reading, Broken) else ()
        more = len(problems) > 1
        return invalid(winner.definition.id, winner.file.path, problems) if more else error


def _signature(files: Files, workspace: Path | None) -> Signature:
    """The state of everything a catalog is made from; a bindings file may decide what is broken."""
    if workspace is None:
        return files.signature()
    return (
        *files.signature(),
        (str(workspace / BINDINGS_FILE), stamp_of(workspace / BINDINGS_FILE)),
    )


def _routines_for(found: FoundFile, files: Files) -> list[FoundFile]:
    """The routines that may become part of a workflow: trusted ones, and its neighbours."""
    managed = found.source.managed
    return [
        file
        for file in files.found
        if file.routine and (file.source.trusted or file.source.managed == managed)
    ]


def _untrusted(winner: Winner) -> UntrustedWorkflowError:
    name = winner.file.source.managed
    message = (
        f'Workflow "{winner.definition.id}" comes from the source {name}, which nobody has trusted as '
        f"it is now, so it was not started. A person looks at it (`workrail trust --list`) and runs "
        f"`workrail trust {name}`, or removes it (`workrail source remove {name}`)."
    )
    return UntrustedWorkflowError(message)


def _not_found(workflow_id: str, catalog: Catalog) -> WorkflowNotFoundError:
    message = f'There is no workflow "{workflow_id}".'
    near = _near(workflow_id, catalog)
    if near:
        message += f" Did you mean {' or '.join(near)}?"
    message += f" List the workflows to see all {len(catalog.entries)} of them"
    if catalog.broken:
        message += f", and why {len(catalog.broken)} of the files cannot be used"
    return WorkflowNotFoundError(f"{message}.")


def _near(workflow_id: str, catalog: Catalog) -> list[str]:
    asked = workflow_id.strip().lower()
    by_text: dict[str, str] = {}
    for entry in catalog.entries:
        for text in (entry.id, entry.id.rpartition(".")[2], entry.name.lower()):
            by_text.setdefault(text, entry.id)
    close = difflib.get_close_matches(asked, by_text, n=2 * _NEAR_MISSES, cutoff=0.6)
    inside = (text for text in by_text if len(asked) >= 3 and asked in text)
    return list(dict.fromkeys(by_text[text] for text in (*close, *inside)))[:_NEAR_MISSES]
