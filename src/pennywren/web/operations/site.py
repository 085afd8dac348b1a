"""The operations on the installation itself."""

from typing import Final

from pennywren.web.operations.operation import TEXT, Operation
from pennywren.web.serving.problems import ProblemKind
from pennywren.web.shapes import views

SITE: Final = (
    Operation(
        "get",
        "/status",
        "getStatus",
        "Alerts of the last day, the time to alert, and how crawling stands",
        {200: views.StatusView},
        html=True,
    ),
    Operation(
        "get",
        "/healthz",
        "getHealth",
        "Whether the parts answer",
        {200: views.HealthView, 503: views.HealthView},
        any_query=True,
    ),
    Operation(
        "get",
        "/readyz",
        "getReadiness",
        "Whether requests may be sent here",
        {200: views.ReadyView, 503: views.ReadyView},
        any_query=True,
    ),
    Operation("get", "/metrics", "getMetrics", "What is counted, for Prometheus", {200: TEXT}, (403,), any_query=True),
    Operation("get", "/problems/{slug}", "getProblem", "What a problem means", {200: ProblemKind}, (404,), html=True),
    Operation("get", "/openapi.json", "getOpenAPI", "This description", {200: True}),
)
