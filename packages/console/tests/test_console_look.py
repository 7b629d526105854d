"""The style sheet keeps what it promises: readable in light and dark, nothing from elsewhere."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import workrail_console
from workrail_console.assets import SHEETS, read_assets

STATIC = Path(workrail_console.__file__).parent / "static"
BASE = (STATIC / "css" / "00_base.css").read_text(encoding="utf-8")
CSS = "\n".join(read_assets()[name].body.decode() for name in SHEETS)
ON_GROUND = ["text", "quiet", "link", "bad"]
GROUNDS = ["page", "panel", "code"]
PAIRS = [
    *((ink, ground) for ink in ON_GROUND for ground in GROUNDS if (ink, ground) != ("bad", "code")),
    *((name, f"{name}-soft") for name in ("run", "bad", "good", "warn")),
    ("panel", "text"),
]


def colours(theme: str) -> dict[str, str]:
    """The colour variables of a theme; dark replaces what light sets."""
    light, dark = BASE.split("* {")[0].split("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    if theme == "dark":
        found.update(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark))
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.rule("CON-10")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_stands_out_from_its_ground_in_both_themes(theme: str, ink: str, ground: str) -> None:
    found = colours(theme)
    bright, dim = sorted((luminance(found[ink]), luminance(found[ground])), reverse=True)

    assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_dark_replaces_every_colour_of_the_light_theme() -> None:
    dark = BASE.split("@media (prefers-color-scheme: dark)")[1].split("* {")[0]

    assert set(re.findall(r"--([a-z-]+):", dark)) == set(colours("light"))


def test_the_style_sheet_fetches_nothing_from_elsewhere() -> None:
    assert re.findall(r"url\(\"?([^)\"]*)\"?\)", CSS) == ["icon.svg"]
    assert "@import" not in CSS
    assert (STATIC / "icon.svg").is_file()


def test_narrow_screens_and_paper_have_rules_of_their_own() -> None:
    assert "@media (max-width: 42rem)" in CSS
    assert "@media print" in CSS


def test_every_part_of_the_style_belongs_to_one_sheet() -> None:
    parts = [part for sheet in SHEETS.values() for part in sheet]

    assert sorted(parts) == sorted(part.name for part in (STATIC / "css").iterdir())


def test_the_list_fetches_only_the_style_it_needs_and_every_other_page_all_of_it(
    console: TestClient,
) -> None:
    asked = {page: console.get(page).text for page in ("/", "/search", "/health", "/nowhere")}

    sheets = {page: re.findall(r"/static/([a-z]+\.css)\?v=", html) for page, html in asked.items()}
    assert sheets.pop("/") == ["console.css"]
    assert set(map(tuple, sheets.values())) == {("console.css", "pages.css")}
