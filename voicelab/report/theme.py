"""Colour-blind-safe colours of plots (Okabe & Ito 2008), for light and dark backgrounds."""

from dataclasses import dataclass

BLUE, ORANGE, GREEN, SKY, PINK, VERMILION = "#0072B2", "#E69F00", "#009E73", "#56B4E9", "#CC79A7", "#D55E00"


@dataclass(frozen=True, slots=True)
class Theme:
    """Text and background colours. accent: colour of a single series. heat: colours of low and high counts."""

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
