"""Durations of the stages of a turn."""

from pydantic import BaseModel

CONSECUTIVE = ("decode_s", "asr_s", "agent_s", "tts_s", "encode_s")


class StageTimes(BaseModel):
    """Durations of a turn in seconds; None for stages not reached.

    Those in CONSECUTIVE follow each other between the last byte of the request and the last byte of the reply. For an
    answer that was started early (early_answer.py), agent_s, tts_s and encode_s may lie before it.

    decode_s: from the last chunk to decoded audio. asr_s: to the transcript. agent_s: time that the reply waited for
    the agent, before its first sentence and between sentences; all of the agent's time if it does not stream.
    agent_first_s, agent_text_s: to the first sentence and to the complete text; these overlap with later stages if the
    agent streams. tts_first_s: the first spoken part of the text, a sentence or its opening clause; tts_s: all parts.
    encode_s: all of the reply's encoding. asr_busy_s: the recognizer's processing time, including work during
    reception. audio_s, reply_audio_s: duration of request and reply; a request of Opus packets counts complete packets,
    including up to 20 ms of padding. undecoded_s: damaged audio of the request that could not be decoded, not included
    in audio_s.
    """

    audio_s: float | None = None
    undecoded_s: float | None = None
    decode_s: float | None = None
    asr_s: float | None = None
    asr_busy_s: float | None = None
    agent_s: float | None = None
    agent_first_s: float | None = None
    agent_text_s: float | None = None
    tts_first_s: float | None = None
    tts_s: float | None = None
    encode_s: float | None = None
    reply_audio_s: float | None = None
