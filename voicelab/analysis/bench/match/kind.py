"""What a kind of entity must provide so that pairs of it can be generated."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Value]):
    """One kind of entity.

    draw: a random value. change: a value that differs from it in one digit, sign, scale, unit or letter. written and
    spoken: every way in which the value is written and said.
    """

    name: str
    entity_class: str
    draw: Callable[[random.Random], Value]
    change: Callable[[random.Random, Value], Value]
    written: Callable[[Value], list[str]]
    spoken: Callable[[Value], list[str]]


def another_digit(chance: random.Random, text: str) -> str:
    """The text with one of its digits changed; the first digit does not become zero."""
    place = chance.choice([at for at, sign in enumerate(text) if sign.isdigit()])
    least = 1 if place == 0 or not text[place - 1].isdigit() else 0
    digit = chance.choice([one for one in range(least, 10) if str(one) != text[place]])
    return f"{text[:place]}{digit}{text[place + 1 :]}"


def another(chance: random.Random, options: tuple[str, ...], one: str) -> str:
    """An option other than `one`."""
    return chance.choice([option for option in options if option != one])
