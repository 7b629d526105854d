"""An address is shown without its password, however it is written."""

import pytest

from workrail_engine.addresses import without_password


@pytest.mark.rule("STORE-32")
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ada:s3cret@db:5432/work", "postgresql://ada:***@db:5432/work"),
        ("postgresql://ada@db/work", "postgresql://ada@db/work"),
        ("postgresql://db/work", "postgresql://db/work"),
        ("postgresql://:s3cret@db/work", "postgresql://:***@db/work"),
        ("postgresql://ada:s3:cr@et@db/work", "postgresql://ada:***@db/work"),
        (
            "postgresql://ada@/work?host=/run&password=s3cret",
            "postgresql://ada@/work?host=/run&password=***",
        ),
        (
            "postgresql://ada@/w?sslpassword=s3&host=db",
            "postgresql://ada@/w?sslpassword=***&host=db",
        ),
        ("postgresql://ada:s3?c/ret@db/work", "postgresql://ada:***@db/work"),
        ("ada:s3cret@db/work", "***"),
    ],
)
def test_the_password_is_hidden_and_the_rest_is_shown(address: str, shown: str):
    assert without_password(address) == shown
