"""`python -m voicelab` is the `voicelab` command."""

from voicelab.cli.main import app

if __name__ == "__main__":
    app(prog_name="voicelab")
