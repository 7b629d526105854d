"""What an agent may do only narrows on the way down."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workrail_daemon.options import ToolsAllowed
from workrail_daemon.tools.contract import ToolPolicy
from workrail_daemon.tools.globs import matches_any
from workrail_daemon.tools.policy import NAMES, STEERING, allows, globs_below, narrowed, policy_of

SEGMENTS = st.sampled_from(["a", "b", "*", "**", "a*", "*.md"])
USUAL = st.sampled_from(["a/**", "b/", "a/b/**", "**/*.md", "**/b", "{a,b}/**", "**"])
GLOBS = st.lists(
    USUAL | st.builds("/".join, st.lists(SEGMENTS, min_size=1, max_size=3)),
    min_size=1,
    max_size=3,
).map(tuple)
PATHS = st.builds("/".join, st.lists(st.sampled_from(["a", "b", "x.md"]), min_size=1, max_size=4))


@pytest.mark.rule("TOOL-9")
@settings(max_examples=400, deadline=None)
@given(mine=GLOBS, theirs=GLOBS, path=PATHS)
def test_what_is_writable_below_is_writable_above(
    mine: tuple[str, ...], theirs: tuple[str, ...], path: str
) -> None:
    both = narrowed(ToolPolicy(writable=mine), ToolPolicy(writable=theirs))

    if matches_any(path, both.writable):
        assert matches_any(path, mine)
        assert matches_any(path, theirs)


@pytest.mark.rule("TOOL-9")
@settings(max_examples=120, deadline=None)
@given(globs=GLOBS, folder=st.sampled_from(["a", "a/b", "."]), path=PATHS)
def test_what_is_writable_in_a_folder_is_writable_from_above_it(
    globs: tuple[str, ...], folder: str, path: str
) -> None:
    if matches_any(path, globs_below(globs, folder)):
        assert matches_any(path if folder == "." else f"{folder}/{path}", globs)


def test_the_usual_narrowings_lose_nothing() -> None:
    assert narrowed(ToolPolicy(), ToolPolicy(writable=("src/**",))).writable == ("src/**",)
    wide = ToolPolicy(writable=("src/**", "docs/**"))
    assert narrowed(wide, ToolPolicy(writable=("src/a/*.py",))).writable == ("src/a/*.py",)
    assert globs_below(("**",), "src") == ("**",)
    assert globs_below(("src/**", "docs/**"), "src/a") == ("**",)
    assert globs_below(("src/a/*.py", "**/*.md"), "src") == ("a/*.py", "**/*.md")
    assert globs_below(("docs/**",), "src") == ()


def test_tools_and_network_are_what_both_allow() -> None:
    some = ToolPolicy(allowed=frozenset({"Read", "Bash"}))
    others = ToolPolicy(allowed=frozenset({"Read", "Write"}), network=False)

    assert narrowed(some, others).allowed == {"Read"}
    assert narrowed(ToolPolicy(), some).allowed == some.allowed
    assert narrowed(some, ToolPolicy()).allowed == some.allowed
    assert not narrowed(some, others).network


def test_tools_that_steer_the_run_are_always_there() -> None:
    nothing = policy_of(ToolsAllowed(allowed=()))

    assert {name for name in NAMES if allows(nothing, name)} == STEERING
    assert all(allows(policy_of(ToolsAllowed()), name) for name in NAMES)
    assert nothing.network
    assert not policy_of(ToolsAllowed(hosts=("example.org",), network=False)).network
