"""How a stored definition is shown, and what differs between two of them."""

import json
from html import unescape
from re import sub

from workrail_console.definition_text import difference, json_html


def text_of(html: str) -> str:
    return unescape(sub(r"<[^>]*>", "", html))


def test_a_document_is_coloured_and_still_reads_as_it_is_stored() -> None:
    document = json.dumps(
        {"id": "<b>x</b>", "steps": ["line\u2028end"]}, indent=2, ensure_ascii=False
    )

    html = json_html(document)

    assert '<span class="t-nt">' in html
    assert "<b>" not in html
    assert text_of(html) == document


def test_a_document_longer_than_one_piece_loses_nothing() -> None:
    document = json.dumps(
        [{"id": f"step-{n}", "prompt": "Do it. " * 20} for n in range(400)], indent=1
    )

    assert text_of(json_html(document)) == document


def test_a_difference_names_added_and_removed_lines_with_their_numbers() -> None:
    old = "\n".join(str(n) for n in range(30))
    new = old.replace("\n7\n", "\nseven\n").replace("\n20\n", "\n20\n20a\n")

    lines = difference(old, new)

    assert lines is not None
    changed = [(line.sign, line.old, line.new, line.text) for line in lines if line.sign in "+-"]
    assert changed == [("-", 8, None, "7"), ("+", None, 8, "seven"), ("+", None, 22, "20a")]
    assert sum(line.sign == "@" for line in lines) == 2


def test_equal_documents_differ_in_nothing_and_endless_ones_are_not_compared() -> None:
    assert difference("a\nb", "a\nb") == ()
    assert difference("a\n" * 20_001, "b") is None
