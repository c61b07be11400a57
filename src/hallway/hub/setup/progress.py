"""How far each task of a link is: read off the organization's own rows, never off what the bearer clicked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from hallway.hub.directories.model import DirectoryState
from hallway.hub.setup.model import SetupLink, Status, Task


class Step(Enum):
    """One line of the portal's list."""

    PROVE_DOMAIN = "prove domain"
    CHOOSE_PROVIDER = "choose provider"
    GIVE_VALUES = "give values"
    FIRST_REQUEST = "first request"
    TURN_ON = "turn on"
    SIGN_IN = "sign in"


STEPS: Mapping[Task, tuple[Step, ...]] = {
    Task.DOMAIN: (Step.PROVE_DOMAIN,),
    Task.DIRECTORY: (Step.CHOOSE_PROVIDER, Step.GIVE_VALUES, Step.FIRST_REQUEST, Step.TURN_ON),
    Task.SSO: (Step.SIGN_IN,),
}
"""What each task is made of, in its order."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the organization's rows say: its claimed domains, whether each is proved, and the link's own directory."""

    domains: Mapping[str, bool] = field(default_factory=dict)
    directory: DirectoryState | None = None
    first_request_at: int | None = None
    sign_in_works: bool = False


def statuses(link: SetupLink, found: Findings) -> dict[Step, Status]:
    """Each step of the link's tasks with its status, in order."""
    return {step: _status(step, link, found) for task in link.tasks for step in STEPS[task]}


def is_complete(link: SetupLink, found: Findings) -> bool:
    """Whether nothing is left to do."""
    return all(status is Status.COMPLETED for status in statuses(link, found).values())


def _status(step: Step, link: SetupLink, found: Findings) -> Status:
    has_directory = found.directory is not None
    match step:
        case Step.PROVE_DOMAIN:
            return _either(any(found.domains.values()), bool(found.domains))
        case Step.CHOOSE_PROVIDER:
            return _either(has_directory, bool(link.progress.provider))
        case Step.GIVE_VALUES:
            if not has_directory:
                return Status.WAITING
            return _either(link.progress.pasted or found.first_request_at is not None, True)
        case Step.FIRST_REQUEST:
            return _either(found.first_request_at is not None, True) if has_directory else Status.WAITING
        case Step.TURN_ON:
            if found.directory is DirectoryState.ACTIVE:
                return Status.COMPLETED
            return Status.IN_PROGRESS if has_directory else Status.WAITING
        case Step.SIGN_IN:
            return _either(found.sign_in_works, False)


def _either(done: bool, begun: bool) -> Status:
    if done:
        return Status.COMPLETED
    return Status.IN_PROGRESS if begun else Status.NOT_STARTED
