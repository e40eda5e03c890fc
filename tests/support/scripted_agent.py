"""A voice agent whose every mistake is set beforehand: what is measured of it must be what was set."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from voicelab.audio.clip import Clip
from voicelab.targets.echo_agent import CallerTurn, EchoAgent, EchoConnection, EchoSettings, encoded


@dataclass(frozen=True)
class Script:
    """talks_over_at_s: starts to speak this long after the caller began. stops_after_s: its sound ends early.

    drops_after_s: closes the connection after so much of its sound. stutter_s: a pause in the delivery of its sound.
    pace: seconds of sound per second. repeats: each event is sent twice. never_ends: no end of the reply.
    """

    settings: EchoSettings
    talks_over_at_s: float | None = None
    stops_after_s: float | None = None
    drops_after_s: float | None = None
    stutter_s: float = 0.0
    pace: float | None = None
    repeats: bool = False
    never_ends: bool = False


class RepeatingConnection(EchoConnection):
    async def send(self, event, data):
        await super().send(event, data)
        if event != "audio_chunk":
            await super().send(event, data)


class ScriptedAgent(EchoAgent):
    """answered_s: when it really began to send; heard_end_s: the end of the caller's speech as it arrived there."""

    def __init__(self, script: Script) -> None:
        super().__init__(script.settings)
        self.script = script
        self.answered_s = 0.0
        self.heard_end_s = 0.0

    def may_answer(self, turn: CallerTurn, is_final: bool, now_s: float) -> bool:
        if self.script.talks_over_at_s is not None:
            return turn.began_s is not None and now_s >= turn.began_s + self.script.talks_over_at_s
        return super().may_answer(turn, is_final, now_s)

    async def reply(self, connection: EchoConnection, turn: CallerTurn) -> None:
        script = self.script
        if script.repeats:
            connection.__class__ = RepeatingConnection
        if script.talks_over_at_s is None:
            await connection.wait_until((turn.ended_s or perf_counter()) + self.settings.delay_s)
        if self.settings.text is not None:
            await connection.send("transcription", {"text": self.settings.text})
            await connection.send("agent_response", {"text": self.settings.text, "intent": None, "entities": []})
        sound = self.sound(turn)
        self.answered_s, self.heard_end_s = perf_counter(), turn.ended_s or 0.0
        if script.stops_after_s is not None:
            sound = sound.between(0.0, script.stops_after_s)
        if script.drops_after_s is not None:
            await connection.send_pieces(encoded(sound.between(0.0, script.drops_after_s)), ends=False)
            await connection.close()
        elif script.stutter_s:
            await self._stuttered(connection, sound)
        else:
            whole = script.stops_after_s is None and self._encoded is not None
            pieces = self._encoded if whole else encoded(sound)
            await connection.send_pieces(pieces, pace=script.pace, ends=not script.never_ends)

    async def _stuttered(self, connection: EchoConnection, sound: Clip) -> None:
        """The first half at once, the second after it has sounded and the pause is over."""
        from voicelab.audio.opus import OggOpusWriter

        half = len(sound.samples) // 2
        writer = OggOpusWriter(sound.rate_hz)
        await connection.send_chunk(writer.feed(Clip(sound.samples[:half], sound.rate_hz)), is_final=False)
        await asyncio.sleep(half / sound.rate_hz + self.script.stutter_s)
        rest = writer.feed(Clip(sound.samples[half:], sound.rate_hz)) + writer.close()
        await connection.send_chunk(rest, is_final=True)
