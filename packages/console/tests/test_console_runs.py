"""Sessions that are driven without a person, on every page, over a real store."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from fastapi.testclient import TestClient

from workrail_engine.agent_events import (
    MessageGiven,
    Noticed,
    RunBegun,
    RunEnded,
    ToolBegun,
    ToolFinished,
    TurnTaken,
    Usage,
    content_of,
)
from workrail_engine.engine import Engine, StartRequest
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Beat, RunOrder
from workrail_engine.testing.driven import TTL, WORKER, Driven


def drive(engine: Engine, goal: str, parent: str | None = None, **options: Any) -> Driven:
    begun = engine.start(StartRequest("careful", goal, parent_session_id=parent, origin="daemon"))
    session_id = SessionId(begun.session_id)
    above = None if parent is None else SessionId(parent)
    engine.runs.order(RunOrder(session_id, parent=above, options=options))
    claim = engine.runs.claim_this(session_id, WORKER, TTL)
    assert claim is not None
    return Driven(engine, session_id, claim.lease)


def think(run: Driven, turn: int, said: str, tools: Sequence[str] = ()) -> bytes:
    """A turn of the model; its blocks."""
    blocks = json.dumps([{"type": "text", "text": f"{said} and all the rest"}]).encode()
    usage = Usage(input=1_000, output=200)
    event = TurnTaken(
        *(run.node, turn, "model-x", "tool_use" if tools else "end_turn", said, tuple(tools)),
        *(content_of(blocks), usage, 40_000, 1_200, 1),
    )
    run.append(event, contents=(blocks,))
    return blocks


def use(run: Driven, turn: int, tool: str, said: str, answer: bytes, outcome: Any = "ok") -> None:
    shown = content_of(answer)
    run.append(ToolBegun(run.node, turn, 1, tool, said))
    run.append(
        ToolFinished(run.node, turn, 1, tool, outcome, said, shown, None, 350), contents=(answer,)
    )


def end(run: Driven, outcome: Any, said: str) -> None:
    run.append(RunEnded(run.node, outcome, said))
    run.engine.runs.end(run.lease, outcome, said)


def part(page: str, name: str) -> str:
    return page.split(f'id="{name}"')[1].split('id="p-')[0]


@pytest.mark.rule("CON-200")
def test_a_row_says_how_its_run_stands_and_what_it_used(
    acting: Engine, console: TestClient
) -> None:
    run = drive(acting, "Find the bug")
    think(run, 1, "I look.", ["Bash"])
    acting.runs.beat(run.lease, Beat(TTL, "in Bash", 12))

    page = console.get("/").text
    row = page.split(f'id="s-{run.session_id}"')[1].split("</tr>")[0]
    (listed,) = console.get("/sessions.json").json()["sessions"]

    assert "in Bash for 1" in row
    assert "1 turn · 1.2k tokens · $0.0400" in row
    assert listed["run"]["view"]["spent"]["cost"] == 40_000
    assert listed["standing"]["run"]["tone"] == "works"


@pytest.mark.rule("CON-212")
def test_a_row_is_not_called_running_while_its_run_rests_or_is_over(
    acting: Engine, console: TestClient
) -> None:
    spent, stuck = drive(acting, "Spends"), drive(acting, "Circles")
    command = f"worktrain session raise {spent.session_id} --turns 50"
    acting.runs.park(spent.lease, "budget", f"3 of 3 turns used. `{command}` lets it go on.")
    end(stuck, "stuck", "Bash with the same answer, 3 times.")

    page = console.get("/").text
    statuses = {
        run.session_id: page.split(f'id="s-{run.session_id}"')[1].split("</td>")[0]
        for run in (spent, stuck)
    }

    assert "out of budget" in statuses[spent.session_id]
    assert "stuck" in statuses[stuck.session_id]
    assert not any("running" in status for status in statuses.values())
    needs = part(page, "p-needs")
    assert command in needs
    assert "lets it go on" not in needs


@pytest.mark.rule("CON-200")
def test_without_a_run_nothing_is_said_of_turns_or_cost(
    acting: Engine, console: TestClient
) -> None:
    session_id = acting.start(StartRequest("careful", "By hand")).session_id

    for path in ("/", f"/sessions/{session_id}", f"/units/{session_id}"):
        page = console.get(path).text

        assert "turns" not in page.split('id="main"')[1].split('class="twin"')[0], path
        assert "run-" not in page.split('id="p-rows"')[-1].replace('id="run-', ""), path
    assert "workrail_run" not in console.get("/metrics").text


@pytest.mark.rule("CON-202")
def test_runs_that_ask_or_failed_need_a_person_and_name_the_command(
    acting: Engine, console: TestClient
) -> None:
    spent, stuck, fine = (drive(acting, goal) for goal in ("Spends", "Circles", "Goes on"))
    acting.runs.park(spent.lease, "budget", "The budget is used up.")
    end(stuck, "stuck", "Bash with the same answer, 3 times.")

    page = console.get("/").text
    needs = part(page, "p-needs")

    assert "(2) " in page
    assert f"worktrain session raise {spent.session_id} --usd 5" in needs
    assert f"worktrain session retry {stuck.session_id}" in needs
    assert "Bash with the same answer, 3 times." in needs
    assert fine.session_id not in needs
    running = part(page, "p-running")
    assert fine.session_id in running
    assert stuck.session_id not in running


@pytest.mark.rule("CON-202")
def test_a_blocked_session_that_is_driven_needs_nobody_while_its_run_goes_on(
    acting: Engine, console: TestClient
) -> None:
    run = drive(acting, "Mends itself")
    run.step(notes="")

    page = console.get("/").text

    assert "blocked" in page
    assert run.session_id not in part(page, "p-needs")
    end(run, "incomplete", "It stopped.")
    assert run.session_id in part(console.get("/").text, "p-needs")


@pytest.mark.rule("CON-202")
def test_a_question_names_the_message_it_is_answered_by(
    acting: Engine, console: TestClient
) -> None:
    run = drive(acting, "Asks")
    number = acting.mail.send(None, run.session_id, {"kind": "question", "text": "Which?"})
    acting.runs.park(run.lease, "operator", f"It asks in message {number}: Which?")

    assert f"worktrain answer {number} " in part(console.get("/").text, "p-needs")
    assert f"worktrain answer {number} " in console.get(f"/sessions/{run.session_id}").text


@pytest.mark.rule("CON-203")
def test_the_panel_tells_model_sandbox_limits_and_why_it_rests(
    acting: Engine, console: TestClient
) -> None:
    run = drive(acting, "Careful", limits={"turns": 4, "usd": 1})
    run.append(RunBegun(run.node, 1, WORKER, "model-x", "none", None))
    run.append(
        Noticed(run.node, "sandbox_downgraded", "bubblewrap is not there.", {}),
        Noticed(run.node, "limits_raised", "More turns.", {"turns": 6}),
    )
    think(run, 1, "Hm.")
    acting.runs.park(run.lease, "paused", "It was paused.")

    panel = part(console.get(f"/sessions/{run.session_id}").text, "p-run")
    told = console.get(f"/sessions/{run.session_id}.json").json()["run"]

    for words in ("model-x", "nothing", "bubblewrap is not there.", "It was paused.", WORKER):
        assert words in panel
    assert "turns: 1 of 10" in panel
    assert "usd: $0.0400 of $1.00" in panel
    assert f"worktrain session resume {run.session_id}" in panel
    assert told["origin"]["raised"] == {"turns": 6}


@pytest.mark.rule("CON-204")
def test_turns_tell_words_tools_and_what_the_model_was_given_and_lead_to_the_whole(
    acting: Engine, console: TestClient
) -> None:
    run = drive(acting, "Look around")
    prompt = json.dumps(
        [{"name": "soul", "source": "soul.md", "text": "Be <b>kind</b>.", "left_out": 12}]
    ).encode()
    run.append(
        RunBegun(run.node, 1, WORKER, "model-x", "bubblewrap", content_of(prompt)),
        contents=(prompt,),
    )
    run.append(MessageGiven(run.node, 0, 1, "operator", "Mind the garden."))
    blocks = think(run, 1, "I list the files.", ["Bash"])
    use(run, 1, "Bash", "ls -la", b"a.txt\nb.txt")
    think(run, 2, "I read one.", ["Read", "Grep"])
    use(run, 2, "Read", "a.txt", b"no", "refused")

    address = f"/sessions/{run.session_id}"
    page = console.get(f"{address}?view=turns").text
    story = console.get(f"{address}.json?view=turns").json()["story"]
    whole = console.get(f"{address}/contents/{content_of(blocks).digest}")

    turns = part(page, "p-turns")
    for words in ("I list the files.", "ls -la", "An operator said", "Mind the garden.", "refused"):
        assert words in turns
    assert "350 ms" in turns
    assert "not begun" in turns
    assert "(11 bytes)" in turns
    prompts = part(page, "p-prompt")
    assert "Be &lt;b&gt;kind&lt;/b&gt;." in prompts
    assert "12 bytes did not fit" in prompts
    assert [one["kind"] for one in story["told"]] == ["begin", "words", "turn", "turn"]
    assert [tool["outcome"] for tool in story["told"][3]["tools"]] == ["refused", None]
    assert whole.content == blocks
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert whole.headers["content-disposition"].startswith('attachment; filename="content-')
    assert f'{address}?view=turns">turns</a>' in console.get(address).text


@pytest.mark.rule("CON-205")
def test_only_what_this_sessions_run_left_is_handed_out(
    acting: Engine, console: TestClient
) -> None:
    one, other = drive(acting, "One"), drive(acting, "Other")
    digest = content_of(think(one, 1, "Mine.")).digest

    assert console.get(f"/sessions/{one.session_id}/contents/{digest}").status_code == 200
    for session_id in (other.session_id, "sess_" + "a" * 26, "nothing"):
        answer = console.get(f"/sessions/{session_id}/contents/{digest}")
        assert answer.status_code == 404
        assert "Mine" not in answer.text
    assert console.get(f"/sessions/{one.session_id}/contents/..%2f..").status_code in (400, 404)


@pytest.mark.rule("CON-204")
def test_a_long_run_is_told_in_stretches_and_each_turn_is_found_by_its_address(
    acting: Engine, console: TestClient
) -> None:
    run = drive(acting, "Long")
    for turn in range(1, 61):
        think(run, turn, f"Thought number {turn}.")
        run.append(MessageGiven(run.node, turn, 1, "nudge", f"After {turn}."))
    address = f"/sessions/{run.session_id}?view=turns"

    newest = console.get(address).text
    middle = console.get(f"{address}&turn=30").text
    beyond = console.get(f"{address}&turn=999999").text

    assert "turns 51 to 60 of 60" in newest
    assert "turns 26 to 50 of 60" in middle
    for shown in ("Thought number 26.", "Thought number 50.", "After 50."):
        assert shown in middle
    for hidden in ("Thought number 25.", "After 25.", "Thought number 51."):
        assert hidden not in middle
    assert "turns 51 to 60 of 60" in beyond
    assert 'id="t30"' in middle
    assert console.get(f"{address}&turn=0").status_code == 400


@pytest.mark.rule("CON-206")
def test_a_tree_adds_up_what_each_run_and_those_below_it_used(
    acting: Engine, console: TestClient
) -> None:
    root = drive(acting, "The whole")
    part_of = drive(acting, "A part", root.session_id)
    small = drive(acting, "A small part", part_of.session_id)
    for run in (root, part_of, small):
        think(run, 1, "Hm.")
    end(small, "error", "The model said no.")

    lines = console.get(f"/units/{small.session_id}.json").json()["lines"]
    page = console.get(f"/units/{small.session_id}").text

    assert [line["spent"]["turns"] for line in lines] == [3, 2, 1]
    assert [line["spent"]["cost"] for line in lines] == [120_000, 80_000, 40_000]
    row = page.split(f'id="s-{root.session_id}"')[1].split("</tr>")[0]
    assert "3 turns · 3.6k tokens · $0.12" in row
    assert ">error" in page.replace("</span> error", ">error")


@pytest.mark.rule("CON-207")
def test_figures_report_and_trace_tell_of_runs(acting: Engine, console: TestClient) -> None:
    run = drive(acting, "Told everywhere")
    think(run, 1, "I say a secret thing.", ["Bash"])
    use(run, 1, "Bash", "make", b"no rule", "error")
    end(run, "incomplete", "It gave up.")

    figures = console.get("/metrics").text
    report = console.get(f"/sessions/{run.session_id}.md").text
    trace = console.get(f"/sessions/{run.session_id}.trace.json").json()

    assert 'workrail_runs{state="incomplete"} 1.0' in figures
    assert 'workrail_run_tokens_total{direction="read"} 1000.0' in figures
    assert "workrail_run_cost_usd_total 0.04" in figures
    for words in ("## The run", "- State: incomplete", "ended incomplete: It gave up.", "Bash 1"):
        assert words in report
    spans = {span["name"]: span for span in trace["resourceSpans"][0]["scopeSpans"][0]["spans"]}
    chat, tool = spans["chat model-x"], spans["execute_tool Bash"]
    assert tool["parentSpanId"] == chat["spanId"]
    assert chat["parentSpanId"] in {span["spanId"] for span in spans.values()}
    assert tool["status"] == {"code": 2}
    said = {one["key"]: one["value"] for one in chat["attributes"]}
    assert said["gen_ai.usage.output_tokens"] == {"intValue": "200"}
    assert "secret thing" not in json.dumps(trace)


@pytest.mark.rule("CON-204")
def test_the_line_of_time_has_a_lane_for_the_model_and_for_each_tool(
    acting: Engine, console: TestClient
) -> None:
    run = drive(acting, "Timed")
    think(run, 1, "Go.", ["Bash"])
    use(run, 1, "Bash", "make", b"no", "error")
    run.step()

    lanes = console.get(f"/sessions/{run.session_id}.json?view=timeline").json()["lanes"]
    page = console.get(f"/sessions/{run.session_id}?view=timeline").text

    assert [(lane["name"], lane["ms"], lane["failed"]) for lane in lanes] == [
        ("model", 1_200, 0),
        ("Bash", 350, 1),
    ]
    assert "1 not done" in page


@pytest.mark.rule("CON-15")
def test_a_secret_in_what_an_agent_did_is_hidden_on_pages_and_twins(
    acting: Engine, console: TestClient
) -> None:
    secret = "ghp_" + "x1" * 16
    run = drive(acting, "Hidden")
    think(run, 1, f"The key is {secret}", ["Bash"])
    use(run, 1, "Bash", f"curl -H {secret}", b"ok")
    run.append(MessageGiven(run.node, 1, 1, "operator", f"Use {secret}"))
    end(run, "error", f"Refused: {secret}")
    address = f"/sessions/{run.session_id}"

    views = (f"{address}?view=turns", f"{address}.json?view=turns", f"{address}?view=events")
    for path in ("/", "/sessions.json", *views, f"{address}.md"):
        assert secret not in console.get(path).text, path


def test_no_event_of_a_run_is_without_words_in_the_log(acting: Engine, console: TestClient) -> None:
    run = drive(acting, "Every kind")
    run.work()
    end(run, "cancelled", "Somebody wanted it.")

    rows = console.get(f"/sessions/{run.session_id}.json?view=events").json()["rows"]
    words = {row["line"]["kind"]: row["words"] for row in rows}

    for kind in ("run_begun", "turn_taken", "tool_finished", "message_given", "run_ended"):
        assert words[kind] != kind.replace("_", " ")
    assert words["run_ended"] == "Run ended cancelled: Somebody wanted it."
