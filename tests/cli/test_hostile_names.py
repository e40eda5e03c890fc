"""Names and texts of somebody else's set cannot control the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import voicelab
from tests.support.recordings import write_recording
from voicelab.cli import terminal
from voicelab.cli.terminal import printable

HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x1b[2K\x9b31m\u202e[/red]"
CONTROLS = ("\x1b", "\x07", "\x9b", "\u202e")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A set of which every field has control characters."""
    write_recording(tmp_path / "a.wav", 1.0)
    row = {"audio_filepath": "a.wav"} | {name: f"{name} {HOSTILE}" for name in ("id", "text", "speaker", "category")}
    file = tmp_path / "set.jsonl"
    file.write_text(json.dumps(row) + "\n")
    return file


def test_control_characters_are_escaped_as_in_json_and_text_stays_as_it_is() -> None:
    assert json.loads(f'"{printable(HOSTILE)}"') == HOSTILE
    for text in ("a\tb\n", "naïve 漢字 😀", "شركة \u200f"):
        assert printable(text) == text


def test_tables_lines_and_errors_show_no_control_characters(hostile: Path) -> None:
    """Regression: `voicelab samples` passed on sequences that set the title of the terminal and fill its clipboard."""
    shown = voicelab("samples", hostile)
    assert shown.exit_code == 0
    (hostile.parent / "a.wav").unlink()
    refused = voicelab("samples", hostile)
    assert refused.exit_code == 2
    folder = hostile.parent / f"[red]{HOSTILE.replace('/', '')}"
    folder.mkdir()
    absent = voicelab("samples", folder)
    assert absent.exit_code == 2
    for result in (shown, refused, absent):
        assert not [one for one in CONTROLS if one in result.output]
    assert "category \\u001b]52;" in shown.output


def test_all_commands_print_through_the_terminal_module() -> None:
    folder = Path(terminal.__file__).parent
    found = {path.name for path in folder.glob("*.py") if "typer.echo(" in path.read_text()}
    assert found == {"terminal.py"}
