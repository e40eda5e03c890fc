"""Parse the form of a transcription request. Fields that the server would have to ignore are refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData, UploadFile

from server.http.openai.errors import invalid, unsupported
from server.http.openai.names import check_model
from server.http.refusal import HttpRefusal
from voicelab.asr.base import Transcript
from voicelab.engines.spec import EngineInfo
from voicelab.errors import InputError
from voicelab.text import language

FORMATS = ("json", "text", "srt", "vtt", "verbose_json")
_GRANULARITIES = ("segment", "word")
_KNOWN = frozenset(
    {"file", "model", "language", "prompt", "response_format", "temperature", "stream", "timestamp_granularities",
     "chunking_strategy", "include", "languages"}
)  # fmt: skip
_TRUE, _FALSE = ("true", "1"), ("", "false", "0")


@dataclass(frozen=True, slots=True)
class TranscriptionForm:
    """A parsed form. languages: as sent, none if empty. granularities: requested timestamp granularities."""

    data: bytes
    response_format: str
    languages: tuple[str, ...]
    stream: bool
    granularities: frozenset[str]


async def read_form(form: FormData, engine: EngineInfo, most_bytes: int) -> TranscriptionForm:
    """Check the fields and read the file. Raises HttpRefusal that names the unsupported field."""
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields.setdefault(name.removesuffix("[]"), []).append(value.strip())
    file = form.get("file")
    if not isinstance(file, UploadFile):
        message = "the form has no file; send the recording in the field `file`"
        if file is not None:
            message = "the field `file` has no file name, so it is text; send a file name with the recording"
        raise HttpRefusal(400, "missing_file", message, parameter="file")
    check_model(_one(fields, "model"), engine)
    _check_fields(fields)
    response_format, stream = _response_format(fields), _flag(fields, "stream")
    if stream and response_format not in ("json", "text"):
        raise invalid(f"stream=true sends events, not {response_format}; omit response_format", "response_format")
    languages = _languages(fields)
    granularities = _granularities(fields)
    if "word" in granularities and response_format != "verbose_json":
        message = "timestamp_granularities 'word' needs response_format verbose_json"
        raise invalid(message, "timestamp_granularities")
    data = await file.read(most_bytes + 1)
    if len(data) > most_bytes:
        message = f"the file holds more than {most_bytes} bytes (MAX_MESSAGE_BYTES)"
        raise HttpRefusal(413, "file_too_large", message, parameter="file")
    return TranscriptionForm(data, response_format, languages, stream, granularities)


def check_language(asked: tuple[str, ...], transcript: Transcript) -> None:
    """Raise HttpRefusal if the transcript is in none of the requested languages, which are codes or English names.

    The server's operator sets the recognizer's language, and some recognizers detect it from the audio. An empty
    transcript passes.
    """
    if not asked or not transcript.text:
        return
    heard = transcript.language
    if heard is None:
        message = f"the recognizer does not report the language, so {asked[0]!r} cannot be verified; omit language"
        raise unsupported(message, "language")
    if language(heard).code not in {language(one).code for one in asked}:
        message = (
            f"the recognizer detected {heard!r}, not {asked[0]!r}; its language is part of the server's ASR setting"
        )
        raise unsupported(message, "language")


def _check_fields(fields: Mapping[str, list[str]]) -> None:
    """Refuse unknown fields, and values that the server would have to ignore. An empty field is none."""
    for name in (name for name, values in fields.items() if any(values)):
        if name.startswith("chunking_strategy["):
            raise unsupported("only chunking_strategy 'auto' is supported; omit it", "chunking_strategy")
        if name not in _KNOWN:
            raise unsupported(f"{name[:100]} is not supported; omit it", name[:100])
    if _one(fields, "prompt"):
        raise unsupported("the recognizer does not accept a prompt; omit prompt or leave it empty", "prompt")
    if _one(fields, "chunking_strategy") not in ("", "auto"):
        raise unsupported("only chunking_strategy 'auto' is supported; omit it", "chunking_strategy")
    if any(fields.get("include", ())):
        raise unsupported("the recognizer does not report log probabilities; omit include", "include")
    _check_temperature(_one(fields, "temperature"))


def _check_temperature(written: str) -> None:
    """Check the temperature. It has no effect, because the recognizers do not sample."""
    try:
        is_accepted = not written or 0 <= float(written) <= 1
    except ValueError:
        is_accepted = False
    if not is_accepted:
        raise invalid(f"temperature must be a number from 0 to 1, not {written[:40]!r}", "temperature")


def _response_format(fields: Mapping[str, list[str]]) -> str:
    asked = _one(fields, "response_format") or "json"
    if asked not in FORMATS:
        raise invalid(f"response_format must be one of {', '.join(FORMATS)}, not {asked[:40]!r}", "response_format")
    return asked


def _languages(fields: Mapping[str, list[str]]) -> tuple[str, ...]:
    one, several = _one(fields, "language"), fields.get("languages", [])
    for name, asked in (("language", [one]), ("languages", several)):
        try:
            for written in filter(None, asked):
                language(written[:40])
        except InputError as error:
            raise invalid(str(error), name) from error
    return tuple(filter(None, (one, *several)))


def _flag(fields: Mapping[str, list[str]], name: str) -> bool:
    asked = _one(fields, name).lower()
    if asked not in (*_TRUE, *_FALSE):
        raise invalid(f"{name} must be true or false, not {asked[:40]!r}", name)
    return asked in _TRUE


def _granularities(fields: Mapping[str, list[str]]) -> frozenset[str]:
    asked = frozenset(filter(None, fields.get("timestamp_granularities", ())))
    if other := sorted(asked - set(_GRANULARITIES)):
        known = ", ".join(_GRANULARITIES)
        raise invalid(f"timestamp_granularities must be from {known}, not {other[0][:40]!r}", "timestamp_granularities")
    return asked


def _one(fields: Mapping[str, list[str]], name: str) -> str:
    values = fields.get(name, [""])
    if len(values) > 1:
        raise invalid(f"{name} was sent {len(values)} times; send it once", name)
    return values[0]
