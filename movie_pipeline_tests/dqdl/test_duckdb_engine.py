"""DuckDB keeps what engines promise the judge."""

from collections.abc import Iterator

import duckdb
import pytest
from typing_extensions import override

from movie_pipeline.dqdl.engines.duckdb_engine import DuckDbEngine
from movie_pipeline.dqdl.engines.engine_port import Engine
from movie_pipeline_tests.dqdl.engine_contract import FILMS, TEXTS, EngineContract
from movie_pipeline_tests.dqdl.ruleset_samples import texts


class TestDuckDb(EngineContract):
    """DuckDB keeps what engines promise."""

    ENDLESS = "SELECT max(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b"

    @override
    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        with duckdb.connect() as connection:
            connection.register("films", FILMS)
            connection.register("texts", texts(*TEXTS))
            yield DuckDbEngine(connection)
