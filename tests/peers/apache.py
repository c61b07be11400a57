"""Apache with mod_auth_openidc, out of Debian's packages, as a process of its own."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.processes import program, serving

MODULES = Path("/usr/lib/apache2/modules")
_NEEDED = ("mpm_event", "unixd", "authn_core", "authz_core", "authz_user", "auth_openidc", "headers", "dir")
_CONFIGURATION = """
ServerRoot "{folder}"
ServerName rp.localhost
Listen 127.0.0.1:{port}
PidFile "{folder}/pid"
ErrorLog "{folder}/error.log"
LogLevel warn auth_openidc:info
DocumentRoot "{folder}/pages"
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {secret}
OIDCRedirectURI {base}/redirect
OIDCCryptoPassphrase "a passphrase of this test"
OIDCScope "openid email profile groups"
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg {algorithm}
OIDCCookieSameSite On
<Location "/">
    AuthType openid-connect
    Require valid-user
    Header set X-Subject "%{{OIDC_CLAIM_sub}}e"
    Header set X-Address "%{{OIDC_CLAIM_email}}e"
    Header set X-Role "%{{OIDC_CLAIM_role}}e"
</Location>
<Location "/gone">
    AuthType None
    Require all granted
</Location>
"""


@contextmanager
def apache(folder: Path, port: int, issuer: str, client: tuple[str, str], algorithm: str) -> Iterator[str]:
    """Its address while the block runs; everything below it is for people who signed in at the issuer."""
    base = f"http://rp.localhost:{port}"
    (folder / "pages").mkdir()
    (folder / "pages" / "index.html").write_text("You are in.")
    (folder / "pages" / "gone").mkdir()
    (folder / "pages" / "gone" / "index.html").write_text("You are out.")
    loaded = "".join(
        f'LoadModule {name}_module "{path}"\n' for name in _NEEDED if (path := MODULES / f"mod_{name}.so").exists()
    )
    text = _CONFIGURATION.format(
        folder=folder, port=port, issuer=issuer, client_id=client[0], secret=client[1], base=base, algorithm=algorithm
    )
    configuration = folder / "httpd.conf"
    own = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    configuration.write_text(loaded + own + text)
    # Debian keeps it where only root looks for programs.
    found = shutil.which("apache2", path=f"{os.environ['PATH']}:/usr/sbin")
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and path != path.parent:
            path.chmod(path.stat().st_mode | 0o055)
    command = [found or program("apache2"), "-d", str(folder), "-f", str(configuration), "-DFOREGROUND"]
    with serving(command, port, folder / "start.log", {**os.environ, "APACHE_RUN_DIR": str(folder)}):
        yield base
