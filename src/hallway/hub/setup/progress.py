"""How far each task of a link is: read off the organization's own rows, never off what the bearer clicked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from hallway.hub.connections.model import Connection, ConnectionState
from hallway.hub.directories.model import DirectoryState
from hallway.hub.setup.model import SetupLink, Status, Task


class Step(Enum):
    """One line of the portal's list."""

    PROVE_DOMAIN = "prove domain"
    CHOOSE_PROVIDER = "choose provider"
    GIVE_VALUES = "give values"
    FIRST_REQUEST = "first request"
    TURN_ON = "turn on"
    SSO_PROVIDER = "choose identity provider"
    SSO_VALUES = "give addresses"
    SSO_METADATA = "take metadata"
    SSO_TEST = "test sign-in"
    SSO_TURN_ON = "turn sign-in on"


STEPS: Mapping[Task, tuple[Step, ...]] = {
    Task.DOMAIN: (Step.PROVE_DOMAIN,),
    Task.DIRECTORY: (Step.CHOOSE_PROVIDER, Step.GIVE_VALUES, Step.FIRST_REQUEST, Step.TURN_ON),
    Task.SSO: (Step.SSO_PROVIDER, Step.SSO_VALUES, Step.SSO_METADATA, Step.SSO_TEST, Step.SSO_TURN_ON),
}
"""What each task is made of, in its order."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the organization's rows say: its claimed domains, whether each is proved, and the link's own directory and
    connection.
    """

    domains: Mapping[str, bool] = field(default_factory=dict)
    directory: DirectoryState | None = None
    first_request_at: int | None = None
    connection: Connection | None = None


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
        case Step.SSO_PROVIDER:
            return _either(found.connection is not None, False)
        case _:
            return _of_connection(step, found.connection)


def _of_connection(step: Step, one: Connection | None) -> Status:
    if one is None:
        return Status.WAITING
    if step in (Step.SSO_VALUES, Step.SSO_METADATA):
        return _either(one.is_complete, True)
    if not one.is_complete:
        return Status.WAITING
    if step is Step.SSO_TEST:
        return _either(one.tested_at is not None, True)
    return _either(one.state is ConnectionState.ACTIVE, True)


def _either(done: bool, begun: bool) -> Status:
    if done:
        return Status.COMPLETED
    return Status.IN_PROGRESS if begun else Status.NOT_STARTED
