"""What does a slash command say to an agent?"""

from typing import TYPE_CHECKING

from workrail_mcp_server.present_text import call, paragraphs

if TYPE_CHECKING:
    from workrail_engine.projections.offers import Offer  # not before a list is asked for

_ONE_WORD = (
    "That is one word, and some clients pass on only the first word after a command. If what the "
    "person typed after it, as this conversation shows it, says more, then all of that is the goal."
)


def present_prompt(offer: "Offer", goal: str) -> str:
    """What the person asks for: this workflow, with this goal."""
    size = "1 step" if offer.steps == 1 else f"{offer.steps} steps"
    start = call("start_workflow", {"workflowId": offer.id, "goal": goal})
    one_word = len(goal.split()) == 1
    begin = (
        "Begin with the call below, with the whole goal in it."
        if one_word
        else ("Begin with the call below.")
    )
    return paragraphs(
        (
            f"Work through the WorkRail workflow {offer.id} ({offer.name}, {size}) for this goal:",
            goal,
            _ONE_WORD if one_word else None,
            f"{begin} Then do what each answer says, until one says that the workflow is complete.\n"
            f"{start}",
        )
    )
