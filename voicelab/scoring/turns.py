"""Score single turns: counts that the summary adds up and the report shows turn by turn."""

from collections.abc import Iterable, Sequence

from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.entities import Forms, companies_of, entity_word_errors, linked, linked_by_agent, surface
from voicelab.metrics.tool_calls import Call, ToolCallCounts, compare_calls, same_value
from voicelab.metrics.words import align, count_characters, counts_of
from voicelab.runs.records import TurnResult
from voicelab.scoring.entity_classes import class_counts
from voicelab.scoring.streaming import streaming_counts
from voicelab.text import Normalizer

NO_SPEECH = "(no speech)"
"""The intent of a turn with an empty transcript, in which the agent was not called."""


def score_turns(turns: Sequence[TurnResult], normalizer: Normalizer, forms: Forms) -> list[TurnScore]:
    """Score every turn. Session entities are searched in all turns of the conversation."""
    sessions: dict[str, list[TurnResult]] = {}
    for turn in turns:
        sessions.setdefault(turn.conversation, []).append(turn)
    texts = {name: session_text(members) for name, members in sessions.items()}
    return [_score(turn, texts[turn.conversation], normalizer, forms) for turn in turns]


def session_text(turns: Iterable[TurnResult]) -> str:
    """The text of a session: transcripts, replies, and the companies that the agent recognized."""
    parts: list[str] = []
    for turn in turns:
        companies = (entity for entity in turn.entities if entity["kind"] == "company" and entity["heard"])
        named = (f"{entity['value']}\n{entity['name']}" for entity in companies)
        parts += [turn.heard or "", turn.answer or "", *named]
    return "\n".join(parts)


def answer_text(turn: TurnResult) -> str | None:
    """The reply's text: "" for an empty transcript, None if the turn failed."""
    return "" if turn.answer is None and turn.heard == "" else turn.answer


def tool_call_counts(turn: TurnResult, forms: Forms) -> ToolCallCounts | None:
    """Compare a turn's tool calls with those that its sample expects; None if it is not scored.

    None: the sample names no expected calls, the run's version recorded no calls, or the turn failed. For an empty
    transcript, all expected calls are missed. forms: all names of each company, by ticker.
    """
    if turn.expected_tool_calls is None or turn.tool_calls is None or turn.broken:
        return None
    made = [Call(call.name, call.arguments) for call in turn.tool_calls]
    return compare_calls(turn.expected_tool_calls, made, same_value(forms))


def _score(turn: TurnResult, session: str, normalizer: Normalizer, forms: Forms) -> TurnScore:
    heard, answer = turn.heard, answer_text(turn)
    expected = turn.expected_entities
    steps = align(turn.text, heard, normalizer) if heard is not None else None
    claims = answer is not None and turn.answer_by is None  # a reply that voicelab transcribed has none
    spans = [normalizer.words(entity) for entity in expected]
    return TurnScore(
        turn=turn,
        steps=steps,
        words=counts_of(steps) if steps is not None else None,
        characters=count_characters(turn.text, heard, normalizer) if heard is not None else None,
        said=surface(expected, turn.text) if heard is not None else None,
        heard=surface(expected, heard) if heard is not None else None,
        answered=surface(expected, answer) if answer is not None else None,
        session=surface(expected, session) if answer is not None else None,
        linked_heard=linked(expected, heard, forms) if heard is not None else None,
        linked_answered=linked(expected, answer, forms) if answer is not None else None,
        agent=linked_by_agent(expected, turn.tickers, forms) if claims else None,
        entity_words=entity_word_errors(steps, spans) if steps is not None else None,
        classes=class_counts(turn, steps, normalizer, forms) if steps is not None else None,
        intent=NO_SPEECH if turn.intent is None and heard == "" else turn.intent,
        companies=companies_of(expected, forms),
        tool_calls=tool_call_counts(turn, forms),
        streaming=streaming_counts(turn, normalizer),
    )
