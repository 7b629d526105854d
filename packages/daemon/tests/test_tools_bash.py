"""A command answers with what it printed and how it ended, whatever that is."""

import subprocess
import threading
from pathlib import Path

import pytest

from workrail_daemon.errors import StoppedError
from workrail_daemon.sandbox.choosing import sandbox_for
from workrail_daemon.sandbox.contract import SandboxPolicy, SandboxWish
from workrail_daemon.stopping import Stop
from workrail_daemon.testing.hands import SESSION, Hands
from workrail_daemon.tools.bash import bash_tool
from workrail_daemon.tools.bounded import MOST_SHOWN, bounded
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.grep import grep_tool
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.readable import readable
from workrail_engine.canonical import JsonValue
from workrail_engine.ids import NodeId


@pytest.fixture
def hands(tmp_path: Path) -> Hands:
    """Tools in an empty workspace."""
    return Hands(tmp_path)


def test_output_comes_in_order_with_the_exit_code(hands: Hands) -> None:
    well = hands.use("Bash", command="echo one; echo two >&2; echo three")
    badly = hands.use("Bash", command="echo no; exit 3")
    silent = hands.use("Bash", command="true")

    assert (well.outcome, well.text) == ("ok", "one\ntwo\nthree\n[exit code 0]")
    assert (badly.outcome, badly.text) == ("error", "no\n[exit code 3]")
    assert silent.text == "(it printed nothing)\n[exit code 0]"


def test_equal_commands_with_equal_results_have_equal_answers(hands: Hands) -> None:
    assert hands.use("Bash", command="sleep 0.05; ls") == hands.use(
        "Bash", command="sleep 0.05; ls"
    )


@pytest.mark.parametrize(
    "command",
    ["-x; echo no", "--version", "echo '$HOME' \"a b\" `echo c`", "echo $'a\\nb' | cat; # rest"],
)
def test_a_command_is_one_argument_of_bash_and_nothing_more(hands: Hands, command: str) -> None:
    script = hands.workspace / "script"
    script.write_text(command)
    expected = subprocess.run(
        ["bash", "script"], cwd=hands.workspace, capture_output=True, text=True, check=False
    )

    answer = hands.use("Bash", command=command)

    assert answer.text.endswith(f"[exit code {expected.returncode}]")
    assert (expected.stdout.strip() or "command not found") in answer.text


def test_a_command_runs_in_the_workspace_or_a_folder_of_it(hands: Hands) -> None:
    (hands.workspace / "sub").mkdir()

    assert hands.use("Bash", command="pwd").text.startswith(f"{hands.workspace}\n")
    assert hands.use("Bash", command="pwd", cwd="sub").text.startswith(f"{hands.workspace}/sub\n")
    assert "no folder of the workspace" in hands.use("Bash", command="pwd", cwd="nothing").text


@pytest.mark.parametrize("wish", ["off", "auto"])
def test_commands_and_searches_answer_the_same_inside_walls(
    tmp_path: Path, wish: SandboxWish
) -> None:
    workspace = tmp_path.resolve()
    (workspace / "src").mkdir()
    (workspace / "src" / "a.py").write_text("needle\n")
    inside, sandbox = Inside(workspace), sandbox_for(wish, SandboxPolicy(workspace))

    def said(tool: Tool, **arguments: JsonValue) -> str:
        call = Call(SESSION, NodeId(1), 1, 1, tool.spec.name, arguments)
        answer = tool.run(call, Stop(), lambda _doing: None)
        assert isinstance(answer, Answered)
        return answer.text

    bash, grep = bash_tool(inside, sandbox, 20), grep_tool(inside, sandbox)
    assert said(bash, command="pwd; cat a.py >&2; exit 3", cwd="src") == (
        f"{workspace}/src\nneedle\n[exit code 3]"
    )
    assert said(grep, pattern="needle") == "src/a.py"
    assert said(grep, pattern="needle", path="src", output_mode="content") == "src/a.py:1:needle"


def test_nobody_can_type_into_a_command(hands: Hands) -> None:
    assert hands.use("Bash", command="cat; read x || echo end", seconds=10).text.startswith("end\n")


def test_a_command_that_takes_too_long_is_ended_with_all_it_started(hands: Hands) -> None:
    answer = hands.use("Bash", command="echo begun; sleep 300 & sleep 300", seconds=1)

    assert answer.outcome == "error"
    assert answer.text == "begun\n[ended after 1 s, with all it started; it was not done]"
    refused = hands.use("Bash", command="true", seconds=10_000)
    assert "a command may take 20 at most" in refused.text


def test_a_stopped_run_ends_its_command_at_once(hands: Hands) -> None:
    threading.Timer(0.2, hands.stop.give, ["cancelled"]).start()

    with pytest.raises(StoppedError, match="cancelled"):
        hands.use("Bash", command="sleep 300")


@pytest.mark.rule("TOOL-5")
def test_five_megabytes_of_output_are_shown_as_thirty_kilobytes_and_kept_whole(
    hands: Hands,
) -> None:
    answer = hands.use("Bash", command="seq -f 'line %012.0f' 300000")

    shown = bounded(answer.text, 3, 1)

    assert len(answer.text) > 5_000_000
    assert len(shown.text.encode()) <= MOST_SHOWN
    assert shown.whole == answer.text.encode()
    assert shown.text.startswith("line 000000000001\n")
    assert shown.text.endswith("line 000000300000\n[exit code 0]")
    assert 'read_artifact with name "output:3:1"' in shown.text
    for line in shown.text.splitlines():
        assert line.startswith(("line 0", "[")), "a line was cut"


def test_one_line_without_end_is_cut_between_characters() -> None:
    shown = bounded("ä€😀" * 20_000, 1, 1)

    head, sentence, tail = shown.text.split("\n")
    assert set(head) == set(tail) == set("ä€😀")
    assert len(head) > 3000
    assert len(tail) > 3000
    assert "left out here" in sentence


def test_a_short_answer_is_shown_as_it_is() -> None:
    assert bounded("x" * MOST_SHOWN, 1, 1).whole is None
    assert bounded("x" * (MOST_SHOWN + 1), 1, 1).whole is not None


def test_what_was_left_out_is_counted_and_lies_where_the_sentence_says() -> None:
    text = "\n".join(f"{number}" for number in range(20_000))

    shown = bounded(text, 1, 1)

    head, _, rest = shown.text.partition("\n[")
    sentence, _, tail = rest.partition("]\n")
    left_out = int(sentence.partition(" bytes")[0].replace(",", ""))
    offset = int(sentence.partition("offset ")[2].partition(" ")[0])
    assert text.startswith(f"{head}\n")
    assert offset == len(head) + 1
    assert text[offset + left_out :] == tail


def test_bytes_become_text_a_model_can_read() -> None:
    assert readable(b"\x1b[31mred\x1b[0m\r\nprogress 1\rprogress 2\n") == (
        "red\nprogress 1\nprogress 2\n"
    )
    assert readable(b"caf\xe9\x07 \x1b]0;title\x07ok") == "caf\\xe9\\x07 ok"
    assert readable(bytes(64)).startswith("[binary data, 64 bytes; it begins:]\n00 00")
    assert len(readable(bytes(range(128, 256)) * 5000)) < 1200
