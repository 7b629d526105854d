"""What a command wrote is shown as a terminal would, and cannot do more than be shown."""

import pytest

from workrail_console.ansi import terminal_html


def test_colours_and_weights_become_classes_until_they_end() -> None:
    html = terminal_html("\x1b[1;31mFAIL\x1b[0m one \x1b[32mok\x1b[39m two")

    assert html == (
        '<span class="a-bold a-red">FAIL</span> one <span class="a-green">ok</span> two'
    )


def test_a_line_written_over_shows_what_was_written_last() -> None:
    assert terminal_html("10 %\r60 %\r100 %\ndone\r\n") == "100 %\ndone\n"


@pytest.mark.parametrize(
    "hidden",
    ["\x1b]0;a title\x07", "\x1b[2K", "\x1b[?25l", "\x07", "\x1b[38;5;12m", "\x1b[48;2;1;2;3m"],
)
def test_other_control_sequences_are_dropped(hidden: str) -> None:
    assert terminal_html(f"a{hidden}b") == "ab"


@pytest.mark.rule("CON-4")
def test_markup_in_output_is_text() -> None:
    assert terminal_html("\x1b[31m<script>\x1b[0m&") == (
        '<span class="a-red">&lt;script&gt;</span>&amp;'
    )
