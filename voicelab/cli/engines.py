"""`voicelab engines`: list recognizers, agents and voices."""

from voicelab.cli import terminal


def engines() -> None:
    """List the engines with their options and requirements, and whether they are installed.

    Example: voicelab engines
    """
    from voicelab.targets.voicelab_server import ENGINE_CATALOGS

    for catalog in ENGINE_CATALOGS:
        rows = []
        for name, entry in catalog.entries.items():
            state = "yes" if entry.installed() else f"no: {entry.install_command}"
            listed = "\n".join(map(str, entry.options().values())) or "none"
            rows.append((name, state, f"{entry.summary}\nneeds {entry.needs or 'nothing more'}", listed))
        terminal.table(f"--{catalog.kind}", ("name", "installed", "description", "options"), rows)
