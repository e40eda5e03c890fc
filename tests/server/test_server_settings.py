"""Settings are read from the environment; an invalid value gives one clear line and exit code 2."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.app import create_app
from server.history import History
from server.settings import Settings
from tests.support.serving import run_server
from voicelab.errors import InputError
from voicelab.paths import PROJECT


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_defaults() -> None:
    settings = Settings.read()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.cors_origins == ("http://localhost:3000",)
    assert (settings.asr, settings.agent, settings.tts) == ("moonshine", "rules", "piper")
    assert settings.cors_credentials
    assert settings.asr_workers is None
    assert (settings.max_message_bytes, settings.max_turn_s) == (10_000_000, 120)
    assert settings.database_url.startswith("sqlite:////")
    assert settings.database_url.endswith("/data/history.sqlite3")


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ('["https://a.example", "http://localhost:5173"]', ("https://a.example", "http://localhost:5173")),
        ("https://a.example,http://localhost:5173", ("https://a.example", "http://localhost:5173")),
        (" https://a.example/ , ", ("https://a.example",)),
        ("HTTPS://A.example", ("https://a.example",)),
        ('["*"]', ("*",)),
        ("*", ("*",)),
        ("null", ("null",)),
        ("", ("http://localhost:3000",)),
    ],
)
def test_origins_are_read_as_json_or_with_commas(
    text: str, origins: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORS_ORIGINS", text)
    assert Settings.read().cors_origins == origins


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("CORS_ORIGINS", '["http://localhost:3000"', "JSON list"),
        ("CORS_ORIGINS", "[1]", "string"),
        ("CORS_ORIGINS", "localhost:3000", "scheme://host"),
        ("CORS_ORIGINS", "http://localhost:3000/app", "scheme://host"),
        ("PORT", "eighty", "integer"),
        ("PORT", "70000", "65535"),
        ("ASR_WORKERS", "0", "greater than or equal to 1"),
        ("MAX_TURN_S", "-1", "greater than 0"),
        ("SHUTDOWN_LIMIT_S", "inf", "finite number"),
        ("SHUTDOWN_LIMIT_S", "1e300", "less than or equal to"),
        ("HISTORY_TIMEOUT_S", "nan", "finite number"),
        ("WORKERS", "1e9", "integer"),
        ("WORKERS", "99999", "1024"),
        ("MAX_CONNECTIONS", "9" * 30, "100000000"),
        ("CORS_CREDENTIALS", "maybe", "boolean"),
        ("LOG_LEVEL", "loud", "info"),
        ("DATABASE_URL", "mysql://localhost/x", "postgresql://"),
        ("DATABASE_URL", "postgresql+psycopg2://localhost/x", "postgresql://"),
        ("DATABASE_URL", "history.sqlite3", "sqlite:///FILE"),
        ("DATABASE_URL", "sqlite:///:memory:", "cannot be in memory"),
        ("DATABASE_URL", "sqlite://", "cannot be in memory"),
        ("DATABASE_URL", "sqlite://ada:sesame@db.example/x", "no host"),
        ("DATABASE_URL", "postgresql://a@127.0.0.1:port/x", "the port must be from 1 to 65535"),
        ("DATABASE_URL", "postgresql://a@127.0.0.1:99999/x", "the port must be from 1 to 65535"),
        ("DATABASE_URL", "postgresql://a@127.0.0.1:0/x", "the port must be from 1 to 65535"),
        ("DATABASE_URL", "postgresql://a@one:5432,two:²/x", "the port must be from 1 to 65535"),
        ("DATABASE_URL", "postgresql://a@[::1]:x/y", "the port must be from 1 to 65535"),
        ("DATABASE_URL", "postgresql:///x?host=/run&port=-1", "the port must be from 1 to 65535"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, text: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(InputError) as caught:
        Settings.read()
    assert str(caught.value).startswith(f"{name}=")
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_database_url_keeps_its_password() -> None:
    with pytest.raises(InputError) as caught:
        Settings.read(database_url="mysql://ada:sesame@db.example/x")
    assert "DATABASE_URL=mysql://ada:***@db.example/x: unknown database mysql" in str(caught.value)


NUMBERS = [
    name for name, field in Settings.model_fields.items() if re.search(r"\b(int|float)\b", str(field.annotation))
]


@pytest.mark.parametrize("text", ["inf", "-inf", "nan", "-1", "1e400", "-1e400", "9" * 40, "0x", "\N{SPARKLES}"])
@pytest.mark.parametrize("name", NUMBERS)
def test_no_number_setting_takes_what_is_no_amount(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name.upper(), text)
    with pytest.raises(InputError) as caught:
        Settings.read()
    assert str(caught.value).startswith(f"{name.upper()}={text}: ")
    assert "\n" not in str(caught.value)


def test_the_numbers_are_all_of_them() -> None:
    assert len(NUMBERS) >= 20
    assert {"port", "workers", "asr_workers", "shutdown_limit_s", "max_turn_s", "history_days"} <= set(NUMBERS)


PASSWORD = "sesame"


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://ada:{PASSWORD}@db.example/x",
        f"postgresql://ada:{PASSWORD}@db.example:port/x",
        f"postgresql://ada:{PASSWORD}",
        f"postgresql://ada:{PASSWORD}/x",
        f"postgresql://ada:a/{PASSWORD}@db.example:0/x",
        f"postgresql://ada:a@{PASSWORD}@db.example:0/x",
        f"postgresql://ada:a:{PASSWORD}@db.example:0/x",
        f"postgresql://ada:a#{PASSWORD}?b@db.example:0/x",
        f"postgresql://db.example:0/x?user=ada&password={PASSWORD}",
        f"postgresql://db.example:0/x?PASSWORD={PASSWORD}",
        f"sqlite://ada:{PASSWORD}@db.example/x",
        f"ada:{PASSWORD}@db.example/x",
        f"ada:{PASSWORD}@db://example/x",
    ],
)
def test_no_message_about_a_database_url_shows_its_password(url: str) -> None:
    with pytest.raises(InputError) as caught:
        Settings.read(database_url=url)
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(Settings.read(database_url=f"postgresql://ada:{PASSWORD}@db.example/x"))


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ada:{PASSWORD}@127.0.0.1:1/x",
        f"postgresql://127.0.0.1:1/x?user=ada&password={PASSWORD}",
        f"postgresql://ada:{PASSWORD}@127.0.0.1/x?sslmode={PASSWORD}&host=127.0.0.1&port=1&password={PASSWORD}",
        f"postgresql://[::{PASSWORD}]/x?user=ada&password={PASSWORD}",
    ],
)
async def test_what_a_driver_says_about_an_address_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(InputError) as caught:
        await History.open(url)
    assert str(caught.value).startswith("DATABASE_URL: the history at postgresql://")
    assert f"password={PASSWORD}" not in str(caught.value)
    assert f":{PASSWORD}@" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://ada@db.example/x",
        "postgresql://ada:sesame@one.example:5432,two.example/x?sslmode=require",
        "postgresql+asyncpg://ada@/x?host=/run/postgresql",
        "sqlite:///history.sqlite3",
    ],
)
def test_every_usual_form_of_a_database_url_is_taken(url: str) -> None:
    assert Settings.read(database_url=url).database_url == url


def test_what_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1234")
    assert Settings.read().port == 1234
    assert Settings.read(port=4321).port == 4321


def test_a_bad_setting_ends_the_program_with_one_line() -> None:
    outcome = run_server(PORT="eighty")
    assert outcome.returncode == 2
    assert outcome.stderr.startswith("voicelab-server: PORT=eighty: ")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"asr": "whisperer"}, "unknown asr engine 'whisperer'; known: moonshine, pocketsphinx"),
        ({"vad": "ears"}, "unknown vad engine 'ears'; known: silero, energy"),
        ({"tts": "fake:pitch=2"}, "tts engine 'fake' has no option 'pitch'"),
        ({"database_url": "sqlite:////dev/null/history.sqlite3"}, "DATABASE_URL: the history at"),
        ({"database_url": "postgresql://a@127.0.0.1:1/x"}, "DATABASE_URL: the history at postgresql://a@127.0.0.1:1/x"),
    ],
)
async def test_what_keeps_it_from_starting_is_an_input_error(
    settings: dict[str, str], hint: str, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'history.sqlite3'}"
    app = create_app(Settings.read(**{"asr": "fake", "tts": "fake", "database_url": database, **settings}))
    with pytest.raises(InputError, match=re.escape(hint)):
        async with app.router.lifespan_context(app):
            pytest.fail("it started")
    assert hint in str(app.state.start_fault)


def test_what_keeps_it_from_starting_is_told_without_a_traceback(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'history.sqlite3'}"
    outcome = run_server("--port", "0", ASR="whisperer", TTS="fake", DATABASE_URL=database)
    assert outcome.returncode == 2
    assert "unknown asr engine 'whisperer'; known: moonshine, pocketsphinx" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_help_teaches() -> None:
    outcome = run_server("--help")
    assert outcome.returncode == 0
    assert all(word in outcome.stdout for word in ("--port", "pocketsphinx", "piper", "CORS_ORIGINS", "/docs"))


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", (PROJECT / "docs/reference/server.md").read_text(), re.MULTILINE)
    assert [name for name, _ in rows if name.lower() not in Settings.model_fields] == []
    assert {name.lower() for name, _ in rows} == set(Settings.model_fields)
    documented = dict(rows)
    for name in ("PORT", "WORKERS", "SHUTDOWN_LIMIT_S", "LOG_FORMAT", "LOG_TRANSCRIPTS", "MAX_TURN_S"):
        default = Settings.model_fields[name.lower()].default
        shown = f"{default:g}" if isinstance(default, float) else str(default).lower()
        assert documented[name] == f"`{shown}`"
