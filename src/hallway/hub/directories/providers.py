"""What is known of each directory product: its name, how often it speaks, and its own words for where things are.

Rules: words only; nothing behaves differently for one product than for another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hallway.hub.directories.model import Provider

HOUR_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Product:
    """A directory product.

    `rhythm_seconds` is how long it may be silent while provisioning is on, 0 where it speaks only when somebody
    changes. `mapping`, `people` and `token` are where attributes are mapped, people assigned and the token pasted,
    as its console calls them.
    """

    name: str
    mapping: str
    people: str
    token: str
    rhythm_seconds: int = 0
    url_suffix: str = ""


PRODUCTS: Final[Mapping[Provider, Product]] = {
    Provider.JUMPCLOUD: Product(
        "JumpCloud",
        "Identity Management → Export Attribute Mapping",
        "User Groups",
        "Identity Management → Token Key",
    ),
    Provider.OKTA: Product(
        "Okta",
        "Provisioning → To App → Attribute Mappings",
        "Assignments",
        "Provisioning → Integration",
    ),
    Provider.ENTRA: Product(
        "Microsoft Entra ID",
        "Provisioning → Mappings",
        "Users and groups",
        "Provisioning → Admin Credentials → Secret Token",
        6 * HOUR_SECONDS,
        "/?aadOptscim062020",
    ),
    Provider.ONELOGIN: Product(
        "OneLogin",
        "Configuration → SCIM JSON Template",
        "Users",
        "Configuration → SCIM Bearer Token",
    ),
    Provider.GOOGLE: Product(
        "Google Workspace",
        "Auto-provisioning → Attribute mapping",
        "Provisioning scope",
        "Auto-provisioning → Access token",
        48 * HOUR_SECONDS,
    ),
    Provider.PING: Product(
        "PingOne",
        "Rules → Attribute Mapping",
        "Rules → User Filter",
        "Configure authentication → OAuth Access Token",
    ),
    Provider.CYBERARK: Product(
        "CyberArk Identity",
        "Provisioning → Provisioning Script",
        "Provisioning → Role Mappings",
        "Provisioning → Bearer Token",
    ),
    Provider.OTHER: Product("the directory product", "its attribute mapping", "its assignments", "its token setting"),
}
"""Every provider has its product."""


def product_of(provider: Provider) -> Product:
    """The product of a provider."""
    return PRODUCTS[provider]
