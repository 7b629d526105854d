"""What is an agent told about the tools of its step?"""

from workrail_engine.workflow.compiled import ToolRules


def tool_words(rules: ToolRules) -> str:
    """The bounds of a step on one line, without a full stop."""
    parts: list[str] = []
    if rules.allowed is not None:
        names = ", ".join(rules.allowed)
        steering = "those that steer the run"
        parts.append(f"tools for this step: {f'{names} and' if names else 'only'} {steering}")
    if rules.writable:
        lists = [", ".join(globs) or "none" for globs in rules.writable]
        parts.append(f"files to change: {', and of these only '.join(lists)}")
    if not rules.network:
        parts.append("no network")
    return "; ".join(parts) or "whatever the run allows"
