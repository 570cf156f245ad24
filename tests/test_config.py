"""Settings: read once, checked once, and a wrong one named in a sentence."""

from pathlib import Path

import pytest

from campaign import create_app
from campaign.config import SETTINGS, WrongSetting, load

SECRET = "s" * 40


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(f"CAMPAIGN_{name}", raising=False)
    monkeypatch.setenv("CAMPAIGN_INSTANCE", str(tmp_path))


def test_without_a_secret_nothing_starts() -> None:
    with pytest.raises(WrongSetting, match="SECRET_KEY"):
        create_app()


def test_the_argument_beats_the_environment_which_beats_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").write_text(
        f'secret_key = "{SECRET}"\nname = "file"\nmail_port = 1025\nlanguages = ["en", "de"]\n'
    )
    monkeypatch.setenv("CAMPAIGN_NAME", "environment")
    monkeypatch.setenv("CAMPAIGN_MAIL_PORT", "2025")

    settings = load({"NAME": "argument"})

    assert settings["NAME"] == "argument"
    assert settings["MAIL_PORT"] == 2025
    assert settings["LANGUAGES"] == ["en", "de"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("BASE_URL", "campaign.example"),
        ("BASE_URL", "ftp://campaign.example"),
        ("BASE_URL", "http://["),
        ("BASE_URL", "https://campaign.example:99999"),
        ("DATABASE_URL", "mysql://localhost/campaign"),
        ("DATABASE_URL", "postgresql://user:pass@localhost:port/campaign"),
        ("QUEUE_URL", "amqp://localhost"),
        ("QUEUE_URL", "redis://localhost:port"),
        ("MAIL_PORT", "many"),
        ("MAIL_PORT", "70000"),
        ("MAIL_RATE", "-1"),
        ("MAIL_RATE", "nan"),
        ("MAIL_THREADS", "0"),
        ("WEB_WORKERS", "-1"),
        ("MAIL_USE_TLS", "perhaps"),
        ("MAIL_SENDER", "two@example.org, addresses@example.org"),
        ("MAIL_DOMAIN", "not a domain"),
        ("MAIL_CA_FILE", "/nowhere/ca.pem"),
        ("LANGUAGES", "English"),
        ("TRUSTED_PROXIES", "-2"),
        ("TIMEZONE", "Berlin"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_SECRET_KEY", SECRET)
    monkeypatch.setenv(f"CAMPAIGN_{name}", value)

    with pytest.raises(WrongSetting) as trouble:
        load()

    assert name in str(trouble.value)
    assert str(trouble.value).endswith(".")


def test_a_misspelt_name_in_the_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(f'secret_key = "{SECRET}"\nmail_sever = "x"\n')

    with pytest.raises(WrongSetting, match="MAIL_SEVER"):
        load()


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("secret_key = \n")

    with pytest.raises(WrongSetting, match=r"settings\.toml"):
        load()


def test_two_ways_of_encryption_at_once_are_refused() -> None:
    with pytest.raises(WrongSetting, match="MAIL_USE_SSL"):
        load({"SECRET_KEY": SECRET, "MAIL_USE_TLS": True, "MAIL_USE_SSL": True})


def test_own_addresses_take_the_sites_domain_unless_told_otherwise() -> None:
    settings = load({"SECRET_KEY": SECRET, "BASE_URL": "https://pause.example/"})

    assert settings["BASE_URL"] == "https://pause.example"
    assert settings["MAIL_DOMAIN"] == "pause.example"
    assert settings["MAIL_SENDER"] == "hello@pause.example"


def test_a_campaign_tried_out_on_an_ip_address_writes_from_a_reserved_domain() -> None:
    settings = load({"SECRET_KEY": SECRET, "BASE_URL": "http://127.0.0.1:8000"})

    assert settings["MAIL_DOMAIN"] == "campaign.example"


def test_a_file_of_settings_that_is_no_text_stops_the_start_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(WrongSetting, match="is not valid TOML"):
        load({"INSTANCE": str(tmp_path)})


def test_what_is_wrong_with_a_database_is_said_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", "postgresql://user:secret@[::1/campaign")

    with pytest.raises(WrongSetting) as trouble:
        load({"SECRET_KEY": SECRET})

    assert "secret" not in str(trouble.value)
