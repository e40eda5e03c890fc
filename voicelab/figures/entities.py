"""Recall, precision and word errors of expected entities.

Surface recall counts entities that a text names as they are written, linked recall companies that it names in any
form. Recall of the reference text is the maximum for any transcript: tickers are rarely spoken as written. The agent's
companies are those that it recognizes; F1 is 2 found / (expected + claimed).
"""

from __future__ import annotations

from voicelab.figures.figure import Figure, Place, Ratio, counting


def _recall(
    name: str,
    title: str,
    short: str,
    field: str,
    shown_in: tuple[Place, ...] = (),
    *,
    of: str = "entities",
    by_class: bool = False,
    ceiling: str = "",
) -> Figure:
    """Return the share of expected entities found. field: the counts, a field of TurnScore. of: what is counted."""
    return Figure(
        name=name,
        title=title,
        short=short,
        better="higher",
        group="entities",
        counts=counting(field, lambda one: {"found": one.found, "expected": one.expected}),
        value=Ratio("found", "expected"),
        detail=f"{{part}} of {{of}} {of}",
        shown_in=shown_in,
        by_class=by_class,
        ceiling=ceiling,
    )


FIGURES = (
    _recall(
        "entity_recall", "entity recall, heard", "recall", "heard",
        ("lead", "report", "list", "compare", "sweep", "plot"), by_class=True, ceiling="entity_recall_said",
    ),
    _recall("entity_recall_answered", "entity recall, answered", "recall ans.", "answered", ("report", "plot")),
    _recall("entity_recall_session", "entity recall, session", "recall ses.", "session", ("report", "plot")),
    _recall(
        "entity_recall_linked", "entity recall, linked, heard", "companies", "linked_heard",
        ("compare", "sweep", "plot"), of="companies", by_class=True,
    ),
    _recall(
        "entity_recall_linked_answered", "entity recall, linked, answered", "linked ans.", "linked_answered", ("plot",),
        of="companies",
    ),
    _recall("entity_recall_said", "entity recall, reference", "recall ref.", "said"),
    _recall(
        "entity_recall_agent", "agent's companies, recall", "agent recall", "agent", ("plot",),
        of="companies", by_class=True,
    ),
    Figure(
        name="entity_precision",
        title="agent's companies, precision",
        short="precision",
        better="higher",
        group="entities",
        counts=counting("agent", lambda agent: {"found": agent.found, "claimed": agent.found + agent.unexpected}),
        value=Ratio("found", "claimed"),
        detail="{part} of {of} companies",
        by_class=True,
    ),
    Figure(
        name="entity_f1",
        title="agent's companies, F1",
        short="F1",
        better="higher",
        group="entities",
        counts=counting(
            "agent",
            lambda agent: {"found_twice": 2 * agent.found, "both": agent.expected + agent.found + agent.unexpected},
        ),
        value=Ratio("found_twice", "both"),
        detail="{part} of {of} expected and claimed companies",
        shown_in=("report",),
        by_class=True,
    ),
    # Errors inside the reference spans that name an entity, over the words in them.
    Figure(
        name="entity_wer",
        title="entity word error rate",
        short="entity WER",
        better="lower",
        group="entities",
        counts=counting("entity_words", lambda spans: {"errors": spans.errors, "words": spans.words}),
        value=Ratio("errors", "words"),
        detail="{part} errors in {of} words of entities",
        by_class=True,
    ),
)  # fmt: skip
