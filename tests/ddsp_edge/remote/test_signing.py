"""ssh-keygen's signatures on bundles."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from ddsp_edge.remote import signing


@pytest.fixture
def signed(versions, keys):
    return versions[0].read_bytes(), signing.sign(versions[0], keys[0]).read_bytes()


def test_the_signer_is_named(signed, trusted):
    assert signing.verify(*signed, trusted) == "luthier@workshop"


def test_signing_again_replaces_the_signature(versions, keys):
    first = signing.sign(versions[0], keys[0]).read_bytes()
    assert signing.sign(versions[0], keys[1]).read_bytes() != first


def test_a_failure_keeps_the_earlier_signature(versions, keys):
    first = signing.sign(versions[0], keys[0])
    before = first.read_bytes()
    with pytest.raises(UserError, match="not signed with"):
        signing.sign(versions[0], versions[1])  # which is no key
    assert first.read_bytes() == before


@pytest.mark.parametrize("change", ["flipped", "cut", "longer", "another"])
def test_changed_bytes_are_refused(signed, trusted, versions, change):
    data, signature = signed
    changed = {
        "flipped": data[:100] + bytes([data[100] ^ 1]) + data[101:],
        "cut": data[:-1],
        "longer": data + b"\0",
        "another": versions[1].read_bytes(),
    }[change]
    with pytest.raises(UserError, match="does not fit"):
        signing.verify(changed, signature, trusted)


def test_a_key_that_nobody_trusts_is_refused(versions, keys, trusted):
    signature = signing.sign(versions[0], keys[1]).read_bytes()
    with pytest.raises(UserError, match="does not trust"):
        signing.verify(versions[0].read_bytes(), signature, trusted)


def test_a_signature_made_for_something_else_is_refused(versions, keys, trusted, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(signing, "NAMESPACE", "git")
        signature = signing.sign(versions[0], keys[0]).read_bytes()
    with pytest.raises(UserError):
        signing.verify(versions[0].read_bytes(), signature, trusted)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=300), marked=st.booleans())
def test_any_other_bytes_are_no_signature(signed, trusted, junk, marked):
    with pytest.raises(UserError):
        signing.verify(signed[0], (signing.BEGIN if marked else b"") + junk, trusted)


def test_what_is_missing_is_named(versions, tmp_path, signed, monkeypatch):
    with pytest.raises(UserError, match="ssh-keygen -t ed25519"):
        signing.sign(versions[0], tmp_path / "none")
    with pytest.raises(UserError, match="no such file of trusted keys"):
        signing.verify(*signed, tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="apt-get install openssh-client"):
        signing.sign(versions[0], versions[1])
