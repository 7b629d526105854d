"""Do the bundled workflows travel with the engine?"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from workrail_engine.system import Locations

ENGINE = Path(__file__).parents[1]
BUNDLED = ENGINE / "src" / "workrail_engine" / "bundled"
ROOT_LINK = ENGINE.parents[1] / "workflows"
UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def test_an_installed_engine_finds_its_bundled_workflows() -> None:
    found = Locations.from_environment({}).bundled_dir
    assert found.resolve() == BUNDLED.resolve()
    assert list(found.glob("*.yaml"))


def test_the_folder_at_the_root_of_the_repository_is_the_bundled_one() -> None:
    assert ROOT_LINK.resolve() == BUNDLED.resolve()


@pytest.mark.rule("REG-9")
@pytest.mark.skipif(UV is None, reason="uv, which builds the wheel, is not installed")
def test_the_wheel_holds_every_bundled_workflow(tmp_path: Path) -> None:
    assert UV is not None
    subprocess.run(
        [UV, "build", "--wheel", "--quiet", "--offline", "--out-dir", str(tmp_path), str(ENGINE)],
        check=True,
        timeout=120,
    )
    (wheel,) = tmp_path.glob("*.whl")
    shipped = set(zipfile.ZipFile(wheel).namelist())
    here = {
        f"workrail_engine/bundled/{path.relative_to(BUNDLED).as_posix()}"
        for path in BUNDLED.rglob("*")
        if path.is_file()
    }
    assert here
    assert here <= shipped
