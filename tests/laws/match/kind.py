"""Interface of a kind of entity for generating pairs."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Value]):
    """One kind of entity.

    draw: return a random value. change: return a value that differs in one digit, sign, scale, unit or letter. written,
    spoken: return all written and spoken forms of a value.
    """

    name: str
    entity_class: str
    draw: Callable[[random.Random], Value]
    change: Callable[[random.Random, Value], Value]
    written: Callable[[Value], list[str]]
    spoken: Callable[[Value], list[str]]


def another_digit(chance: random.Random, text: str) -> str:
    """Change one digit of a text; the first digit never becomes zero."""
    place = chance.choice([at for at, sign in enumerate(text) if sign.isdigit()])
    least = 1 if place == 0 or not text[place - 1].isdigit() else 0
    digit = chance.choice([one for one in range(least, 10) if str(one) != text[place]])
    return f"{text[:place]}{digit}{text[place + 1 :]}"


def another(chance: random.Random, options: tuple[str, ...], one: str) -> str:
    """An option other than `one`."""
    return chance.choice([option for option in options if option != one])
