"""Transcribe the audio of replies if the target sends no text for them.

This runs after the last conversation, so that it does not affect the timing of replies.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.errors import EngineError, InputError
from voicelab.pipeline.transcribe import hear
from voicelab.runs.records import RunFolder, RunResult, TurnResult

_AT_ONCE = 200
"""Number of replies whose audio is in memory at the same time."""


def with_reply_transcripts(folder: RunFolder, run: RunResult) -> RunResult:
    """Add a text to each answered turn without one, and a notice to the run.

    Nothing changes if every answered turn has a text, or if `spec.reply_asr` is None. The turns are appended to
    turns.jsonl with `answer_by`, the name of the recognizer.
    """
    asr = run.spec.reply_asr
    if asr is None:
        return run
    answered = [turn for turn in folder.turns() if turn.status == "answered"]
    waiting = iter([turn for turn in answered if turn.answer is None and turn.reply_file is not None])
    count = 0
    try:
        while some := list(islice(waiting, _AT_ONCE)):
            for turn in _transcribed(folder, some, asr):
                folder.append(turn)
                count += 1
    except (EngineError, InputError) as error:
        return _with_notice(run, f"reply text: the target sends none, and the replies were not transcribed: {error}")
    if not count:
        return run
    return _with_notice(run, f"reply text: the target sends none; {asr} transcribed the audio of {count} replies")


def _transcribed(folder: RunFolder, turns: Sequence[TurnResult], asr: str) -> Iterator[TurnResult]:
    clips = [_reply(folder, turn) for turn in turns]
    _, texts = hear(asr, clips)
    for turn, text in zip(turns, texts, strict=True):
        yield turn.model_copy(update={"answer": text, "answer_by": asr})


def _reply(folder: RunFolder, turn: TurnResult) -> Clip:
    file = folder.path / (turn.reply_file or "")
    return decoding.decode(file.read_bytes(), source=str(file)).at_rate(SPEECH_RATE_HZ)


def _with_notice(run: RunResult, notice: str) -> RunResult:
    return run.model_copy(update={"notices": (*run.notices, notice)})
