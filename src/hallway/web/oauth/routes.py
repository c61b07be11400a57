"""What applications, and browsers on their behalf, ask of the provider."""

from dataclasses import replace
from typing import Final

from hallway.oidc.publishing import AUTHORIZE, INTROSPECT, JWKS, LOGOUT, REVOKE, TOKEN, USERINFO
from hallway.web.rows import NONE, Row, page

CONFIGURATION: Final = "/.well-known/openid-configuration"

ROUTES: Final[tuple[Row, ...]] = (
    Row("GET", CONFIGURATION, NONE, "oauth_configuration", "What we say of ourselves as a provider."),
    Row("GET", JWKS, NONE, "oauth_keys", "The public keys that verify our tokens."),
    page("GET", AUTHORIZE, NONE, "oauth_authorize", "An application asks who somebody is; a code, or why not."),
    replace(
        page("POST", AUTHORIZE, NONE, "oauth_authorize_posted", "The same request in a form of another site."),
        cross_site=True,
    ),
    Row("POST", TOKEN, NONE, "oauth_token", "Tokens for a code, a refresh token or a machine.", cross_site=True),
    Row("GET", USERINFO, NONE, "oauth_userinfo", "Who an access token is about, now."),
    Row("POST", USERINFO, NONE, "oauth_userinfo_posted", "The same by POST.", cross_site=True),
    Row("POST", INTROSPECT, NONE, "oauth_introspect", "Whether a token counts now.", cross_site=True),
    Row("POST", REVOKE, NONE, "oauth_revoke", "End what a token stands for.", cross_site=True),
    page("GET", LOGOUT, NONE, "oauth_logout", "An application signs its person out of here too."),
    replace(page("POST", LOGOUT, NONE, "oauth_logout_posted", "The same in a form of another site."), cross_site=True),
    page("POST", f"{LOGOUT}/confirm", NONE, "oauth_logout_confirmed", "Yes: end this session, and go back."),
)
