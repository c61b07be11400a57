"""What operators need of a store."""

from collections.abc import Sequence
from typing import Protocol

from hallway.hub.operators.model import Operator
from hallway.ids import AccountId


class Operators(Protocol):
    """The operators of the deployment."""

    async def operator(self, account_id: AccountId) -> Operator | None:
        """The operator that an account is."""
        ...

    async def operators(self) -> Sequence[Operator]:
        """Everybody who is or was one, oldest first."""
        ...
