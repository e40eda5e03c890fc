"""Measure the speed and the time to first audio of voices, each in a new process.

Each voice synthesizes the same texts, whole and as in a turn (`spoken_parts`), so that the earlier first audio can be
compared with its cost in pauses.
"""

import multiprocessing
import resource
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

from voicelab.agent.base import Dialogue
from voicelab.agent.catalog import AGENTS
from voicelab.audio import pauses
from voicelab.audio.clip import Clip
from voicelab.datasets import SampleSet
from voicelab.engines.spec import EngineConfig, EngineInfo
from voicelab.errors import EngineError
from voicelab.metrics.latency import Quantiles, quantiles
from voicelab.pipeline.spoken_text import spoken_parts
from voicelab.text import sentences
from voicelab.tts.base import speaks_clauses
from voicelab.tts.catalog import VOICES


@dataclass(frozen=True, slots=True)
class Spoken:
    """Timing of a first sentence.

    first_s, whole_s: seconds to synthesize its first part, and all of it; the best round. lead_s: silence at the start
    of the first part. pause_s: silence between its two parts; whole_pause_s: longest silence inside the same sentence
    spoken whole. slack_s: remaining playback of the first part when the second is ready; below 0 the reply has a gap.
    The last three are None for a sentence in one part.
    """

    first_s: float
    whole_s: float
    lead_s: float
    pause_s: float | None = None
    whole_pause_s: float | None = None
    slack_s: float | None = None


@dataclass(frozen=True, slots=True)
class VoiceSpeed:
    """Speed of a voice. load_s: loading time in seconds. rtf: real-time factor over all texts, the best round.

    peak_mib: peak memory of its process. first: the first sentence of each text.
    """

    voice: str
    revision: str
    load_s: float
    rtf: float
    peak_mib: float
    first: tuple[Spoken, ...]

    def first_sound(self) -> Quantiles:
        """Seconds from a text to its first audible sound, including leading silence."""
        return quantiles(one.first_s + one.lead_s for one in self.first)

    def whole_sound(self) -> Quantiles:
        """The same for first sentences synthesized whole."""
        return quantiles(one.whole_s + one.lead_s for one in self.first)

    @property
    def cut(self) -> int:
        """Number of first sentences spoken in two parts."""
        return sum(one.pause_s is not None for one in self.first)

    @property
    def gaps(self) -> int:
        """Number of replies with a gap because the second part is late."""
        return sum(one.slack_s is not None and one.slack_s < 0 for one in self.first)

    def pause_s(self, *, whole: bool) -> float | None:
        """The median pause between parts, or the median of the longest pauses of the same sentences spoken whole."""
        found = [one.whole_pause_s if whole else one.pause_s for one in self.first]
        known = [value for value in found if value is not None]
        return median(known) if known else None


def replies_to(samples: SampleSet, limit: int) -> list[str]:
    """The distinct replies of the `rules` agent to the texts of a set, at most `limit`."""
    agent = AGENTS.config("rules").build()
    agent.load()
    found = dict.fromkeys(agent.respond(sample.text, Dialogue()).text for sample in samples.samples)
    return list(found)[:limit]


def measure(voice: str, texts: Sequence[str], *, rounds: int) -> VoiceSpeed:
    """Load a voice in a new process and time it; EngineError if it is not available or dies."""
    config = VOICES.config(voice)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(_measure_here, voice, config, list(texts), rounds).result()
        except BrokenProcessPool as error:
            raise EngineError(config.name, "the process ended during the benchmark") from error


def _measure_here(voice: str, config: EngineConfig, texts: list[str], rounds: int) -> VoiceSpeed:
    start = perf_counter()
    engine = config.build()
    info: EngineInfo = config.load(engine)
    load_s = perf_counter() - start
    taken = []
    for _ in range(rounds):
        start, sound_s = perf_counter(), 0.0
        for text in texts:
            for part in spoken_parts(text, clauses=speaks_clauses(info)):
                sound_s += engine.speak(part).duration_s
        taken.append((perf_counter() - start) / sound_s)
    first = tuple(_first_sentence(engine, text, rounds, clauses=speaks_clauses(info)) for text in texts)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return VoiceSpeed(voice, info.revision, load_s, min(taken), peak_mib, first)


def _first_sentence(engine: Any, text: str, rounds: int, *, clauses: bool) -> Spoken:
    sentence = sentences(text)[0]
    parts = spoken_parts(sentence, clauses=clauses)
    whole, whole_s = _timed(engine, sentence, rounds)
    if len(parts) == 1:
        return Spoken(whole_s, whole_s, pauses.leading_s(whole))
    (opening, first_s), (rest, rest_s) = (_timed(engine, part, rounds) for part in parts)
    return Spoken(
        first_s,
        whole_s,
        pauses.leading_s(opening),
        pause_s=pauses.trailing_s(opening) + pauses.leading_s(rest),
        whole_pause_s=pauses.longest_inside_s(whole),
        slack_s=opening.duration_s - rest_s,
    )


def _timed(engine: Any, text: str, rounds: int) -> tuple[Clip, float]:
    taken = []
    for _ in range(rounds):
        start = perf_counter()
        clip = engine.speak(text)
        taken.append(perf_counter() - start)
    return clip, min(taken)
