"""Where do the documents of a workflow lie, and what is never resolved?"""

from pathlib import Path
from typing import Literal

import pytest

from workrail_engine.ids import StepId, WorkflowHash, WorkflowId
from workrail_engine.registry.references import resolve_references
from workrail_engine.workflow.compiled import CompiledStep, CompiledWorkflow, Reference


def workflow_with(
    source: str, resolve_from: Literal["workspace", "package"] = "workspace"
) -> CompiledWorkflow:
    return CompiledWorkflow(
        workflow_hash=WorkflowHash("sha256:0"),
        workflow_id=WorkflowId("team.build"),
        name="Build",
        description="Builds.",
        version="1.0.0",
        steps=(CompiledStep(step_id=StepId("one"), title="One", prompt="Do."),),
        references=(
            Reference(
                "guide",
                "Guide",
                source,
                "How we build",
                authoritative=True,
                resolve_from=resolve_from,
            ),
        ),
    )


def path_of(source: str, workspace: Path | None, package: Path | None = None) -> str | None:
    (view,) = resolve_references(workflow_with(source), workspace, package)
    return view.path


def test_a_document_of_the_workspace_is_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").write_text("x", "utf-8")
    (view,) = resolve_references(workflow_with("docs/guide.md"), tmp_path, None)
    assert view.path == str((tmp_path / "docs" / "guide.md").resolve())
    assert (view.title, view.purpose, view.authoritative) == ("Guide", "How we build", True)


def test_a_document_of_the_package_is_looked_for_there(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "guide.md").write_text("x", "utf-8")
    (view,) = resolve_references(workflow_with("guide.md", "package"), tmp_path, package)
    assert view.path == str((package / "guide.md").resolve())


def test_a_document_that_is_not_there_stays_unresolved(tmp_path: Path) -> None:
    assert path_of("docs/guide.md", tmp_path) is None
    assert path_of("docs/guide.md", None) is None


@pytest.mark.rule("REG-8")
@pytest.mark.parametrize(
    "source", ["../secret.md", "{outside}", "link.md", "folder/../../secret.md"]
)
def test_a_path_out_of_the_workspace_is_never_resolved(tmp_path: Path, source: str) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("x", "utf-8")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "link.md").symlink_to(secret)
    assert path_of(source.format(outside=secret), workspace) is None


@pytest.mark.parametrize("source", ["a\0b", "x" * 5000, "https://example.org/guide"])
def test_a_name_no_file_can_have_stays_unresolved(tmp_path: Path, source: str) -> None:
    assert path_of(source, tmp_path) is None
