"""Which results need not be shown again?

Old results of completed steps make room for the step at hand, and only where a step begins: in between
the provider's cache stays valid. What is left out is written into the log and read from there, so a
daemon that takes the run over leaves out the same, whatever its settings say.
"""

from dataclasses import dataclass
from typing import Final

from workrail_daemon.agent.telling import fewer_characters
from workrail_daemon.agent.transcript import Transcript
from workrail_daemon.agent.turns import CallPlace
from workrail_engine.agent_events import Noticed
from workrail_engine.ids import NodeId

CHARACTERS_A_TOKEN: Final = 4
"""About; how many there really are is known for what was asked already."""
_DOWN_TO: Final = 0.6
"""Of the budget: room for a step is made at once, not anew with every step."""
_KEPT_CALLS: Final = 10
"""Results the model is surely still working with."""


@dataclass(frozen=True)
class Pruned:
    """Results to be left out from now on."""

    before: CallPlace
    results: int
    characters: int
    """How many fewer there are to read."""
    tokens: int
    """About how many the next request would have had."""

    def noticed(self, node: NodeId) -> Noticed:
        """The fact for the log; a transcript that is told it leaves them out."""
        number = f"{self.results} old result{'' if self.results == 1 else 's'}"
        return Noticed(
            node=node,
            what="context_pruned",
            said=f"{number} left out, {self.characters:,} characters.",
            facts={
                "before": {"turn": self.before.turn, "call": self.before.call},
                "results": self.results,
                "characters": self.characters,
                "tokens": self.tokens,
            },
        )


def estimated_tokens(transcript: Transcript, beside: int = 0) -> int:
    """About how many tokens the next request has.

    What the last answered request really had is known; what came since is counted in characters.

    Args:
        transcript: the conversation.
        beside: characters of system prompt and tools; they count until a first turn was taken.
    """
    for turn in reversed(transcript.turns):
        real = turn.usage.input + turn.usage.cache_read + turn.usage.cache_write
        if real > 0:
            return max(0, real + (transcript.characters - turn.asked) // CHARACTERS_A_TOKEN)
    return (transcript.characters + beside) // CHARACTERS_A_TOKEN


def pruned(
    transcript: Transcript, budget: int, beside: int = 0, most: int | None = None
) -> Pruned | None:
    """What to leave out before the model is asked again; None: nothing.

    The model's own words and all that belongs to the step at hand stay, its text among them.

    Args:
        transcript: the conversation; nothing in it is pending.
        budget: tokens a request should have at most; kept to where a step begins.
        beside: as for `estimated_tokens`.
        most: tokens no request can have more than. Before one would, old results are left out in
            the middle of a step, its own among them, but for those of the last calls. None: never.
    """
    tokens = estimated_tokens(transcript, beside)
    calls = transcript.calls
    if transcript.begins_step:
        ends = {call.at for call in calls if call.ends_step and tokens > budget}
    elif most is not None and tokens > most:
        ends = {call.at for call in calls[:-_KEPT_CALLS]}
    else:
        return None
    found: Pruned | None = None
    results = characters = 0
    for call in calls:
        if call.at in ends and results:
            found = Pruned(call.at, results, characters, tokens)
            if tokens - characters // CHARACTERS_A_TOKEN <= budget * _DOWN_TO:
                break
        fewer = 0 if transcript.leaves_out(call) else fewer_characters(call)
        if fewer and call.at != transcript.step_end:
            results += 1
            characters += fewer
    return found
