"""The request and response types of our handlers, with their parameters filled in once."""

from typing import Any, TypeAlias

import litestar
from litestar.datastructures import State

Request: TypeAlias = litestar.Request[Any, Any, State]
Answer: TypeAlias = litestar.Response[Any]
