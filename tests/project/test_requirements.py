"""If a package has no wheel, the others can still be listed for pip."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DOCUMENT = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def listed(*arguments):
    script = PROJECT / ".ci" / "requirements_without.py"
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_all_but_the_named_package_is_listed():
    assert [one for one in DOCUMENT["dependencies"] if not one.startswith("moonshine-voice")] == listed(
        "moonshine-voice"
    )


@pytest.mark.parametrize("extra", DOCUMENT["optional-dependencies"])
def test_extras_are_listed_without_naming_this_project(extra):
    found = listed("moonshine-voice", extra)
    assert not any(one.startswith("voicelab") for one in found)
    own = [one for one in DOCUMENT["optional-dependencies"][extra] if not one.startswith("voicelab[")]
    assert set(own) <= set(found)
