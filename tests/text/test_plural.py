from voicelab.text.plural import counted


def test_one_is_singular_and_thousands_are_separated():
    assert [counted(count, "sample") for count in (0, 1, 2000)] == ["0 samples", "1 sample", "2,000 samples"]
