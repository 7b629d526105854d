"""What goes on in a made-up store while someone watches?"""

from collections.abc import Callable, Iterator
from itertools import count

from workrail_engine.demonstration.tale import Tale, Turn, living_tales
from workrail_engine.demonstration.telling import Teller, Telling, each_turn
from workrail_engine.errors import InvalidInputError
from workrail_engine.projections.driving import Driver


def live(teller: Teller, driver: Driver | None, wait: Callable[[], bool]) -> None:
    """Advance sessions in turn, begin others when they are done, until told to end.

    Args:
        teller: of this store, on the clock of this machine.
        driver: the process that is said to drive them.
        wait: waits a few seconds; returns whether it is over.

    Raises:
        StoreUnavailableError: the store is gone.
    """
    lives = [_again_and_again(teller, tale, driver) for tale in living_tales()]
    for number in count():
        next(lives[number % len(lives)])
        if wait():
            return


def _again_and_again(teller: Teller, tale: Tale, driver: Driver | None) -> Iterator[None]:
    """The turns of a tale, each as it is taken; another session when the last is complete."""
    for run in count(1):
        goal = tale.goal if run == 1 else f"{tale.goal}, part {run}"
        telling = teller.begin(tale.model_copy(update={"goal": goal}), driver)
        yield
        for turn in each_turn(tale):
            if not _taken(telling, turn):
                break
            yield


def _taken(telling: Telling, turn: Turn) -> bool:
    """Take a turn; where it does not come out as the tale says, the session stays there."""
    try:
        telling.take(turn)
    except InvalidInputError:
        return False
    telling.be_heard()
    return True
