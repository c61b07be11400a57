"""How each directory product is connected, step by step, in its own words; the how-to pages say the same at length."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hallway.hub.directories.model import Provider
from hallway.web.console.steps import Paste, Step
from hallway.web.language import N_

BASE_URL: Final = "base_url"
TOKEN: Final = "token"  # noqa: S105 - what to paste, not a secret


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps, what one sees when it worked, and what is known to go wrong; `page` is the how-to."""

    page: str
    steps: tuple[Step, ...]
    worked: tuple[str, ...]
    traps: tuple[str, ...]
    warning: str = ""


_JUMPCLOUD: Final = Guide(
    "connect-jumpcloud",
    (
        Step(
            N_("Make the application"),
            (
                N_("In JumpCloud, open SSO Applications, then Add New Application."),
                N_("Choose Create a Custom Integration (or Custom Application), then Next."),
                N_("Tick Export users to this app (Identity Management), then Next."),
                N_("Give it a Display Label, then Save Application and Configure Application."),
            ),
        ),
        Step(
            N_("Fill in Identity Management"),
            (
                N_("Open the Identity Management tab (newer consoles call it Provisioning)."),
                N_("Choose SCIM API and SCIM 2.0, and Bearer token where it is asked."),
                N_("Paste these; the Base URL without a slash at its end:"),
            ),
            (Paste("Base URL", BASE_URL), Paste("Token Key", TOKEN)),
        ),
        Step(
            N_("Test and activate"),
            (
                N_("As Test User Email, enter an address that nobody has here."),
                N_("Choose Test Connection: the fields turn grey and Group Management opens."),
                N_("Leave Enable management of User Groups and Group Membership ticked."),
                N_("Choose Activate. JumpCloud makes a test user and a test group, and deletes both."),
            ),
        ),
        Step(
            N_("Choose who is sent"),
            (N_("Open the User Groups tab, tick the groups, and Save. Their members appear here at once."),),
        ),
    ),
    (
        N_("The first request appears here with Test Connection, and each step of Activate in Activity."),
        N_("JumpCloud has no “sync now”: it sends when something changes."),
    ),
    (
        N_("“There was a problem activating identity management” has its reason here, in Activity."),
        N_("A user whose password expires in JumpCloud is deactivated here."),
        N_("Unbinding a group leaves it here as it was. Remove its people first."),
        N_("Every later change of these settings asks for a test address again, again an unused one."),
    ),
)
_OKTA: Final = Guide(
    "connect-okta",
    (
        Step(
            N_("Switch on SCIM"),
            (
                N_("In Okta, open your app, General, App Settings, Edit."),
                N_("As Provisioning choose SCIM, then Save. A Provisioning tab appears."),
            ),
        ),
        Step(
            N_("Fill in the integration"),
            (
                N_("Open Provisioning, Integration, Edit."),
                N_("As Authentication Mode choose HTTP Header."),
                N_("Tick Push New Users, Push Profile Updates and Push Groups."),
                N_("Paste these:"),
            ),
            (
                Paste("SCIM connector base URL", BASE_URL),
                Paste("Unique identifier field for users", value="userName"),
                Paste("Authorization", TOKEN),
            ),
        ),
        Step(
            N_("Test it, and switch it on"),
            (
                N_("Choose Test Connector Configuration, then Save."),
                N_("Open Provisioning, To App, Edit. Tick Create Users, Update User Attributes and Deactivate Users."),
            ),
        ),
        Step(
            N_("Choose who is sent"),
            (
                N_("On the Assignments tab, assign people or groups. People are created at once."),
                N_("On the Push Groups tab, choose the groups whose membership shall arrive."),
            ),
        ),
    ),
    (N_("Okta looks for a user, then creates the people whom you assign."),),
    (
        N_("Suspending a person in Okta sends nothing. Deactivate or unassign her."),
        N_("Okta sends a random password; it is dropped unread."),
        N_("Okta never deletes a user here; it deactivates."),
    ),
)
_ENTRA: Final = Guide(
    "connect-entra",
    (
        Step(
            N_("Make the application"),
            (
                N_("In Entra, open Enterprise applications, New application, Create your own application."),
                N_("Choose Integrate any other application you don't find in the gallery."),
            ),
        ),
        Step(
            N_("Give it our address"),
            (
                N_("Open Provisioning, New configuration (or Get started, Provisioning Mode: Automatic)."),
                N_("Paste these; keep the flag at the end of the address:"),
            ),
            (Paste("Tenant URL", BASE_URL), Paste("Secret Token", TOKEN)),
        ),
        Step(
            N_("Test it"),
            (N_("Choose Test Connection, then Save."), N_("Under Mappings, see what goes to userName.")),
        ),
        Step(
            N_("Choose who is sent, and switch it on"),
            (
                N_("Under Users and groups, assign people and groups."),
                N_("Set Scope to Sync only assigned users and groups, and Provisioning Status to On."),
            ),
        ),
    ),
    (
        N_("Test Connection asks for a user that does not exist, and is pleased by an empty list."),
        N_("A cycle runs about every 40 minutes; Provision on demand does one person now."),
    ),
    (
        N_("Nested groups are not resolved by Entra: only direct members of an assigned group arrive."),
        N_("The flag in the address does not apply to Provision on demand; both shapes are understood here."),
    ),
)
_ONELOGIN: Final = Guide(
    "connect-onelogin",
    (
        Step(
            N_("Add the app"),
            (
                N_("In OneLogin, open Applications, Add App, and search SCIM."),
                N_("Choose SCIM Provisioner with SAML (SCIM v2 Enterprise), then Save."),
            ),
        ),
        Step(
            N_("Fill in Configuration"),
            (N_("On the Configuration tab, paste these, then set API Status to Enable:"),),
            (Paste("SCIM Base URL", BASE_URL), Paste("SCIM Bearer Token", TOKEN)),
        ),
        Step(
            N_("Switch it on"),
            (
                N_("On the Provisioning tab, tick Enable provisioning."),
                N_("Untick Require admin approval for the acts that shall happen by themselves."),
                N_("When app access is removed, choose Suspend: it deactivates here."),
            ),
        ),
        Step(N_("Choose who is sent"), (N_("Give people the app: by Users, a role, or a rule."),)),
    ),
    (N_("The Users tab of the app shows Provisioned beside each person."),),
    (N_("Connectors without “v2” in their name speak SCIM 1.1, which is not served here."),),
)
_GOOGLE: Final = Guide(
    "connect-google",
    (
        Step(
            N_("Open Auto-provisioning"),
            (
                N_("In Google, open Apps, Web and mobile apps, and your app from the catalogue."),
                N_("Choose Auto-provisioning, then Configure auto-provisioning, and paste these:"),
            ),
            (Paste("Endpoint URL", BASE_URL), Paste("Access token", TOKEN)),
        ),
        Step(
            N_("Choose who is sent"),
            (
                N_("Under Provisioning scope, choose groups."),
                N_("Under Deprovisioning, choose the delays, and turn it on."),
            ),
        ),
    ),
    (N_("Google asks for the list of users, and then synchronises every few hours."),),
    (N_("Groups are not sent by most catalogue apps; they only choose people."),),
    N_(
        "Google pushes only to applications of its own catalogue. If yours is not there, there is nothing to set up in "
        "Google: connect it by SAML with just-in-time accounts instead, or put another directory between."
    ),
)
_PING: Final = Guide(
    "connect-ping",
    (
        Step(
            N_("Make the connection"),
            (
                N_("In PingOne, open Integrations, Provisioning, and add a New connection."),
                N_("Choose Identity Store, then SCIM Outbound, and give it a name."),
            ),
        ),
        Step(
            N_("Configure authentication"),
            (N_("Choose SCIM Version 2.0 and OAuth 2 Bearer Token, and paste these:"),),
            (
                Paste("SCIM Base URL", BASE_URL),
                Paste("Users Resource", value="/Users"),
                Paste("Groups Resource", value="/Groups"),
                Paste("OAuth Access Token", TOKEN),
                Paste("Auth Type Header", value="Bearer"),
            ),
        ),
        Step(
            N_("Test it"),
            (
                N_("Choose Test connection, then Continue."),
                N_("As Remove Action choose Disable. Save, and switch it on."),
            ),
        ),
        Step(N_("Add a rule"), (N_("Under Rules, add one with PingOne as source, and switch it on."),)),
    ),
    (N_("People who come into the rule's filter are looked up, then created."),),
    (N_("An attribute cannot be cleared by Ping: an emptied field stays as it was here."),),
)
_CYBERARK: Final = Guide(
    "connect-cyberark",
    (
        Step(
            N_("Open Provisioning"),
            (
                N_("In the Identity Administration portal, open Apps & Widgets, Web Apps, and your app."),
                N_("On its Provisioning page, tick Enable provisioning for this application, and Live Mode."),
                N_("Choose Authorization Header and Bearer Token, and paste these:"),
            ),
            (Paste("SCIM Service URL", BASE_URL), Paste("Bearer Token", TOKEN)),
        ),
        Step(N_("Test it"), (N_("Choose Verify. CyberArk reads what is supported."),)),
        Step(
            N_("Choose who is sent"),
            (
                N_("Under Role Mappings, add the roles, and Save."),
                N_("Under Outbound Provisioning, choose Start Sync."),
            ),
        ),
    ),
    (N_("Verify reads schemas and resource types, and then Start Sync creates people."),),
    (N_("SCIM 1.1 is offered there and not served here."),),
)
_OTHER: Final = Guide(
    "connect-another-client",
    (
        Step(
            N_("Give it our address"),
            (N_("In your directory product, look for SCIM 2.0 provisioning, and paste these:"),),
            (
                Paste("SCIM URL", BASE_URL),
                Paste("Bearer token", TOKEN),
                Paste("Unique identifier", value="userName"),
            ),
        ),
        Step(N_("Test it"), (N_("Let it test the connection, or create one person."),)),
    ),
    (N_("The first request appears here."),),
    (N_("Nothing appears: it did not get here. Look at the address, the firewall and the certificate."),),
)
GUIDES: Final[Mapping[Provider, Guide]] = {
    Provider.JUMPCLOUD: _JUMPCLOUD,
    Provider.OKTA: _OKTA,
    Provider.ENTRA: _ENTRA,
    Provider.ONELOGIN: _ONELOGIN,
    Provider.GOOGLE: _GOOGLE,
    Provider.PING: _PING,
    Provider.CYBERARK: _CYBERARK,
    Provider.OTHER: _OTHER,
}
"""Every provider has its guide."""
