"""What does the console look like? Every page, on a desktop and a phone, in light and in dark.

Run it with `make screenshots`; it writes docs/screenshots/*.png. The sessions are those of
`worktrain-console demo`, so nothing of anyone's is shown.
"""

import argparse
import io
import sys
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser

from looking import addresses, browser, chromium, console
from workrail_console.demo import made_up_store
from workrail_engine.demonstration.landmarks import landmarks
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

FOLDER: Final = Path(__file__).parent.parent / "docs" / "screenshots"
LEFT_OUT: Final = (
    *("nowhere", "hostile, context", "hostile, artifacts", "hostile, events"),
    *("sessions, all", "sessions, none", "search, none", "long", "reviewed"),
    *("run, asking", "run, incomplete"),
)
"""Pages that look like another one."""
SIZES: Final = {"desktop": (1280, 700), "phone": (390, 844)}
THEMES: Final = ("light", "dark")
COLOURS: Final = 64
"""Pages have few; a picture of 64 colours is a quarter as large and looks the same."""


def main() -> int:
    """Take all of them; 1 where there is no browser."""
    parser = argparse.ArgumentParser(description="Photograph every page of the console.")
    parser.add_argument("--into", type=Path, default=FOLDER, help="the folder they go into")
    folder: Path = parser.parse_args().into
    program = chromium()
    if program is None:
        print("No Chromium on this machine; install the package chromium.", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with (
        made_up_store(lambda _line: None) as home,
        console(home) as site,
        browser(program) as started,
    ):
        with open_reader(Locations.under(home)) as reader:
            places = addresses(landmarks(reader))
        pages = {name: site + at for name, at in places.items() if name not in LEFT_OUT}
        size = sum(_taken(started, pages, folder, *kind) for kind in _kinds())
    print(f"{len(list(folder.glob('*.png')))} pictures, {size / 1024 / 1024:.1f} MB, in {folder}")
    return 0


def _kinds() -> list[tuple[str, str]]:
    return [(size, theme) for size in SIZES for theme in THEMES]


def _taken(started: Browser, pages: dict[str, str], folder: Path, size: str, theme: str) -> int:
    """Take each page in one size and theme; bytes in all."""
    width, height = SIZES[size]
    written = 0
    with started.new_context(viewport={"width": width, "height": height}) as context:
        page = context.new_page()
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for name, address in pages.items():
            page.goto(address)
            page.wait_for_load_state("load")
            path = folder / f"{name.replace(', ', '-').replace(' ', '-')}-{size}-{theme}.png"
            path.write_bytes(_smaller(page.screenshot()))
            written += path.stat().st_size
    return written


def _smaller(picture: bytes) -> bytes:
    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        smaller = io.BytesIO()
        few.save(smaller, "PNG", optimize=True)
        return smaller.getvalue()


if __name__ == "__main__":
    sys.exit(main())
