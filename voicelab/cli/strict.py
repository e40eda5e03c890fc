"""What all commands have in common: the checks of their options, and sentences for their errors."""

from collections.abc import Callable, Iterator
from inspect import getdoc
from math import isfinite
from typing import Any

import typer
from typer.core import TyperCommand

from voicelab.cli import terminal


class StrictCommand(TyperCommand):
    """A command that refuses empty values, such as unset shell variables, and numbers that are not finite.

    Its errors become one sentence and an exit code.
    """

    def invoke(self, ctx: Any) -> Any:
        with terminal.errors():
            return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; print one sentence and exit with code 2 for an invalid value."""
        if not ctx.resilient_parsing:
            given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
            for name, value in self._values(given):
                if isinstance(value, str) and not value.strip():
                    terminal.fail(f"{name} is empty; give a value, or leave it out", terminal.BAD_INPUT)
        rest = super().parse_args(ctx, args)
        for name, value in self._values(ctx.params):
            if isinstance(value, float) and not isfinite(value):
                terminal.fail(f"{name} {value}: give a finite number", terminal.BAD_INPUT)
        return rest

    def _values(self, found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """The user-visible name of each parameter, with each of its values."""
        for parameter in self.params:
            value = found.get(parameter.name or "")
            name = parameter.opts[0] if parameter.param_type_name == "option" else (parameter.name or "").upper()
            for one in value if isinstance(value, list | tuple) else [value]:
                yield name, one


class StrictTyper(typer.Typer):
    """A Typer whose commands are StrictCommands, with help that the terminal can wrap."""

    def command(
        self, name: str | None = None, *, cls: type[TyperCommand] | None = StrictCommand, **options: Any
    ) -> Callable[[Any], Any]:
        inherited = super().command

        def register(function: Any) -> Any:
            return inherited(name, cls=cls, help=help_text(function), **options)(function)

        return register


def help_text(function: Callable[..., None]) -> str:
    """The docstring with one line per paragraph, so that the terminal wraps it, and one line per example."""
    paragraphs = (" ".join(one.split("\n")) for one in (getdoc(function) or "").split("\n\n"))
    return "\n\n".join(
        one.replace("Examples: ", "Examples:\n").replace(" | ", "\n") if one.startswith("Examples:") else one
        for one in paragraphs
    )
