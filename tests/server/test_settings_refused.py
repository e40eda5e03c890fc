"""An unusable setting ends the server with one sentence without passwords."""

import pytest

from server.settings import Settings
from voicelab.errors import InputError


@pytest.mark.parametrize("port", ["port", "99999", "0", "-1", "1e3"])
def test_a_database_port_that_cannot_be(monkeypatch, port):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://ada:secret@127.0.0.1:{port}/x")
    with pytest.raises(InputError, match=r"^DATABASE_URL=") as refused:
        Settings.read()
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", ["postgresql://ada@host/x", "postgresql://host:5432/x", "postgresql:///x?host=/run/pg"])
def test_usual_addresses_are_taken(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    assert Settings.read().database_url == url


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
@pytest.mark.parametrize("name", [name for name, field in Settings.model_fields.items() if field.annotation is float])
def test_limits_are_finite(monkeypatch, name, value):
    monkeypatch.setenv(name.upper(), value)
    with pytest.raises(InputError, match=f"^{name.upper()}={value}: "):
        Settings.read()
