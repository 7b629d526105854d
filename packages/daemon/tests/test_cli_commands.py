"""What the commands of `worktrain` do to a real store while no daemon works on it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import click
import pytest
from click.testing import CliRunner, Result

from workrail_daemon.cli import SUMMARIES, load_command, main
from workrail_daemon.commands import waiting
from workrail_engine.agent_events import Noticed
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine, Submission, open_engine
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.outcomes import Blocked
from workrail_engine.projections.runs import Beat, Claim
from workrail_engine.system import Locations

TWO_STEPS = {
    "id": "two-steps",
    "name": "Two steps",
    "description": "Two steps.",
    "version": "1.0.0",
    "steps": [
        {"id": "one", "title": "One", "prompt": "Do one."},
        {"id": "two", "title": "Two", "prompt": "Do two."},
    ],
}
Told = JsonObject


@dataclass(frozen=True)
class Shop:
    """A home without a daemon, and a folder to work in."""

    locations: Locations
    workspace: Path

    def run(self, *words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, words, input=stdin, prog_name="worktrain")

    def told(self, *words: str, code: int = 0) -> Told:
        """What a command prints for programs; nothing else may be on stdout."""
        result = self.run(*words, "--json")
        assert result.exit_code == code, (result.output, result.exception)
        return cast("Told", json.loads(result.stdout))

    def spawn(self, *more: str) -> SessionId:
        words = ("spawn", "two-steps", "--goal", "Try it", "--workspace", str(self.workspace))
        return SessionId(str(self.told(*words, *more)["sessionId"]))


@pytest.fixture(name="shop")
def home_without_a_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    workflows = tmp_path / "project" / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "two-steps.json").write_text(json.dumps(TWO_STEPS))
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WORKRAIL_DATABASE_URL", raising=False)
    return Shop(Locations.from_environment(), tmp_path / "project")


def acting(shop: Shop, act: Callable[[Engine], object]) -> None:
    """Do to the store what a daemon would do."""
    with open_engine(shop.locations) as engine:
        act(engine)


def claimed(engine: Engine) -> Claim:
    claim = engine.runs.claim("elsewhere:1", ttl=60)
    assert claim is not None
    return claim


def runs_of(told: Told) -> list[JsonObject]:
    return cast("list[JsonObject]", told["runs"])


@pytest.mark.rule("CLI-80")
def test_a_session_is_spawned_and_queued_while_no_daemon_works(shop: Shop) -> None:
    result = shop.run("spawn", "two-steps", "--goal", "Try it", "--workspace", str(shop.workspace))

    assert result.exit_code == 0, result.output
    session_id = result.stdout.strip()
    assert "worktrain daemon" in result.stderr
    run = shop.told("status", session_id)
    assert (run["state"], run["goal"], run["attended"]) == ("queued", "Try it", False)
    (line,) = cast("list[JsonObject]", shop.told("logs")["events"])
    assert (line["kind"], line["sessionId"]) == ("session_queued", session_id)
    assert line["workflow"] == "two-steps"


def test_what_an_order_says_lies_with_the_run(shop: Shop, tmp_path: Path) -> None:
    values = tmp_path / "values.json"
    values.write_text('{"issue": 1, "kind": "bug"}')
    above = shop.spawn()

    session_id = shop.spawn(
        *("--context", "issue=12", "--context", "who=ada lovelace", "--context-file", str(values)),
        *("--usd", "5", "--turns", "7", "--tool", "Read", "--tier", "heavy", "--priority", "3"),
        *("--parent", above, "--lane", "docs", "--model", "anthropic/claude-x"),
        *("--writable", "src/**", "--soul", str(values), "--stuck", "notify_only"),
    )

    run = shop.told("session", "show", session_id)
    options = cast("JsonObject", run["options"])
    limits = cast("JsonObject", options["limits"])
    assert (limits["usd"], limits["turns"], limits["minutes"]) == (5.0, 7, 60.0)
    assert (options["tier"], options["model"]) == ("heavy", "anthropic/claude-x")
    assert options["tools"] == {
        "allowed": ["Read"],
        "writable": ["src/**"],
        "hosts": [],
        "network": True,
    }
    assert (options["soul"], options["stuck"]) == (str(values), "notify_only")
    assert (run["parent"], run["depth"], run["lane"], run["priority"]) == (above, 1, "docs", 3)
    with open_engine(shop.locations) as engine:
        assert engine.return_to(session_id) is not None
    shown = shop.told("session", "show", above)
    assert shown["children"] == [session_id]


@pytest.mark.rule("CLI-80")
def test_the_same_call_with_its_key_starts_one_session(shop: Shop) -> None:
    first = shop.spawn("--idempotency-key", "nightly")
    acting(shop, lambda engine: engine.runs.wish(first, "cancel"))

    again = shop.told(
        *("spawn", "two-steps", "--goal", "Try it", "--workspace", str(shop.workspace)),
        *("--idempotency-key", "nightly"),
    )

    assert (again["sessionId"], again["new"]) == (first, False)
    assert shop.told("status", first)["outcome"] == "cancelled"


def test_a_workflow_that_is_not_there_orders_nothing(shop: Shop) -> None:
    result = shop.run("spawn", "two-stepz", "--goal", "x", "--workspace", str(shop.workspace))

    assert result.exit_code == 1
    assert "two-steps" in result.stderr
    assert shop.told("session", "list")["runs"] == []


def test_a_run_stands_at_most_three_deep(shop: Shop) -> None:
    parent = shop.spawn()
    for _ in range(3):
        parent = shop.spawn("--parent", parent)

    words = ("spawn", "two-steps", "--goal", "x", "--workspace", str(shop.workspace))
    told = shop.told(*words, "--parent", parent, code=1)

    assert cast("JsonObject", told["error"])["kind"] == "invalid_submission"


@pytest.mark.rule("CLI-89")
def test_a_step_that_was_sent_back_is_shown_once_with_how_often(shop: Shop) -> None:
    session_id = shop.spawn("--writable", "src/**", "--usd", "5")

    def work(engine: Engine) -> None:
        token = engine.place(session_id).token or ""
        for _ in range(2):
            blocked = engine.advance(token, Submission(notes=""))
            assert isinstance(blocked, Blocked)
            token = blocked.token
        engine.advance(token, Submission(notes="One is done, as it was asked for."))

    acting(shop, work)
    (step,) = cast("list[JsonObject]", shop.told("session", "show", session_id)["steps"])
    assert step == {
        "step": "one",
        "title": "One",
        "notes": "One is done, as it was asked for.",
        "refused": 2,
    }
    shown = shop.run("session", "show", session_id).stdout
    assert shown.count("✓ One") == 1
    assert "✓ One  sent back 2 times" in shown
    assert "asked for usd 5.0, writable src/**, trigger cli" in shown


@pytest.mark.rule("CLI-81")
def test_a_session_is_named_by_any_beginning_no_other_has_and_by_the_word_last(
    shop: Shop,
) -> None:
    first, second = shop.spawn(), shop.spawn()
    differ = next(at for at in range(len(first)) if first[at] != second[at]) + 1

    assert shop.told("status", first[:differ])["sessionId"] == first
    assert shop.told("status", second[5:differ])["sessionId"] == second
    assert shop.told("status", "last")["sessionId"] == second
    assert "Several" in str(shop.told("status", "sess", code=1)["error"]) or differ > 5


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("status", "nobody"), 1, "session_not_found"),
        (("status", "last"), 1, "session_not_found"),
        (("await", "last"), 1, "session_not_found"),
        (("session", "kill", "sess_zzzz"), 1, "session_not_found"),
        (("session", "raise", "last"), 2, "usage"),
        (("await",), 2, "usage"),
        (("session", "nonsense"), 2, "usage"),
        (("spawn", "two-steps"), 2, "usage"),
        (("spawn", "two-steps", "--goal", " "), 1, "invalid_submission"),
        (("spawn", "two-steps", "--goal", "x", "--context", "novalue"), 2, "usage"),
        (("spawn", "two-steps", "--goal", "x", "--writable", "../x"), 2, "usage"),
        (("spawn", "two-steps", "--goal", "x", "--writable", "/etc/*"), 2, "usage"),
        (("answer", "7", "Yes"), 1, "refused"),
        (("inbox", "--done", "9"), 1, "refused"),
        (("tell", "Hello"), 1, "refused"),
    ],
)
@pytest.mark.rule("CLI-82")
def test_a_failure_is_a_value_for_programs_too(
    shop: Shop, words: tuple[str, ...], code: int, kind: str
) -> None:
    result = shop.run(*words, "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == code, result.output
    assert set(told) == {"error"}
    assert told["error"]["kind"] == kind
    assert told["error"]["message"] in result.stderr.replace("\n", " ") or kind == "usage"


@pytest.mark.rule("CLI-82")
def test_without_json_a_failure_is_words_on_stderr_only(shop: Shop) -> None:
    result = shop.run("status", "last")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "worktrain spawn" in result.stderr


LINES: dict[str, tuple[str, ...]] = {
    "status": ("last",),
    "overview": (),
    "inbox": (),
    "logs": (),
    "session list": (),
    "session show": ("last",),
    "session events": ("last",),
    "session pause": ("last",),
    "session resume": ("last",),
    "session raise": ("last", "--usd", "1"),
    "session steer": ("last", "Mind the gap"),
    "tell": ("Mind the gap",),
    "session kill": ("last",),
    "session retry": ("last",),
    "await": ("last", "--timeout", "0"),
    "answer": ("1", "Yes"),
    "daemon status": (),
    "daemon stop": (),
    "config show": (),
    "config check": (),
    "models list": (),
    "spawn": ("two-steps", "--goal", "Try it", "--workspace", "."),
}
"""What each command that prints JSON is called with; `models test` asks a real model."""


@pytest.mark.rule("CLI-82")
@pytest.mark.parametrize("name", LINES)
def test_every_command_runs_for_people_and_prints_only_json_for_programs(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(shop.workspace)
    shop.spawn()
    words = (*name.split(), *LINES[name])

    result = shop.run(*words)
    assert result.exit_code in range(4), (result.output, result.exception)
    assert result.output.strip()

    shop.spawn()
    assert json.loads(shop.run(*words, "--json").stdout)


def test_no_command_that_prints_json_is_left_out_above() -> None:
    named = set(LINES) | {"models test"}

    assert {" ".join(words) for words in commands_with_json()} == named


def commands_with_json() -> Iterator[tuple[str, ...]]:
    for name in SUMMARIES.keys() - {"console"}:
        command = load_command(name)
        inner = command.commands if isinstance(command, click.Group) else {"": command}
        for word, each in inner.items():
            if any("--json" in parameter.opts for parameter in each.params):
                yield (name, word) if word else (name,)


@pytest.mark.rule("CLI-83")
def test_a_run_nobody_drives_is_cancelled_at_once_and_can_be_retried(shop: Shop) -> None:
    session_id = shop.spawn()

    ended = runs_of(shop.told("session", "kill", session_id))[0]
    assert (ended["state"], ended["outcome"]) == ("ended", "cancelled")
    assert runs_of(shop.told("session", "kill", session_id, code=1))[0]["state"] == "ended"

    assert shop.told("session", "retry", session_id)["state"] == "queued"
    assert "not over" in shop.run("session", "retry", session_id).stderr


@pytest.mark.rule("CLI-83")
def test_a_paused_run_is_not_handed_out_until_it_is_resumed(shop: Shop) -> None:
    session_id = shop.spawn()

    assert shop.told("session", "pause", session_id)["rest"] == "paused"
    acting(shop, lambda engine: _nothing_to_claim(engine))
    assert shop.told("session", "resume", session_id)["state"] == "queued"

    with open_engine(shop.locations) as engine:
        assert claimed(engine).lease.session_id == session_id


def _nothing_to_claim(engine: Engine) -> None:
    assert engine.runs.claim("elsewhere:1", ttl=60) is None


@pytest.mark.rule("CLI-83")
def test_raising_a_spent_budget_has_the_run_go_on(shop: Shop) -> None:
    session_id = shop.spawn()

    def spend(engine: Engine) -> None:
        engine.runs.park(claimed(engine).lease, "budget", "5 of 5 turns are used.")

    acting(shop, spend)
    needs = shop.told("overview")["needsYou"]
    assert cast("list[JsonObject]", needs)[0]["said"] == "5 of 5 turns are used."

    told = shop.told("session", "raise", session_id, "--turns", "50", "--usd", "2.5")

    assert told["raised"] == {"usd": 2.5, "turns": 50}
    with open_engine(shop.locations) as engine:
        (mail,) = engine.mail.waiting(session_id)
        assert mail.body == {"kind": "raise", "usd": 2.5, "turns": 50}
        assert claimed(engine).lease.session_id == session_id


@pytest.mark.rule("CLI-83")
def test_a_question_is_seen_answered_once_and_the_run_goes_on(shop: Shop) -> None:
    session_id = shop.spawn()
    number = 0

    def ask(engine: Engine) -> None:
        nonlocal number
        body: JsonObject = {"kind": "question", "text": "Which?", "options": ["a", "b"]}
        number = engine.mail.send(None, session_id, body)
        engine.runs.park(claimed(engine).lease, "operator", "Message 1 asks: Which?")

    acting(shop, ask)
    listed = shop.run("inbox").stdout
    assert "Which?" in listed
    assert "a, b" in listed

    assert shop.told("answer", str(number), "a")["sessionId"] == session_id
    assert "already" in shop.run("answer", str(number), "b").stderr

    with open_engine(shop.locations) as engine:
        (mail,) = engine.mail.waiting(session_id)
        assert mail.body == {"kind": "answer", "question": number, "text": "a"}
        assert claimed(engine).lease.session_id == session_id


def test_nobody_is_asked_for_a_run_that_is_over(shop: Shop) -> None:
    session_id = shop.spawn()
    question: JsonObject = {"kind": "question", "text": "Which?"}
    acting(shop, lambda engine: engine.mail.send(None, session_id, question))
    assert len(cast("list[JsonObject]", shop.told("inbox")["messages"])) == 1
    shop.run("session", "kill", session_id)
    assert shop.told("inbox")["messages"] == []
    assert shop.told("overview")["messages"] == []


def test_a_report_is_put_away_when_it_is_done(shop: Shop) -> None:
    session_id = shop.spawn()
    note: JsonObject = {"kind": "note", "text": "The build is slow."}
    acting(shop, lambda engine: engine.mail.send(None, session_id, note))
    (message,) = cast("list[JsonObject]", shop.told("inbox")["messages"])

    assert shop.told("inbox", "--done", str(message["number"])) == {"done": [message["number"]]}
    assert shop.told("inbox")["messages"] == []


def test_words_reach_every_run_that_is_not_over_and_no_other(shop: Shop) -> None:
    over, one, two = shop.spawn(), shop.spawn(), shop.spawn()
    shop.told("session", "kill", over)

    sent = cast("list[JsonObject]", shop.told("tell", "Mind the gap")["sent"])

    assert {str(message["sessionId"]) for message in sent} == {one, two}
    shop.told("tell", "Hello", "--session", over, code=1)
    with open_engine(shop.locations) as engine:
        assert [mail.body["text"] for mail in engine.mail.waiting(one)] == ["Mind the gap"]


def test_status_says_what_a_run_does_at_the_moment(shop: Shop) -> None:
    session_id = shop.spawn()

    def work(engine: Engine) -> None:
        lease = claimed(engine).lease
        engine.runs.beat(lease, Beat(60, "in Bash", 7.0, None))
        noticed = Noticed(NodeId(1), "stuck", "It goes in circles.", {})
        engine.journal.append(lease, [noticed])

    acting(shop, work)
    shown = shop.run("status", session_id).stdout
    assert "in Bash for 7 s" in shown or "in Bash for 8 s" in shown
    assert "It goes in circles." in shown
    told = shop.told("status", session_id)
    assert cast("JsonObject", told["doing"])["what"] == "in Bash"
    events = cast("list[JsonObject]", shop.told("session", "events", session_id)["events"])
    assert [event["event"] for event in events] == ["Noticed"]


@pytest.mark.rule("CLI-84")
def test_awaiting_a_run_nobody_works_on_ends_soon_and_says_so(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert waiting.GRACE < 5
    monkeypatch.setattr(waiting, "GRACE", 0.1)
    session_id = shop.spawn()
    acting(shop, claimed)

    told = shop.told("await", session_id, code=4)

    assert told["came"] == "left_alone"
    assert [run["attended"] for run in runs_of(told)] == [False]


@pytest.mark.rule("CLI-84")
def test_awaiting_gives_the_outcomes_as_exit_codes(shop: Shop) -> None:
    cancelled, queued = shop.spawn(), shop.spawn()
    shop.told("session", "kill", cancelled)

    assert shop.told("await", cancelled, code=1)["came"] == "otherwise"
    assert shop.told("await", cancelled, queued, "--any", code=1)["came"] == "otherwise"
    assert shop.told("await", queued, cancelled, "--first-failure", code=1)["came"] == "otherwise"
    assert shop.told("await", queued, "--timeout", "0", code=3)["came"] == "time_over"


def test_looking_makes_no_store(shop: Shop) -> None:
    for words in (("status",), ("overview",), ("inbox",), ("session", "list")):
        assert shop.run(*words).exit_code == 0

    assert not shop.locations.home.exists()


@pytest.mark.rule("CLI-81")
def test_a_run_whose_budget_is_spent_names_what_lets_it_go_on(shop: Shop) -> None:
    session_id = shop.spawn("--turns", "1")
    said = f"1 turn of 1 used. `worktrain session raise {session_id} --turns 50` lets it go on."
    acting(shop, lambda engine: engine.runs.park(claimed(engine).lease, "budget", said))

    shown = shop.run("overview").stdout

    assert f"worktrain session raise {session_id[:13]} --turns 50\n" in shown
