"""The pages of an organization's settings, and who may open them."""

from typing import Final

from hallway.web.rows import ADMIN, FRESH_ADMIN, MEMBER, Row, page

ONE: Final = "/settings/members/{member}"
DOMAIN: Final = "/settings/domains/{domain}"

ROUTES: Final[tuple[Row, ...]] = (
    page("GET", "/settings/members", MEMBER, "settings_members", "Everybody, found while one types."),
    page("GET", "/settings/members/invite", ADMIN, "settings_invite", "Addresses, a role, and for how long."),
    page("POST", "/settings/members/invite", ADMIN, "settings_invite_send", "Invite people by mail."),
    page("GET", ONE, ADMIN, "settings_member", "One member, what may be done, and her history."),
    page("POST", f"{ONE}/resend", ADMIN, "settings_member_resend", "Send the invitation again."),
    page("POST", f"{ONE}/revoke", ADMIN, "settings_member_revoke", "Take the invitation back."),
    page("POST", f"{ONE}/role", FRESH_ADMIN, "settings_member_role", "Give another role."),
    page("POST", f"{ONE}/deactivate", FRESH_ADMIN, "settings_member_deactivate", "End her access."),
    page("POST", f"{ONE}/reactivate", FRESH_ADMIN, "settings_member_reactivate", "Let her in again."),
    page("POST", f"{ONE}/remove", FRESH_ADMIN, "settings_member_remove", "End the membership."),
    page("POST", f"{ONE}/sessions", ADMIN, "settings_member_sessions", "End her sessions here."),
    page("GET", "/settings/domains", ADMIN, "settings_domains", "The domains, each with its state."),
    page("POST", "/settings/domains", ADMIN, "settings_domain_add", "Claim a domain."),
    page("GET", DOMAIN, ADMIN, "settings_domain", "The record to add, and what the last check found."),
    page("POST", f"{DOMAIN}/check", ADMIN, "settings_domain_check", "Ask DNS now."),
    page("POST", f"{DOMAIN}/mark", ADMIN, "settings_domain_mark", "Mark as proved, for development."),
    page("POST", f"{DOMAIN}/remove", FRESH_ADMIN, "settings_domain_remove", "Give a domain up."),
    page("GET", "/settings/audit", ADMIN, "settings_audit", "The journal, found by kind, actor, words and time."),
    page("POST", "/settings/audit/export", FRESH_ADMIN, "settings_audit_export", "What is found, as a file."),
    page("GET", "/settings/audit/{entry}", ADMIN, "settings_audit_entry", "One entry, before and after."),
)
