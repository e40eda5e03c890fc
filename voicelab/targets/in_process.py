"""voicelab's pipeline in this process, without a server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from time import perf_counter

from voicelab.agent.base import Dialogue
from voicelab.audio.incoming import Mode
from voicelab.errors import EngineError, InputError, NoSpeechError, TurnTooLongError
from voicelab.pipeline.pipeline import Pipeline
from voicelab.pipeline.turn import Turn
from voicelab.pipeline.turn_events import AgentAnswer, Recognition, SpokenReply
from voicelab.targets.base import PIPELINE, Interruption, Session, TargetBase, TargetSettings, TurnOutcome, Utterance
from voicelab.targets.reply_clock import ReplyClock
from voicelab.targets.request import Chunk, paced, request_chunks, sent_sound


class InProcess(TargetBase):
    """voicelab's own pipeline with the engines of --asr, --agent and --tts."""

    capabilities = PIPELINE

    def __init__(self) -> None:
        self._pipeline: Pipeline | None = None

    async def open(self, settings: TargetSettings) -> None:
        self._pipeline = await Pipeline.open(str(settings.asr), str(settings.agent), str(settings.tts))
        self.engines = tuple(self._pipeline.engines)

    async def close(self) -> None:
        if self._pipeline is not None:
            await self._pipeline.close()

    @asynccontextmanager
    async def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AsyncIterator[Session]:
        assert self._pipeline is not None, "open the target first"
        session = _LocalSession(self._pipeline, user_id, session_id or user_id)
        for heard in heard_before:
            await session.remember(heard)
        yield session


class _LocalSession:
    """A conversation with the pipeline, timed like a client's conversation with a server."""

    def __init__(self, pipeline: Pipeline, user_id: str, session_id: str) -> None:
        self._pipeline = pipeline
        self._dialogue = Dialogue(user_id)
        self.session_id = session_id

    async def remember(self, heard: str) -> None:
        """Restore the dialogue after a turn that an earlier, killed run completed."""
        turn = Turn(self._pipeline, self._dialogue)
        try:
            self._dialogue = self._dialogue.after(heard, await turn.reply(heard))
        finally:
            await turn.close()

    async def speak(
        self, utterance: Utterance, mode: Mode = "burst", interruption: Interruption | None = None
    ) -> TurnOutcome:
        if interruption is not None:
            raise InputError("the in-process pipeline cannot be interrupted; its capabilities exclude interruption")
        outcome, clock = TurnOutcome(), ReplyClock()
        t_end = perf_counter()
        chunks: list[Chunk] = []
        sent_s: list[float] = []
        turn = Turn(self._pipeline, self._dialogue)
        try:
            chunks = request_chunks(utterance.audio, mode, source=utterance.source)
            async for chunk in paced(chunks, mode):
                t_end = perf_counter()
                sent_s.append(t_end)
                await turn.receive(chunk.data, chunk.form, chunk.sample_rate_hz)
            async for event in turn.finish():
                at_s = perf_counter() - t_end
                if isinstance(event, Recognition):
                    outcome.heard, outcome.transcript_s = event.transcript.text, at_s
                elif isinstance(event, AgentAnswer):
                    reply = event.reply
                    outcome.answer, outcome.intent, outcome.reply_text_s = reply.text, reply.intent, at_s
                    outcome.entities = [asdict(entity) for entity in reply.entities]
                    outcome.candidates = [asdict(entity) for entity in reply.candidates]
                    outcome.tool_calls = list(reply.tool_calls)
                    outcome.changes = [asdict(change) for change in reply.changes]
                    outcome.usage = asdict(reply.usage) if reply.usage is not None else None
                    self._dialogue = self._dialogue.after(event.heard, reply)
                elif isinstance(event, SpokenReply):
                    clock.arrived(at_s, event.data)
                    if event.last:
                        outcome.turn_s = at_s
        except NoSpeechError as error:
            outcome.error = ("no_speech", str(error))
        except TurnTooLongError as error:
            outcome.error = ("turn_too_long", str(error))
        except InputError as error:
            outcome.error = ("bad_audio", str(error))
        except EngineError as error:
            outcome.error = ("engine_failed", str(error))
        finally:
            await turn.close()
        outcome.stages = turn.times.model_dump()
        outcome.t_end = t_end
        outcome.sent = sent_sound(utterance, mode, chunks, sent_s)
        clock.fill(outcome, t_end)
        return outcome
