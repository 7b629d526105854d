"""Does each member work where only what it declares is installed?

`make alone` runs this. The development environment holds every dependency of every member, so an
import that a member forgot to declare works there and fails for users. Here each member is built,
installed with its own dependencies into an environment of its own, and every module of it imported.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
LONGEST_SECONDS = 600
IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
names = [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
for name in names:
    if ".migrations." not in name:
        importlib.import_module(name)
print(len(names) + 1)
"""


def main() -> int:
    """Try every member; 0 when all work, 1 when one does not."""
    failed = [member.name for member in sorted((ROOT / "packages").iterdir()) if not works(member)]
    if failed:
        say(f"not alone: {', '.join(failed)}")
    return 1 if failed else 0


def works(member: Path) -> bool:
    """Whether every module of a member can be imported, and its program says its version."""
    project = tomllib.loads((member / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = project["name"].replace("-", "_")
    done = alone(project["name"], "python", "-W", "error", "-c", IMPORT_EVERYTHING, package)
    if done.returncode == 0:
        say(f"{project['name']}: {done.stdout.strip()} modules, each imported")
    for program in project.get("scripts", {}):
        if done.returncode == 0:
            done = alone(project["name"], program, "--version")
            say(f"{project['name']}: {done.stdout.strip()}")
    if done.returncode != 0:
        say(f"{project['name']}: FAILED\n{done.stderr.strip()}")
    return done.returncode == 0


def alone(distribution: str, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in an environment that holds one member, built, and what it declares."""
    # Without a refresh, uv takes a built member from its cache although its modules have changed.
    refresh = [f"--refresh-package={name}" for name in (distribution, "workrail-engine")]
    return subprocess.run(
        [
            *(UV, "run", "--isolated", "--locked", "--no-dev", "--no-editable", "--quiet"),
            *(*refresh, "--package", distribution, *command),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=LONGEST_SECONDS,
        check=False,
    )


def say(line: str) -> None:
    """One line of progress, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
