import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.errors import InvalidTokenError, TokenFault
from workrail_engine.ids import Handle
from workrail_engine.session.tokens import (
    Token,
    TokenKind,
    checkpoint_handle,
    first_handle,
    mint,
    next_handle,
    read,
    spare_handle,
)

SECRET = hashlib.sha256(b"a store").digest()
TAG = b"\x07\x09"
HANDLE = first_handle(b"0123456789", TAG)
TOKEN = mint(TokenKind.CONTINUE, HANDLE, SECRET)


def fault_of(text: str, secret: bytes = SECRET, tag: bytes = TAG) -> TokenFault:
    with pytest.raises(InvalidTokenError) as caught:
        read(text, secret, tag)
    assert str(caught.value)
    return caught.value.fault


@given(st.sampled_from(TokenKind), st.binary(min_size=10, max_size=10))
def test_a_token_reads_back_as_what_it_was_made_from(kind: TokenKind, entropy: bytes):
    handle = first_handle(entropy, TAG)
    text = mint(kind, handle, SECRET)
    assert len(text) == 27
    assert read(text, SECRET, TAG) == Token(kind, handle)


def test_white_space_and_quotes_around_a_token_are_forgiven():
    assert read(f' "`{TOKEN}`"\n', SECRET, TAG).handle == HANDLE


@pytest.mark.rule("TOKEN-1")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", TokenFault.EMPTY),
        ("   ", TokenFault.EMPTY),
        ("the last one", TokenFault.MALFORMED),
        ("st_" + TOKEN[3:], TokenFault.MALFORMED),
        (TOKEN[:-1], TokenFault.TRUNCATED),
        ("ct_", TokenFault.TRUNCATED),
        (TOKEN + TOKEN, TokenFault.CONCATENATED),
        (TOKEN + " " + TOKEN, TokenFault.CONCATENATED),
        (TOKEN + "x", TokenFault.CONCATENATED),
        ("rs_" + TOKEN[3:], TokenFault.WRONG_KIND),
    ],
)
def test_each_way_a_token_can_be_wrong_has_its_own_fault(text: str, fault: TokenFault):
    assert fault_of(text) is fault


@pytest.mark.rule("TOKEN-1")
def test_a_token_of_another_store_is_told_apart_from_a_changed_one():
    foreign = mint(TokenKind.CONTINUE, first_handle(b"0123456789", b"\x01\x02"), b"other" * 8)
    assert fault_of(foreign) is TokenFault.FOREIGN_STORE


@given(st.integers(min_value=6, max_value=26), st.sampled_from("abcXYZ019-_"))
def test_one_changed_character_never_passes(place: int, other: str):
    if TOKEN[place] == other:
        return
    changed = TOKEN[:place] + other + TOKEN[place + 1 :]
    assert fault_of(changed) is TokenFault.TAMPERED


@pytest.mark.rule("TOKEN-2")
def test_derived_handles_are_always_the_same_and_never_collide():
    made: list[Handle] = [
        next_handle(HANDLE),
        spare_handle(HANDLE),
        checkpoint_handle(HANDLE, digest := "sha256:00"),  # type: ignore[arg-type]  # plain text is enough here
        checkpoint_handle(HANDLE, "sha256:01"),  # type: ignore[arg-type]  # as above
        next_handle(spare_handle(HANDLE)),
        spare_handle(next_handle(HANDLE)),
    ]
    assert len(set(made)) == len(made)
    assert all(len(handle) == 12 and handle[:2] == TAG for handle in made)
    assert next_handle(HANDLE) == made[0]
    assert digest == "sha256:00"
