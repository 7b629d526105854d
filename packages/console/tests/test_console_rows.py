"""What the rows of a list say."""

import pytest
from fastapi.testclient import TestClient

from workrail_console.rows import plain
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.outcomes import StepReady


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        ("**Two** of `three` are *done*.", "Two of three are done."),
        ("***Both***, ~~one~~ none", "Both, one none"),
        ("## Result\n\n> It holds.", "Result\n\nIt holds."),
        ("- one\n- two", "- one\n- two"),
        (
            "See [the plan](docs/plan.md) and ![a picture](https://x.test/y.png).",
            "See the plan and a picture.",
        ),
        ("2*3*4 is 2 ** 3 * 3; read src/*.py", "2*3*4 is 2 ** 3 * 3; read src/*.py"),
        ("`**options` and snake_case and __init__", "**options and snake_case and __init__"),
        ("```python\nprint(1)\n```", "python\nprint(1)\n"),
        ("It is **not closed", "It is not closed"),
        ("<b>bold</b> & plain", "<b>bold</b> & plain"),
    ],
)
def test_notes_as_plain_text_have_no_marks_of_markdown(notes: str, told: str) -> None:
    assert plain(notes) == told


def test_only_the_beginning_of_long_notes_is_read() -> None:
    assert len(plain("`" * 100_000 + "*" * 100_000)) <= 600


def test_the_list_says_the_last_note_in_plain_text(console: TestClient, acting: Engine) -> None:
    outcome = acting.start(StartRequest("careful", "Tell plainly"))
    while isinstance(outcome, StepReady):
        outcome = acting.advance(outcome.token, Submission(notes="**Two** of `three` <i>hold</i>."))

    page = console.get("/").text

    assert "<bdi>Two of three &lt;i&gt;hold&lt;/i&gt;.</bdi>" in page
