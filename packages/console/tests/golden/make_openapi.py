"""Writes the kept OpenAPI document anew; read the difference before you keep it."""

import json
import tempfile
from pathlib import Path

from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock


def main() -> None:
    """Ask a console over an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        places = Locations.under(Path(folder))
        app = create_app(lambda: open_reader(places), SystemClock())
        found = TestClient(app, base_url="http://127.0.0.1:3456").get("/openapi.json").json()
    kept = Path(__file__).parent / "openapi.json"
    kept.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
