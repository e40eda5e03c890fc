"""Predicted sound quality of a run's replies and requests, and the round-trip WER of its replies.

The scores detect noise, distortion and lost packets, not naturalness. A request with a low score suggests a bad
recording; wrong words in a request with a high score suggest recognizer errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from voicelab.analysis.roundtrip import replies, round_trip
from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.audio.mos.scores import SoundQualityModels
from voicelab.audio.mos.weights import PACKAGE
from voicelab.engines.spec import package_revision
from voicelab.errors import InputError
from voicelab.metrics.clusters import Floats
from voicelab.metrics.words import WordCounts, count
from voicelab.pipeline.transcribe import Progress
from voicelab.runs.records import RunFolder, RunResult, TurnResult
from voicelab.runs.sent_audio import RequestAudioSource, SetRecordings
from voicelab.scoring import inputs, sound_quality
from voicelab.scoring.intervals import Clusters
from voicelab.scoring.measuring import measure_ratio, measure_sums
from voicelab.scoring.sound_quality import ScoredSound, SoundGroup, SoundQualityRecord

_WORST, _BEST = 1.0, 5.0


def listen(folder: RunFolder, asr: str | None, *, progress: Progress | None = None) -> SoundQualityRecord:
    """Score a run's recorded replies and its requests, and write sound_quality.json to its folder.

    asr: the recognizer that transcribes the replies; None: only score them. progress: called after each scored clip.
    Raises InputError if the run has no recorded replies, EngineMissingError if the extra `quality` is not installed.
    """
    run = folder.read()
    models = SoundQualityModels()
    spoken, name, voice = replies(folder)
    requests, absent = _requests(run, folder.turns())
    total = len(spoken) + len(requests)
    trip = round_trip(spoken, {name: voice}, asr, rules=run.spec.normalizer or "english") if asr is not None else None
    heard = {one.id: _transcript(one.heard, one.words) for one in trip.heard} if trip is not None else {}
    done = 0

    def scored(key: str, text: str, clip: Clip, transcript: Mapping[str, Any]) -> ScoredSound:
        nonlocal done
        scores = asdict(models.score(clip))
        done += 1
        if progress is not None:
            progress(done, total)
        return ScoredSound(key=key, text=text, duration_s=clip.duration_s, scores=scores, **transcript)

    answered = [scored(one.id, one.text, one.clip, heard.get(one.id, {})) for one in spoken]
    scored_requests = [scored(turn.key, turn.text, clip, _recognized(turn, run)) for turn, clip in requests]
    record = SoundQualityRecord(
        run_id=run.run_id,
        models=package_revision(PACKAGE),
        voice=voice,
        recognizer=trip.recognizer if trip is not None else None,
        normalizer=run.spec.rules.name,
        replies=_group(answered),
        requests=_group(scored_requests, absent),
    )
    sound_quality.write(folder.path, record)
    return record


def _requests(run: RunResult, turns: Sequence[TurnResult]) -> tuple[list[tuple[TurnResult, Clip]], str | None]:
    """The audio sent in each primary turn with speech, with the run's condition applied, or why it is not available.

    The models are made for speech: they score silence and noise low, which says nothing about a recording.
    """
    samples = inputs.sample_set(run)
    if samples is None:
        return [], "the run's samples no longer exist or have changed"
    source = RequestAudioSource(SetRecordings(samples.whole), run.spec.condition)
    found = []
    for turn in turns:
        if turn.primary and turn.text.strip():
            sample = samples.sample(turn.sample_id)
            found.append((turn, decoding.decode(source.of(sample).audio, source=sample.source)))
    return found, None


def _recognized(turn: TurnResult, run: RunResult) -> dict[str, Any]:
    return {} if turn.heard is None else _transcript(turn.heard, count(turn.text, turn.heard, run.spec.rules))


def _transcript(heard: str, words: WordCounts) -> dict[str, Any]:
    """The fields of ScoredSound about a transcript."""
    return {"heard": heard, "errors": words.errors, "words": words.reference_words}


def _group(sounds: Sequence[ScoredSound], absent: str | None = None) -> SoundGroup:
    """Means and the word error rate; equal texts form one cluster, because they sound alike."""
    if not sounds:
        return SoundGroup(absent=absent or "there are none")
    clusters = Clusters("sample", tuple(sound.text for sound in sounds))
    means = {}
    for name in sound_quality.SCORES:
        values = [sound.scores[name] for sound in sounds]
        columns = (values, [1.0] * len(values))
        means[name] = measure_sums(float(np.mean(values)), columns, _mean, clusters, least=_WORST, most=_BEST)
    heard = [sound for sound in sounds if sound.errors is not None and sound.words is not None]
    wer = None
    if heard:
        parts, wholes = [sound.errors or 0 for sound in heard], [sound.words or 0 for sound in heard]
        wer = measure_ratio(parts, wholes, Clusters("sample", tuple(sound.text for sound in heard)))
    return SoundGroup(scores=means, wer=wer, sounds=tuple(sounds))


def _mean(sums: Floats) -> Floats:
    return np.asarray(sums[:, 0] / sums[:, 1], dtype=np.float64)


def recognizer_of(run: RunResult) -> str:
    """The run's own recognizer; InputError if a server chose it."""
    if run.spec.asr is None:
        raise InputError("the server chose the run's recognizer; name one to transcribe the replies: --asr NAME")
    return run.spec.asr
