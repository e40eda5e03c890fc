"""Scores and hours such as `9-5`, which are two numbers and not 95."""

from collections.abc import Sequence
from dataclasses import replace

from voicelab.metrics.matching.token import Token


def with_scores_apart(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Separate the two numbers of `9-5`, which do not match a single number such as 95. `9-1-1` stays one number."""
    apart = list(tokens)
    for index in range(1, len(tokens)):
        if _is_score(tokens, index) and not _is_digit_after_hyphen(tokens, index - 1):
            apart[index] = replace(tokens[index], paused=True)
    return tuple(apart)


def _is_score(tokens: Sequence[Token], index: int) -> bool:
    alone = index + 1 == len(tokens) or not _is_digit_after_hyphen(tokens, index + 1)
    return alone and len(tokens[index - 1].text) == 1 and _is_digit_after_hyphen(tokens, index)


def _is_digit_after_hyphen(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index]
    if index == 0 or not (token.number and token.joined and token.mark == "-" and len(token.text) == 1):
        return False
    return tokens[index - 1].number
