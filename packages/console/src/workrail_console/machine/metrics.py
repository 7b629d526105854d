"""Which figures can a monitoring system read of the store and of this console? `/metrics`."""

from fastapi import APIRouter
from fastapi.responses import Response

from workrail_console.context import PageContext, get


def routes(context: PageContext) -> APIRouter:
    """`/metrics`."""
    router = APIRouter()

    def metrics() -> Response:
        """Figures of the store and of this console, in Prometheus' text format."""
        from workrail_console.machine.exposition import (  # noqa: PLC0415 (heavy to load)
            LOOKED_AT,
            MEDIA_TYPE,
            Figures,
            figures_text,
        )

        with context.open_reader() as reader:
            health = reader.overview.health()
            runs = reader.overview.run_figures()
            attention = (
                None
                if health is None
                else reader.overview.attention(context.clock.now(), LOOKED_AT)
            )
        figures = Figures(
            health=health,
            attention=attention,
            runs=runs,
            integrity=context.integrity.progress(),
            traffic=context.traffic.so_far(),
            sse_clients=context.hub.followers,
        )
        return Response(figures_text(figures), media_type=MEDIA_TYPE)

    get(router, "/metrics", metrics)
    return router
