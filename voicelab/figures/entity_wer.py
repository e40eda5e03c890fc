"""Entity word error rate: errors inside the reference spans that name an entity, over the words in them."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="entity_wer",
    title="entity word error rate",
    short="entity WER",
    better="lower",
    group="entities",
    counts=counts_in("entity_words", "errors", "words"),
    value=Ratio("errors", "words"),
    detail="{part} errors in {of} words of entities",
    by_class=True,
)
