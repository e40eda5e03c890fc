"""Reads and validates the fields of one entry of a sample set, and makes a Sample of them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from voicelab.datasets import missing_values
from voicelab.datasets.over_reply import OVER_REPLY_KINDS, OverReply, OverReplyKind
from voicelab.datasets.rows import seconds
from voicelab.datasets.samples import AudioKind, Sample, Scenario
from voicelab.errors import InputError
from voicelab.metrics.tool_calls import Call
from voicelab.text import language


class Fields:
    """The fields of one entry; errors name the file, the entry and the field."""

    def __init__(
        self, path: Path, entry: str, row: Any, *, home: Path | None = None, names: Mapping[str, str] | None = None
    ) -> None:
        """Wrap an entry. home: base of its relative paths; by default the folder of `path`.

        names: the names of fields in the file, for messages, if they differ.
        """
        self.path = path
        self.entry = entry
        self._home = home if home is not None else path.parent
        self._names = names or {}
        if not isinstance(row, Mapping):
            raise InputError(f"{path}: {entry}: must be an object with fields, not {type(row).__name__}")
        self._row = row

    def fail(self, field_name: str, problem: str) -> InputError:
        return InputError(f"{self.path}: {self.entry}: field {self._names.get(field_name, field_name)!r} {problem}")

    def text(self, name: str) -> str:
        value = self._row.get(name)
        if value is None:
            raise self.fail(name, "is missing")
        if not isinstance(value, str) or not value.strip():
            raise self.fail(name, f"must be a non-empty string, not {value!r}")
        return value

    def reference(self) -> str:
        """Return the reference text, which is empty for a sample without speech."""
        value = self._row.get("text")
        if value is None:
            raise self.fail("text", 'is missing; write "" for a sample without speech')
        if not isinstance(value, str):
            raise self.fail("text", f"must be a string, not {value!r}")
        if missing_values.is_missing(value):
            raise self.fail("text", missing_values.problem(value, "leave it empty for a sample without speech"))
        return value if value.strip() else ""

    def language(self, default: str | None) -> str | None:
        """Return the language code in the field `language`, `lang` or `locale` (Common Voice)."""
        for name in ("language", "lang", "locale"):
            if (value := self.text_or_none(name)) is not None:
                try:
                    return language(value).code
                except InputError as error:
                    raise self.fail(name, f"is invalid: {error}") from error
        return default

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if self._row.get(name) not in (None, "") else None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._row.get(name, [])
        if isinstance(value, str):
            value = [part.strip() for part in value.split(";") if part.strip()]
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.fail(name, f"must be a list of strings, not {value!r}")
        return tuple(value)

    def calls(self, name: str) -> tuple[Call, ...] | None:
        """Return tool calls: a list of objects with `name` and `arguments`, or the JSON of such a list in a cell.

        None if the entry does not specify any; an empty list means that no call is expected.
        """
        value = self._from_json(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.fail(name, f"must be a list of tool calls, not {value!r}")
        return tuple(self._call(name, number, one) for number, one in enumerate(value, start=1))

    def _call(self, name: str, number: int, value: Any) -> Call:
        wanted = 'must be like {"name": "quote", "arguments": {"company": "Nvidia"}}'
        if not isinstance(value, Mapping) or not value.keys() <= {"name", "arguments"}:
            raise self.fail(name, f"call {number}: {wanted}, not {value!r}")
        tool, arguments = value.get("name"), value.get("arguments")
        arguments = {} if arguments is None else arguments
        if not isinstance(tool, str) or not tool.strip() or not isinstance(arguments, Mapping):
            raise self.fail(name, f"call {number}: {wanted}, not {value!r}")
        # A parquet struct has all arguments of its column; those of other rows are None.
        return Call(tool, {key: one for key, one in arguments.items() if one is not None})

    def _from_json(self, name: str) -> Any:
        """A value, or the JSON of it in a cell of a table; None where the entry has none."""
        value = self._row.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except (ValueError, RecursionError) as error:
            raise self.fail(name, f"is not JSON: {error}") from error

    def over_reply(self, name: str) -> OverReply | None:
        """What the caller says over the reply: an object, or its JSON in a cell of a table."""
        value = self._from_json(name)
        if value is None:
            return None
        wanted = 'must be like {"audio_path": "stop.ogg", "kind": "interruption", "after_s": 0.7}'
        if not isinstance(value, Mapping) or not value.keys() <= {"audio_path", "kind", "after_s"}:
            raise self.fail(name, f"{wanted}, not {value!r}")
        inside = Fields(self.path, f"{self.entry}: {name}", value, home=self._home)
        kind = inside.text_or_none("kind") or "interruption"
        if kind not in OVER_REPLY_KINDS:
            raise self.fail(name, f"has the kind {kind!r}; it may be {', '.join(OVER_REPLY_KINDS)}")
        after_s = inside.seconds("after_s")
        return OverReply(inside.file("audio_path"), cast("OverReplyKind", kind), 1.0 if after_s is None else after_s)

    def flag(self, name: str) -> bool:
        value = self._row.get(name, False)
        if isinstance(value, str) and value.lower() in ("true", "false", ""):
            value = value.lower() == "true"
        if not isinstance(value, bool):
            raise self.fail(name, f"must be true or false, not {value!r}")
        return value

    def name(self, name: str) -> str | None:
        """An id or a speaker: a string, or an integer converted to one; None when missing."""
        value = self._row.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text_or_none(name)

    def file(self, name: str, *, below: tuple[str, ...] = ("",)) -> Path:
        """An existing file in the first folder of `below`, relative to the entry's folder, that contains it."""
        given = self.text(name)
        for folder in below:
            path = self._home / folder / given
            if path.is_file():
                return path
        raise self.fail(name, f"names a file that does not exist: {self._home / given}")

    def has(self, name: str) -> bool:
        return self._row.get(name) is not None

    def seconds(self, name: str) -> float | None:
        """A time or duration in seconds, finite and not negative; None when missing."""
        try:
            return seconds(self._row.get(name))
        except ValueError as error:
            raise self.fail(name, str(error)) from None


def sample(
    fields: Fields, sample_id: str, category: str, audio: Path, kind: AudioKind, *, language: str | None = None
) -> Sample:
    """Convert an entry to a Sample. Raises InputError, which names the entry and the field.

    language: language of the set, for entries without one.
    """
    return Sample(
        id=sample_id,
        text=fields.reference(),
        audio_path=audio,
        audio_kind=kind,
        category=category,
        speaker=fields.name("speaker"),
        expected_entities=fields.texts("expected_entities"),
        expected_intent=fields.text_or_none("expected_intent"),
        expected_tool_calls=fields.calls("expected_tool_calls"),
        requires_context=fields.flag("requires_context"),
        over_reply=fields.over_reply("over_reply"),
        sha256=fields.text_or_none("sha256"),
        language=fields.language(language),
        offset_s=fields.seconds("offset"),
        duration_s=fields.seconds("duration"),
        listed_at=f"{fields.path}: {fields.entry}",
    )


def check_ids(path: Path, kind: str, items: Iterable[Sample] | Iterable[Scenario]) -> None:
    """Raise InputError when two items have the same id."""
    seen: dict[str, Sample | Scenario] = {}
    for one in items:
        if one.id in seen:
            raise InputError(f"{path}: two {kind}s have the id {one.id!r}; give each a unique `id`")
        seen[one.id] = one
