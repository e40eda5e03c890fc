"""An agent for voicelab's protocol with configurable faults."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from voicelab.audio.clip import Clip
from voicelab.audio.opus import OggOpusWriter
from voicelab.targets.echo_agent import CallerTurn, EchoAgent, EchoConnection, EchoSettings, encoded


@dataclass(frozen=True)
class Script:
    """drops_after_s: closes the connection after this much of its sound. stutter_s: a pause in the delivery.

    never_ends: no end of the reply.
    """

    settings: EchoSettings
    drops_after_s: float | None = None
    stutter_s: float = 0.0
    never_ends: bool = False


class ScriptedAgent(EchoAgent):
    """An agent for voicelab's protocol that follows a script."""

    def __init__(self, script: Script) -> None:
        super().__init__(script.settings)
        self.script = script

    async def reply(self, connection: EchoConnection, turn: CallerTurn) -> None:
        script = self.script
        if not (script.drops_after_s or script.stutter_s or script.never_ends):
            await super().reply(connection, turn)
            return
        await connection.wait_until((turn.ended_s or perf_counter()) + self.settings.delay_s)
        sound = self.sound(turn)
        if script.drops_after_s is not None:
            await connection.send_pieces(encoded(sound.between(0.0, script.drops_after_s)), ends=False)
            await connection.close()
        elif script.stutter_s:
            await self._stuttered(connection, sound)
        else:
            await connection.send_pieces(encoded(sound), ends=False)

    async def _stuttered(self, connection: EchoConnection, sound: Clip) -> None:
        """Send the first half at once, and the second after its playback and the pause."""
        half = len(sound.samples) // 2
        writer = OggOpusWriter(sound.rate_hz)
        await connection.send_chunk(writer.feed(Clip(sound.samples[:half], sound.rate_hz)), is_final=False)
        await asyncio.sleep(half / sound.rate_hz + self.script.stutter_s)
        rest = writer.feed(Clip(sound.samples[half:], sound.rate_hz)) + writer.close()
        await connection.send_chunk(rest, is_final=True)
