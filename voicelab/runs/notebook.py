"""Runs notebooks, and supports their cells.

Unknown parameters are always rejected: by `execute` before the start, and by the notebook's own ParameterGuard under
plain `papermill`, which would only warn.
"""

import ast
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from voicelab import errors
from voicelab.engines.pool.children import python_command, safe_environment
from voicelab.errors import EngineError, InputError, ServerError, VoicelabError
from voicelab.paths import PROJECT, shipped
from voicelab.runs.checking import checked
from voicelab.runs.records import RunFolder, RunSpec

Progress = Callable[[int, int], None]
"""Called while a notebook runs, with the numbers of completed and all turns."""

_POLL_S = 0.2


def execute(name: str, folder: Path, parameters: Mapping[str, Any], progress: Progress | None = None) -> Path:
    """Run notebooks/<name>.ipynb into folder/<name>.ipynb with this interpreter, and return that path.

    progress: called for each turn that the notebook adds to the run in `folder`. The output of a failed notebook is
    kept, and its error is raised here with its own class. Raises InputError for an unknown parameter.
    """
    import papermill
    from papermill.exceptions import PapermillException, PapermillExecutionError

    source = _source(name)
    check_names(parameters, set(papermill.inspect_notebook(_literal(source))), source.name)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.name
    with _watched(RunFolder(folder), progress), TemporaryDirectory(prefix="voicelab-") as sockets:
        try:
            papermill.execute_notebook(
                _literal(source),
                _literal(target),
                parameters=dict(parameters),
                kernel_manager_class=_own_kernel(Path(sockets)),
                progress_bar=False,
                log_output=False,
            )
        except PapermillExecutionError as error:
            if error.ename == KeyboardInterrupt.__name__:
                raise KeyboardInterrupt from error
            raise _as_raised(error.ename, error.evalue, source.name) from error
        except (PapermillException, RuntimeError) as error:
            # nbclient raises RuntimeError when the kernel died or did not start.
            raise VoicelabError(f"{source.name}: {_one_line(str(error))}") from error
    _sign(target)
    return target


def parameters_of(spec: RunSpec, folder: RunFolder, figures: Sequence[str] = ()) -> dict[str, Any]:
    """Return the parameters with which evaluate.ipynb makes this run. figures: as `package.module:OBJECT`."""
    chosen = spec.model_dump()
    chosen["categories"] = list(spec.categories)
    return chosen | {"out": str(folder.path.parent), "run_id": folder.run_id, "resume": None, "figures": list(figures)}


def check_names(given: Iterable[str], known: Iterable[str], notebook: str) -> None:
    """Raise InputError, which lists the known names, for an unknown parameter."""
    listed = sorted(known)
    if unknown := sorted(set(given) - set(listed)):
        raise InputError(f"{notebook}: unknown parameter {unknown[0]!r}; its parameters: {', '.join(listed)}")


class ParameterGuard:
    """Rejects unknown parameters under plain `papermill`, which would only warn.

    papermill injects the given parameters as a separate cell, and IPython stores the source of each cell. The guard
    reads only that cell, so users can edit the others freely.
    """

    def __init__(self, namespace: Mapping[str, Any], known: Iterable[str], notebook: str) -> None:
        self._known = frozenset(known)
        self._notebook = notebook
        self._first = len(namespace.get("In", ()))

    def check(self, namespace: Mapping[str, Any]) -> None:
        """Raise InputError for an injected parameter that the notebook does not have."""
        for source in namespace.get("In", ())[self._first :]:
            if source.startswith(_INJECTED):
                check_names(_assigned(source), self._known, self._notebook)


_INJECTED = "# Parameters\n"
"""First line of papermill's injected cell."""


def _assigned(source: str) -> list[str]:
    """The names that the statements of a cell assign."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # IPython syntax, so not papermill's cell
        return []
    targets = [target for one in statements if isinstance(one, ast.Assign) for target in one.targets]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def found_path(written: str) -> Path:
    """Return the path as given if it exists, else relative to the project."""
    path = Path(written).expanduser()
    in_project = PROJECT / path
    return in_project if not path.exists() and not path.is_absolute() and in_project.exists() else path


def run_spec(*, samples: str = "", **options: Any) -> RunSpec:
    """Create a RunSpec from a notebook's parameters; "" means the shipped samples, and the default engines.

    Raises InputError, which names the parameter.
    """
    options = {name: value for name, value in options.items() if name not in ("asr", "tts", "reply_asr") or value != ""}
    return checked(RunSpec, samples=str(found_path(samples) if samples else shipped("voice_samples")), **options)


def reports_folder(out: str = "") -> Path:
    """Return the folder for runs: `out`, or reports/ of the checkout or of the working directory."""
    if out:
        return Path(out)
    return PROJECT / "reports" if (PROJECT / "pyproject.toml").is_file() else Path("reports")


def _sign(path: Path) -> None:
    """Sign the notebook, so that this user's JupyterLab trusts it and shows styles and audio."""
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()  # type: ignore[no-untyped-call]
    try:
        notary.sign(nbformat.read(path, as_version=4))  # type: ignore[no-untyped-call]
    finally:
        notary.store.close()


def _source(name: str) -> Path:
    folder = shipped("notebooks")
    path = folder / f"{name}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in folder.glob("*.ipynb")))
        raise InputError(f"unknown notebook {name!r}; known: {known}")
    return path


def _literal(path: Path) -> str:
    """Escape braces in the path, in which papermill would substitute parameters."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _own_kernel(sockets: Path) -> type[Any]:
    """Return a kernel manager for this interpreter, independent of the installed kernel "python3".

    It uses sockets in the folder `sockets` instead of ports, which other users of the machine can reach.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class OwnKernelManager(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options, transport="ipc", ip=str(sockets / "kernel"))

        @property
        def kernel_spec(self) -> KernelSpec:
            # quiet: otherwise the kernel reports the interrupt at every shutdown
            # IPython otherwise puts the working directory on the module search path.
            quiet, safe = "--log-level=CRITICAL", "--InteractiveShellApp.ignore_cwd=True"
            argv = python_command("ipykernel_launcher", quiet, safe, "-f", "{connection_file}")
            return KernelSpec(argv=argv, env=safe_environment(), display_name="Python 3", language="python")

    return OwnKernelManager


def _as_raised(name: str, message: str, notebook: str) -> VoicelabError:
    """Return the error that ended a notebook as this process's class of that name, on one line."""
    text = _one_line(message)
    found = getattr(errors, name, None)
    if not (isinstance(found, type) and issubclass(found, VoicelabError)):
        return VoicelabError(f"{notebook}: {name}: {text}")
    if issubclass(found, EngineError | ServerError):
        # Their text starts with the engine or the code.
        return found(*text.split(": ", 1)) if ": " in text else found(notebook, text)
    return found(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


@contextmanager
def _watched(folder: RunFolder, progress: Progress | None) -> Iterator[None]:
    """Report the number of completed turns on disk during the block. Raises the errors of `progress`."""
    if progress is None:
        yield
        return
    over = threading.Event()
    with ThreadPoolExecutor(1, "voicelab-watch") as thread:
        watching = thread.submit(_watch, folder, progress, over)
        try:
            yield
        finally:
            over.set()
    watching.result()


def _watch(folder: RunFolder, progress: Progress, over: threading.Event) -> None:
    reported = -1
    is_over = False
    while not is_over:
        is_over = over.wait(_POLL_S)
        turns = folder.path / "turns.jsonl"
        done = turns.read_bytes().count(b"\n") if turns.exists() else 0
        if done != reported and (folder.path / "run.json").exists():
            reported = done
            planned = folder.read().planned_turns
            # A repeated turn has two lines.
            progress(min(done, planned), planned)
