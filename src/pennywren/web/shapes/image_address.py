"""Where pages and answers say that a product's picture is."""

from pennywren.model.product import ProductID
from pennywren.pipeline.product_images import image_name


def image_address(product: ProductID, image: str, width: int) -> str:
    """The path of a product's picture, `image` being its address at the shop: what is at this path never changes."""
    return f"/images/{product}/{width}.webp?v={image_name(image)}"
