"""Records on disk: the base of their schemas, and JSON files that contain one."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from voicelab.errors import InputError
from voicelab.runs import storage


class Record(BaseModel):
    """A schema that accepts the fields it names, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AnyRecord = TypeVar("AnyRecord", bound=Record)


def write_record(file: Path, record: Record) -> None:
    """Replace a file atomically. Raises StorageError."""
    storage.write_whole(file, f"{record.model_dump_json(indent=2)}\n".encode())


def read_record(file: Path, kind: type[AnyRecord], what: str, hint: str) -> AnyRecord:
    """Read a file. Raises InputError with the reason. what: "a run"; hint: the way out."""
    try:
        return kind.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        fault = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        fault = f"not UTF-8: {error.reason}"
    except ValidationError as error:
        first = error.errors()[0]
        fault = f"not {what}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise InputError(f"{file}: {fault}; {hint}")
