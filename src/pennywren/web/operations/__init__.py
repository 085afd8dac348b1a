"""Every operation of the API, a row each in the module of what it is about.

`openapi` describes them, the page for developers shows them, and the tests hold them against the routes.
"""

from typing import Final

from pennywren.web.operations.account import ACCOUNT
from pennywren.web.operations.channels import CHANNELS
from pennywren.web.operations.hooks import HOOKS
from pennywren.web.operations.mail_links import MAIL_LINKS
from pennywren.web.operations.parameters import REPEATABLE
from pennywren.web.operations.products import PRODUCTS
from pennywren.web.operations.reports import REPORTS
from pennywren.web.operations.sign_in import SIGN_IN
from pennywren.web.operations.site import SITE
from pennywren.web.operations.tokens import TOKENS
from pennywren.web.operations.watches import WATCHES
from pennywren.web.serving.known_parameters import Known

OPERATIONS: Final = (
    *PRODUCTS,
    *WATCHES,
    *SIGN_IN,
    *ACCOUNT,
    *TOKENS,
    *CHANNELS,
    *REPORTS,
    *MAIL_LINKS,
    *HOOKS,
    *SITE,
)
SCOPES: Final = {(operation.method, operation.path): operation.scope for operation in OPERATIONS}
"""What an access token needs, by method and path."""
PARAMETERS: Final = {
    (operation.method, operation.path): Known(tuple(operation.query), operation.html, REPEATABLE)
    for operation in OPERATIONS
    if not operation.any_query
}
"""What may be asked of an operation, by method and path."""
