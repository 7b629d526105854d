"""Each way out of the sandbox is tried twice: without walls, where it works, and within."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workrail_daemon.sandbox.choosing import possible, sandbox_for
from workrail_daemon.sandbox.contract import Command, Ran, SandboxPolicy, SandboxWish
from workrail_daemon.stopping import Stop

WITHIN = pytest.mark.skipif(
    possible().kind != "bubblewrap", reason=f"no bubblewrap: {possible().why_not}"
)
CANARY = "canary-3f9c1d77"


@dataclass
class Scene:
    """A machine in small: a home with a key, a store, other processes, listeners, a workspace."""

    home: Path
    store: Path
    workspace: Path
    outside: Path
    victim: "subprocess.Popen[bytes]"
    heard: list[bytes] = field(default_factory=list[bytes])
    port: int = 0
    datagrams: int = 0

    def run(self, wish: SandboxWish, script: str, **policy: object) -> Ran:
        hidden = {"hidden": (self.store, self.home / ".ssh"), **policy}
        wanted = SandboxPolicy(self.workspace, **hidden)  # pyright: ignore[reportArgumentType] (names of fields, given by tests)
        command = Command(("bash", "-c", script), self.workspace, 60)
        return sandbox_for(wish, wanted).run(command, Stop(), lambda _: None)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Scene]:
    home, store = tmp_path / "home", tmp_path / "home" / ".workrail"
    workspace, outside = tmp_path / "home" / "work" / "shop", tmp_path / "elsewhere"
    for folder in (home / ".ssh", store, workspace, outside):
        folder.mkdir(parents=True)
    for secret in (home / ".ssh" / "id_ed25519", store / "store.db", home / ".netrc"):
        secret.write_text(CANARY)
    monkeypatch.setenv("HOME", str(home))
    subprocess.run(["git", "init", "-q", str(workspace)], check=True, capture_output=True)
    with contextlib.ExitStack() as kept:
        victim = kept.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", "input()"],
                stdin=subprocess.PIPE,
                env={**os.environ, "MODEL_KEY": CANARY},
            )
        )
        made = Scene(home, store, workspace, outside, victim)
        listening = kept.enter_context(socket.create_server(("127.0.0.1", 0)))
        made.port = listening.getsockname()[1]
        _hear(listening, made.heard, kept)
        datagrams = kept.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(("127.0.0.1", 0))
        made.datagrams = datagrams.getsockname()[1]
        _hear_datagrams(datagrams, made.heard, kept)
        abstract = kept.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0{tmp_path.name}-{os.getpid()}")
        abstract.listen()
        _hear(abstract, made.heard, kept)
        by_path = kept.enter_context(socket.socket(socket.AF_UNIX))
        with contextlib.chdir(tmp_path):  # the whole path may be longer than a socket's may be
            by_path.bind("agent.sock")
        by_path.listen()
        _hear(by_path, made.heard, kept)
        yield made
        victim.kill()


def _hear(listening: socket.socket, heard: list[bytes], kept: contextlib.ExitStack) -> None:
    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection:
                    heard.append(connection.recv(64))

    _in_background(listen, lambda: listening.shutdown(socket.SHUT_RDWR), kept)


def _hear_datagrams(bound: socket.socket, heard: list[bytes], kept: contextlib.ExitStack) -> None:
    def listen() -> None:
        while (piece := bound.recv(64)) != b"enough":
            heard.append(piece)

    _in_background(listen, lambda: bound.sendto(b"enough", bound.getsockname()), kept)


def _in_background(
    work: Callable[[], None], end: Callable[[], object], kept: contextlib.ExitStack
) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    kept.callback(thread.join)
    kept.callback(end)


def _reads(ran: Ran, _: Scene) -> bool:
    return CANARY.encode() in ran.output


def _writes(_: Ran, scene: Scene) -> bool:
    return any(
        CANARY in file.read_text("utf-8", "replace")
        for folder in (scene.outside, scene.home / ".config", scene.workspace / ".git" / "hooks")
        for file in folder.glob("**/planted*")
    )


def _arrives(_: Ran, scene: Scene) -> bool:
    return any(CANARY.encode() in each for each in scene.heard)


def _succeeds(ran: Ran, _: Scene) -> bool:
    return b"done it" in ran.output


@dataclass(frozen=True)
class Escape:
    script: str
    """With the scene's names in braces."""
    escaped: Callable[[Ran, Scene], bool]
    everywhere: bool = True
    """Whether it works on every machine that has no walls."""


_CONNECT = "import socket; s = socket.socket(socket.AF_{}); s.connect({}); s.sendall(b'{}')"
ESCAPES = {
    "a key in the home": Escape("cat {home}/.ssh/id_ed25519 {home}/.netrc", _reads),
    "the key by the shell's home": Escape("cat ~root/../{home}/.ssh/id_ed25519", _reads),
    "the store": Escape("cat {store}/store.db", _reads),
    "a link in the workspace": Escape("ln -s {store}/store.db link; cat link", _reads),
    "a link that was there before": Escape("cat old-link", _reads),
    "another process's environment": Escape("cat /proc/{victim}/environ", _reads),
    "every process's environment": Escape("cat /proc/[0-9]*/environ", _reads),
    "another process's files": Escape("cat /proc/{victim}/root{home}/.netrc", _reads),
    "the files of process 1": Escape("cat /proc/1/root{home}/.netrc", _reads, everywhere=False),
    "a file outside": Escape("echo {canary} > {outside}/planted", _writes),
    "a file above the workspace": Escape(
        "mkdir -p ../../.config; echo {canary} > ../../.config/planted", _writes
    ),
    "a file outside by a link": Escape("ln -s {outside} way; echo {canary} > way/planted", _writes),
    "a hook of git": Escape("echo {canary} > .git/hooks/planted", _writes),
    "another folder of hooks": Escape(
        "mv .git old; mkdir -p .git/hooks; echo {canary} > .git/hooks/planted", _writes
    ),
    "a port of this machine": Escape(
        f'python3 -c "{_CONNECT.format("INET", "(chr(49)+chr(50)+chr(55)+chr(46)+chr(48)+chr(46)+chr(48)+chr(46)+chr(49), {port})", "{canary}")}"',
        _arrives,
    ),
    "a datagram, as names are asked for": Escape(
        "echo {canary} > /dev/udp/127.0.0.1/{datagrams}; exec 3>/dev/tcp/127.0.0.1/{port}"
        " && echo {canary} >&3",
        _arrives,
    ),
    "an abstract socket": Escape(
        f'python3 -c "{_CONNECT.format("UNIX", "chr(0)+{abstract!r}", "{canary}")}"', _arrives
    ),
    "a socket with a path": Escape(
        f'python3 -c "{_CONNECT.format("UNIX", "{by_path!r}", "{canary}")}"', _arrives
    ),
    "a signal": Escape("kill -0 {victim} && echo done it", _succeeds),
    "another process's memory": Escape(
        'python3 -c "import ctypes; c = ctypes.CDLL(None);'
        " print(c.ptrace(16, {victim}, 0, 0) == 0 and 'done it')\"",
        _succeeds,
    ),
    "a terminal typed into": Escape(
        'python3 -c "import fcntl, os, pty, termios; a, b = pty.openpty(); os.setsid();'
        " fcntl.ioctl(b, termios.TIOCSCTTY, 0); fcntl.ioctl(b, 0x5412, b'x'); print('done it')\"",
        _succeeds,
        everywhere=False,
    ),
    "a namespace of its own": Escape("unshare -Ur true && echo done it", _succeeds),
    "a namespace by clone": Escape(
        'python3 -c "import ctypes; print(ctypes.CDLL(None).syscall(56, 0x10000011, 0, 0, 0, 0)'
        " >= 0 and 'done it')\"",
        _succeeds,
        everywhere=False,
    ),
    "a mount": Escape(
        "mkdir -p m; mount -t tmpfs none m && umount m && echo done it", _succeeds, everywhere=False
    ),
    "the keys of the session": Escape(
        'python3 -c "import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 1) >= 0'
        " and 'done it')\"",
        _succeeds,
        everywhere=False,
    ),
    "the passwords of the machine": Escape(
        "cat /etc/shadow && echo done it", _succeeds, everywhere=False
    ),
    "the keys of the machine": Escape(
        "ls /etc/ssl/private && echo done it", _succeeds, everywhere=False
    ),
    "the machine's log": Escape(
        'python3 -c "import ctypes; print(ctypes.CDLL(None).klogctl(10, 0, 0) >= 0'
        " and 'done it')\"",
        _succeeds,
        everywhere=False,
    ),
    "a program that runs as its owner": Escape(
        "cp /bin/true mine; chmod 4755 mine; python3 -c 'import os; os.umask(0);"
        ' os.close(os.open("made", os.O_CREAT | os.O_WRONLY, 0o4755))\';'
        " test -u mine -o -u made && echo done it",
        _succeeds,
    ),
    "a socket that knows no namespaces": Escape(
        "python3 -c 'import socket; socket.socket(40, socket.SOCK_STREAM); print(\"done it\")'",
        _succeeds,
        everywhere=False,
    ),
    "a socket of the kernel's ciphers": Escape(
        "python3 -c 'import socket; socket.socket(38, 5, 0); print(\"done it\")'",
        _succeeds,
        everywhere=False,
    ),
    "a descriptor left open": Escape(
        "ls /proc/self/fd | grep -qvx '[0-3]' && echo done it", _succeeds, everywhere=False
    ),
}


@WITHIN
@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.rule("BOX-1")
def test_a_way_out_that_works_without_walls_is_shut_within(scene: Scene, name: str) -> None:
    escape = ESCAPES[name]
    abstract = f"{scene.home.parent.name}-{os.getpid()}"
    (scene.workspace / "old-link").symlink_to(scene.store / "store.db")
    script = _filled(
        escape.script,
        canary=CANARY,
        home=str(scene.home),
        store=str(scene.store),
        outside=str(scene.outside),
        victim=str(scene.victim.pid),
        port=str(scene.port),
        datagrams=str(scene.datagrams),
        abstract=abstract,
        by_path=str(scene.home.parent / "agent.sock"),
    )
    within = scene.run("required", script)
    assert not escape.escaped(within, scene), within.output
    without = scene.run("off", script)
    if escape.everywhere:
        assert _soon(lambda: escape.escaped(without, scene)), without.output


def _filled(script: str, **names: str) -> str:
    for name, value in names.items():
        script = script.replace("{" + name + "}", value)
        script = script.replace("{" + name + "!r}", f"'{value}'")
    return script


def _soon(holds: Callable[[], bool]) -> bool:
    """What another thread hears may take a moment."""
    waiting = threading.Event()
    return any(holds() or waiting.wait(0.02) for _ in range(100))
