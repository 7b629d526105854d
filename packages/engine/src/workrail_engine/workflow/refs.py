"""Which shared texts may prompt blocks refer to, and what do features add to them?

Both sets are closed. A reference stands for a short list of rules; a feature adds lines to every
step of its workflow that is written in prompt blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Feature:
    """Lines to add to the blocks of a step."""

    constraints: tuple[str, ...]
    procedure: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()


REFS: Mapping[str, str] = MappingProxyType(
    {
        "wr.refs.memory_usage": """\
If you have a memory that outlives this conversation, use it like this:
- Ask it before you investigate: what is already known about this code, this user, this problem?
- Treat what it returns as a lead. Check it against the present state before you build on it.
- Save what the next session could not find out quickly by itself, and why it is so.
- Where memory and evidence disagree, believe the evidence and correct the memory.
- If you have no such memory, go on without it and do not pretend otherwise.""",
        "wr.refs.memory_store": """\
When you save something to memory:
- Save decisions with their reason, constraints that are not visible in the code, and dead ends.
- Write one fact an entry, so that it makes sense without this conversation.
- Name the files, commands or people it is about, so that it can be found by them.
- Do not save secrets, guesses presented as facts, or what one search would find again.""",
        "wr.refs.memory_query": """\
When you ask your memory:
- Ask before you read widely, and again when the problem changes its shape.
- Search by the names at hand (module, error text, feature), then by the kind of problem.
- Say in your notes what you found and whether it still holds.
- Finding nothing is an answer: note it and investigate.""",
        "wr.refs.notes_first_durability": """\
What is not in your notes is lost when this conversation ends:
- Put findings, decisions and their reasons into the notes of the step that produced them.
- Write them for a reader who sees the notes and nothing else.
- Name exact places: files with lines, commands with their result, identifiers.
- Say what is still open and what you assumed.
- A file you write is an extra copy for people; it does not replace the notes.""",
        "wr.refs.synthesis_under_disagreement": """\
When two lines of work disagree:
- State the disagreement in one sentence before you try to settle it.
- Go back to the evidence of each side; count evidence, not voices.
- Look for the observation that would tell them apart, and make it if you can.
- Decide yourself, and say which argument decided it.
- If it cannot be decided, say so, keep both, and say what each would mean for the next step.
- Do not average two answers into one that nobody gave.""",
        "wr.refs.parallelize_cognition_serialize_synthesis": """\
Let others think in parallel; draw the conclusions yourself, in one place:
- Split only work whose parts do not need each other's results.
- Give each helper the same facts, its own question, and the form its answer should have.
- Wait for all answers before you conclude anything from one.
- Read the answers as evidence, check the claims that matter, and write the result yourself.
- Changes to files and decisions stay with you.""",
        "wr.refs.adversarial_challenge_rules": """\
When you challenge a conclusion, try to break it:
- Attack the strongest form of it, not a weak one.
- Look for the fact that would make it false, and go and check that fact.
- Offer at least one other explanation that fits everything known.
- Test its edges: empty, huge, concurrent, repeated, failing halfway.
- An objection needs evidence or a concrete scenario; a feeling is not one.
- Say plainly what survived, what did not, and what could not be tested.""",
    }
)
"""The text of each `wr.refs.*`."""

FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "wr.features.memory_context": Feature(constraints=(REFS["wr.refs.memory_usage"],)),
        "wr.features.capabilities": Feature(
            constraints=(
                "Use the tools you really have; never assume that one exists because a step names it.",
                "A missing tool changes how the work is done, not whether its result is required.",
                "Say openly when a weaker way had to be taken, and what it cannot show.",
            ),
            procedure=(
                "Before relying on an optional tool (helpers, web access, memory), make one cheap "
                "call to see whether it works.",
                "If it does not work, take the best way that is left and go on.",
                "Note which tools were there, which were not, and what you did instead.",
            ),
            verify=(
                "Nothing in the result rests on a tool that was not used.",
                "Each fallback is named in the notes together with what it weakens.",
                "Confidence is lower where a fallback left something unchecked.",
            ),
        ),
        "wr.features.subagent_guidance": Feature(
            constraints=(
                REFS["wr.refs.parallelize_cognition_serialize_synthesis"],
                "Give a helper everything it needs in its task; it has not seen this conversation.",
                "You answer for the result. A helper's report is material, not a verdict.",
            ),
            procedure=(
                "If you can start helpers and the parts are independent, start them together; "
                "otherwise do the parts yourself, one after another.",
                "Compare the reports: what they share, where they differ, what none of them covers.",
            ),
            verify=(
                "Every report that was asked for was read, and what became of it is noted.",
                "The conclusion is argued in your own words from evidence you could point to.",
            ),
        ),
    }
)
"""What each `wr.features.*` adds, to the end of the blocks it names."""
