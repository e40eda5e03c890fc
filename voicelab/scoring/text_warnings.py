"""Warnings about texts that a run's normalizer does not fit."""

from collections.abc import Collection

from voicelab.runs.records import TurnResult
from voicelab.text import Normalizer, heard_in_another_script, misfit


def text_warnings(rules: Normalizer, turns: Collection[TurnResult]) -> tuple[str, ...]:
    """Return a sentence for each reason why the word errors of these turns may be misleading."""
    references = [turn.text for turn in turns]
    heard = [turn.heard for turn in turns if turn.heard]
    return tuple(found for found in (misfit(rules, references), heard_in_another_script(references, heard)) if found)
