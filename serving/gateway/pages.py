"""The storefront and the operator's page: files of this package, read once at the start.

No path comes from a request: what is not in the table that is made here is not there.
"""

from __future__ import annotations

import hashlib
import mimetypes
import pathlib

import jinja2
from starlette.requests import Request
from starlette.responses import Response

_FOLDER = pathlib.Path(__file__).parent / "static"
_SHORT_CACHE = "public, max-age=300"


class Page:
    """A file that is answered whole, or not at all where the reader has it."""

    def __init__(self, body: bytes, media_type: str, cache: str) -> None:
        self._body = body
        self._media_type = media_type
        self._headers = {
            "Cache-Control": cache, "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"'}

    def response(self, request: Request) -> Response:
        """The answer to GET or HEAD."""
        if request.headers.get("if-none-match") == self._headers["ETag"]:
            return Response(status_code=304, headers=self._headers)
        return Response(self._body, headers=self._headers, media_type=self._media_type)


def make_pages(*, shop_name: str, currency: str, feedback: bool) -> dict[str, Page]:
    """The pages by path; `feedback` has the storefront tell what shoppers see and do."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined)
    values = {
        "shop_name": shop_name, "currency": currency, "feedback": "on" if feedback else "off"}
    pages = {
        path: Page(
            templates.get_template(name).render(values).encode(), "text/html", "no-cache")
        for path, name in (("/", "storefront.html"), ("/operator", "operator.html"))}
    for file in sorted(_FOLDER.iterdir()):
        if file.suffix in (".js", ".css", ".svg"):
            media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            pages[f"/static/{file.name}"] = Page(file.read_bytes(), media_type, _SHORT_CACHE)
    return pages
