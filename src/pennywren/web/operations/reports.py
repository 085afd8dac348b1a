"""The operations of installs, and of what they report."""

from typing import Final

from pennywren.web.operations.operation import Operation
from pennywren.web.operations.parameters import CURSOR
from pennywren.web.product.another_price import AnotherPrice
from pennywren.web.shapes import report_views

REPORTS: Final = (
    Operation("post", "/installs", "createInstall", "A new install", {201: report_views.NewInstallView}, (429,)),
    Operation(
        "get",
        "/installs",
        "listInstalls",
        "Your installs",
        {200: report_views.InstallList},
        (400,),
        "person",
        query={"cursor": CURSOR},
        scope="installs:read",
    ),
    Operation(
        "post",
        "/installs/pair",
        "pairInstall",
        "Take an install into your account",
        {200: report_views.InstallView},
        (400, 404, 413),
        "person",
        report_views.InstallPairing,
        scope="installs:write",
    ),
    Operation(
        "delete",
        "/installs/{install}",
        "deleteInstall",
        "End an install, by its token or in the account that it is paired with",
        {204: None},
        (404,),
        "install",
        scope="installs:write",
    ),
    Operation(
        "post",
        "/products/{product}/price",
        "reportPrice",
        "The price that you see at the shop, as typed: judged like a browser's report",
        {200: report_views.VerdictView},
        (400, 413, 429),
        body=AnotherPrice,
        form=True,
        html=True,
        scope="products:write",
    ),
    Operation(
        "post",
        "/observations",
        "reportObservations",
        "What a browser saw: 1 to 100 observations, a verdict for each",
        {200: report_views.VerdictList},
        (400, 409, 413, 429),
        "install",
        report_views.ObservationBatch,
    ),
)
