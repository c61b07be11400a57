"""The portal behind a set-up link."""

from typing import Final

from hallway.web.rows import NONE, SETUP_LINK, Row, page

ROUTES: Final[tuple[Row, ...]] = (
    page("GET", "/setup/open", NONE, "setup_open", "Where a set-up link leads; reading it uses nothing up."),
    page("POST", "/setup/open", NONE, "setup_opened", "Open the link in this browser, or mail its code."),
    page("GET", "/setup/code", NONE, "setup_code", "Ask for the code that was mailed."),
    page("POST", "/setup/code", NONE, "setup_code_given", "Open the link with the code, or mail another one."),
    page("GET", "/setup/done", NONE, "setup_done", "The work is done, and the link has ended."),
    page("GET", "/setup", SETUP_LINK, "setup", "What there is to do, and how far it is."),
    page("POST", "/setup/complete", SETUP_LINK, "setup_complete", "End the link, its work being done."),
    page("POST", "/setup/leave", SETUP_LINK, "setup_leave", "End this browser's session; the link stays."),
    page("GET", "/setup/domain", SETUP_LINK, "setup_domain", "The record that proves a domain."),
    page("POST", "/setup/domain", SETUP_LINK, "setup_domain_add", "Say which domain it is."),
    page("POST", "/setup/domain/check", SETUP_LINK, "setup_domain_check", "Ask DNS now."),
    page("GET", "/setup/provider", SETUP_LINK, "setup_provider", "Choose whose product pushes."),
    page("POST", "/setup/provider", SETUP_LINK, "setup_provider_choose", "Make the directory for this provider."),
    page("GET", "/setup/token", SETUP_LINK, "setup_token", "The new token, this once."),
    page("POST", "/setup/token", SETUP_LINK, "setup_token_create", "Make another token for this link's directory."),
    page("GET", "/setup/guide", SETUP_LINK, "setup_guide", "How to connect this provider, and the first request."),
    page("POST", "/setup/guide", SETUP_LINK, "setup_pasted", "Say that the values are pasted."),
    page("GET", "/setup/activity", SETUP_LINK, "setup_activity", "What this link's directory was sent."),
    page("GET", "/setup/activity/{exchange}", SETUP_LINK, "setup_exchange", "One exchange and what it meant."),
    page("GET", "/setup/sso", SETUP_LINK, "setup_sso", "Choose whose product signs people in."),
    page("POST", "/setup/sso", SETUP_LINK, "setup_sso_choose", "Make this link's connection, as a draft."),
    page("GET", "/setup/sso/values", SETUP_LINK, "setup_sso_values", "What to paste at the provider, in its words."),
    page("GET", "/setup/sso/metadata", SETUP_LINK, "setup_sso_metadata", "One box for metadata, address, certificate."),
    page("POST", "/setup/sso/metadata", SETUP_LINK, "setup_sso_take", "Take what stood in the box."),
    page("GET", "/setup/sso/test", SETUP_LINK, "setup_sso_test", "Test a sign-in, and who turns it on."),
    page("POST", "/setup/sso/test", SETUP_LINK, "setup_sso_test_start", "Begin a test sign-in."),
    page("POST", "/setup/sso/turn-on", SETUP_LINK, "setup_sso_turn_on", "Turn it on where there are no members."),
    page("GET", "/setup/turn-on", SETUP_LINK, "setup_turn_on", "Who turns the directory on, and why."),
)
