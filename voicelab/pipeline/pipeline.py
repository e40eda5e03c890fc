"""The loaded engines that every turn needs."""

import asyncio
from dataclasses import dataclass
from typing import Self

from voicelab.agent.catalog import AGENTS
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.engines.pool.pool import ENGINE_LIMIT_S, ENGINE_WAIT_S, EnginePool
from voicelab.engines.pool.work_pool import WorkPool
from voicelab.engines.spec import EngineInfo, Isolation
from voicelab.pipeline.reply_audio import encoder_host
from voicelab.tts.catalog import VOICES

_TURN_END_THREADS = 64
"""Each thread only waits for the decoder of one turn, so there are many more than cores. With one per core, a few slow
decodes would delay all other turns.
"""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A loaded recognizer, agent and voice, and the encoder of their replies.

    turn_ends: threads that wait for the end of turns sent in a container.
    """

    asr: EnginePool
    agent: EnginePool
    tts: EnginePool
    encoder: EnginePool
    turn_ends: WorkPool

    @classmethod
    async def open(
        cls,
        asr: str,
        agent: str,
        tts: str,
        *,
        asr_workers: int | None = None,
        engine_limit_s: float = ENGINE_LIMIT_S,
        engine_wait_s: float = ENGINE_WAIT_S,
        encoder_in: Isolation = "thread",
    ) -> Self:
        """Check all three names, then load all engines concurrently; a failure closes them all.

        encoder_in: "process" if many replies are encoded while the event loop is busy.
        """
        hosts = (
            EnginePool(RECOGNIZERS.config(asr), asr_workers, limit_s=engine_limit_s, wait_s=engine_wait_s),
            EnginePool(AGENTS.config(agent), limit_s=engine_limit_s),
            EnginePool(VOICES.config(tts), limit_s=engine_limit_s),
            encoder_host(encoder_in, engine_limit_s),
        )
        results = await asyncio.gather(*(host.open() for host in hosts), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            await asyncio.gather(*(host.close() for host in hosts))
            raise failures[0]
        return cls(*hosts, WorkPool("turn-ends", _TURN_END_THREADS))

    @property
    def hosts(self) -> tuple[EnginePool, EnginePool, EnginePool, EnginePool]:
        return self.asr, self.agent, self.tts, self.encoder

    @property
    def engines(self) -> tuple[EngineInfo, EngineInfo, EngineInfo]:
        return self.asr.info, self.agent.info, self.tts.info

    async def close(self) -> None:
        self.turn_ends.close()
        await asyncio.gather(*(host.close() for host in self.hosts))
