"""The workflows of the original prepare without a change."""

import json
from pathlib import Path

import pytest

from workrail_engine.workflow.compile import compile_pinned, prepare
from workrail_engine.workflow.definition import WorkflowDefinition, parse_definition
from workrail_engine.workflow.expand import RoutineTemplate
from workrail_engine.workflow.prepared import PreparedWorkflow

PEER = Path(__file__).parents[4] / "shared" / "peer-workflows"


def _peer_templates() -> dict[str, RoutineTemplate]:
    templates: dict[str, RoutineTemplate] = {}
    for path in sorted((PEER / "routines").glob("*.json")):
        routine = parse_definition(json.loads(path.read_text(encoding="utf-8")))
        assert isinstance(routine, WorkflowDefinition), (path.name, routine)
        short = routine.id.removeprefix("wr.").removeprefix("routine-")
        template_id = f"wr.templates.routine.{short}"
        templates[template_id] = RoutineTemplate(template_id, routine)
    return templates


@pytest.mark.rule("LANG-37")
@pytest.mark.skipif(not PEER.is_dir(), reason="../shared/peer-workflows is not there")
def test_every_workflow_of_the_original_prepares() -> None:
    templates = _peer_templates()
    paths = sorted(PEER.rglob("*.json"))
    assert len(paths) >= 30
    for path in paths:
        definition = parse_definition(json.loads(path.read_text(encoding="utf-8")))
        assert isinstance(definition, WorkflowDefinition), (path.name, definition)
        prepared = prepare(definition, templates, {})
        assert isinstance(prepared, PreparedWorkflow), (path.name, prepared)
        assert compile_pinned(prepared.document) == prepared.compiled
        assert b'"templateCall":' not in prepared.document
        assert b'"promptBlocks":' not in prepared.document
