"""Read timelines exported by other tools: τ-voice's simulations, ticks, or rows with start and stop."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicelab.datasets import delimited, strict_json
from voicelab.datasets.text_files import read_text
from voicelab.errors import InputError
from voicelab.metrics.turn_taking.timeline import TICK_S, Effect, EffectKind, Tick

FINE_TICK_S = 0.01
"""Tick length for times that are not on τ-voice's grid, in seconds."""

_CALLER, _AGENT = {"caller", "user", "customer"}, {"agent", "assistant", "bot"}
_KINDS: dict[str, EffectKind | None] = {
    "": None, "turn": None, "speech": None, "backchannel": None,
    "vocal_tic": "vocal_tic", "cough": "vocal_tic",
    "non_directed": "non_directed", "non_directed_speech": "non_directed", "non_directed_phrase": "non_directed",
}  # fmt: skip
_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
_LONGEST_S = 24 * 3600.0
_SUFFIXES = (".json", ".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Timeline:
    """A conversation. tick_s: the length of its ticks."""

    name: str
    ticks: tuple[Tick, ...]
    tick_s: float


@dataclass(frozen=True, slots=True)
class _Row:
    """Speech, or another sound, from start to end in seconds."""

    is_agent: bool
    start_s: float
    end_s: float
    kind: str


def read_timelines(paths: Iterable[Path], tick_s: float | None = None) -> list[Timeline]:
    """Read the conversations in these files, and in the JSON, CSV and TSV files below these folders.

    tick_s: the length of a tick; None: 0.2 s for ticks and for times that are all on that grid, else 0.01 s. Raises
    InputError that names the file and the field.
    """
    given = list(paths)
    found = [timeline for path in given for timeline in (_folder if path.is_dir() else _read)(path, tick_s)]
    if not found:
        raise InputError(f"{', '.join(map(str, given))}: no conversation; formats: docs/reference/timelines.md")
    return found


def _folder(path: Path, tick_s: float | None) -> list[Timeline]:
    """The distinct conversations below a folder: an experiment may have them both in one file and in single files.

    Other files are skipped; InputError if no file is a timeline.
    """
    found: dict[tuple[str, tuple[Tick, ...]], Timeline] = {}
    fault: InputError | None = None
    for file in sorted(one for one in path.rglob("*") if one.suffix.lower() in _SUFFIXES):
        try:
            found |= {(one.name, one.ticks): one for one in _read(file, tick_s)}
        except InputError as error:
            fault = fault or error
    if not found:
        raise fault or InputError(f"{path}: has no .json, .csv or .tsv file")
    return list(found.values())


def _read(path: Path, tick_s: float | None) -> list[Timeline]:
    if path.suffix.lower() in (".csv", ".tsv"):
        table = (delimited.read if path.suffix.lower() == ".csv" else delimited.read_tsv)(path)
        return _from_table(path, [(f"line {row.number}", row.values) for row in table.rows], tick_s)
    try:
        content = strict_json.loads(read_text(path))
    except ValueError as error:
        raise InputError(f"{path}: is not JSON: {error}; give JSON or CSV (docs/reference/timelines.md)") from error
    if isinstance(content, dict) and isinstance(content.get("simulations"), list):
        return _from_simulations(path, content["simulations"], tick_s)
    if isinstance(content, dict) and isinstance(content.get("ticks"), list):
        return [_from_simulation(path, content, tick_s)]
    rows = content.get("rows", content.get("segments")) if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}: has neither `ticks` nor a list of rows with speaker, start_s and end_s")
    return _from_table(path, [(f"row {place}", row) for place, row in enumerate(rows, start=1)], tick_s)


def _from_simulations(path: Path, simulations: list[Any], tick_s: float | None) -> list[Timeline]:
    """The simulations with ticks; text simulations have none."""
    spoken = [one for one in simulations if isinstance(one, dict) and one.get("ticks")]
    if not spoken:
        raise InputError(f"{path}: its simulations have no ticks; only full-duplex ones can be scored")
    return [_from_simulation(path, one, tick_s) for one in spoken]


def _from_simulation(path: Path, simulation: Mapping[str, Any], tick_s: float | None) -> Timeline:
    """A simulation of τ-voice, or plain ticks (`caller`, `agent`, `kind`)."""
    number = simulation.get("id", path.stem)
    if not isinstance(simulation["ticks"], list) or not simulation["ticks"]:
        raise InputError(f"{path}: the simulation {number} has no list of ticks; only full-duplex ones can be scored")
    ticks = []
    for place, tick in enumerate(simulation["ticks"], start=1):
        where = f"tick {place}"
        if not isinstance(tick, dict):
            raise InputError(f"{path}: {where}: is not an object")
        is_theirs = "user_chunk" in tick or "agent_chunk" in tick
        ticks.append(_their_tick(path, where, tick) if is_theirs else _plain_tick(path, where, tick))
    return Timeline(str(number), tuple(ticks), tick_s or TICK_S)


def _their_tick(path: Path, place: str, tick: Mapping[str, Any]) -> Tick:
    def part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        found = holder.get(name) or {}
        if not isinstance(found, dict):
            raise InputError(f"{path}: {place}: {name} is {str(found)[:80]!r}; it must be an object or null")
        return found

    caller, agent = part(tick, "user_chunk"), part(tick, "agent_chunk")
    action = part(caller, "turn_taking_action").get("action")
    inserts = [part(part(caller, name), "speech_insert") for name in ("source_effects", "speech_effects")]
    effects = frozenset(
        Effect(
            "vocal_tic" if one.get("type", "vocal_tic") == "vocal_tic" else "non_directed", str(one.get("text") or "")
        )
        for one in inserts
        if one
    )
    caller_speaks, agent_speaks = (
        _flag(path, place, "contains_speech", one.get("contains_speech") or False) for one in (caller, agent)
    )
    return Tick(caller_speaks, agent_speaks, action == "backchannel", effects)


def _from_table(path: Path, rows: Sequence[tuple[str, Mapping[str, Any]]], tick_s: float | None) -> list[Timeline]:
    if not rows:
        return []
    names = {name.strip().lower() for name in rows[0][1]}
    grouped: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for place, row in rows:
        lowered = {str(name).strip().lower(): value for name, value in row.items()}
        grouped[str(lowered.get("conversation", lowered.get("simulation_id", path.stem)))].append((place, lowered))
    if "agent" in names and not names & {"speaker", "role"}:
        return [
            Timeline(name, tuple(_plain_tick(path, place, row) for place, row in members), tick_s or TICK_S)
            for name, members in grouped.items()
        ]
    found = [(name, [_row(path, place, row) for place, row in members]) for name, members in grouped.items()]
    grid_s = tick_s or _grid_of([row for _, members in found for row in members])
    return [Timeline(name, _ticks_of(members, grid_s), grid_s) for name, members in found]


def _plain_tick(path: Path, place: str, row: Mapping[str, Any]) -> Tick:
    kind = _kind(path, place, row)
    caller = _flag(path, place, "caller", row.get("caller", row.get("user")))
    agent = _flag(path, place, "agent", row.get("agent"))
    effect = _KINDS[kind]
    effects = frozenset({Effect(effect)}) if effect is not None else frozenset()
    return Tick(caller, agent, kind == "backchannel", effects)


def _row(path: Path, place: str, row: Mapping[str, Any]) -> _Row:
    speaker = str(row.get("speaker", row.get("role", ""))).strip().lower()
    if speaker not in _CALLER | _AGENT:
        raise InputError(f"{path}: {place}: speaker is {speaker!r}; it must be caller or agent")
    start_s = _instant(path, place, "start_s", row.get("start_s", row.get("start")))
    end_s = _instant(path, place, "end_s", row.get("end_s", row.get("end", row.get("stop_s", row.get("stop")))))
    if end_s <= start_s:
        raise InputError(f"{path}: {place}: end_s {end_s:g} is not after start_s {start_s:g}")
    return _Row(speaker in _AGENT, start_s, end_s, _kind(path, place, row))


def _kind(path: Path, place: str, row: Mapping[str, Any]) -> str:
    kind = str(row.get("kind") or "").strip().lower().replace(" ", "_").replace("-", "_")
    if kind not in _KINDS:
        known = ", ".join(name for name in _KINDS if name)
        raise InputError(f"{path}: {place}: kind is {kind!r}; it must be one of: {known}, or empty")
    return kind


def _flag(path: Path, place: str, field: str, value: Any) -> bool:
    flag = _FLAGS.get(str(value).strip().lower())
    if flag is None:
        raise InputError(f"{path}: {place}: {field} is {value!r}; it must be 1 or 0")
    return flag


def _instant(path: Path, place: str, field: str, value: Any) -> float:
    if value is None:
        raise InputError(f"{path}: {place}: {field} is missing; give it in seconds")
    try:
        instant = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        instant = math.nan
    if not 0 <= instant <= _LONGEST_S:
        raise InputError(f"{path}: {place}: {field} is {value!r}; it must be seconds from 0 to {_LONGEST_S:g}")
    return instant


def _grid_of(rows: Sequence[_Row]) -> float:
    instants = [instant for row in rows for instant in (row.start_s, row.end_s)]
    return TICK_S if all(abs(one / TICK_S - round(one / TICK_S)) < 1e-6 for one in instants) else FINE_TICK_S


def _ticks_of(rows: Sequence[_Row], tick_s: float) -> tuple[Tick, ...]:
    """Convert rows to ticks.

    A cough or speech to others that starts while the agent speaks counts as the caller's speech, as in τ-voice, because
    only then it is scored when the agent talks through it.
    """
    count = max(round(row.end_s / tick_s) for row in rows)
    caller, agent = [False] * count, [False] * count
    backchannel = [False] * count
    effects: list[set[Effect]] = [set() for _ in range(count)]
    for row in sorted(rows, key=lambda row: not row.is_agent):
        start = round(row.start_s / tick_s)
        for place in range(start, min(count, max(start + 1, round(row.end_s / tick_s)))):
            if row.is_agent:
                agent[place] = True
            elif (effect := _KINDS[row.kind]) is not None:
                effects[place].add(Effect(effect))
                caller[place] |= agent[start]
            else:
                caller[place] = True
                backchannel[place] |= row.kind == "backchannel"
    rows_of_ticks = zip(caller, agent, backchannel, effects, strict=True)
    return tuple(Tick(speaks, other, back, frozenset(sounds)) for speaks, other, back, sounds in rows_of_ticks)
