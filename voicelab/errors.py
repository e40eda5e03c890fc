"""Every error voicelab raises on purpose.

VoicelabError
├── InputError              mend the file, the field or the option that it names       (exit code 2)
│   └── TurnTooLongError    more sound than one turn may hold
├── EngineError             a recognizer, an agent or a voice failed; `.engine` names it (exit code 1)
│   ├── EngineMissingError  ... because something must be installed or set first        (exit code 2)
│   └── EngineBusyError     ... because others use all of it now; the same call may succeed later
├── BusyError               a queue is full; the same call may succeed later
├── NoSpeechError           the audio of a turn holds nothing that the recognizer heard as words
├── ServerError             the server answered with an `error` event; `.code` is its code
├── StorageError            a file of a run cannot be written, e.g. because the disk is full (exit code 1)
├── RunInterruptedError     a run stopped because its target was gone for too long; --resume continues it (exit code 1)
└── ConnectionLostError     the server went away, or did not answer in time
    └── NoReplyError            the connection is open, but nothing came in time
"""

from voicelab.addresses import without_user


class VoicelabError(Exception):
    """The root of the tree: catch it to catch all of them. Addresses in its message lose their user part."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(without_user(one) if isinstance(one, str) else one for one in args))


class InputError(VoicelabError):
    """Something given to voicelab cannot be used; the message names it and the way out."""


class TurnTooLongError(InputError):
    """More sound was given than may be; say it in shorter turns."""


class EngineError(VoicelabError):
    """An engine failed at its work."""

    def __init__(self, engine: str, message: str) -> None:
        super().__init__(engine, message)
        self.engine = engine

    def __str__(self) -> str:
        return f"{self.engine}: {self.args[1]}"


class EngineMissingError(EngineError):
    """An engine cannot run before something is installed or set; the message says what."""


class EngineBusyError(EngineError):
    """An engine serves as many utterances as it can; the same call may succeed later."""


class BusyError(VoicelabError):
    """Too much work waits already; the same call may succeed later."""


class NoSpeechError(VoicelabError):
    """Nothing was heard in the audio of a turn."""


class ServerError(VoicelabError):
    """The server refused a message or failed a turn."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return f"{self.code}: {self.args[1]}"


class ConnectionLostError(VoicelabError):
    """The connection ended, or a reply did not come in time."""


class NoReplyError(ConnectionLostError):
    """The connection is open, but the server sent nothing in time."""


class RunInterruptedError(VoicelabError):
    """A run stopped because its target was gone for too long; the turns so far are kept."""


class StorageError(VoicelabError):
    """A file cannot be written; the message names it and the reason."""
