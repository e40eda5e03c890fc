"""Parses the tags that SenseVoice puts before the text."""

import re

from voicelab.asr.base import Transcript

_TAG = re.compile(r"<\|([^|<>]*)\|>")
_LANGUAGES = {"zh", "en", "yue", "ja", "ko"}
_EMOTIONS = {"HAPPY", "SAD", "ANGRY", "NEUTRAL", "FEARFUL", "DISGUSTED", "SURPRISED"}
_NO_EVENT = {"withitn", "woitn", "nospeech", "EMO_UNKNOWN", "Event_UNK", "SPECIAL_TOKEN_1"}


def read_tags(raw: str) -> Transcript:
    """Return the text without tags, and the tags as fields.

    `<|en|><|HAPPY|><|Speech|><|woitn|> any news` is the text "any news", language "en", emotion "happy" and event
    "speech". Unknown tags are events. Of several events, the first other than "speech" is returned.
    """
    language: str | None = None
    emotion: str | None = None
    events: list[str] = []
    for tag in _TAG.findall(raw):
        if tag in _LANGUAGES:
            language = language or tag
        elif tag in _EMOTIONS:
            emotion = emotion or tag.lower()
        elif tag and tag not in _NO_EVENT:
            events.append(tag.strip("/").lower())
    marked = [event for event in events if event != "speech"]
    text = " ".join(_TAG.sub(" ", raw).split())
    event = next(iter([*marked, *events]), None)
    return Transcript(text, language, None, emotion, event)
