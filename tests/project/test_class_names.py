"""Class names are unique, so a name in a traceback or a search identifies one class."""

import ast
from collections import defaultdict
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_no_two_classes_share_a_name():
    homes = defaultdict(list)
    for path in sorted([*PROJECT.glob("voicelab/**/*.py"), *PROJECT.glob("server/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(f"{path.relative_to(PROJECT)}:{node.lineno}")
    assert len(homes) > 500, "the glob no longer finds the classes"
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
