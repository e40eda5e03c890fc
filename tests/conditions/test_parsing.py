"""`--condition` parses the format of run.json, and names invalid fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.conditions.condition import Condition
from voicelab.conditions.parsing import parse_condition
from voicelab.errors import InputError


def test_fields_are_read_by_name():
    found = parse_condition("noise=babble, snr_db=10, telephone, bitrate_kbps=16, loss_percent=5, fec")
    assert found == Condition(
        noise="babble", snr_db=10, telephone=True, bitrate_kbps=16, loss_percent=5, fec=True, seed=0
    )


@given(st.integers(-50, 100), st.sampled_from(["white", "pink", "babble"]), st.booleans(), st.integers(0, 99))
def test_what_is_written_is_read_back(snr_db, noise, telephone, seed):
    condition = Condition(noise=noise, snr_db=snr_db, telephone=telephone, seed=seed)
    written = ",".join(f"{name}={value}" for name, value in condition.model_dump(exclude_none=True).items())
    assert parse_condition(written) == condition


def test_the_runs_seed_decides_the_noise_unless_the_condition_names_one():
    assert parse_condition("noise=white,snr_db=0", seed=7).seed == 7
    assert parse_condition("noise=white,snr_db=0,seed=3", seed=7).seed == 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "unknown field ''"),
        ("snr=10", "unknown field 'snr'; known: transform, impulse_response, noise, snr_db"),
        ("noise=white", "noise needs snr_db"),
        ("noise=white,snr_db=nan", "snr_db=nan"),
        ("noise=white,snr_db=loud", "snr_db=loud"),
        ("telephone,telephone", "occurs twice"),
        ("loss_percent=5", "loss_percent needs bitrate_kbps"),
        ("gain_db", "gain_db=true"),
    ],
)
def test_what_cannot_be_read_is_named(text, named):
    with pytest.raises(InputError) as caught:
        parse_condition(text)
    assert named in str(caught.value)
