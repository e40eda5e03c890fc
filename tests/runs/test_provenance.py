"""Whether the code of a run had changes."""

import subprocess

from voicelab.runs import provenance


def test_notebooks_with_outputs_are_no_changes_of_the_code(tmp_path, monkeypatch):
    def git(*arguments):
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True)

    monkeypatch.setattr(provenance, "PROJECT", tmp_path)
    assert provenance.code_state().dirty is None
    (tmp_path / "notebooks").mkdir()
    notebook, code = tmp_path / "notebooks" / "one.ipynb", tmp_path / "code.py"
    for file in (notebook, code):
        file.write_text("")
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "both")
    notebook.write_text("outputs")
    assert provenance.code_state().dirty is False
    code.write_text("changed")
    assert provenance.code_state().dirty is True
