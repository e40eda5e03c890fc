"""Synthesize every sentence with every voice and transcribe it with every recognizer, sentence by sentence.

All engines are loaded at once, and each sentence is finished in all pairs before the next one begins, so that a stopped
measurement is a complete, smaller experiment.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.clip import Clip
from voicelab.engines.pool.pool import EnginePool
from voicelab.metrics.words import WordCounts, count
from voicelab.pipeline.recognition import recognize
from voicelab.pipeline.spoken_text import spoken_parts
from voicelab.pipeline.transcribe import BATCH_WAIT_S
from voicelab.text import Normalizer
from voicelab.tts.base import speaks_clauses
from voicelab.tts.catalog import VOICES

_SENTENCES_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class CrossedSentence:
    """A recognizer's transcript of a voice's reading of a text. voice, recognizer: as given by the user."""

    text: str
    voice: str
    recognizer: str
    heard: str
    words: WordCounts


Pools = Mapping[str, EnginePool]
Heard = Callable[[CrossedSentence], None]


@asynccontextmanager
async def loaded(voices: Sequence[str], recognizers: Sequence[str]) -> AsyncIterator[tuple[Pools, Pools]]:
    """Load all engines, by name; raise InputError or EngineError before loading if one is not available."""
    engines = [(VOICES, name) for name in voices] + [(RECOGNIZERS, name) for name in recognizers]
    pools = [EnginePool(catalog.config(name), wait_s=BATCH_WAIT_S) for catalog, name in engines]
    async with AsyncExitStack() as stack:
        for pool in pools:
            stack.push_async_callback(pool.close)
            await pool.open()
        split = len(voices)
        yield dict(zip(voices, pools[:split], strict=True)), dict(zip(recognizers, pools[split:], strict=True))


async def hear_all(texts: Sequence[str], voices: Pools, recognizers: Pools, rules: Normalizer, heard: Heard) -> None:
    """Call `heard` with each result as soon as it is available."""
    turns = asyncio.Semaphore(_SENTENCES_AT_ONCE)

    async def one(text: str) -> None:
        async with turns:
            for voice, pool in voices.items():
                clip = await _speak(pool, text)
                for recognizer, ear in recognizers.items():
                    found = (await recognize(ear, clip)).text
                    heard(CrossedSentence(text, voice, recognizer, found, count(text, found, rules)))

    async with asyncio.TaskGroup() as group:
        for text in texts:
            group.create_task(one(text))


async def _speak(pool: EnginePool, text: str) -> Clip:
    parts = spoken_parts(text, clauses=speaks_clauses(pool.info))
    return Clip.join([await pool.call("speak", part) for part in parts])
