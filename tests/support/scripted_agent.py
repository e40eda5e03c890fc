"""Echo agents with a fixed reply, and an agent for voicelab's protocol with configurable faults."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from voicelab.audio.clip import Clip
from voicelab.audio.opus import OggOpusWriter
from voicelab.targets.echo_agent import REPLY_RATE_HZ, CallerTurn, EchoAgent, EchoConnection, EchoSettings, encoded
from voicelab.targets.echo_phone import EchoPhone


class FixedPhone(EchoPhone):
    """A Twilio agent that answers every turn with the same reply."""

    def __init__(self, reply: Clip, delay_s: float) -> None:
        super().__init__("twilio", EchoSettings(delay_s=delay_s))
        self.fixed = reply

    def sound(self, turn: CallerTurn, rate_hz: int) -> Clip:
        return self.fixed.at_rate(rate_hz)


@dataclass(frozen=True)
class Script:
    """drops_after_s: closes the connection after this much of its sound. stutter_s: a pause in the delivery.

    never_ends: no end of the reply.
    """

    reply: Clip
    delay_s: float = 0.0
    drops_after_s: float | None = None
    stutter_s: float = 0.0
    never_ends: bool = False


class ScriptedAgent(EchoAgent):
    """An agent for voicelab's protocol that follows a script."""

    def __init__(self, script: Script) -> None:
        super().__init__(EchoSettings(delay_s=script.delay_s))
        self.script = script
        # Encoded in advance, because encoding it on time would add to the delay.
        self.encoded = list(encoded(script.reply.at_rate(REPLY_RATE_HZ)))

    async def reply(self, connection: EchoConnection, turn: CallerTurn) -> None:
        script = self.script
        await self.wait(turn)
        if script.drops_after_s is not None:
            await self._send(connection, list(encoded(script.reply.between(0.0, script.drops_after_s))), ends=False)
            await connection.socket.close()
        elif script.stutter_s:
            await self._stuttered(connection, script.reply)
        else:
            await self._send(connection, self.encoded, ends=not script.never_ends)

    async def _send(self, connection: EchoConnection, parts: list[tuple[bytes, bool]], *, ends: bool) -> None:
        for data, is_last in parts:
            await connection.send_chunk(data, is_final=is_last and ends)

    async def _stuttered(self, connection: EchoConnection, sound: Clip) -> None:
        """Send the first half at once, and the second after its playback and the pause."""
        half = len(sound.samples) // 2
        writer = OggOpusWriter(sound.rate_hz)
        await connection.send_chunk(writer.feed(Clip(sound.samples[:half], sound.rate_hz)), is_final=False)
        await asyncio.sleep(half / sound.rate_hz + self.script.stutter_s)
        rest = writer.feed(Clip(sound.samples[half:], sound.rate_hz)) + writer.close()
        await connection.send_chunk(rest, is_final=True)
