"""The operators' pages of webhooks."""

from typing import Final

from hallway.web.rows import FRESH_OPERATOR_OWNER, OPERATOR_OWNER, OPERATOR_SUPPORT, Row, page

ALL: Final = "/operator/webhooks"
ONE: Final = f"{ALL}/{{webhook}}"
DELIVERY: Final = f"{ONE}/deliveries/{{event}}"

WEBHOOK_ROUTES: Final[tuple[Row, ...]] = (
    page("GET", ALL, OPERATOR_SUPPORT, "operator_webhooks", "The webhooks, each with its state."),
    page("GET", f"{ALL}/new", FRESH_OPERATOR_OWNER, "operator_webhook_new", "The form."),
    page("POST", f"{ALL}/new", FRESH_OPERATOR_OWNER, "operator_webhook_create", "Make one."),
    page("GET", f"{ALL}/secret", OPERATOR_OWNER, "operator_webhook_once", "The new secret, this once."),
    page("GET", ONE, OPERATOR_SUPPORT, "operator_webhook", "One: its state, and what became of events."),
    page("POST", f"{ONE}/ping", OPERATOR_OWNER, "operator_webhook_ping", "Send a ping; what came back."),
    page("POST", f"{ONE}/again", OPERATOR_OWNER, "operator_webhook_again", "Deliver every dead letter again."),
    page("GET", f"{ONE}/settings", FRESH_OPERATOR_OWNER, "operator_webhook_settings", "Its settings, secret, end."),
    page("POST", f"{ONE}/settings", FRESH_OPERATOR_OWNER, "operator_webhook_change", "Change address, events or name."),
    page("POST", f"{ONE}/secret", FRESH_OPERATOR_OWNER, "operator_webhook_rotate", "Make another secret."),
    page("POST", f"{ONE}/disable", FRESH_OPERATOR_OWNER, "operator_webhook_disable", "Send nothing any more."),
    page(
        "POST", f"{ONE}/enable", FRESH_OPERATOR_OWNER, "operator_webhook_enable", "Send again, with what waited or not."
    ),
    page("POST", f"{ONE}/delete", FRESH_OPERATOR_OWNER, "operator_webhook_delete", "Delete it."),
    page("GET", DELIVERY, OPERATOR_SUPPORT, "operator_delivery", "One event at a webhook, with every attempt."),
    page("POST", f"{DELIVERY}/again", OPERATOR_OWNER, "operator_delivery_again", "Deliver this event again."),
)
"""What an operator may open of them."""
