"""Log-likelihood ratio of a recognizer's hypothesis over the reference, by forced alignment."""

import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from voicelab.analysis.audit.forced import FRAME_S, Aligner, Alignment, PhoneSpan, dictionary
from voicelab.analysis.audit.pronounce import Pronouncer, Pronunciation
from voicelab.audio.clip import Clip
from voicelab.engines.pool.cores import available_cores
from voicelab.errors import EngineError


@dataclass(frozen=True, slots=True)
class Question:
    """A recording at SPEECH_RATE_HZ, its reference text, and a recognizer's hypothesis."""

    clip: Clip
    reference: str
    heard: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """The scores of one question.

    gap_nats: (log-likelihood of the hypothesis - log-likelihood of the reference) / frames, in nats per frame of
    FRAME_S. Above 0 if the audio fits the hypothesis better; infinite if the recording is too short for the reference;
    None if it cannot be computed, with the reason in `problem`.
    worst_word, from_s, to_s: the word of the reference with the largest loss against the hypothesis at its position;
    None if no word fits worse. guessed: words of the reference outside the dictionary, pronounced by eSpeak NG.
    """

    gap_nats: float | None
    problem: str = ""
    worst_word: str | None = None
    from_s: float | None = None
    to_s: float | None = None
    guessed: tuple[str, ...] = ()


def misfits(questions: Sequence[Question], *, progress: Callable[[int], None] | None = None) -> list[Misfit]:
    """Score all questions in parallel on all cores; `progress` is called with the number done."""
    reader = Pronouncer(dictionary().__contains__)
    reader.read(text for question in questions for text in (question.reference, question.heard))
    tasks = [(one.clip, reader.spoken(one.reference), reader.spoken(one.heard)) for one in questions]
    found: dict[int, Misfit] = {}
    lanes = max(1, min(available_cores(), len(tasks)))
    try:
        with ProcessPoolExecutor(
            lanes, mp_context=get_context("spawn"), initializer=_begin, initargs=(reader.sounds,)
        ) as pool:
            places = {pool.submit(_answer, *task): number for number, task in enumerate(tasks)}
            try:
                for done in as_completed(places):
                    found[places[done]] = done.result()
                    if progress is not None:
                        progress(len(found))
            except BaseException:  # On errors, Ctrl-C above all, do not wait for tasks that have not started
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    except BrokenProcessPool as error:
        raise EngineError("pocketsphinx", "the process ended during the alignment") from error
    return [found[number] for number in range(len(tasks))]


_aligner: Aligner
"""The aligner of a worker process."""


def _begin(sounds: dict[str, str]) -> None:
    global _aligner
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent process handles Ctrl-C
    _aligner = Aligner()
    _aligner.learn(sounds)


def _answer(clip: Clip, reference: Pronunciation, heard: Pronunciation) -> Misfit:
    guessed = tuple(dict.fromkeys(reference.guessed))
    if unreadable := (*reference.unreadable, *heard.unreadable):
        return Misfit(None, f"no pronunciation for {', '.join(map(repr, unreadable))}", guessed=guessed)
    if not reference.words:
        return Misfit(None, "the reference has no words", guessed=guessed)
    if heard.words == reference.words:
        return Misfit(0.0, guessed=guessed)
    free = _aligner.align(clip, heard.words)
    if free is None:
        return Misfit(None, "the hypothesis is too long for the recording", guessed=guessed)
    forced = _aligner.align(clip, reference.words)
    if forced is None:
        return Misfit(float("inf"), "the reference is too long for the recording", guessed=guessed)
    return _compare(forced, free, guessed)


def _compare(forced: Alignment, free: Alignment, guessed: tuple[str, ...]) -> Misfit:
    gap = (free.score_nats - forced.score_nats) / forced.frames
    ours, theirs = forced.by_frame(), free.by_frame()
    spans = [span for span in forced.spans if span.word is not None]

    def lost(span: PhoneSpan) -> float:
        return sum(theirs[span.start : span.end]) - sum(ours[span.start : span.end])

    worst = max(spans, key=lost)
    if lost(worst) <= 0:
        return Misfit(gap, guessed=guessed)
    return Misfit(gap, "", worst.word, round(worst.start * FRAME_S, 2), round(worst.end * FRAME_S, 2), guessed)
