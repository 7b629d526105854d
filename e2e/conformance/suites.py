"""Which scenarios of the public conformance suites fit this server, and why not the others?

Both suites list every scenario they know; one that is named nowhere here stops the run, so that a new
release of a suite is looked at and not passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

OLD_ERA = "2025-11-25"
NEW_ERA = "2026-07-28"

_SUBSCRIPTIONS = "The server changes no list while it runs and advertises no subscriptions."
_FIXTURE_CAPABILITY = "Needs the suite's own tool that wants a capability; ours want none."


@dataclass(frozen=True)
class Scenario:
    """A scenario that is run, and the checks in it that need not succeed."""

    name: str
    eras: tuple[str, ...]
    expected: Mapping[str, str] = field(default_factory=dict[str, str])
    """The reason by the id of a check that does not succeed; one that does succeed fails the run."""


_BOTH = (OLD_ERA, NEW_ERA)
SCENARIOS = (
    Scenario("server-initialize", (OLD_ERA,)),
    Scenario("ping", (OLD_ERA,)),
    Scenario("tools-list", _BOTH),
    Scenario("resources-list", _BOTH),
    Scenario("prompts-list", _BOTH),
    Scenario("server-sse-multiple-streams", _BOTH),
    Scenario(
        "server-stateless",
        (NEW_ERA,),
        {
            "sep-2575-server-rejects-undeclared-capability": _FIXTURE_CAPABILITY,
            "sep-2575-missing-capability-http-400": _FIXTURE_CAPABILITY,
            "sep-2575-http-server-method-not-found-404-initialize": (
                "Over pipes one server speaks both eras, so it does know initialize; it refuses it "
                "on a connection of the stateless era with another code."
            ),
            "sep-2575-server-sends-subscription-ack": _SUBSCRIPTIONS,
            "sep-2575-server-tags-subscription-id": _SUBSCRIPTIONS,
            "sep-2575-server-honors-notification-filter": _SUBSCRIPTIONS,
            "sep-2575-server-sends-prompts-list-changed-on-subscription": _SUBSCRIPTIONS,
            "sep-2575-server-sends-tools-list-changed-on-subscription": _SUBSCRIPTIONS,
        },
    ),
    Scenario("caching", (NEW_ERA,)),
    Scenario("sep-2164-resource-not-found", (NEW_ERA,)),
    Scenario("input-required-result-unsupported-methods", (NEW_ERA,)),
)

_FIXTURE_TOOL = "Calls a tool that only the suite's example server has."
_FIXTURE_PROMPT = "Gets a prompt that only the suite's example server has."
_FIXTURE_RESOURCE = "Reads a resource that only the suite's example server has."
_REMOVED = "The server advertises no logging and no subscriptions; the newest protocol has neither."
_HTTP = "Tests the HTTP transport, which here is the bridge and not the server."
_EXTENSION = "An extension of the protocol that the server does not advertise."

NOT_RUN: Mapping[str, str] = {
    "completion-complete": _FIXTURE_PROMPT,
    "tools-call-simple-text": _FIXTURE_TOOL,
    "tools-call-image": _FIXTURE_TOOL,
    "tools-call-audio": _FIXTURE_TOOL,
    "tools-call-embedded-resource": _FIXTURE_TOOL,
    "tools-call-mixed-content": _FIXTURE_TOOL,
    "tools-call-with-logging": _FIXTURE_TOOL,
    "tools-call-error": _FIXTURE_TOOL,
    "tools-call-with-progress": _FIXTURE_TOOL,
    "tools-call-sampling": _FIXTURE_TOOL,
    "tools-call-elicitation": _FIXTURE_TOOL,
    "json-schema-2020-12": _FIXTURE_TOOL,
    "elicitation-sep1034-defaults": _FIXTURE_TOOL,
    "elicitation-sep1330-enums": _FIXTURE_TOOL,
    "resources-read-text": _FIXTURE_RESOURCE,
    "resources-read-binary": _FIXTURE_RESOURCE,
    "resources-templates-read": _FIXTURE_RESOURCE,
    "prompts-get-simple": _FIXTURE_PROMPT,
    "prompts-get-with-args": _FIXTURE_PROMPT,
    "prompts-get-embedded-resource": _FIXTURE_PROMPT,
    "prompts-get-with-image": _FIXTURE_PROMPT,
    "logging-set-level": _REMOVED,
    "resources-subscribe": _REMOVED,
    "resources-unsubscribe": _REMOVED,
    "server-session-lifecycle": _HTTP,
    "server-sse-polling": _HTTP,
    "dns-rebinding-protection": _HTTP,
    "http-header-validation": _HTTP,
    "http-custom-header-server-validation": _HTTP,
    "sep-2640-skills-directory": _EXTENSION,
    "sep-2640-skills-enumeration": _EXTENSION,
    "sep-2640-skills-manifest": _EXTENSION,
    "tasks-lifecycle": _EXTENSION,
    "tasks-capability-negotiation": _EXTENSION,
    "tasks-wire-fields": _EXTENSION,
    "tasks-request-state-removal": _EXTENSION,
    "tasks-mrtr-input": _EXTENSION,
    "tasks-request-headers": _EXTENSION,
    "tasks-dispatch-and-envelope": _EXTENSION,
    "tasks-status-notifications": _EXTENSION,
    "tasks-required-task-error": _EXTENSION,
    "tasks-mrtr-composition": _EXTENSION,
    "input-required-result-basic-elicitation": _FIXTURE_TOOL,
    "input-required-result-basic-sampling": _FIXTURE_TOOL,
    "input-required-result-basic-list-roots": _FIXTURE_TOOL,
    "input-required-result-request-state": _FIXTURE_TOOL,
    "input-required-result-multiple-input-requests": _FIXTURE_TOOL,
    "input-required-result-multi-round": _FIXTURE_TOOL,
    "input-required-result-missing-input-response": _FIXTURE_TOOL,
    "input-required-result-non-tool-request": _FIXTURE_PROMPT,
    "input-required-result-result-type": _FIXTURE_TOOL,
    "input-required-result-tampered-state": _FIXTURE_TOOL,
    "input-required-result-capability-check": _FIXTURE_TOOL,
    "input-required-result-ignore-extra-params": _FIXTURE_TOOL,
    "input-required-result-validate-input": _FIXTURE_TOOL,
}
