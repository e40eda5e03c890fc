"""Line endings of text files, and messages for bytes that are not text."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.datasets.text_files import numbered_lines, read_text, split_lines
from voicelab.errors import InputError

INSIDE_A_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1)


@given(st.lists(INSIDE_A_LINE), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_lines_end_at_line_ends_and_nowhere_else(lines, end, ended):
    text = end.join(lines) + (end if ended and lines else "")
    assert split_lines(text) == lines


@given(st.lists(INSIDE_A_LINE, min_size=1))
def test_a_carriage_return_alone_ends_no_line_beside_line_feeds(lines):
    assert split_lines("\r".join(lines) + "\n") == ["\r".join(lines)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_with_a_mark_are_read(tmp_path, encoding):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    (tmp_path / "a.txt").write_bytes(mark + "héllo\nво\n".encode(encoding))
    assert list(numbered_lines(tmp_path / "a.txt")) == [(1, "héllo"), (2, "во")]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("hello".encode("utf-16-le"), "UTF-16 without a byte order mark; save it as UTF-8"),
        ("hello".encode("utf-32"), "the encoding is UTF-32; save the file as UTF-8"),
        (b"good\ncaf\xe9\n", "line 2: not UTF-8"),
    ],
)
def test_other_bytes_are_refused(tmp_path, data, complaint):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(InputError, match=complaint) as caught:
        read_text(tmp_path / "a.txt")
    assert "a.txt" in str(caught.value)


def test_gzip_is_unpacked_and_broken_gzip_is_named(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress("один\n".encode()))
    assert read_text(path) == "один\n"
    for broken in (path.read_bytes()[:-6], b"plain text"):
        path.write_bytes(broken)
        with pytest.raises(InputError, match=r"a\.jsonl\.gz: invalid or truncated gzip file"):
            read_text(path)
