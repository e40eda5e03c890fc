"""The exceptions of voicelab.

VoicelabError
├── InputError              bad input; the message names the file, field or option (exit code 2)
│   └── TurnTooLongError    the turn's audio exceeds the maximum length
├── EngineError             a recognizer, agent or voice failed; `.engine` names it (exit code 1)
│   ├── EngineMissingError  ... because a package, weights or a key is missing (exit code 2)
│   └── EngineBusyError     ... because all of its capacity is in use; retry later
├── BusyError               a queue is full; retry later
├── NoSpeechError           the recognizer found no words in the turn's audio
├── ServerError             the server answered with an `error` event; `.code` is its code
├── StorageError            a file of a run cannot be written, e.g. because the disk is full (exit code 1)
├── RunInterruptedError     a run stopped because its target stayed unreachable; --resume continues it (exit code 1)
└── ConnectionLostError     the connection closed, or the server did not answer in time
    ├── UnreachableError        no connection could be opened
    └── NoReplyError            the connection is open, but the server sent nothing in time
"""

import re

# Matches up to the last @ of the authority. A user part that is not percent-encoded may contain a slash. In that case
# the text after the first colon is not a port, and everything up to the @ is the password.
_AUTHORITY = r"[^/?#\s'\"<>]*@"
_UNQUOTED = r"[^/?#\s'\":<>\[]*:(?!\d*(?:[/?#\s'\"<>]|$))[^\s'\"<>]*@"
USER_IN_ADDRESS = re.compile(rf"(?<=://)(?:{_UNQUOTED}|{_AUTHORITY})")
"""Matches the user part of an address in a text, its @ included."""
# Placeholders and masked passwords in our own messages.
_HARMLESS = re.compile(r"USER:(?:PASSWORD|TOKEN)@|[^:@]*:\*\*\*@")
_DATABASE = re.compile(r"\bpostgres[a-z+]*://$")


def without_user(text: str) -> str:
    """Return the text with the user part of every address removed."""
    return USER_IN_ADDRESS.sub(_leave_harmless, text) if "@" in text else text


def _leave_harmless(found: re.Match[str]) -> str:
    # A database user name without a password is not secret, and identifies the database. Elsewhere it may be a token.
    is_name = ":" not in found[0] and _DATABASE.search(found.string, 0, found.start()) is not None
    return found[0] if is_name or _HARMLESS.fullmatch(found[0]) else ""


class VoicelabError(Exception):
    """Base class of all voicelab errors. Removes user names and passwords from addresses in its message."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(without_user(one) if isinstance(one, str) else one for one in args))


class InputError(VoicelabError):
    """Bad input; the message names the file, field or option and how to fix it."""


class TurnTooLongError(InputError):
    """The audio exceeds the maximum length of a turn."""


class EngineError(VoicelabError):
    """An engine failed."""

    def __init__(self, engine: str, message: str) -> None:
        super().__init__(engine, message)
        self.engine = engine

    def __str__(self) -> str:
        return f"{self.engine}: {self.args[1]}"


class EngineMissingError(EngineError):
    """An engine needs something that is not installed or configured; the message says what."""


class EngineBusyError(EngineError):
    """An engine is at capacity; retry later."""


class BusyError(VoicelabError):
    """A work queue is full; retry later."""


class NoSpeechError(VoicelabError):
    """The recognizer found no words in the audio of a turn."""


class ServerError(VoicelabError):
    """The server refused a message or failed a turn."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return f"{self.code}: {self.args[1]}"


class ConnectionLostError(VoicelabError):
    """The connection closed, or a reply did not arrive in time."""


class UnreachableError(ConnectionLostError):
    """No connection to the server could be opened."""


class NoReplyError(ConnectionLostError):
    """The connection is open, but the server sent nothing in time."""


class RunInterruptedError(VoicelabError):
    """A run stopped because its target stayed unreachable; completed turns are saved."""


class StorageError(VoicelabError):
    """A file cannot be written; the message names it and the reason."""
