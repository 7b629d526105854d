"""What the console loads before its first page, and what it leaves until it is needed."""

import subprocess
import sys

HEAVY = [
    *("alembic", "markdown_it", "nh3", "prometheus_client", "psutil", "pygments"),
    *("jsonschema", "workrail_console.demo", "workrail_engine.demonstration"),
]
_LOADED = """
import sys
import workrail_console.cli, workrail_console.serving
print(*sorted(name for name in sys.argv[1:] if name in sys.modules))
"""


def test_what_the_first_page_does_not_need_is_not_loaded_for_it() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _LOADED, *HEAVY], check=True, capture_output=True, text=True
    )

    assert said.stdout.split() == []
