"""Models that follow a script."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_daemon.agent.present import present
from workrail_daemon.errors import ModelRefusedError, StoppedError
from workrail_daemon.models.failures import TryFailedError
from workrail_daemon.models.protocol import (
    Heard,
    Message,
    ModelMessage,
    ModelRequest,
    Reply,
    Retried,
    Text,
    ToolResult,
    ToolUse,
    UserMessage,
)
from workrail_daemon.models.scripted import AT_ITS_END, ScriptedClient
from workrail_daemon.stopping import Stop
from workrail_engine.agent_events import Usage
from workrail_engine.outcomes import StepReady, StepView

DOCS = Path(__file__).parents[3] / "docs" / "models.md"


class Talk:
    """A conversation with a script; every answer comes from a client of its own, as if restarted."""

    def __init__(self, folder: Path, script: str) -> None:
        self.path = folder / "script.yaml"
        self.path.write_text(script, encoding="utf-8")
        self.messages: tuple[Message, ...] = ()

    def hears(self, *blocks: Heard) -> Reply:
        self.messages = (*self.messages, UserMessage(blocks))
        request = ModelRequest("", self.messages, (), 1024)
        client = ScriptedClient("scripted/x", self.path)
        reply = client.ask(request, Stop(), lambda _: None)
        self.messages = (*self.messages, ModelMessage(reply.blocks))
        return reply

    def words(self, *blocks: Heard) -> str:
        return " ".join(
            block.text for block in self.hears(*blocks).blocks if isinstance(block, Text)
        )


def calls(reply: Reply) -> list[tuple[str, object]]:
    return [(each.name, each.input) for each in reply.blocks if isinstance(each, ToolUse)]


def step(title: str, number: int) -> Text:
    view = StepView("id", title, "Do it.", number, 5, None, (), None)
    return Text(present(StepReady("sess", "ct", view)))


def test_turns_are_given_one_after_the_other_across_restarts(tmp_path: Path) -> None:
    talk = Talk(
        tmp_path,
        """
turns:
  - say: I look.
    calls: [{tool: Bash, input: {command: ls}}, {tool: Read, input: {path: a.py}}]
  - {say: Again., times: 2}
  - say: Done.
""",
    )
    first = talk.hears(Text("Go"))
    assert first.stop == "tool_use"
    assert calls(first) == [("Bash", {"command": "ls"}), ("Read", {"path": "a.py"})]
    identities = [block.id for block in first.blocks if isinstance(block, ToolUse)]
    assert len(set(identities)) == 2
    results = [ToolResult(identity, "ok") for identity in identities]
    assert [talk.words(*results), talk.words(Text("?")), talk.words(Text("?"))] == [
        "Again.",
        "Again.",
        "Done.",
    ]
    last = talk.hears(Text("?"))
    assert (last.stop, last.blocks) == ("end_turn", (Text(AT_ITS_END),))


def test_a_scene_answers_when_what_was_heard_fits_and_the_others_go_on_after_it(
    tmp_path: Path,
) -> None:
    talk = Talk(
        tmp_path,
        """
scenes:
  - when: {heard: "FAILED .*test_cart", failed: true}
    turns: [{say: I mend it.}]
  - when: {heard: 'again\\?'}
    repeat: true
    turns: [{say: Yes.}]
turns: [{say: One.}, {say: Two.}, {say: Three.}]
""",
    )
    red = ToolResult("t", "FAILED tests/test_cart.py", is_error=True)
    assert talk.words(Text("Go")) == "One."
    assert talk.words(replace(red, is_error=False)) == "Two."
    assert talk.words(red) == "I mend it."
    assert talk.words(Text("again?")) == "Yes."
    assert talk.words(Text("again?")) == "Yes."
    assert talk.words(red) == "Three.", "a scene whose turns are used up gives way"


def test_a_scene_can_belong_to_a_step_by_its_title_or_its_number(tmp_path: Path) -> None:
    talk = Talk(
        tmp_path,
        """
scenes:
  - when: {step: "^Find"}
    turns: [{say: I search.}, {say: Found.}]
  - when: {step: "2"}
    turns: [{say: I mend.}]
turns: [{say: Lost.}]
""",
    )
    assert talk.words(step("Find the cause", 1)) == "I search."
    assert talk.words(ToolResult("t", "nothing here")) == "Found."
    assert talk.words(ToolResult("t", step("Mend it", 2).text)) == "I mend."
    assert talk.words(step("Tell of it", 3)) == "Lost."


def test_a_turn_can_fail_before_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "script.yaml"
    path.write_text("turns: [{say: Hi., fail: {times: 2, retry_after: 3}}]", encoding="utf-8")
    client = ScriptedClient("scripted/x", path)
    request = ModelRequest("", (UserMessage((Text("Go"),)),), (), 1024)
    for _ in range(2):
        with pytest.raises(TryFailedError) as caught:
            client.ask(request, Stop(), lambda _: None)
        assert caught.value.retry_after == 3
    reply = client.ask(request, Stop(), lambda _: None)
    assert Text("Hi.") in reply.blocks


def test_a_turn_can_be_refused_for_good(tmp_path: Path) -> None:
    talk = Talk(tmp_path, "turns: [{fail: {kind: refused, said: no such key}}]")
    with pytest.raises(ModelRefusedError, match="no such key"):
        talk.hears(Text("Go"))


def test_a_model_that_thinks_for_long_hears_a_stop(tmp_path: Path) -> None:
    path = tmp_path / "script.yaml"
    path.write_text("turns: [{say: Hm., wait: 600}]", encoding="utf-8")
    stop = Stop()
    stop.give("cancelled")
    told: list[Retried] = []
    with pytest.raises(StoppedError, match="cancelled"):
        ScriptedClient("scripted/x", path).ask(
            ModelRequest("", (UserMessage((Text("Go"),)),), (), 1024), stop, told.append
        )


def test_usage_is_reckoned_by_length_or_said(tmp_path: Path) -> None:
    talk = Talk(
        tmp_path,
        "turns: [{say: 12345678}, {say: x, usage: {input: 7, output: 9, cache_read: 100}}]".replace(
            "12345678", "'12345678'"
        ),
    )
    first, second = talk.hears(Text("x" * 400)), talk.hears(Text("more"))
    assert (first.usage, first.cost) == (Usage(input=100, output=2), 0)
    assert second.usage == Usage(input=7, output=9, cache_read=100)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("turns: [{sey: hi}]", r"turns\.0\.sey: "),
        ("scenes: [{when: {heard: '('}, turns: [{say: x}]}]", r"scenes\.0\.when\.heard: .*regular"),
        ("scenes: [{turns: []}]", r"scenes\.0\.turns: "),
        ("turns: [", "neither YAML nor JSON"),
    ],
)
def test_a_script_that_cannot_be_followed_is_refused_with_the_place(
    tmp_path: Path, script: str, said: str
) -> None:
    talk = Talk(tmp_path, script)
    with pytest.raises(ModelRefusedError, match=said) as caught:
        talk.hears(Text("Go"))
    assert str(talk.path) in str(caught.value)


def test_a_script_that_is_not_there_is_refused(tmp_path: Path) -> None:
    client = ScriptedClient("scripted/x", tmp_path / "none.yaml")
    with pytest.raises(ModelRefusedError, match=r"none\.yaml cannot be read"):
        client.ask(ModelRequest("", (), (), 1024), Stop(), lambda _: None)


def test_the_script_of_the_documentation_does_what_it_says(tmp_path: Path) -> None:
    (script,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    talk = Talk(tmp_path, script)
    first = talk.hears(step("Find the cause", 1))
    assert calls(first) == [("Bash", {"command": "pytest -q"})]
    (use,) = [block for block in first.blocks if isinstance(block, ToolUse)]
    red = talk.hears(ToolResult(use.id, "1 failed", is_error=True))
    assert [name for name, _ in calls(red)] == ["Read"]
    assert [name for name, _ in calls(talk.hears(Text("...")))] == ["complete_step"]
    assert "I am done." in talk.words(step("Tell of it", 2))
