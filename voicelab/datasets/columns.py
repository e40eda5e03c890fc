"""Names of a table's columns, if they differ from the usual ones."""

from dataclasses import dataclass, fields

OPTIONS = {
    "reference": "--ref-column",
    "hypothesis": "--hyp-column",
    "id": "--id-column",
    "speaker": "--speaker-column",
    "audio": "--audio-column",
}
"""The command-line option of each field, for messages."""


def option(field: str, *, in_python: bool) -> str:
    """What names the column of a field: an option, or an argument in Python."""
    return f"SampleSet.from_frame(..., columns=voicelab.SetColumns({field}=...))" if in_python else OPTIONS[field]


@dataclass(frozen=True, slots=True)
class SetColumns:
    """The columns of a sample set; None: the first usual name that the table contains."""

    reference: str | None = None
    id: str | None = None
    speaker: str | None = None
    audio: str | None = None

    @property
    def options(self) -> list[str]:
        """The command-line options of the columns that are set."""
        return [OPTIONS[one.name] for one in fields(self) if getattr(self, one.name) is not None]


@dataclass(frozen=True, slots=True)
class TranscriptColumns(SetColumns):
    """The columns of a table of transcripts, which may contain hypotheses too."""

    hypothesis: str | None = None


USUAL = SetColumns()
