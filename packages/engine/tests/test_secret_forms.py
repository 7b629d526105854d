"""Texts of any length are looked through, and what surrounds a secret stays whole."""

import json

import pytest

from workrail_engine.secret_forms import without_secrets

LETTERS = "a1B2c3D4e5F6g7H8i9J0"
KEY = "sk" + "-ant-" + LETTERS  # put together here, so that no scanner takes this file for a leak


@pytest.mark.parametrize(
    "piece",
    [
        "sk" + "-",
        "gh" + "p_",
        "ey" + "Ja.",
        "ey" + "J" + LETTERS + ".",
        "://a:",
        "://",
        "-----BEGIN PRIVATE KEY-----",
        "A" * 50,
        "xo" + "xb",
    ],
)
def test_a_long_text_takes_no_longer_than_its_length(piece: str) -> None:
    text = piece * 20_000
    assert without_secrets(text, "***")  # at once: anything that grows faster would take hours


def test_json_stays_json_around_a_secret() -> None:
    told = {"key": KEY, "address": f"https://me:{LETTERS}@example.org/x", "plain": "as it was"}
    assert json.loads(without_secrets(json.dumps(told), "***")) == {
        "key": "***",
        "address": "https://me:***@example.org/x",
        "plain": "as it was",
    }


def test_a_token_without_a_signature_is_hidden() -> None:
    token = "ey" + f"J{LETTERS}.{LETTERS}."
    assert without_secrets(f"with {token} in it", "***") == "with *** in it"
