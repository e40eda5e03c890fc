"""Transcripts in the response formats of OpenAI's API."""

import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from server.http.openai.errors import unsupported
from server.http.openai.segments import TranscriptSegment, segments_of, to_srt, to_vtt
from server.http.openai.transcription_form import TranscriptionForm
from voicelab.asr.base import TimedWord, Transcript
from voicelab.audio.decoding import Decoded


def respond(transcript: Transcript, form: TranscriptionForm, sound: Decoded, engine: str) -> Response:
    """Return the response in the requested format. engine: name of the recognizer.

    Raises HttpRefusal if the format needs word times and the recognizer does not report them.
    """
    if form.stream:
        return StreamingResponse(_events(transcript.text), media_type="text/event-stream")
    if form.response_format == "text":
        return PlainTextResponse(transcript.text + "\n")
    if form.response_format == "srt":
        return PlainTextResponse(to_srt(segments_of(_words(transcript, engine, "response_format"))))
    if form.response_format == "vtt":
        words = _words(transcript, engine, "response_format")
        return PlainTextResponse(to_vtt(segments_of(words)), media_type="text/vtt")
    body = _json(transcript)
    if form.response_format == "verbose_json":
        body |= {"task": "transcribe", "duration": sound.clip.duration_s, "language": transcript.language or ""}
        body["undecoded_s"] = sound.undecoded_s
        body |= _times(transcript, form.granularities, engine)
    return JSONResponse(body)


def _json(transcript: Transcript) -> dict[str, Any]:
    known = {"language": transcript.language, "emotion": transcript.emotion, "event": transcript.event}
    return {"text": transcript.text, **{name: value for name, value in known.items() if value}}


def _times(transcript: Transcript, granularities: frozenset[str], engine: str) -> dict[str, Any]:
    """Return segments (OpenAI's default) and words. Without word times, segments are omitted; words are an error."""
    found: dict[str, Any] = {}
    if "word" in granularities:
        words = _words(transcript, engine, "timestamp_granularities")
        found["words"] = [{"word": word.text, "start": word.start_s, "end": word.end_s} for word in words]
    if transcript.words is not None and (not granularities or "segment" in granularities):
        found["segments"] = [_segment(number, one) for number, one in enumerate(segments_of(transcript.words))]
    return found


def _segment(number: int, segment: TranscriptSegment) -> dict[str, Any]:
    return {"id": number, "start": segment.start_s, "end": segment.end_s, "text": segment.text}


def _words(transcript: Transcript, engine: str, parameter: str) -> tuple[TimedWord, ...]:
    if transcript.words is None:
        message = f"the recognizer {engine} does not report word times; request json, text or verbose_json"
        raise unsupported(message, parameter)
    return transcript.words


def _events(text: str) -> Iterator[str]:
    """Yield server-sent events. The whole text is one delta, because partial transcripts may change until the end."""
    if text:
        yield _event({"type": "transcript.text.delta", "delta": text})
    yield _event({"type": "transcript.text.done", "text": text})
    yield "data: [DONE]\n\n"


def _event(data: dict[str, str]) -> str:
    return f"event: {data['type']}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
