"""The console of those who run the deployment."""

from typing import Final

from hallway.web.operator.webhook_routes import WEBHOOK_ROUTES
from hallway.web.rows import (
    FRESH_OPERATOR_ACCOUNT,
    FRESH_OPERATOR_OWNER,
    NONE,
    OPERATOR,
    OPERATOR_ACCOUNT,
    OPERATOR_OWNER,
    OPERATOR_SUPPORT,
    OPERATOR_VISIT,
    Row,
    page,
)

ONE: Final = "/operator/organizations/{organization}"
DIRECTORY: Final = f"{ONE}/directories/{{directory}}"
APPLICATIONS: Final = "/operator/applications"
APPLICATION: Final = f"{APPLICATIONS}/{{application}}"
PASSKEYS: Final = "/operator/account/security/passkeys"
CODES: Final = "/operator/account/security/codes"

ACCOUNT_ROUTES: Final[tuple[Row, ...]] = (
    page("GET", "/operator/sign-in", OPERATOR_VISIT, "operator_sign_in", "Sign in as an operator."),
    page("POST", "/operator/sign-in", OPERATOR_VISIT, "operator_sign_in_password", "Address and password."),
    page("POST", "/operator/sign-in/passkey", OPERATOR_VISIT, "operator_sign_in_passkey", "A passkey; a session."),
    page("GET", "/operator/sign-in/code", OPERATOR_VISIT, "operator_sign_in_code", "Ask for the one-time code."),
    page("POST", "/operator/sign-in/code", OPERATOR_VISIT, "operator_sign_in_code_given", "The code; a session."),
    page("GET", "/operator/sign-in/again", OPERATOR_ACCOUNT, "operator_sign_in_again", "Ask for the proof once more."),
    page("POST", "/operator/sign-in/again", OPERATOR_ACCOUNT, "operator_sign_in_again_password", "Password and code."),
    page("POST", "/operator/sign-in/again/passkey", OPERATOR_ACCOUNT, "operator_sign_in_again_passkey", "A passkey."),
    page("POST", "/operator/sign-out", OPERATOR_ACCOUNT, "operator_sign_out", "End this session."),
    page("GET", "/operator/reset", NONE, "operator_reset", "Ask for the address whose password was forgotten."),
    page("POST", "/operator/reset", NONE, "operator_reset_asked", "Mail a link; the same answer for every address."),
    page("GET", "/operator/reset/confirm", NONE, "operator_reset_confirm", "The form behind the link."),
    page("POST", "/operator/reset/confirm", NONE, "operator_reset_complete", "The password that she chose."),
    page("GET", "/operator/account/security", OPERATOR_ACCOUNT, "operator_security", "What she signs in with."),
    page(
        "POST", "/operator/account/security/password", FRESH_OPERATOR_ACCOUNT, "operator_security_password",
        "Another password; other sessions end.",
    ),
    page("GET", f"{PASSKEYS}/new", FRESH_OPERATOR_ACCOUNT, "operator_security_passkey_new", "Ask for a new passkey."),
    page("POST", PASSKEYS, FRESH_OPERATOR_ACCOUNT, "operator_security_passkey_add", "Keep a new passkey."),
    page(
        "POST", f"{PASSKEYS}/{{passkey}}/remove", FRESH_OPERATOR_ACCOUNT, "operator_security_passkey_remove",
        "Remove a passkey.",
    ),
    page("GET", CODES, FRESH_OPERATOR_ACCOUNT, "operator_security_codes", "A seed for an authenticator app."),
    page("POST", CODES, FRESH_OPERATOR_ACCOUNT, "operator_security_codes_on", "Turn codes on with the first one."),
    page("POST", f"{CODES}/off", FRESH_OPERATOR_ACCOUNT, "operator_security_codes_off", "Turn codes off."),
    page(
        "POST", "/operator/account/security/recovery-codes", FRESH_OPERATOR_ACCOUNT,
        "operator_security_recovery_codes", "New recovery codes, shown once.",
    ),
)  # fmt: skip

APPLICATION_ROUTES: Final[tuple[Row, ...]] = (
    page("GET", APPLICATIONS, OPERATOR_OWNER, "operator_applications", "The applications."),
    page("GET", f"{APPLICATIONS}/new", FRESH_OPERATOR_OWNER, "operator_application_new", "The kind, then the form."),
    page("POST", f"{APPLICATIONS}/new", FRESH_OPERATOR_OWNER, "operator_application_create", "Make one."),
    page("GET", APPLICATION, OPERATOR_OWNER, "operator_application", "One: addresses to copy, secrets, settings."),
    page("POST", APPLICATION, FRESH_OPERATOR_OWNER, "operator_application_change", "Change its settings."),
    page("POST", f"{APPLICATION}/disable", FRESH_OPERATOR_OWNER, "operator_application_disable", "It gets nothing."),
    page("POST", f"{APPLICATION}/enable", FRESH_OPERATOR_OWNER, "operator_application_enable", "It gets tokens again."),
    page("POST", f"{APPLICATION}/delete", FRESH_OPERATOR_OWNER, "operator_application_delete", "It goes for good."),
    page("POST", f"{APPLICATION}/secrets", FRESH_OPERATOR_OWNER, "operator_secret_add", "Another secret beside one."),
    page("GET", f"{APPLICATION}/secrets/made", OPERATOR_OWNER, "operator_secret_once", "The new secret, this once."),
    page(
        "POST", f"{APPLICATION}/secrets/{{secret}}/revoke", FRESH_OPERATOR_OWNER, "operator_secret_revoke",
        "End a secret, now or in a day.",
    ),
)  # fmt: skip

ROUTES: Final[tuple[Row, ...]] = (
    *ACCOUNT_ROUTES,
    page("GET", "/operator", OPERATOR, "operator_home", "To the list of organizations."),
    page("GET", "/operator/organizations", OPERATOR, "operator_organizations", "Organizations, searched and paged."),
    page("GET", "/operator/organizations/new", FRESH_OPERATOR_OWNER, "operator_organization_new", "The form."),
    page("POST", "/operator/organizations/new", FRESH_OPERATOR_OWNER, "operator_organization_create", "Make one."),
    page("GET", ONE, OPERATOR, "operator_organization", "One at a glance: plan, domains, directories, links."),
    page("POST", f"{ONE}/plan", FRESH_OPERATOR_OWNER, "operator_plan", "Another plan, external id or name."),
    page("POST", f"{ONE}/suspend", FRESH_OPERATOR_OWNER, "operator_suspend", "Its directories refuse writes."),
    page("POST", f"{ONE}/resume", FRESH_OPERATOR_OWNER, "operator_resume", "Its directories take writes again."),
    page("POST", f"{ONE}/domains/{{domain}}/award", FRESH_OPERATOR_OWNER, "operator_award", "Decide a contested name."),
    page("GET", f"{ONE}/setup-links", OPERATOR, "operator_links", "Its set-up links, and the form for a new one."),
    page("POST", f"{ONE}/setup-links", FRESH_OPERATOR_OWNER, "operator_link_create", "Make a link."),
    page("GET", f"{ONE}/setup-links/made", OPERATOR_OWNER, "operator_link_once", "The new link's address, this once."),
    page("POST", f"{ONE}/setup-links/{{link}}/revoke", OPERATOR_OWNER, "operator_link_revoke", "End a link."),
    page("GET", f"{ONE}/look", OPERATOR_SUPPORT, "operator_look", "Ask for the reason to look at its people."),
    page("POST", f"{ONE}/look", OPERATOR_SUPPORT, "operator_looked", "Write it in its journal; open them for an hour."),
    page("GET", f"{ONE}/members", OPERATOR_SUPPORT, "operator_members", "Its members, once a reason was given."),
    page("GET", f"{DIRECTORY}/activity", OPERATOR_SUPPORT, "operator_activity", "What a directory was sent; the same."),
    page(
        "GET", f"{DIRECTORY}/activity/{{exchange}}", OPERATOR_SUPPORT, "operator_exchange",
        "One exchange and what it meant; the same.",
    ),
    *APPLICATION_ROUTES,
    page("GET", "/operator/api-keys", OPERATOR_OWNER, "operator_keys", "Keys of the REST API, and the form."),
    page("POST", "/operator/api-keys", FRESH_OPERATOR_OWNER, "operator_key_create", "Make a key."),
    page("GET", "/operator/api-keys/made", OPERATOR_OWNER, "operator_key_once", "The new key, this once."),
    page("POST", "/operator/api-keys/{key}/revoke", FRESH_OPERATOR_OWNER, "operator_key_revoke", "End a key."),
    *WEBHOOK_ROUTES,
    page("GET", "/operator/problems", OPERATOR, "operator_problems", "Refusals, failed sign-ins, contested domains."),
    page("GET", "/operator/operators", OPERATOR_OWNER, "operator_operators", "The operators, and the form."),
    page("POST", "/operator/operators", FRESH_OPERATOR_OWNER, "operator_operator_create", "Make an operator."),
    page("GET", "/operator/operators/made", OPERATOR_OWNER, "operator_operator_once", "Her link, this once."),
    page(
        "POST", "/operator/operators/{operator}", FRESH_OPERATOR_OWNER, "operator_operator_change",
        "Give a role, deactivate, reactivate, or make another link.",
    ),
    page("GET", "/operator/audit", OPERATOR_OWNER, "operator_audit", "The deployment's own journal."),
)  # fmt: skip
"""What an operator may open."""
