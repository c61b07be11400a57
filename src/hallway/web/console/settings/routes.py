"""The pages of an organization's settings, and who may open them."""

from typing import Final

from hallway.web.rows import ADMIN, FRESH_ADMIN, MEMBER, Row, page

ONE: Final = "/settings/members/{member}"
CONTACT: Final = "/settings/contacts/{contact}"
DOMAIN: Final = "/settings/domains/{domain}"

ROUTES: Final[tuple[Row, ...]] = (
    page("GET", "/settings/general", ADMIN, "settings_general", "Name, ids, plan and state."),
    page("POST", "/settings/general", ADMIN, "settings_general_save", "Write the name."),
    page("GET", "/settings/general/delete", FRESH_ADMIN, "settings_delete", "What deleting ends, in numbers."),
    page("POST", "/settings/general/delete", FRESH_ADMIN, "settings_delete_now", "Delete the organization."),
    page("GET", "/settings/leave", MEMBER, "settings_leave", "What leaving ends."),
    page("POST", "/settings/leave", MEMBER, "settings_leave_now", "Leave the organization."),
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
    page("POST", f"{ONE}/proof", ADMIN, "settings_member_proof", "What ended her access and who confirmed, as a file."),
    page("GET", "/settings/domains", ADMIN, "settings_domains", "The domains, each with its state."),
    page("POST", "/settings/domains", ADMIN, "settings_domain_add", "Claim a domain."),
    page("GET", DOMAIN, ADMIN, "settings_domain", "The record to add, and what the last check found."),
    page("POST", f"{DOMAIN}/check", ADMIN, "settings_domain_check", "Ask DNS now."),
    page("POST", f"{DOMAIN}/mark", ADMIN, "settings_domain_mark", "Mark as proved, for development."),
    page("POST", f"{DOMAIN}/remove", FRESH_ADMIN, "settings_domain_remove", "Give a domain up."),
    page("GET", "/settings/contacts", ADMIN, "settings_contacts", "Who gets every alarm."),
    page("POST", "/settings/contacts", ADMIN, "settings_contact_add", "Add a technical contact."),
    page("POST", f"{CONTACT}/remove", ADMIN, "settings_contact_remove", "Remove a technical contact."),
    page("GET", "/settings/sso", ADMIN, "settings_sso", "The connections, and the SCIM values of each directory."),
    page("GET", "/settings/sso/enforcement", ADMIN, "settings_enforcement", "Whether, for whom, and who is exempt."),
    page("POST", "/settings/sso/enforce", FRESH_ADMIN, "settings_enforce", "Open for sign-ins through it only."),
    page("POST", "/settings/sso/lift", FRESH_ADMIN, "settings_enforcement_lift", "Own credentials open it again."),
    page("POST", "/settings/sso/exempt", FRESH_ADMIN, "settings_exempt", "Exempt a member for some days, or end it."),
    page("GET", "/settings/plan", ADMIN, "settings_plan", "What the plan unlocks, and whom to ask."),
    page("GET", "/settings/audit", ADMIN, "settings_audit", "The journal, found by kind, actor, words and time."),
    page("POST", "/settings/audit/export", FRESH_ADMIN, "settings_audit_export", "What is found, as a file."),
    page("GET", "/settings/audit/{entry}", ADMIN, "settings_audit_entry", "One entry, before and after."),
)
