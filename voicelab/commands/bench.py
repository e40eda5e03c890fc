"""`voicelab bench`: how fast the parts are on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from voicelab import terminal

bench = typer.Typer(no_args_is_help=True, help="How fast the parts are on this machine.")


@bench.command()
def words(
    pairs: Annotated[int, typer.Option(min=1, help="How many pairs of ten words.")] = 100_000,
    normalizer: Annotated[str, typer.Option(help="none, basic, english, cjk, sclite.")] = "english",
    seed: Annotated[int, typer.Option(help="Seed of the pairs.")] = 0,
) -> None:
    """Normalize, align and count, beside jiwer's plain word alignment of the same pairs."""
    with terminal.errors():
        from voicelab.bench.words import bench_words
        from voicelab.text import normalizer as normalizer_of

        found = bench_words(normalizer_of(normalizer), pairs, seed)
        rows = [
            ("voicelab: normalize, align, count", f"{found.first_s:.2f}", f"{found.ratio:.2f}"),
            ("... the same texts once more", f"{found.again_s:.2f}", f"{found.again_s / found.jiwer_s:.2f}"),
            ("jiwer: align, count", f"{found.jiwer_s:.2f}", "1.00"),
        ]
        title = f"{found.pairs} pairs, normalizer {found.normalizer}, {found.errors} errors found by both"
        terminal.table(title, ("what", "seconds", "of jiwer's"), rows)
