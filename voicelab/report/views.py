"""Prepare turns for the report: alignment, entities, intent, tool calls and audio."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from voicelab.datasets import SampleSet
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.entities import mentions
from voicelab.report.lanes import Lanes, conversation_lanes
from voicelab.report.sounds import SOUND_LIMIT_BYTES, EmbeddedSound, SoundShelf
from voicelab.runs.records import RunFolder, TurnResult
from voicelab.scoring.labels import label
from voicelab.scoring.turns import answer_text


@dataclass(frozen=True, slots=True)
class TurnCard:
    """A turn with its texts and audio.

    entities: (name, whether it is in the transcript, whether it is in the answer). lanes: the waveforms of the
    conversation, set for its first turn only.
    """

    score: TurnScore
    request: EmbeddedSound
    reply: EmbeddedSound
    entities: tuple[tuple[str, bool, bool], ...]
    lanes: Lanes | None = None

    @property
    def anchor(self) -> str:
        return anchor(self.turn.key)

    @property
    def flags(self) -> str:
        """The page's filters that match this turn: errors, intent, entity, tool, wrong-tool, fault."""
        score, turn = self.score, self.turn
        calls = score.tool_calls
        found = {
            "errors": bool(score.errors),
            "intent": score.intent_right is False,
            "entity": any(not heard for _, heard, _ in self.entities),
            "tool": bool(turn.tool_calls),
            "wrong-tool": calls is not None and not calls.turns_right,
            "fault": turn.broken,
        }
        return " ".join(name for name, holds in found.items() if holds)

    @property
    def turn(self) -> TurnResult:
        return self.score.turn

    @property
    def wer(self) -> float | None:
        return self.score.words.wer if self.score.words is not None else None

    @property
    def counts_text(self) -> str:
        words = self.score.words
        if words is None:
            return "not scored"
        parts = ((words.substitutions, "sub"), (words.deletions, "del"), (words.insertions, "ins"))
        return ", ".join(f"{count} {name}" for count, name in parts if count) or "no error"

    @property
    def intent_text(self) -> str:
        got, wanted = self.score.intent, self.turn.expected_intent
        if got is None:
            return "not scored"
        if wanted is None or wanted == got:
            return label(got)
        return f"{label(got)}, not {label(wanted)}"

    @property
    def session_text(self) -> str:
        found = self.score.session
        return f"{found.found} of {found.expected} in the session" if found is not None and found.expected else ""


def view_turns(
    folder: RunFolder, scores: Sequence[TurnScore], samples: SampleSet | None, *, limit_bytes: int = SOUND_LIMIT_BYTES
) -> list[TurnCard]:
    """Return the turns as cards. Audio is embedded in list order until the size limit is reached.

    The first turn of each conversation gets the conversation's waveforms if it has a stereo recording.
    """
    shelf = SoundShelf(folder, samples, limit_bytes)
    conversations: dict[str, list[TurnResult]] = {}
    for score in scores:
        conversations.setdefault(score.turn.conversation, []).append(score.turn)
    return [_view(score, shelf, conversations.pop(score.turn.conversation, [])) for score in scores]


def _view(score: TurnScore, shelf: SoundShelf, conversation: Sequence[TurnResult]) -> TurnCard:
    turn = score.turn
    heard, answer = turn.heard or "", answer_text(turn) or ""
    entities = tuple((one, mentions(heard, one), mentions(answer, one)) for one in turn.expected_entities)
    lanes = conversation_lanes(shelf, sorted(conversation, key=lambda one: one.turn_number))
    return TurnCard(score, shelf.request(turn), shelf.reply(turn), entities, lanes)


def anchor(key: str) -> str:
    """Return the HTML id of a turn; links add `#` before it."""
    return f"turn-{quote(key, safe='')}"
