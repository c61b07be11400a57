"""An organization, its plan, and what the plan unlocks."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from hallway.ids import OrganizationId


class Plan(Enum):
    """What the organization pays for."""

    FREE = "free"
    ENTERPRISE = "enterprise"


class Feature(Enum):
    """What a plan can unlock."""

    SCIM = "scim"
    SSO = "sso"
    GROUPS = "groups"


UNLOCKED: Final = {Plan.FREE: frozenset[Feature](), Plan.ENTERPRISE: frozenset(Feature)}


class OrganizationState(Enum):
    """A suspended organization's directories refuse writes, as disabled ones do."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant. `external_id` is the vendor's own name for it, unique in the deployment, never a key."""

    id: OrganizationId
    name: str
    plan: Plan
    state: OrganizationState
    created_at: int
    external_id: str | None = None

    def unlocks(self, feature: Feature) -> bool:
        """Whether the plan has it."""
        return feature in UNLOCKED[self.plan]


@dataclass(frozen=True, slots=True)
class NewOrganization:
    """A row to insert."""

    organization: Organization


@dataclass(frozen=True, slots=True)
class OrganizationUpdate:
    """The whole row as it shall be; stale where it is not `was` any more, if that is given."""

    organization: Organization
    was: Organization | None = None


@dataclass(frozen=True, slots=True)
class OrganizationRemoval:
    """Every row of every table of this organization goes, the journal included; `told` is what the feed says of it
    from then on, as JSON.
    """

    organization_id: OrganizationId
    at: int
    told: bytes
