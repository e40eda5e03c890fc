"""`voicelab match`: find entities in texts."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from voicelab.cli import terminal
from voicelab.errors import InputError
from voicelab.runs import file_errors


def match(
    file: Annotated[Path, typer.Argument(help="JSON lines with `entity`, `text` and, optionally, `class`.")],
    out: Annotated[Path | None, typer.Option(help="Write the lines to this file. \\[default: standard output]")] = None,
) -> None:
    """Add `found` to each line of FILE: whether the text names the entity, in any spoken or written form.

    The counts go to standard error. docs/reference/matching.md describes the rules.

    Example: echo '{"entity": "919", "text": "flight nine nineteen"}' > one.jsonl; voicelab match one.jsonl
    """
    from voicelab.metrics.matching import found

    if out is not None:
        file_errors.check_file("--out", out)
    rows = [row | {"found": found(row["entity"], row["text"], row.get("class"))} for row in _rows(file)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if out is None:
        terminal.echo(lines, nl=False)
    else:
        out.write_text(lines, encoding="utf-8")
    _count(rows)


def _rows(file: Path) -> list[dict[str, Any]]:
    """Read the lines of the file; InputError names the first invalid one."""
    from voicelab.datasets import strict_json
    from voicelab.datasets.text_files import numbered_lines

    rows = []
    for number, line in numbered_lines(file):
        try:
            row = strict_json.loads(line)
        except ValueError as error:
            raise InputError(f"{file}: line {number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise InputError(f"{file}: line {number}: must be an object with fields, not {type(row).__name__}")
        for field, needed in (("entity", True), ("text", True), ("class", False)):
            value = row.get(field)
            if value is None and not needed:
                continue
            if not isinstance(value, str):
                what = "is missing" if value is None else f"must be a text, not {value!r}"
                raise InputError(f"{file}: line {number}: field {field!r} {what}")
        if not row["entity"].strip():
            raise InputError(f"{file}: line {number}: field 'entity' is empty")
        rows.append(row)
    return rows


def _count(rows: list[dict[str, Any]]) -> None:
    hits = sum(row["found"] for row in rows)
    terminal.echo(f"{hits} of {len(rows)} found", err=True)
    classes = dict.fromkeys(row.get("class") for row in rows)
    if len(classes) > 1 or None not in classes:
        for name in classes:
            members = [row["found"] for row in rows if row.get("class") == name]
            terminal.echo(f"  {name or '(no class)'}: {sum(members)} of {len(members)}", err=True)
