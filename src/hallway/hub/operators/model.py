"""An operator: an account of the operators' realm, and what it may do in the deployment.

Rules: her rows and her journal are the deployment's; one who is deactivated opens nothing, and what she had opened
stays closed when she comes back; an owner who is active remains.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from hallway.ids import AccountId

SESSION_HOURS: Final = 12
"""An operator's session sees every customer: it ends with the working day."""


class OperatorRole(Enum):
    """Each may do what those before it may. A viewer sees no person of a customer; support does, for a reason that the
    customer can read; an owner changes things.
    """

    VIEWER = "viewer"
    SUPPORT = "support"
    OWNER = "owner"


class OperatorState(Enum):
    """One who is deactivated signs in nowhere."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"


_RANK: Final = {role: rank for rank, role in enumerate(OperatorRole)}


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator. Sessions that began before `access_from` open nothing."""

    account_id: AccountId
    role: OperatorRole
    state: OperatorState
    created_at: int
    access_from: int

    def may(self, least: OperatorRole) -> bool:
        """Whether the role is this one or a greater one, and she is active."""
        return self.state is OperatorState.ACTIVE and _RANK[self.role] >= _RANK[least]


@dataclass(frozen=True, slots=True)
class NewOperator:
    """A row to insert, in the deployment's own tenant."""

    operator: Operator


@dataclass(frozen=True, slots=True)
class OperatorUpdate:
    """Role, state and access as they shall be; stale where role or state are no longer `was`'s."""

    was: Operator
    operator: Operator


@dataclass(frozen=True, slots=True)
class OwnerRemains:
    """Stale where none of these is an active owner: of two that give up at once, one decides again."""

    among: tuple[AccountId, ...]
