"""Whatever the addresses of the OpenAPI document are asked with, the console does not fail."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, Final, cast

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, openapi
from schemathesis.core.result import Ok

from workrail_engine.demonstration.landmarks import Landmarks

MOST: Final = int(os.environ.get("WORKRAIL_FUZZ", "6"))
"""Requests of each kind for each address; whoever has the time sets more."""
ENDLESS: Final = ("/live",)
"""Answers that do not end."""


def strategies(operation: Any, real: Mapping[str, object]) -> Iterator[st.SearchStrategy[Any]]:
    """Cases with ids that are made up, with ids that are there, and against the document."""
    yield operation.as_strategy()
    yield operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    named = {one.name: real[one.name] for one in operation.path_parameters if one.name in real}
    if named:
        yield operation.as_strategy(path_parameters=named)


@pytest.mark.rule("CON-190")
def test_no_request_makes_it_fail(site: str, marks: Landmarks) -> None:
    schema: Any = openapi.from_url(f"{site}/openapi.json")
    real: dict[str, object] = {
        "session_id": marks.mended,
        "node": 2,
        "workflow_id": marks.workflow,
        "workflow_hash": marks.hashes[0],
        "other": marks.hashes[1],
        "proof_id": marks.proof,
    }
    answered: dict[str, set[int]] = {}
    failed: list[str] = []
    with requests.Session() as session:

        def ask(case: Any) -> None:
            answer = case.call(base_url=site, session=session, timeout=30)
            answered.setdefault(case.operation.label, set()).add(answer.status_code)
            if answer.status_code >= 500:
                failed.append(f"{answer.status_code} {answer.request.url}")

        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found  # an address whose description cannot be read
            operation = cast("Any", found.ok())
            if operation.path not in ENDLESS:
                for cases in strategies(operation, real):
                    _all_of(cases, ask)

    assert failed == []
    assert len(answered) > 20
    assert 200 in set(chain(*answered.values()))


def _all_of(cases: st.SearchStrategy[Any], ask: Callable[[Any], None]) -> None:
    limits = settings(
        max_examples=MOST,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )

    @limits
    @given(case=cases)
    def each(case: Any) -> None:
        ask(case)

    with suppress(
        Unsatisfiable
    ):  # an address without parameters cannot be asked against the document
        each()
