"""Signing in through connections."""

from dataclasses import replace
from typing import Final

from hallway.web.rows import NONE, Row, page

ONE: Final = "/sso/{hex}"

ROUTES: Final[tuple[Row, ...]] = (
    page("GET", ONE, NONE, "sso_start", "Send the browser to the connection's provider."),
    replace(page("POST", f"{ONE}/acs", NONE, "sso_acs", "A SAML response, judged and parked."), cross_site=True),
    page("GET", f"{ONE}/callback", NONE, "sso_callback", "An OpenID provider's answer, exchanged and parked."),
    page("GET", f"{ONE}/resume", NONE, "sso_resume", "Take the parked answer up in the browser that began; a session."),
    Row("GET", f"{ONE}/metadata", NONE, "sso_metadata", "What we say of ourselves, as SAML metadata."),
    Row("GET", f"{ONE}/jwks", NONE, "sso_jwks", "Our public key, for a client that has no secret."),
    page("GET", f"{ONE}/logout", NONE, "sso_logout", "A logout message in the address."),
    replace(page("POST", f"{ONE}/logout", NONE, "sso_logout_posted", "A logout message in a form."), cross_site=True),
    Row("POST", f"{ONE}/backchannel-logout", NONE, "sso_backchannel", "A provider's logout token.", cross_site=True),
    page("GET", "/sign-in/sso", NONE, "sso_find", "Ask for the address whose organization signs in elsewhere."),
    page("POST", "/sign-in/sso", NONE, "sso_found", "On to the connection of the address's domain."),
)
