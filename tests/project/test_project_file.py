"""The contents of pyproject.toml that tools rely on."""

import tomllib
from pathlib import Path

DOCUMENT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
EXTRAS = DOCUMENT["project"]["optional-dependencies"]


def test_the_dev_group_holds_what_the_tests_need():
    """The extra `test` names voicelab's own extras; the group, which must not, lists their packages."""
    own, others = [], []
    for requirement in EXTRAS["test"]:
        (own if requirement.startswith("voicelab[") else others).append(requirement)
    named = [name for requirement in own for name in requirement.removeprefix("voicelab[").rstrip("]").split(",")]
    expected = {*others, *(requirement for name in named for requirement in EXTRAS[name])}
    assert set(DOCUMENT["dependency-groups"]["dev"]) == expected
