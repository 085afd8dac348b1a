"""The operations on products, their history and pictures."""

from typing import Final

from pennywren.history.answer import History, HistoryColumns
from pennywren.web.operations.operation import Operation
from pennywren.web.operations.parameters import HISTORY, LAYOUT, OFFER, PICTURE
from pennywren.web.product.batch import ProductBatch
from pennywren.web.product.proofs import ProofView
from pennywren.web.rendering.atom import MEDIA_TYPE
from pennywren.web.shapes import views

PRODUCTS: Final = (
    Operation(
        "get",
        "/products",
        "listProducts",
        "Several products now, each with its state or its problem",
        {200: ProductBatch, 304: None},
        (400,),
        query={"ids": "1 to 100 products, with commas between them; `ids` may also come several times."},
        scope="products:read",
    ),
    Operation(
        "get",
        "/products/{product}",
        "getProduct",
        "A product now",
        {200: views.ProductView, 304: None},
        (400, 404),
        html=True,
        scope="products:read",
    ),
    Operation(
        "get",
        "/products/{product}/history",
        "getHistory",
        "A product's past",
        {200: (History, HistoryColumns), 304: None},
        (400, 404),
        query={**HISTORY, "layout": LAYOUT},
        scope="products:read",
    ),
    Operation(
        "get",
        "/products/{product}/history.csv",
        "getHistoryCsv",
        "A product's past as CSV, for spreadsheets",
        {200: "text/csv", 304: None},
        (400, 404),
        query={**HISTORY, "interval": "As of the history; `raw`, every change, if left out."},
        scope="products:read",
    ),
    Operation(
        "get",
        "/products/{product}/feed.atom",
        "getProductFeed",
        "A product's last price changes as an Atom feed, the newest first",
        {200: MEDIA_TYPE, 304: None},
        (400, 404),
        query={"offer": OFFER},
        scope="products:read",
    ),
    *(
        Operation(
            "get",
            f"/products/{{product}}/chart.{kind}",
            f"getChart{kind.capitalize()}",
            f"A product's chart as {kind.upper()}, for mails and other pages",
            {200: media_type, 304: None},
            (400, 404),
            query=PICTURE,
            scope="products:read",
        )
        for kind, media_type in (("svg", "image/svg+xml"), ("png", "image/png"))
    ),
    Operation(
        "get",
        "/images/{product}/{file}",
        "getProductImage",
        "A product's picture, as WebP; a placeholder (SVG) while there is none",
        {200: ("image/webp", "image/svg+xml")},
        (400, 404),
        query={"v": "The picture's version, as `image` of the product says it: then it may be kept for good."},
    ),
    Operation(
        "get",
        "/products/{product}/points/{timestamp}/proof",
        "getProof",
        "Why a price is believed",
        {200: ProofView, 304: None},
        (400, 404),
        html=True,
        query={"offer": OFFER},
        scope="products:read",
    ),
    Operation(
        "post",
        "/products",
        "trackProduct",
        "Follow a product",
        {200: views.TrackedView, 202: views.TrackedView},
        (400, 413, 429),
        body=views.NewProduct,
        form=True,
        scope="products:write",
    ),
)
