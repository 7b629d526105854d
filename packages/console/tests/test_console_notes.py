"""Notes of agents are shown as Markdown and can do nothing."""

import re

import pytest

from workrail_console.notes import notes_html

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
    html = notes_html("| a | b |\n|---|---|\n| 1 | 2 |\n\n- x\n\n```py\n1 < 2\n```\n")

    assert "<table>" in html
    assert "<td>2</td>" in html
    assert "<li>x</li>" in html
    assert "<pre><code>1 &lt; 2\n</code></pre>" in html


def test_headings_of_a_note_sit_below_those_of_the_page() -> None:
    assert notes_html("# One\n\n#### Four") == "<h4>One</h4>\n<h6>Four</h6>\n"


def test_a_line_break_of_a_note_is_kept() -> None:
    assert notes_html("H1: the rule.\nH2: rounding.").replace("\n", "") == (
        "<p>H1: the rule.<br>H2: rounding.</p>"
    )
