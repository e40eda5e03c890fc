"""Runs a recognizer on clips, or a voice on texts, in its own process or thread without a pipeline."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.clip import Clip
from voicelab.engines.pool.pool import EnginePool
from voicelab.engines.pool.run_sync import run_blocking
from voicelab.engines.spec import EngineConfig, EngineInfo
from voicelab.errors import EngineError
from voicelab.pipeline.recognition import recognize
from voicelab.pipeline.spoken_text import spoken_parts
from voicelab.tts.base import speaks_clauses
from voicelab.tts.catalog import VOICES

Progress = Callable[[int, int], None]
"""Called as work completes, with the numbers of completed and all items."""


def hear(asr: str, clips: Sequence[Clip], progress: Progress | None = None) -> tuple[EngineInfo, list[str]]:
    """Transcribe each clip ("" without words); also return the recognizer's description.

    Raises InputError or EngineError when it cannot be loaded.
    """
    return run_blocking(_hear(RECOGNIZERS.config(asr), clips, progress))


def say(tts: str, texts: Sequence[str], progress: Progress | None = None) -> tuple[EngineInfo, list[Clip]]:
    """Synthesize each text, in parts as in a turn; also return the voice's description."""
    return run_blocking(_say(VOICES.config(tts), texts, progress))


BATCH_WAIT_S = 600.0
"""Long, because no client waits for a reply here, so a slow machine need not cause a failure."""


@asynccontextmanager
async def _hosted(config: EngineConfig) -> AsyncIterator[EnginePool]:
    host = await EnginePool(config, wait_s=BATCH_WAIT_S).open()
    try:
        yield host
    finally:
        await host.close()


async def _hear(config: EngineConfig, clips: Sequence[Clip], progress: Progress | None) -> tuple[EngineInfo, list[str]]:
    async with _hosted(config) as host:
        lanes = asyncio.Semaphore(host.info.lanes)
        done = 0

        async def one(clip: Clip) -> str:
            nonlocal done
            async with lanes:
                found = (await recognize(host, clip)).text
            done += 1
            if progress is not None:
                progress(done, len(clips))
            return found

        tasks = [asyncio.create_task(one(clip)) for clip in clips]
        try:
            return host.info, list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _say(config: EngineConfig, texts: Sequence[str], progress: Progress | None) -> tuple[EngineInfo, list[Clip]]:
    async with _hosted(config) as host:
        clips = []
        for number, text in enumerate(texts, start=1):
            parts = [await host.call("speak", part) for part in spoken_parts(text, clauses=speaks_clauses(host.info))]
            if not parts:
                raise EngineError(config.name, f"{text!r} contains no words to speak")
            clips.append(Clip.join(parts))
            if progress is not None:
                progress(number, len(texts))
        return host.info, clips
