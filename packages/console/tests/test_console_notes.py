"""Notes of agents are shown as Markdown and can do nothing."""

import re

import pytest

from workrail_console.notes import LONGEST, beginning, notes_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "![x](https://evil.example/pixel.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![" onerror="alert(1)](https://evil.example/"onload="x)',
    "![x][r]\n\n[r]: https://evil.example/pixel.png",
    "<iframe src=https://evil.example></iframe>",
    "<style>*{background:url(https://evil.example)}</style>",
    '<a href="https://evil.example" style="position:fixed">x</a>',
    "<svg><script>alert(1)</script></svg>",
    "`</code><script>alert(1)</script>`",
    '```"><script>alert(1)</script>\nx\n```',
    "<form action=https://evil.example><input name=q></form>",
    "<https://evil.example/<script>>",
    "| a |\n|:-:|\n| <img src=x> |",
]
TAG = re.compile(r"<\s*/?\s*([a-zA-Z0-9]+)((?:[^>\"]|\"[^\"]*\")*)>")
ALLOWED = {
    *("p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s", "a", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "h4", "h5", "h6"),
}


@pytest.mark.rule("CON-4")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_notes_become_harmless_tags_only(text: str) -> None:
    html = notes_html(text)

    for tag, attributes in TAG.findall(html):
        assert tag in ALLOWED
        assert not re.search(r"\b(on\w+|style|src|srcset|class|id)\s*=", attributes)
    for target in re.findall(r'href="([^"]*)"', html):
        assert re.match(r"(https?|mailto):", target)


@pytest.mark.rule("CON-4")
def test_an_image_becomes_a_link_to_it() -> None:
    html = notes_html("![a chart](https://example.org/c.png)")

    assert html == (
        '<p><a href="https://example.org/c.png" rel="noopener noreferrer nofollow">'
        "[image: a chart]</a></p>\n"
    )


def test_an_image_without_an_address_of_the_web_is_only_named() -> None:
    assert notes_html("![a chart](c.png)") == "<p>[image: a chart]</p>\n"


def test_raw_html_is_shown_as_the_text_it_is() -> None:
    assert notes_html("<b>bold</b>") == "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"


def test_tables_lists_and_code_are_shown_as_such() -> None:
    html = notes_html("| a | b |\n|---|---|\n| 1 | 2 |\n\n- x\n\n```\n1 < 2\n```\n")

    assert '<table tabindex="0">' in html
    assert "<td>2</td>" in html
    assert "<li>x</li>" in html
    assert '<pre tabindex="0"><code>1 &lt; 2\n</code></pre>' in html


def test_headings_of_a_note_sit_below_those_of_the_page() -> None:
    assert notes_html("# One\n\n#### Four") == "<h4>One</h4>\n<h5>Four</h5>\n"
    assert notes_html("## Two", below=1) == "<h2>Two</h2>\n"


def test_no_heading_of_a_note_skips_a_level() -> None:
    html = notes_html("### Three\n\n# One\n\n## Two\n\n### Three")

    assert [line[:4] for line in html.splitlines()] == ["<h4>", "<h4>", "<h5>", "<h6>"]


def test_a_line_break_of_a_note_is_kept() -> None:
    assert notes_html("H1: the rule.\nH2: rounding.").replace("\n", "") == (
        "<p>H1: the rule.<br>H2: rounding.</p>"
    )


def test_tasks_of_a_list_are_boxes_that_are_ticked_or_not() -> None:
    html = notes_html("- [x] done\n- [ ] open, see [x] below\n- plain [x]\n")

    assert "<li>☑ done</li>" in html
    assert "<li>☐ open, see [x] below</li>" in html
    assert "<li>plain [x]</li>" in html


def test_code_in_a_known_language_is_coloured_by_classes_alone() -> None:
    html = notes_html("```python\ndef look(): return '<b>'\n```\n```brainfog\n<i>\n```\n")

    assert '<span class="t-k">def</span>' in html
    assert "&lt;b&gt;" in html
    assert '<pre tabindex="0"><code>&lt;i&gt;\n</code></pre>' in html
    assert "style=" not in html


def test_code_cannot_bring_classes_of_its_own() -> None:
    html = notes_html('```"><span class="badge">\nx\n```\n')

    assert "badge" not in html


def test_the_beginning_of_long_notes_ends_with_a_line() -> None:
    text = "\n".join(f"Line {number}" for number in range(100))

    start = beginning(text, 120)

    assert start is not None
    assert text.startswith(f"{start}\n")
    assert len(start) <= 120
    assert beginning(text, len(text)) is None


def test_notes_too_long_for_markdown_are_shown_as_they_are() -> None:
    html = notes_html("<b>*x*</b>" * (LONGEST // 10 + 1))

    assert html.startswith('<pre tabindex="0">&lt;b&gt;*x*')
