"""Colours of plots, safe for the colour-blind (Okabe & Ito 2008), on light and on dark paper."""

from __future__ import annotations

from dataclasses import dataclass

BLUE, ORANGE, GREEN, SKY, PINK, VERMILION = "#0072B2", "#E69F00", "#009E73", "#56B4E9", "#CC79A7", "#D55E00"


@dataclass(frozen=True, slots=True)
class Theme:
    """Ink and paper. accent: the colour of a figure with one series. heat: the colours of few and of many."""

    name: str
    paper: str
    ink: str
    muted: str
    grid: str
    accent: str
    rest: str
    heat: tuple[str, str]


LIGHT = Theme("light", "#ffffff", "#1b1f24", "#5a6472", "#dfe3e8", BLUE, "#9aa3ae", ("#f3f6f9", "#08519c"))
DARK = Theme("dark", "#171b21", "#e8eaed", "#a3adba", "#323943", SKY, "#7d8794", ("#1f262f", "#8cc8f5"))
