"""One turn while it comes in: its bytes go to the recognizer as they arrive."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Literal

from server.history import TurnRecord
from server.messages import AudioChunk, ErrorCode, Refused
from server.outgoing import PartialTranscription
from server.services import Services
from server.session.config import SessionConfig
from server.session.partials import Partials
from server.session.rate_limiter import RateLimiter
from server.session.sender import Sender
from voicelab.audio.clip import Clip
from voicelab.errors import VoicelabError
from voicelab.pipeline.turn import Turn, TurnEvent


class UtteranceReceiver:
    """Opened with its first audio, or by `open` for a typed turn; what it became is in `record`.

    note: is told every text that the recognizer has so far. quiet: the client is not told of it yet. fault: what went
    wrong in it, for `finish` to raise.
    """

    def __init__(
        self,
        services: Services,
        config: SessionConfig,
        sender: Sender,
        rate_limiter: RateLimiter,
        *,
        kind: Literal["spoken", "typed"],
        note: Callable[[str], None] | None = None,
    ) -> None:
        self.record = TurnRecord(kind)
        self.turn: Turn | None = None
        self.quiet = False
        self.fault: VoicelabError | None = None
        self._note = note
        self._services = services
        self._config = config
        self._sender = sender
        self._rate_limiter = rate_limiter
        self._partials: Partials | None = None

    @property
    def turn_id(self) -> str:
        """Names the turn on the wire, in the log and in traces."""
        return self.record.turn_id

    async def open(self) -> Turn:
        """The turn in the pipeline, knowing what was said before it."""
        services, config = self._services, self._config
        dialogue = await services.history.dialogue(config.session_id, config.user_id)
        longest_s = services.settings.max_turn_s
        self.turn = Turn(
            services.pipeline,
            dialogue,
            reply_format=config.reply_format,
            reply_rate_hz=config.reply_rate_hz,
            longest_s=longest_s,
        )
        self.record.times, self.record.intervals = self.turn.times, self.turn.intervals
        if config.partials or self._note is not None:
            self._partials = Partials(self.turn, self._tell, self._note)
        return self.turn

    async def hear(self, chunk: AudioChunk, at_s: float) -> None:
        """Take a chunk that came at that instant; one without audio carries nothing.

        Raises InputError when its bytes are no sound, Refused when it came too fast.
        """
        data = chunk.data()
        if not data:
            return
        turn = self.turn or await self.open()
        self.record.audio_bytes_in += len(data)
        heard_s = turn.heard_s
        await turn.receive(data, chunk.format, chunk.rate_hz)
        if self._config.realtime:
            self._rate_limiter.heard(turn.heard_s - heard_s, at_s)
        if self._partials is not None:
            self._partials.sound_came()

    async def add(self, clip: Clip) -> None:
        """Take sound (SPEECH_RATE_HZ) that was decoded before."""
        turn = self.turn or await self.open()
        await turn.hear(clip)
        if self._partials is not None:
            self._partials.sound_came()

    async def finish(self) -> AsyncGenerator[TurnEvent, None]:
        """The answer, once the last sound has come; Refused when none came at all."""
        await self.hush()
        if self.fault is not None:
            raise self.fault
        if self.turn is None:
            raise Refused(ErrorCode.NO_AUDIO, "the turn ended with no audio in it; send some before is_final")
        if self._config.continuous:
            # It may have begun while the turn before it was still being answered.
            await self.recall()
        return self.turn.finish()

    async def recall(self) -> None:
        """Look again at what was said before."""
        if self.turn is not None:
            history = self._services.history
            self.turn.dialogue = await history.dialogue(self._config.session_id, self._config.user_id)

    async def hush(self) -> None:
        """Ask the recognizer no more what it has so far; nothing of that is told once this has returned."""
        if self._partials is not None:
            await self._partials.stop()

    async def close(self) -> None:
        """Give back what the pipeline holds for it."""
        await self.hush()
        if self.turn is not None:
            await self.turn.close()

    async def _tell(self, text: str) -> None:
        if self.quiet or not self._config.partials:
            return
        about, shown = self._config.session_id, self._config.shown(self.turn_id)
        await self._sender.send(PartialTranscription(text=text, session_id=about, turn_id=shown))
