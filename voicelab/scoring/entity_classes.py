"""Count a turn's entities by class: expected, recognized and linked companies, tickers, amounts, ..."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicelab.figures.scored_turn import ClassCounts
from voicelab.metrics.entities import Forms, FoundCounts, SpanCounts, companies_of, mentions, surface
from voicelab.metrics.entity_classes import claims_by_class, class_of, word_errors_by_class
from voicelab.metrics.matching import found
from voicelab.metrics.words import AlignmentStep
from voicelab.runs.records import TurnResult
from voicelab.text import Normalizer

_LINKED = ("company", "ticker")


@dataclass(frozen=True, slots=True)
class ExpectedEntity:
    """An expected entity: a company with all of its names, or a word, an amount or a date as written."""

    name: str
    kind: str
    names: tuple[str, ...]

    def named_in(self, text: str) -> bool:
        """Whether a text names the entity in any form."""
        company = self.kind in _LINKED
        return any((company and mentions(text, one)) or found(one, text, self.kind) for one in self.names)


def distinct_entities(entities: Iterable[str], forms: Forms) -> list[ExpectedEntity]:
    """The distinct entities of a list, in order; a company counts once per class, as a ticker and as a name."""
    distinct: dict[tuple[str, str], ExpectedEntity] = {}
    for entity in entities:
        kind, companies = class_of(entity, forms), companies_of([entity], forms)
        name = min(companies) if kind in _LINKED and companies else entity
        names = (entity, name, *forms[name]) if kind in _LINKED and companies else (entity,)
        distinct.setdefault((kind, name), ExpectedEntity(name, kind, names))
    return list(distinct.values())


def class_counts(
    turn: TurnResult, steps: Sequence[AlignmentStep], normalizer: Normalizer, forms: Forms
) -> dict[str, ClassCounts]:
    """A turn's counts by class; surface: as written, linked: in any form, a company by any of its names."""
    heard = turn.heard or ""
    members: dict[str, list[str]] = {}
    for entity in turn.expected_entities:
        members.setdefault(class_of(entity, forms), []).append(entity)
    spans = {entity: normalizer.words(entity) for entity in turn.expected_entities}
    words = word_errors_by_class(steps, spans, forms)
    answered = turn.answer_by is None and (turn.answer is not None or not heard)
    agent = claims_by_class(turn.expected_entities, _claims(turn, forms), forms) if answered else {}
    none = FoundCounts() if answered else None
    return {
        kind: ClassCounts(
            surface=surface(members.get(kind, ()), heard),
            linked=_linked(members.get(kind, ()), heard, kind, forms),
            agent=agent.get(kind, none),
            words=words.get(kind, SpanCounts()),
        )
        for kind in {**members, **agent}
    }


def _linked(entities: Sequence[str], text: str, kind: str, forms: Forms) -> FoundCounts:
    named = [one.named_in(text) for one in distinct_entities(entities, forms) if one.kind == kind]
    return FoundCounts(len(named), sum(named))


def _claims(turn: TurnResult, forms: Forms) -> list[str]:
    """The entities that the agent linked, in the sample's spelling; an unexpected company by its name.

    A company is one claim, even if a sample lists its name and its ticker.
    """
    claims: list[str] = []
    for entity in turn.entities:
        if not entity["heard"]:
            continue
        wanted = [one for one in turn.expected_entities if companies_of([one], forms) == {entity["value"]}]
        if entity["kind"] != "company":
            claims.append(str(entity["value"]))
        else:
            claims += wanted or [str(entity["name"])]
    return claims
