"""What must hold when the real Claude Code works with the server?

Each scenario plays the model's part on a machine of its own and looks at the store afterwards.
"""

from collections.abc import Callable

from approving import waits_when_the_person_is_not_there_to_approve
from claude_code import Machine
from interruptions import goes_on_after_its_server_was_killed, repeats_a_call_whose_answer_was_lost
from parts import lay_workflows
from reaching import (
    comes_with_the_plugin,
    deferred_tool_is_found_and_used,
    first_prompt_has_the_tools_and_the_instructions,
    follows_a_slash_command,
    is_installed_for_a_project,
    is_installed_for_a_user,
    reads_a_resource,
)
from working import (
    lists_starts_and_completes_a_workflow,
    reads_a_long_step_whole,
    recovers_from_a_blocked_step,
)

Scenario = Callable[[Machine], None]
SCENARIOS: tuple[Scenario, ...] = (
    first_prompt_has_the_tools_and_the_instructions,
    deferred_tool_is_found_and_used,
    follows_a_slash_command,
    reads_a_resource,
    lists_starts_and_completes_a_workflow,
    reads_a_long_step_whole,
    recovers_from_a_blocked_step,
    goes_on_after_its_server_was_killed,
    repeats_a_call_whose_answer_was_lost,
    waits_when_the_person_is_not_there_to_approve,
    is_installed_for_a_project,
    is_installed_for_a_user,
    comes_with_the_plugin,
)


def play(scenario: Scenario, machine: Machine) -> None:
    """Lay a machine and play a scenario on it.

    Raises:
        AssertionError: something does not hold.
    """
    machine.prepare()
    lay_workflows(machine.project)
    scenario(machine)
    machine.check_servers_gone()
