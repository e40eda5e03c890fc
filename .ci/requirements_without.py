"""Print the requirements of this project and of extras, without one package that has no wheel on this machine.

Usage: requirements_without.py PACKAGE EXTRA...
"""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]


def of_extra(name: str) -> list[str]:
    """Return the requirements of an extra, with the extras in it replaced by their requirements."""
    found = []
    for requirement in PROJECT["optional-dependencies"][name]:
        own = re.fullmatch(r"voicelab\[(.+)\]", requirement)
        found += [line for part in own[1].split(",") for line in of_extra(part)] if own else [requirement]
    return found


if __name__ == "__main__":
    without, *extras = sys.argv[1:]
    wanted = PROJECT["dependencies"] + [line for extra in extras for line in of_extra(extra)]
    print(*(line for line in wanted if re.split(r"[^\w-]", line)[0] != without), sep="\n")
