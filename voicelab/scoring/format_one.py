"""Convert summary.json from format 1 to format 2: the same numbers under the names of the table of figures."""

from typing import Any

from voicelab.figures.latency import POINTS
from voicelab.metrics.attribution import STAGES
from voicelab.scoring.schema import FORMAT

_Json = dict[str, Any]

_KEPT = ("run_id", "status", "mode", "target", "normalizer", "resampling", "turns", "linker")
_OPTIONAL = ("condition", "language", "headline", "warnings")
ENTITIES = {
    "entity_recall_said": "surface_said",
    "entity_recall": "surface_heard",
    "entity_recall_answered": "surface_answered",
    "entity_recall_session": "surface_session",
    "entity_recall_linked": "linked_heard",
    "entity_recall_linked_answered": "linked_answered",
    "entity_precision": "agent_precision",
    "entity_recall_agent": "agent_recall",
    "entity_f1": "agent_f1",
    "entity_wer": "entity_wer",
}
WORDS = ("wer", "cer", "mer", "wil")
_WORD_COUNTS = ("hits", "substitutions", "deletions", "insertions")
_LOSSES = ("lost", *STAGES)


def from_format_one(old: _Json) -> _Json:
    """Return the JSON of format 2. Raises KeyError, TypeError or AttributeError unless it is a summary of format 1."""
    words, entities = old["words"], old["entities"]
    figures = _words(words["overall"]) | {"action_changes": _action(old.get("equivalence"))}
    figures |= {name: _measured(entities.get(place)) for name, place in ENTITIES.items()}
    figures["intent_accuracy"] = _measured(old["intents"]["accuracy"])
    figures["scenario_success"] = _measured(old["scenarios"]["success"])
    figures |= {
        f"{stage}.{point}": _point(found, point)
        for stage, found in old["latency"]["stages"].items()
        for point in POINTS
    }
    figures |= _silence(old.get("silence")) | _losses(old.get("attribution"))
    by = {
        "category": {name: _words(group) for name, group in words["by_category"].items()},
        "speaker": {name: _words(group) for name, group in words["by_speaker"].items()},
        "entity_class": {
            name: {figure: _measured(group[place]) for figure, place in ENTITIES.items() if place in group}
            for name, group in old.get("entity_classes", {}).items()
        },
    }
    return {
        "format": FORMAT,
        **{name: old[name] for name in _KEPT},
        **{name: old[name] for name in _OPTIONAL if name in old},
        "figures": {name: one for name, one in figures.items() if one is not None},
        "by": {
            name: {member: _scored(found) for member, found in members.items()}
            for name, members in by.items()
            if members
        },
        "confusion": old["intents"]["confusion"],
        "cold": old["latency"]["cold"],
        "median_turn": old["latency"]["median_turn"],
        "scenarios": old["scenarios"]["each"],
        "attribution": _attribution(old.get("attribution")),
    }


def _scored(found: _Json) -> _Json:
    return {name: one for name, one in found.items() if one is not None and one["n"]}


def _measured(old: _Json | None, counts: _Json | None = None) -> _Json | None:
    if old is None:
        return None
    missing = None
    if old["value"] is None:
        missing = f"the denominator is 0 over {old['n']} scored turns" if old["n"] else "nothing was scored"
    return {
        "value": old["value"],
        "n": old["n"],
        "part": old.get("part"),
        "of": old.get("whole"),
        "no_interval": old.get("no_interval"),
        "missing": missing,
        "counts": counts or {},
        **_bounds(old.get("interval")),
    }


def _bounds(old: _Json | None) -> _Json:
    if old is None:
        return {}
    kept = {name: old[name] for name in ("low", "high", "level", "method", "clusters", "note")}
    return {**kept, "clustered_by": old["unit"]}


def _words(group: _Json) -> _Json:
    counts = {name: group[name] for name in _WORD_COUNTS}
    return {name: _measured(group[name], counts if name == "wer" else None) for name in WORDS}


def _action(old: _Json | None) -> _Json | None:
    if old is None:
        return None
    return _measured(old["changed"], {name: old[name] for name in ("intent", "companies", "amounts", "changes")})


def _point(stage: _Json, point: str) -> _Json:
    refused, n, value = stage.get("refused", {}), stage["n"], stage[point]
    missing = None
    if point in refused:
        missing = f"n too small: {n} of {refused[point]} turns"
    elif value is None:
        missing = "no turn was timed"
    no_interval = stage.get("no_interval", {}).get(point)
    return {
        "value": value,
        "n": n,
        "missing": missing,
        "no_interval": no_interval,
        **_bounds(stage.get(f"{point}_interval")),
    }


def _silence(old: _Json | None) -> _Json:
    if old is None:
        return {}
    n, kept, minutes = old["n"], old["nothing_heard"], None if old["audio_s"] is None else old["audio_s"] / 60
    share = {"value": kept / n if n else None, "n": n, "part": kept, "of": n}
    false = {"value": old["false_words_per_minute"], "n": n, "part": old["false_words"], "of": minutes}
    unknown = "not computed in format 1"
    return {
        name: one | ({"missing": "nothing was scored"} if one["value"] is None else {"no_interval": unknown})
        for name, one in (("silence_kept", share), ("false_speech_per_minute", false))
    }


def _losses(old: _Json | None) -> _Json:
    if old is None:
        return {}
    figures = {
        f"{what}_lost" if stage == "lost" else f"{what}_lost_{stage}": _measured(old[what][stage])
        for what in ("entities", "actions")
        for stage in _LOSSES
    }
    figures["listener_misses"] = _measured(old.get("listener_misses"))
    return figures | {f"time_share_{name}": _measured(one) for name, one in old["time"].items()}


def _attribution(old: _Json | None) -> _Json | None:
    if old is None:
        return None
    return {name: old.get(name) for name in ("absent", "n", "not_scored", "unlike", "listener", "losses")}
