"""Write summary.json, and read it in the formats 1 and 2."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from voicelab.errors import InputError
from voicelab.runs import storage
from voicelab.scoring.format_one import from_format_one
from voicelab.scoring.schema import FORMAT, Summary

FILE_NAME = "summary.json"


def write(folder: Path, summary: Summary) -> Path:
    """Replace the run's summary.json atomically and return its path."""
    path = folder / FILE_NAME
    storage.write_whole(path, f"{summary.model_dump_json(indent=2)}\n".encode())
    return path


def read(path: Path) -> Summary:
    """Read a summary.json of any format; InputError describes an error in it."""
    again = "write it again: voicelab report RUN_FOLDER"
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; write it: voicelab report RUN_FOLDER") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason}; {again}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a summary: {error}; {again}") from error
    if not isinstance(data, dict):
        raise InputError(f"{path}: not a summary: not a JSON object; {again}")
    try:
        if data.get("format_version") == 1:
            data = from_format_one(data)
        if data.get("format") != FORMAT:
            raise InputError(f"{path}: not a summary of format 1 or {FORMAT}; {again}")
        return Summary.model_validate_json(json.dumps(data))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: not a summary: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{path}: not a summary of format 1: {error}; {again}") from error
