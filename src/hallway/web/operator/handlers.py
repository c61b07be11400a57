"""All handlers of the operators' console."""

from collections.abc import Mapping

from hallway.web.operator.accounts import operator_account_handlers
from hallway.web.operator.api_keys import KeyPages
from hallway.web.operator.applications import ApplicationPages
from hallway.web.operator.customer import CustomerPages
from hallway.web.operator.deployment import DeploymentPages
from hallway.web.operator.office import Office
from hallway.web.operator.organizations import OrganizationPages
from hallway.web.operator.webhook_deliveries import DeliveryPages
from hallway.web.operator.webhooks import WebhookPages
from hallway.web.rows import PageHandler


def operator_handlers(office: Office) -> Mapping[str, PageHandler]:
    """By their names in the route table."""
    return {
        **operator_account_handlers(office.hub, office.pages),
        **OrganizationPages(office).handlers(),
        **CustomerPages(office).handlers(),
        **DeploymentPages(office).handlers(),
        **ApplicationPages(office).handlers(),
        **KeyPages(office).handlers(),
        **WebhookPages(office).handlers(),
        **DeliveryPages(office).handlers(),
    }
