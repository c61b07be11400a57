"""Accounts: registering, signing in, and what a person sets for herself."""

from typing import Final

from hallway.web.rows import ACCOUNT, FRESH_ACCOUNT, NONE, Row, page

PASSKEYS: Final = "/account/security/passkeys"

ROUTES: Final[tuple[Row, ...]] = (
    page("GET", "/sign-in", NONE, "sign_in", "Sign in with password or passkey."),
    page("POST", "/sign-in", NONE, "sign_in_password", "Address and password; a session, or on to the code."),
    page("POST", "/sign-in/passkey", NONE, "sign_in_passkey", "The answer of an authenticator; a session."),
    page("GET", "/sign-in/code", NONE, "sign_in_code", "Ask for the one-time code, after the password."),
    page("POST", "/sign-in/code", NONE, "sign_in_code_given", "A one-time or recovery code; a session."),
    page("GET", "/sign-in/again", ACCOUNT, "sign_in_again", "Ask who is signed in to prove it once more."),
    page("POST", "/sign-in/again", ACCOUNT, "sign_in_again_password", "Her password again; a fresh session."),
    page("POST", "/sign-in/again/passkey", ACCOUNT, "sign_in_again_passkey", "A passkey again; a fresh session."),
    page("POST", "/sign-out", ACCOUNT, "sign_out", "End this session."),
    page("GET", "/reset", NONE, "reset", "Ask for the address whose password was forgotten."),
    page("POST", "/reset", NONE, "reset_asked", "Mail a link; the answer is the same for every address."),
    page("GET", "/reset/confirm", NONE, "reset_confirm", "The form behind the mailed link."),
    page("POST", "/reset/confirm", NONE, "reset_complete", "The new password; every session ends."),
    page("GET", "/register", NONE, "register", "Ask for an address and an organization's name."),
    page("POST", "/register", NONE, "register_asked", "Mail a link; the answer is the same for every address."),
    page("GET", "/register/confirm", NONE, "register_confirm", "The form behind the mailed link."),
    page("POST", "/register/confirm", NONE, "register_complete", "The account, and what it was made for."),
    page("GET", "/invitation", NONE, "invitation", "What an invitation is; looking uses nothing up."),
    page("POST", "/invitation", ACCOUNT, "invitation_accept", "Join, with the invited address."),
    page("POST", "/invitation/register", NONE, "invitation_register", "An account for the invited address."),
    page("GET", "/organizations", ACCOUNT, "organizations", "The organizations of who is signed in."),
    page("POST", "/organizations/open", ACCOUNT, "organization_open", "Work in one of them."),
    page("GET", "/organizations/new", ACCOUNT, "organization_new", "Ask for the name of a new organization."),
    page("POST", "/organizations/new", ACCOUNT, "organization_found", "Found it, as its administrator."),
    page("GET", "/account", ACCOUNT, "account", "Name, language, address."),
    page("POST", "/account", ACCOUNT, "account_save", "Write name and language."),
    page("POST", "/account/address", FRESH_ACCOUNT, "account_address_asked", "Mail a link to another address."),
    page("GET", "/account/address", ACCOUNT, "account_address", "The page behind that link."),
    page("POST", "/account/address/confirm", ACCOUNT, "account_address_change", "The proved address is hers."),
    page("GET", "/account/security", ACCOUNT, "security", "Password, passkeys, one-time codes."),
    page(
        "POST",
        "/account/security/password",
        FRESH_ACCOUNT,
        "security_password",
        "Another password; other sessions end.",
    ),
    page("GET", f"{PASSKEYS}/new", FRESH_ACCOUNT, "security_passkey_new", "Ask for a new passkey."),
    page("POST", PASSKEYS, FRESH_ACCOUNT, "security_passkey_add", "Keep a new passkey."),
    page(
        "POST", "/account/security/passkeys/{passkey}/remove", FRESH_ACCOUNT, "security_passkey_remove", "Remove one."
    ),
    page("GET", "/account/security/codes", FRESH_ACCOUNT, "security_codes", "A seed for an authenticator app."),
    page("POST", "/account/security/codes", FRESH_ACCOUNT, "security_codes_on", "Turn codes on with the first one."),
    page("POST", "/account/security/codes/off", FRESH_ACCOUNT, "security_codes_off", "Turn codes off."),
    page("POST", "/account/security/recovery-codes", FRESH_ACCOUNT, "security_recovery_codes", "New ones, shown once."),
    page("GET", "/account/sessions", ACCOUNT, "account_sessions", "Where she is signed in."),
    page("POST", "/account/sessions/end", ACCOUNT, "account_sessions_end", "End all sessions but this one."),
    page("POST", "/account/sessions/{session}/end", ACCOUNT, "account_session_end", "End one session."),
)
