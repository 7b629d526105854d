"""What does the demo's agent do at each step? Every command it quotes is really run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workspace import Ran, Workspace

GOAL = (
    "Investigate: in the shop, the total of a visitor's cart is too low when the whole test suite "
    "runs; the same test passes alone"
)
SUITE = ("python", "-m", "unittest")
ONE_TEST = (*SUITE, "tests.test_cart.CartTotal.test_a_visitor_pays_the_list_price")
_PROBE = """
from shop.catalogue import price_list
from shop.offers import Customer, prices_for
print("list price of a teapot:", price_list()["teapot"])
prices_for(Customer("Mia", member=True))
print("after a member asked:  ", price_list()["teapot"])
"""


@dataclass(frozen=True)
class Answer:
    """What the agent sends for a step."""

    notes: str | None = None
    artifacts: tuple[Mapping[str, object], ...] = ()
    context: Mapping[str, object] = field(default_factory=dict[str, object])
    ran: tuple[Ran, ...] = ()
    """The commands it ran to be able to say so."""

    def arguments(self) -> dict[str, object]:
        """The arguments of `complete_step`, without the token."""
        every = {"notes": self.notes, "artifacts": list(self.artifacts), "context": self.context}
        return {name: value for name, value in every.items() if value}


class SurpriseError(Exception):
    """A command did not do what the agent's story needs."""


def answer_for(title: str, workspace: Workspace) -> Answer:
    """Do the step of this title in the workspace.

    Raises:
        SurpriseError: the step is not part of the story, or a command had an unexpected result.
    """
    try:
        act = _STEPS[title]
    except KeyError:
        message = f"The server handed out the step {title!r}, which the agent does not know."
        raise SurpriseError(message) from None
    return act(workspace)


def _intake(_: Workspace) -> Answer:
    return Answer(
        notes=(
            "Expected: the cart of a visitor (1 teapot, 2 cups, 2 saucers) comes to 5060 cents, from "
            "prices.csv. Actual: less, when the whole suite runs. Trigger: `python -m unittest`. "
            "Assumed: the machine does not matter. Not known: since when."
        ),
        context={
            "bugSummary": "A visitor's cart should come to 5060 cents but comes to less",
            "riskLevel": "High",
        },
    )


def _reproduce(workspace: Workspace) -> Answer:
    first = _expect(workspace.run(*SUITE), exit_code=1, shows="AssertionError: 4743 != 5060")
    second = _expect(workspace.run(*SUITE), exit_code=1, shows="4743 != 5060")
    return Answer(
        notes=f"Fails 2 of 2 runs, always with the same wrong total, 4743.\n{first.quoted()}",
        context={"reproduction": "always", "reproCommand": first.command},
        ran=(first, second),
    )


def _trace(workspace: Workspace) -> Answer:
    callers = _expect(workspace.run("git", "grep", "-n", "price"), shows="shop/offers.py")
    log = _expect(
        workspace.run("git", "log", "--oneline", "-S@cache"), shows="price file only once"
    )
    return Answer(
        notes=(
            "cart.total -> offers.prices_for -> catalogue.price_list -> prices.csv. Long-lived state: "
            "price_list is cached for the life of the process, since the newest commit.\n"
            f"{callers.quoted(20)}\n{log.quoted()}\n"
            "Theory, not yet tested: what prices_for does to that dictionary outlives the call."
        ),
        context={"suspects": ["shop/catalogue.py:10", "shop/offers.py:23", "shop/cart.py:13"]},
        ran=(callers, log),
    )


def _hypotheses(_: Workspace) -> Answer:
    return Answer(
        notes=(
            "H1: the delivery rule in cart.py is wrong near the limit. Predicts: fails alone too.\n"
            "H2: rounding in offers.py loses cents. Predicts: fails alone too.\n"
            "H3: an earlier test leaves member prices behind in the cached list. Predicts: passes "
            "alone, and a probe sees the list price change.\n"
            "Leader H3, strongest rival H1. Cheapest run that separates them: the test alone."
        ),
        context={"hypotheses": _claims("open", "open", "open")},
    )


def _experiment_alone(workspace: Workspace) -> Answer:
    alone = _expect(workspace.run(*ONE_TEST), exit_code=0, shows="OK")
    return Answer(
        notes=(
            "Predicted: H1 and H2 say it fails alone, H3 says it passes.\n"
            f"{alone.quoted()}\nIt passes: H1 and H2 are refuted, H3 is still open. No probes left."
        ),
        context={"hypotheses": _claims("refuted", "refuted", "open")},
        ran=(alone,),
    )


def _experiment_probe(workspace: Workspace) -> Answer:
    probe = _expect(workspace.run("python", "-c", _PROBE), shows="after a member asked:   2241")
    return Answer(
        notes=(
            "Predicted by H3: the list price of a teapot drops once a member has asked for prices.\n"
            f"{probe.quoted()}\n2490 became 2241: H3 is supported by a prediction that could fail."
        ),
        context={"hypotheses": _claims("refuted", "refuted", "supported")},
        ran=(probe,),
    )


def _weigh_on(_: Workspace) -> Answer:
    reason = "Only H3 is left, but nothing has shown the list changing: probe the cached list next"
    return Answer(artifacts=(_loop_control("continue", reason),))


def _weigh_stop(_: Workspace) -> Answer:
    reason = "H3 explains every observation and the probe could have refuted it; H1, H2 are out"
    return Answer(artifacts=(_loop_control("stop", reason),))


def _challenge(workspace: Workspace) -> Answer:
    before = str(workspace.root.with_name("before"))
    worktree = workspace.run("git", "worktree", "add", "--quiet", before, "HEAD~1")
    _expect(worktree, exit_code=0)
    start = ("python", "-m", "unittest", "discover", "--start-directory", before)
    old = _expect(workspace.run(*start, "--top-level-directory", before), shows="OK")
    removed = workspace.run("git", "worktree", "remove", "--force", before)
    _expect(removed, exit_code=0)
    return Answer(
        notes=(
            "Best objection: the order of the tests matters for another reason. If so, the commit "
            "before the cache fails as well. It differs in the cache only, and it passes:\n"
            f"{old.quoted()}\nThe objection falls."
        ),
        ran=(worktree, old, removed),
    )


def _conclude(_: Workspace) -> Answer:
    return Answer(
        notes=(
            "price_list (catalogue.py:10) caches one dictionary; prices_for (offers.py:23) writes "
            "member prices into it; every later caller sees them. Without the cache the suite passes."
        ),
        artifacts=(
            {
                "kind": "wr.assessment",
                "assessmentId": "diagnosis",
                "dimensions": {
                    "cause": {"level": "shown", "rationale": "Only the cache differs at HEAD~1"},
                    "rivals": {"level": "refuted", "rationale": "The test passes when run alone"},
                },
            },
        ),
        context={
            "causeKind": "defect",
            "hypothesisConfidence": 0.97,
            "severity": "High",
            "affectedFiles": ["shop/offers.py"],
        },
    )


def _handoff(workspace: Workspace) -> Answer:
    status = _expect(workspace.run("git", "status", "--short"), exit_code=0)
    suite = " ".join(SUITE)
    return Answer(
        notes=(
            "## Cause\nprices_for changes the cached price list in place (shop/offers.py:23).\n"
            "## Evidence\nThe test passes alone. A probe sees 2490 become 2241 after a member asked. "
            "The commit before the cache passes.\n"
            "## Ruled out\nThe delivery rule and the rounding: both would fail alone too.\n"
            "## Open questions\nnone\n"
            f"## Checking a fix\n`{suite}` passes, also with the tests in another order. Direction: "
            f"give each customer a copy of the list.\n{status.quoted()}"
        ),
        artifacts=(
            {
                "kind": "wr.bug_diagnosis",
                "causeKind": "defect",
                "cause": "prices_for writes member prices into the cached price list",
                "evidence": ["passes alone", "list price changes", "passes without the cache"],
                "ruledOut": ["delivery rule", "rounding"],
                "openQuestions": [],
                "reproduction": suite,
                "affectedFiles": ["shop/offers.py"],
                "severity": "High",
                "hypothesisConfidence": 0.97,
                "fixDirection": "Copy the list before changing it",
                "fixCheck": suite,
            },
        ),
        context={"metrics_outcome": "success"},
        ran=(status,),
    )


def _claims(*statuses: str) -> list[dict[str, str]]:
    claims = ("delivery rule", "rounding", "cached list changed by an earlier test")
    return [
        {"id": f"H{number}", "claim": claim, "status": status}
        for number, (claim, status) in enumerate(zip(claims, statuses, strict=True), 1)
    ]


def _loop_control(decision: str, reason: str) -> dict[str, object]:
    return {"kind": "wr.loop_control", "decision": decision, "metadata": {"reason": reason}}


def _expect(ran: Ran, *, exit_code: int | None = None, shows: str = "") -> Ran:
    if (exit_code is not None and ran.exit_code != exit_code) or shows not in ran.output:
        message = (
            f"`{ran.command}` ended with {ran.exit_code}; expected {exit_code} and {shows!r}. "
            f"It printed:\n{ran.output}"
        )
        raise SurpriseError(message)
    return ran


_STEPS: Mapping[str, Callable[[Workspace], Answer]] = {
    "State the problem": _intake,
    "Make it happen": _reproduce,
    "Follow the path from trigger to symptom": _trace,
    "Write down competing explanations": _hypotheses,
    "Experiment 1": _experiment_alone,
    "Enough evidence? Round 1": _weigh_on,
    "Experiment 2": _experiment_probe,
    "Enough evidence? Round 2": _weigh_stop,
    "Try to break the diagnosis": _challenge,
    "State the cause and what it rests on": _conclude,
    "Hand over the diagnosis": _handoff,
}
TITLES = tuple(_STEPS)
"""The titles of the steps it knows, in the order of its story."""
