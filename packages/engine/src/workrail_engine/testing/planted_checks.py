"""What can be wrong with the checks of a step, one example of each kind, and where is it told?"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Document: TypeAlias = dict[str, Any]

ANY_ID: Final = "any"
"""Stands for an id of its own."""


def _step(*checks: object, **fields: object) -> Document:
    return {"prompt": "p", "checks": list(checks), **fields}


def _command(run: object = "make test", **fields: object) -> Document:
    return _step({"id": ANY_ID, "kind": "command", "run": run, **fields})


def _files(**rule: object) -> Document:
    return _step({"id": ANY_ID, "kind": "files", "files": [{"path": "src/*.py", **rule}]})


def _diff(**fields: object) -> Document:
    return _step({"id": ANY_ID, "kind": "diff", **fields})


def _fresh(*names: str) -> Document:
    return {"prompt": "p", "fresh": list(names)}


_APPROVAL: Document = {"id": ANY_ID, "kind": "approval"}
_SAME: Document = {"id": "same-files", "kind": "files", "files": [{"path": "a"}]}

OF_CHECKS: Mapping[str, tuple[Document, str]] = {
    # what the schema refuses
    "check of an unknown kind": (
        _step({"id": ANY_ID, "kind": "comand", "run": "make"}),
        "/checks/0/kind",
    ),
    "check without a kind": (_step({"id": ANY_ID, "run": "make"}), "/checks/0/kind"),
    "fault behind an unknown kind of check": (
        _step({"id": ANY_ID, "kind": "file", "files": [{"path": ""}]}),
        "/checks/0/files/0/path",
    ),
    "unknown field of a check": (_diff(mustChange=True, maxFils=5), "/checks/0/maxFils"),
    "field of another kind of check": (_diff(mustChange=True, run="make"), "/checks/0/run"),
    "number for a command": (_command(5), "/checks/0/run"),
    "no exit code": (_command(exits=[0, 256]), "/checks/0/exits/1"),
    "time without end": (_command(timeLimit=3601), "/checks/0/timeLimit"),
    "name of no variable": (_command(**{"pass": ["NO NAME"]}), "/checks/0/pass/0"),
    "unknown format of a report": (_command(report={"format": "tap"}), "/checks/0/report/format"),
    "report of no test": (
        _command(report={"format": "pytest", "atLeast": 0}),
        "/checks/0/report/atLeast",
    ),
    "unknown language of a file": (_files(parses="jsno"), "/checks/0/files/0/parses"),
    "check of no file": (_step({"id": ANY_ID, "kind": "files", "files": []}), "/checks/0/files"),
    "artifact check without a schema": (
        _step({"id": ANY_ID, "kind": "artifact", "artifactKind": "k"}),
        "/checks/0/schema",
    ),
    "unknown part to show": (_step({**_APPROVAL, "show": ["notes"]}), "/checks/0/show/0"),
    "checks of parallel work": (
        {
            "type": "parallel",
            "parallelDelegations": [{"workflowId": "team.x"}],
            "checks": [_APPROVAL],
        },
        "/checks",
    ),
    # what contradicts itself
    "no checks": (_step(), "/checks"),
    "too many checks": (_step(*[_APPROVAL] * 20, _APPROVAL), "/checks"),
    "nothing fresh": (_fresh(), "/fresh"),
    "repeated fresh check": (_fresh("early", "early"), "/fresh/1"),
    "repeated check": (_step(_SAME, _SAME), "/checks/1/id"),
    "checks beside a call": (
        {
            **_files(),
            "prompt": ...,
            "templateCall": {"templateId": "wr.templates.routine.dig", "args": {"where": "x"}},
        },
        "/checks",
    ),
    "empty command": (_command(""), "/checks/0/run"),
    "empty program": (_command([""]), "/checks/0/run"),
    "open quotes": (_command("make 'test"), "/checks/0/run"),
    "command for a shell": (_command("make && make test"), "/checks/0/run"),
    "two commands": (_command("make\nmake test"), "/checks/0/run"),
    "verification for a shell": (
        {"prompt": "p", "verification": {"command": "make | tee log"}},
        "/verification/command",
    ),
    "placeholder within an argument": (
        _command(["make", "--out={tree}"]),
        "/checks/0/run/1",
    ),
    "unknown placeholder": (_command(["make", "{workspce}"]), "/checks/0/run/1"),
    "placeholder of no report": (_command("make {report}"), "/checks/0/run"),
    "folder outside": (_command(**{"in": "../other"}), "/checks/0/in"),
    "protected files outside": (_command(protect=["/etc/*"]), "/checks/0/protect/0"),
    "secret variable": (_command(**{"pass": ["API_TOKEN"]}), "/checks/0/pass/0"),
    "variable of the engine": (_command(**{"pass": ["HOME"]}), "/checks/0/pass/0"),
    "report that lies nowhere": (_command(report={"format": "junit"}), "/checks/0/report"),
    "report of pytest with a path": (
        _command(report={"format": "pytest", "path": "r.xml"}),
        "/checks/0/report/path",
    ),
    "report outside": (
        _command(report={"format": "junit", "path": "../r.xml"}),
        "/checks/0/report/path",
    ),
    "file outside": (_files(path="~/x"), "/checks/0/files/0/path"),
    "absent file with a content": (_files(absent=True, lacks="x"), "/checks/0/files/0/lacks"),
    "wrong pattern of a file": (_files(matches="("), "/checks/0/files/0/matches"),
    "schema of a file that is not read": (
        _files(schema={"type": "object"}),
        "/checks/0/files/0/schema",
    ),
    "no schema": (_files(parses="json", schema={"type": "obj"}), "/checks/0/files/0/schema"),
    "no schema of an artifact": (
        _step({"id": ANY_ID, "kind": "artifact", "artifactKind": "k", "schema": {"type": 5}}),
        "/checks/0/schema",
    ),
    "diff without bounds": (_diff(), "/checks/0"),
    "diff that cannot be": (_diff(mustChange=True, maxLines=0), "/checks/0/mustChange"),
    "allowed files outside": (_diff(allowed=["../*"]), "/checks/0/allowed/0"),
    "approval before other checks": (
        _step(_APPROVAL, {**_SAME, "id": ANY_ID}),
        "/checks/0",
    ),
    "two approvals": (_step(_APPROVAL, _APPROVAL), "/checks/1"),
    "approval beside a confirmation": (
        _step(_APPROVAL, requireConfirmation={"kind": "human_approval"}),
        "/checks/0",
    ),
    "token in a check": (_command("make {{wr.bindings.review}}"), "/checks/0/run"),
    # what does not lie on the way
    "unknown fresh check": (_fresh("erly"), "/fresh/0"),
    "fresh check of a later step": (_fresh("late"), "/fresh/0"),
    "fresh approval": (_fresh("agreed"), "/fresh/0"),
    "fresh check of the step itself": (
        _step({**_SAME, "id": "own-files"}, fresh=["own-files"]),
        "/fresh/0",
    ),
}
"""See `planted_problems.OF_A_STEP`; `sound` steps declare the checks early, agreed and late."""
