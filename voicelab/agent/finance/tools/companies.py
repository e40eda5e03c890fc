"""Resolve the company that a model names."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from voicelab.agent.base import Entity
from voicelab.agent.finance.linking import CompanyLinker
from voicelab.agent.finance.market import Company
from voicelab.agent.tools import ToolArguments, ToolError

CompanyName = Annotated[str, Field(max_length=200, description="the company's name or its ticker, as the user said it")]
_THRESHOLD = 0.8


class CompanyArguments(ToolArguments):
    company: CompanyName


class Companies:
    """Resolves names and tickers, including misrecognized ones."""

    def __init__(self, known: Mapping[str, Company]) -> None:
        self.known = known
        self._linker = CompanyLinker(known)

    def find(self, named: str) -> Entity:
        """Return the best match as an entity found in `named`. Raises ToolError if there is none."""
        if named.strip().upper() in self.known:
            company = self.known[named.strip().upper()]
            return Entity("company", company.ticker, company.name, named, 1.0)
        fits = [entity for entity in self._linker.candidates(named) if entity.score >= _THRESHOLD]
        if not fits:
            raise ToolError(f"no company {named!r} is known; ask the user for its full name")
        best = fits[0]
        return Entity("company", best.value, best.name, named, best.score)

    def are_named(self, ticker: str, texts: Iterable[str]) -> bool:
        found = (entity for text in texts for entity in self._linker.candidates(text))
        return any(entity.value == ticker and entity.score >= _THRESHOLD for entity in found)
