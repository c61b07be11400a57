"""How each identity provider is told of us, in its own words.

Rule: what a refusal compares has the same name here and there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hallway.hub.connections.model import Protocol, Provider
from hallway.web.console.steps import Paste, Step
from hallway.web.language import N_

ACS: Final = "acs"
ENTITY: Final = "entity_id"
LOGIN: Final = "login"
METADATA: Final = "metadata"
LOGOUT: Final = "logout"
REDIRECT: Final = "redirect_uri"
POST_LOGOUT: Final = "post_logout"
BACKCHANNEL: Final = "backchannel"
JWKS: Final = "jwks"
IDP_ENTITY: Final = "idp_entity_id"
"""A name for a provider that lets its administrator type one; unique, so that no two tenants have the same."""

EMAIL_FORMAT: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


@dataclass(frozen=True, slots=True)
class Guide:
    """The name of the product; its steps; attributes as pairs of the name to send and what it is there; where its
    metadata is found; what it calls our values, for refusals; what is known to go wrong.
    """

    name: str
    steps: tuple[Step, ...]
    attributes: tuple[tuple[str, str], ...]
    find: tuple[str, ...]
    places: Mapping[str, str] = field(default_factory=dict)
    traps: tuple[str, ...] = ()


_JUMPCLOUD: Final = Guide(
    "JumpCloud",
    (
        Step(
            N_("Make the application"),
            (
                N_("In JumpCloud, open SSO Applications, then Add New Application."),
                N_("Choose Create a Custom Integration (or Custom Application), then Next."),
                N_("Tick Manage Single Sign-On (SSO) and Configure SSO with SAML, then Next."),
                N_("Give it a Display Label, then Save Application and Configure Application."),
            ),
        ),
        Step(
            N_("Fill in the SSO tab"),
            (N_("Open the SSO tab, and paste these:"),),
            (
                Paste("IdP Entity ID", IDP_ENTITY),
                Paste("SP Entity ID", ENTITY),
                Paste("ACS URL", ACS),
                Paste("SAMLSubject NameID", value="email"),
                Paste("SAMLSubject NameID Format", value=EMAIL_FORMAT),
                Paste("Login URL", LOGIN),
            ),
        ),
        Step(
            N_("Map attributes, and say who may sign in"),
            (
                N_("Under User Attributes, choose add attribute for each line below, then save."),
                N_("Open the User Groups tab, tick the groups, and save: nobody else can sign in."),
            ),
        ),
    ),
    (("email", "email"), ("firstname", "firstname"), ("lastname", "lastname"), ("groups", "include group attribute")),
    (N_("On the SSO tab, choose Copy Metadata URL."),),
    {
        ACS: "SSO → ACS URLs",
        ENTITY: "SSO → SP Entity ID",
        IDP_ENTITY: "SSO → IdP Entity ID",
        "name_id": "SSO → SAMLSubject NameID",
        "attributes": "SSO → User Attributes",
    },
    (
        N_("JumpCloud sends no attribute until one is mapped."),
        N_("The IdP URL of an application cannot be changed once it is saved."),
        N_("A renewed certificate replaces the old one at once: we read the metadata again every few hours."),
    ),
)
_OKTA: Final = Guide(
    "Okta",
    (
        Step(
            N_("Make the app integration"),
            (
                N_("In Okta, open Applications, then Create App Integration."),
                N_("Choose SAML 2.0, then Next. Give it an App name, then Next."),
            ),
        ),
        Step(
            N_("Fill in Configure SAML"),
            (N_("Paste these:"),),
            (
                Paste("Single sign-on URL", ACS),
                Paste("Audience URI (SP Entity ID)", ENTITY),
                Paste("Name ID format", value="EmailAddress"),
                Paste("Application username", value="Email"),
            ),
        ),
        Step(
            N_("Map attributes, and say who may sign in"),
            (
                N_("Under Attribute Statements, add the lines below; groups under Group Attribute Statements."),
                N_("Choose Next and Finish. On the Assignments tab, assign people or groups."),
            ),
        ),
    ),
    (
        ("email", "user.email"),
        ("firstName", "user.firstName"),
        ("lastName", "user.lastName"),
        ("groups", "Matches regex .*"),
    ),
    (N_("On the Sign On tab, under Metadata details, copy the Metadata URL."),),
    {
        ACS: "General → SAML Settings → Single sign-on URL",
        ENTITY: "General → SAML Settings → Audience URI (SP Entity ID)",
        IDP_ENTITY: "Sign On → SAML Setup → Issuer",
        "name_id": "General → SAML Settings → Application username",
        "attributes": "General → SAML Settings → Attribute Statements",
    },
    (N_("Assign yourself before you test: Okta refuses whoever is not assigned."),),
)
_ENTRA: Final = Guide(
    "Microsoft Entra ID",
    (
        Step(
            N_("Make the application"),
            (
                N_("In Entra, open Enterprise applications, New application, Create your own application."),
                N_("Choose Integrate any other application you don't find in the gallery."),
                N_("Open Single sign-on, and choose SAML."),
            ),
        ),
        Step(
            N_("Fill in Basic SAML Configuration"),
            (N_("Choose Edit, and paste these:"),),
            (
                Paste("Identifier (Entity ID)", ENTITY),
                Paste("Reply URL (Assertion Consumer Service URL)", ACS),
                Paste("Sign on URL", LOGIN),
                Paste("Logout Url", LOGOUT),
            ),
        ),
        Step(
            N_("Look at the claims, and say who may sign in"),
            (
                N_("Under Attributes & Claims, the claims that Entra sends by itself are enough."),
                N_("For groups, choose Add a group claim."),
                N_("Under Users and groups, add people or groups."),
            ),
        ),
    ),
    (
        ("emailaddress", "user.mail"),
        ("givenname", "user.givenname"),
        ("surname", "user.surname"),
        ("groups", "Group ID"),
    ),
    (N_("Under SAML Certificates, copy the App Federation Metadata Url."),),
    {
        ACS: "Single sign-on → Basic SAML Configuration → Reply URL",
        ENTITY: "Single sign-on → Basic SAML Configuration → Identifier (Entity ID)",
        IDP_ENTITY: "Single sign-on → Set up → Microsoft Entra Identifier",
        "name_id": "Single sign-on → Attributes & Claims → Unique User Identifier (Name ID)",
        "attributes": "Single sign-on → Attributes & Claims",
    },
    (
        N_("Without an address in the mail attribute, Entra sends none."),
        N_("Guests have a user name that is no address; send user.mail."),
    ),
)
_GOOGLE: Final = Guide(
    "Google Workspace",
    (
        Step(
            N_("Make the app"),
            (
                N_("In the Admin console, open Apps, Web and mobile apps, Add app, Add custom SAML app."),
                N_("Give it a name, then Continue. Choose Download Metadata: there is no address for it."),
            ),
        ),
        Step(
            N_("Fill in the service provider details"),
            (N_("Paste these, and choose Email as Name ID format and Primary email as Name ID:"),),
            (Paste("ACS URL", ACS), Paste("Entity ID", ENTITY), Paste("Start URL (optional)", LOGIN)),
        ),
        Step(
            N_("Map attributes, and say who may sign in"),
            (
                N_("Add a mapping for each line below, then Finish."),
                N_("Under User access, turn the app on for everyone or for some units."),
            ),
        ),
    ),
    (
        ("email", "Primary email"),
        ("firstName", "First name"),
        ("lastName", "Last name"),
        ("groups", "Group membership"),
    ),
    (N_("Open the file that you downloaded in an editor, and paste all of it."),),
    {
        ACS: "Service provider details → ACS URL",
        ENTITY: "Service provider details → Entity ID",
        IDP_ENTITY: "Download metadata → Entity ID",
        "name_id": "Service provider details → Name ID",
        "attributes": "SAML attribute mapping",
    },
    (
        N_("It may take up to a day until Google lets people in."),
        N_("Google publishes no metadata address: a new certificate has to be pasted here by hand."),
    ),
)
_ONELOGIN: Final = Guide(
    "OneLogin",
    (
        Step(
            N_("Make the application"),
            (N_("In OneLogin, open Applications, Add App, and choose SAML Custom Connector (Advanced)."),),
        ),
        Step(
            N_("Fill in Configuration"),
            (N_("Open the Configuration tab, and paste these:"),),
            (
                Paste("Audience (EntityID)", ENTITY),
                Paste("Recipient", ACS),
                Paste("ACS (Consumer) URL Validator", ACS),
                Paste("ACS (Consumer) URL", ACS),
                Paste("Single Logout URL", LOGOUT),
                Paste("Login URL", LOGIN),
            ),
        ),
        Step(
            N_("Map attributes, and say who may sign in"),
            (
                N_("On the Parameters tab, add a field for each line below, and tick Include in SAML assertion."),
                N_("On the SSO tab, choose SHA-256 as SAML Signature Algorithm."),
                N_("On the Access tab, choose roles, then Save."),
            ),
        ),
    ),
    (("email", "Email"), ("firstname", "First Name"), ("lastname", "Last Name"), ("groups", "User Roles")),
    (N_("On the SSO tab, copy the Issuer URL: the metadata stands there."),),
    {
        ACS: "Configuration → ACS (Consumer) URL",
        ENTITY: "Configuration → Audience (EntityID)",
        IDP_ENTITY: "SSO → Issuer URL",
        "name_id": "Parameters → NameID value",
        "attributes": "Parameters",
    },
    (N_("The ACS URL Validator is a regular expression: an address by itself works."),),
)
_PING: Final = Guide(
    "PingOne",
    (
        Step(
            N_("Make the application"),
            (
                N_("In PingOne, open Applications, add one, and choose SAML Application, then Configure."),
                N_("Choose Manually Enter, and paste these:"),
            ),
            (Paste("ACS URLs", ACS), Paste("Entity ID", ENTITY)),
        ),
        Step(
            N_("Map attributes, and say who may sign in"),
            (
                N_("On the Attribute Mappings tab, map saml_subject to Email Address, and add the lines below."),
                N_("On the Access tab, choose groups. Switch the application on."),
            ),
        ),
    ),
    (("email", "Email Address"), ("firstName", "Given Name"), ("lastName", "Family Name"), ("groups", "Group Names")),
    (N_("On the Overview tab, copy the IDP Metadata URL."),),
    {
        ACS: "Configuration → ACS URLs",
        ENTITY: "Configuration → Entity ID",
        IDP_ENTITY: "Configuration → Issuer ID",
        "name_id": "Attribute Mappings → saml_subject",
        "attributes": "Attribute Mappings",
    },
    (N_("A new application is off until its switch is turned."),),
)
_ADFS: Final = Guide(
    "AD FS",
    (
        Step(
            N_("Add a relying party trust"),
            (
                N_("In AD FS Management, open Relying Party Trusts, then Add Relying Party Trust."),
                N_("Choose Claims aware, then Import data about the relying party published online, and paste:"),
            ),
            (Paste("Federation metadata address (host name or URL)", METADATA),),
        ),
        Step(
            N_("Send claims"),
            (
                N_("Choose Edit Claim Issuance Policy, Add Rule, Send LDAP Attributes as Claims."),
                N_("Map E-Mail-Addresses to Name ID, and the lines below."),
            ),
        ),
    ),
    (
        ("E-Mail Address", "E-Mail-Addresses"),
        ("Given Name", "Given-Name"),
        ("Surname", "Surname"),
        ("Group", "Token-Groups - Unqualified Names"),
    ),
    (N_("It stands at https://YOUR-HOST/FederationMetadata/2007-06/FederationMetadata.xml"),),
    {
        ACS: "Relying Party Trust → Endpoints",
        ENTITY: "Relying Party Trust → Identifiers",
        IDP_ENTITY: "Federation Service Properties → Federation Service identifier",
        "name_id": "Claim Issuance Policy → Name ID",
        "attributes": "Claim Issuance Policy",
    },
    (
        N_("AD FS sends no Name ID until a rule makes one."),
        N_("AD FS renews its certificate by itself: let us read its metadata by its address."),
    ),
)
_KEYCLOAK: Final = Guide(
    "Keycloak",
    (
        Step(
            N_("Make the client"),
            (
                N_("In your realm, open Clients, Create client, and choose SAML as Client type."),
                N_("Paste these:"),
            ),
            (
                Paste("Client ID", ENTITY),
                Paste("Valid redirect URIs", ACS),
                Paste("Master SAML Processing URL", ACS),
                Paste("Home URL", LOGIN),
            ),
        ),
        Step(
            N_("Set signatures and names"),
            (
                N_("Under Settings, choose email as Name ID format, and switch Sign assertions on."),
                N_("On the Keys tab, import our certificate, or switch Client signature required off."),
                N_("On the Client scopes tab, open the dedicated scope, and add a mapper for each line below."),
            ),
            (Paste("SP metadata", METADATA),),
        ),
    ),
    (
        ("email", "User Property: email"),
        ("firstName", "User Property: firstName"),
        ("lastName", "User Property: lastName"),
        ("groups", "Group list"),
    ),
    (N_("It stands at https://YOUR-HOST/realms/YOUR-REALM/protocol/saml/descriptor"),),
    {
        ACS: "Settings → Valid redirect URIs",
        ENTITY: "Settings → Client ID",
        IDP_ENTITY: "https://YOUR-HOST/realms/YOUR-REALM",
        "name_id": "Settings → Name ID format",
        "attributes": "Client scopes → Mappers",
    },
)
_SHIBBOLETH: Final = Guide(
    "Shibboleth",
    (
        Step(
            N_("Load our metadata"),
            (N_("Add a MetadataProvider for this address in metadata-providers.xml:"),),
            (Paste("metadataURL", METADATA),),
        ),
        Step(
            N_("Release names and attributes"),
            (
                N_("In attribute-filter.xml, release mail, givenName and sn to our entity ID."),
                N_(
                    "In saml-nameid.xml, prefer a persistent or emailAddress NameID for it: a transient one is refused."
                ),
            ),
            (Paste("Requester", ENTITY),),
        ),
    ),
    (("mail", "urn:oid:0.9.2342.19200300.100.1.3"), ("givenName", "urn:oid:2.5.4.42"), ("sn", "urn:oid:2.5.4.4")),
    (N_("It stands at https://YOUR-HOST/idp/shibboleth"),),
    {
        ACS: "metadata-providers.xml",
        ENTITY: "metadata-providers.xml",
        IDP_ENTITY: "idp.properties → idp.entityID",
        "name_id": "saml-nameid.xml",
        "attributes": "attribute-filter.xml",
    },
)
_OTHER: Final = Guide(
    "",
    (
        Step(
            N_("Make an application"),
            (N_("In your provider's console, make a custom SAML 2.0 application, and paste these:"),),
            (
                Paste("ACS URL", ACS),
                Paste("Entity ID", ENTITY),
                Paste("Metadata URL", METADATA),
                Paste("Login URL", LOGIN),
                Paste("Single logout URL", LOGOUT),
                Paste("NameID format", value=EMAIL_FORMAT),
            ),
        ),
        Step(
            N_("Map attributes, and say who may sign in"),
            (N_("Send the lines below as attributes, and assign people."),),
        ),
    ),
    (("email", "e-mail"), ("firstname", "given name"), ("lastname", "family name"), ("groups", "groups")),
    (N_("Look for an address or a file of metadata; else take the sign-in address and the signing certificate."),),
)
_OIDC: Final = Guide(
    "",
    (
        Step(
            N_("Make a client"),
            (
                N_("In your provider's console, make an OpenID Connect web application with the authorization code."),
                N_("Paste these, and let it give the scopes openid, email and profile:"),
            ),
            (Paste("Redirect URI", REDIRECT), Paste("Login URL", LOGIN)),
        ),
        Step(
            N_("Where it has a place for them"),
            (
                N_("The first two let people sign out here and there at once."),
                N_("The third is for a provider that knows clients by a key (private_key_jwt) instead of a secret."),
            ),
            (
                Paste("Post-logout redirect URI", POST_LOGOUT),
                Paste("Back-channel logout URI", BACKCHANNEL),
                Paste("JWKS URI", JWKS),
            ),
        ),
        Step(N_("Say who may sign in"), (N_("Assign people or groups to it."),)),
    ),
    (("email", "email"), ("given_name", "given name"), ("family_name", "family name"), ("groups", "groups")),
    (N_("Copy the issuer, the client ID and the client secret."),),
)
GUIDES: Final[Mapping[Provider, Guide]] = {
    Provider.JUMPCLOUD: _JUMPCLOUD,
    Provider.OKTA: _OKTA,
    Provider.ENTRA: _ENTRA,
    Provider.GOOGLE: _GOOGLE,
    Provider.ONELOGIN: _ONELOGIN,
    Provider.PING: _PING,
    Provider.ADFS: _ADFS,
    Provider.KEYCLOAK: _KEYCLOAK,
    Provider.SHIBBOLETH: _SHIBBOLETH,
    Provider.OTHER: _OTHER,
}
NAMES: Final[Mapping[str, str]] = {
    ACS: "ACS URL",
    ENTITY: "Entity ID",
    LOGIN: "Login URL",
    METADATA: "Metadata URL",
    LOGOUT: "Single logout URL",
    REDIRECT: "Redirect URI",
}
"""Our values by the names of the standards; the names of a provider stand in its guide."""


def guide_of(provider: Provider, protocol: Protocol) -> Guide:
    """The guide of a provider; OpenID Connect has one for all."""
    return _OIDC if protocol is Protocol.OIDC else GUIDES[provider]
