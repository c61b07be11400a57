"""Settings: which source wins, what is refused and in which words, and what is never printed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.setting_values import PostgresLocation, SmtpServer, SqliteLocation
from hallway.settings import (
    SETTINGS,
    Settings,
    SettingsProblem,
    configuration_file,
    load_settings,
)

KEY = "ab" * 32


def mistakes(environ: dict[str, str], toml_path: Path | None = None, **flags: str | int | Path | None) -> list[str]:
    with pytest.raises(SettingsProblem) as problem:
        load_settings(environ, toml_path, flags)
    return problem.value.mistakes


def test_defaults_are_those_of_a_laptop() -> None:
    settings = load_settings({})
    assert settings == Settings()
    assert settings.database == SqliteLocation(Path("var/hallway.db"))
    assert settings.base_url == "http://hub.localhost:8000"
    assert settings.local_url == "http://127.0.0.1:8000"
    assert settings.key_file == Path("var/hallway.db.key")


def test_flag_beats_environment_beats_file(tmp_path: Path) -> None:
    file = tmp_path / "hallway.toml"
    file.write_text('port = 1111\nhost = "127.0.0.2"\nlog_level = "debug"\n')
    environ = {"HALLWAY_PORT": "2222", "HALLWAY_HOST": "127.0.0.3"}
    settings = load_settings(environ, file, {"port": 3333, "host": None})
    assert (settings.port, settings.host, settings.log_level) == (3333, "127.0.0.3", "debug")
    assert settings.base_url == "http://hub.localhost:3333"


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "hallway.toml"
    file.write_text('prot = 1\nlog_level = "loud"\nworkers = true\nhost = 5\n[database]\npath = "x"\n')
    found = mistakes({"HALLWAY_PORT": "http", "HALLWAY_DATABSE": "x"}, file, page_size_max=50)
    assert [line.partition(":")[0] for line in found] == [
        "prot in hallway.toml",
        "workers in hallway.toml",
        "database in hallway.toml",
        "HALLWAY_DATABSE",
        "log_level in hallway.toml",
        "HALLWAY_PORT",
        "page_size_default",
    ]
    assert "did you mean port?" in found[0]
    assert "did you mean HALLWAY_DATABASE?" in found[3]
    assert found[5] == "HALLWAY_PORT: write a whole number from 1 to 65535"


def test_an_unknown_name_far_from_any_points_to_the_docs() -> None:
    assert mistakes({"HALLWAY_ZZZZZZ": "1"}) == [
        "HALLWAY_ZZZZZZ: there is no such setting; docs/reference/settings.md lists all"
    ]


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_settings({"HALLWAY_PORT": ""}).port == 8000


def test_the_file_is_named_by_a_variable_or_found_beside(tmp_path: Path) -> None:
    assert configuration_file({}, tmp_path) is None
    (tmp_path / "hallway.toml").touch()
    assert configuration_file({}, tmp_path) == tmp_path / "hallway.toml"
    named = configuration_file({"HALLWAY_CONFIG": "other.toml"}, tmp_path)
    assert named == Path("other.toml")


def test_a_file_that_is_missing_or_broken_is_a_mistake(tmp_path: Path) -> None:
    missing = mistakes({}, tmp_path / "none.toml")
    assert "cannot be read" in missing[0]
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff")
    assert "is not TOML" in mistakes({}, broken)[0]


def test_lists_are_arrays_in_the_file_and_commas_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "hallway.toml"
    file.write_text('allowed_hosts = ["a.example", "B.example"]\n')
    assert load_settings({}, file).allowed_hosts == ("a.example", "b.example")
    assert load_settings({"HALLWAY_ALLOWED_HOSTS": "a.example, b.example,"}).allowed_hosts == (
        "a.example",
        "b.example",
    )
    file.write_text('allowed_hosts = ["a.example,b.example", 3]\n')
    assert "array of texts" in mistakes({}, file)[0]


def test_several_workers_need_postgresql() -> None:
    assert "cannot share an SQLite database" in mistakes({"HALLWAY_WORKERS": "2"})[0]
    postgres = {"HALLWAY_DATABASE": "postgresql://h/db", "HALLWAY_MASTER_KEY": KEY}
    assert load_settings(postgres, None, {"workers": 2}).workers == 2


def test_postgresql_needs_a_master_key_and_only_one() -> None:
    assert "openssl rand -hex 32" in mistakes({"HALLWAY_DATABASE": "postgresql://h/db"})[0]
    both = mistakes({"HALLWAY_MASTER_KEY": KEY, "HALLWAY_MASTER_KEY_FILE": "k"})
    assert both == ["master_key: set either master_key or master_key_file, not both"]
    wrong = mistakes({"HALLWAY_DATABASE": "postgresql://h/db", "HALLWAY_MASTER_KEY": "no"})
    assert len(wrong) == 1


def test_a_named_key_file_beats_the_one_beside_the_database() -> None:
    assert load_settings({"HALLWAY_MASTER_KEY_FILE": "/run/key"}).key_file == Path("/run/key")
    assert Settings(database=PostgresLocation("postgresql://h/db")).key_file is None


def test_a_number_in_the_file_is_a_number(tmp_path: Path) -> None:
    file = tmp_path / "hallway.toml"
    file.write_text("port = 9000\n")
    assert load_settings({}, file).port == 9000


def test_a_value_of_no_usable_type_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "hallway.toml"
    file.write_text("port = 8000.5\nhost = 2026-11-24\n")
    assert [line.partition(":")[0] for line in mistakes({}, file)] == ["port in hallway.toml", "host in hallway.toml"]


@pytest.mark.parametrize(
    ("text", "server", "shown"),
    [
        ("smtps://u:s3cret@mail.example", SmtpServer("mail.example", 465, "implicit", "u", "s3cret"), "smtps://mail.example:465"),
        ("smtp://u:s3cret%40%2F@mail.example:2525", SmtpServer("mail.example", 2525, "starttls", "u", "s3cret@/"),
         "smtp://mail.example:2525"),
        ("smtp://Mail.example/", SmtpServer("mail.example", 587, "starttls"), "smtp://mail.example:587"),
        ("smtp+plain://[::1]:1025", SmtpServer("::1", 1025, "none"), "smtp+plain://[::1]:1025"),
        ("smtp+plain://relay", SmtpServer("relay", 25, "none"), "smtp+plain://relay:25"),
    ],
)  # fmt: skip
def test_a_mail_server_is_an_address(text: str, server: SmtpServer, shown: str) -> None:
    settings = load_settings({"HALLWAY_SMTP_URL": text, "HALLWAY_MAIL_FROM": "hub@example.com"})
    assert (settings.smtp_url, server.shown, settings.kept_mail) == (server, shown, None)
    assert "s3cret" not in repr(server) and "smtp_url" not in repr(settings)


@pytest.mark.parametrize(
    "text",
    ["mail.example", "http://mail.example", "smtp://mail.example:0", "smtp://mail.example:x", "smtp://u@h",
     "smtp://:p@h", "smtps://h/path", "smtps://h?tls=off", "smtp+plain://u:p@h", "smtp://u:p%0d%0aRSET@h"],
)  # fmt: skip
def test_what_is_no_mail_server_is_a_mistake(text: str) -> None:
    [mistake] = mistakes({"HALLWAY_SMTP_URL": text})
    assert mistake.startswith("HALLWAY_SMTP_URL: ") and text not in mistake


@pytest.mark.parametrize(
    "text", ["Hub <a@b.example>", "a@b.example, c@d.example", "a", "a@b\r\nBcc: c@d", "ä@b.example"]
)
def test_mail_from_is_one_address(text: str) -> None:
    assert mistakes({"HALLWAY_MAIL_FROM": text}) == [
        "HALLWAY_MAIL_FROM: write one address, such as hallway@example.com"
    ]


def test_a_mail_server_needs_an_address_to_send_from() -> None:
    assert [one[:10] for one in mistakes({"HALLWAY_SMTP_URL": "smtps://mail.example"})] == ["mail_from:"]


def test_mails_are_kept_in_development_only() -> None:
    assert load_settings({}).kept_mail == Path("var/mail")
    assert load_settings({"HALLWAY_DATABASE": "sqlite:////srv/hallway.db"}).kept_mail == Path("/srv/mail")
    assert load_settings({"HALLWAY_MAIL_FOLDER": "mails"}).kept_mail == Path("mails")
    postgres = {"HALLWAY_DATABASE": "postgresql://h/db", "HALLWAY_MASTER_KEY": KEY}
    assert load_settings(postgres).kept_mail == Path("var/mail")
    public = {"HALLWAY_BASE_URL": "https://hallway.example.com"}
    assert load_settings(public).kept_mail is None
    assert [one[:12] for one in mistakes({**public, "HALLWAY_MAIL_FOLDER": "mails"})] == ["mail_folder:"]


def test_secrets_are_never_printed() -> None:
    settings = load_settings(
        {
            "HALLWAY_DATABASE": "postgres://owner:hunter2@db.example:5433/hall?sslmode=require",
            "HALLWAY_MASTER_KEY": KEY,
            "HALLWAY_METRICS_TOKEN": "metrics-of-the-house",
        }
    )
    assert isinstance(settings.database, PostgresLocation)
    assert settings.database.url.startswith("postgresql://owner:hunter2@")
    assert settings.database.shown == "postgresql://db.example:5433/hall"
    assert SqliteLocation(Path("/srv/hall.db")).shown == "sqlite:////srv/hall.db"
    printed = repr(settings) + settings.database.shown
    for secret in ("hunter2", KEY, "metrics-of-the-house", repr(settings.master_key)):
        assert secret not in printed


@given(st.sampled_from(sorted(SETTINGS)), st.text(min_size=1))
def test_no_mistake_repeats_what_was_written(name: str, text: str) -> None:
    written = f"SECRET{text}SECRET"
    try:
        SETTINGS[name].parse(written)
    except ValueError as error:
        assert written not in str(error)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_has_a_name_for_each_source(name: str) -> None:
    setting = SETTINGS[name]
    assert setting.variable == f"HALLWAY_{name.upper()}"
    assert setting.flag == "--" + name.replace("_", "-")
    assert setting.summary.endswith(".")
    setting.parse(setting.default)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("exchange_body_limit_bytes", "65536", 65536),
        ("exchange_body_limit_bytes", "8 kib", 8192),
        ("exchange_body_limit_bytes", "1MiB", 1024**2),
        ("base_url", "HTTPS://Hub.Example.com/", "https://hub.example.com"),
        ("base_url", "https://example.com:8443/scim/", "https://example.com:8443/scim"),
        ("base_url", "http://[::1]:8000", "http://[::1]:8000"),
        ("host", "[::1]", "::1"),
        ("host", "Localhost", "localhost"),
        ("log_format", "JSON", "json"),
        ("database", "sqlite:////srv/hall.db", SqliteLocation(Path("/srv/hall.db"))),
        ("database", "postgresql:///hall?host=/run/pg", PostgresLocation("postgresql:///hall?host=/run/pg")),
        ("master_key", KEY.upper(), bytes.fromhex(KEY)),
        ("master_key", "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n", bytes([0xAA] * 32)),
        ("master_key", "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo", bytes([0xAA] * 32)),
        ("profile_custom", " a_1 = title , b=urn:x:User:y ", (("a_1", "title"), ("b", "urn:x:User:y"))),
        ("setup_return_urls", "https://A.example/Sso/", ("https://a.example/Sso/",)),
        ("setup_return_urls", "http://[::1]:8200,https://b.example/x", ("http://[::1]:8200/", "https://b.example/x")),
    ],
)
def test_a_value_is_read_as_written(name: str, text: str, value: object) -> None:
    assert SETTINGS[name].parse(text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("database", "mysql://h/db"),
        ("database", "sqlite:///"),
        ("database", "sqlite:///:memory:"),
        ("database", "postgresql://h"),
        ("database", "postgresql://h:port/db"),
        ("base_url", "hub.example.com"),
        ("base_url", "ftp://hub.example.com"),
        ("base_url", "https://user@hub.example.com"),
        ("base_url", "https://hub.example.com/?a=1"),
        ("base_url", "https://hub.example.com:0"),
        ("base_url", "https://hub.example.com:x"),
        ("base_url", "https://[::g]"),
        ("host", "a b"),
        ("allowed_hosts", "https://a.example"),
        ("allowed_hosts", "a.example:8000"),
        ("allowed_hosts", "[::x]"),
        ("trusted_proxies", "10.0.0.0/33"),
        ("master_key", "abc"),
        ("master_key", "a" * 63),
        ("metrics_token", "short"),
        ("exchange_body_limit_bytes", "64 parsecs"),
        ("exchange_body_limit_bytes", "-1"),
        ("port", "0"),
        ("port", "1e3"),
        ("profile_custom", "a"),
        ("profile_custom", "a="),
        ("profile_custom", "A=title"),
        ("profile_custom", "a=title,a=nickName"),
        ("setup_return_urls", "/settings/sso"),
        ("setup_return_urls", "https://a.example/x?y=1"),
        ("setup_return_urls", "https://a.example/x#y"),
        ("setup_return_urls", "https://u@a.example/x"),
        ("setup_return_urls", "https://a.example:0/x"),
        ("setup_return_urls", "https://[::1/x"),
        ("setup_return_urls", "ftp://a.example/x"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"^write "):
        SETTINGS[name].parse(text)


def test_hosts_are_the_base_urls_and_the_allowed_ones() -> None:
    public = load_settings({"HALLWAY_BASE_URL": "https://sso.example.com", "HALLWAY_ALLOWED_HOSTS": "in.example"})
    assert public.hosts == {"sso.example.com", "in.example"}
    assert Settings().hosts == {"hub.localhost", "localhost", "127.0.0.1", "[::1]"}
    assert "[::1]" in Settings(base_url="http://[::1]:8000").hosts
    assert Settings(base_url="http://10.0.0.1").hosts == {"10.0.0.1"}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("10.1.2.3", "http://10.1.2.3:8000"),
    ],
)
def test_the_local_address_can_be_connected_to(host: str, url: str) -> None:
    assert Settings(host=host).local_url == url


def test_the_operators_host_is_another_one_with_the_same_scheme() -> None:
    public = {"HALLWAY_BASE_URL": "https://hub.example.com"}
    own = load_settings({**public, "HALLWAY_OPERATOR_BASE_URL": "https://ops.example.com"})
    assert own.operator_host == "ops.example.com" and {"hub.example.com", "ops.example.com"} <= own.hosts
    assert load_settings(public).operator_host == ""
    for wrong in ("http://ops.example.com", "https://hub.example.com", "https://ops.example.com/x"):
        assert [one[:18] for one in mistakes({**public, "HALLWAY_OPERATOR_BASE_URL": wrong})] == ["operator_base_url:"]
