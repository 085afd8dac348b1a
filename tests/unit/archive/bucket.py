"""A small server that speaks enough of S3 for one client: objects in a dictionary."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "/prices"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    parts: dict[str, dict[int, bytes]]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  -- their name
        """Nothing: the tests' output is for tests."""

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return unquote(parts.path).removeprefix(BUCKET).lstrip("/"), parse_qs(parts.query, keep_blank_values=True)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            data = b""
            while length := int(self.rfile.readline().split(b";")[0], 16):
                data += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "aws-chunked" not in (self.headers.get("Content-Encoding") or ""):
            return data
        # Chunks inside of that, with a checksum after the last one.
        whole, rest = b"", data
        while True:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size.split(b";")[0], 16)
            if not length:
                return whole
            whole, rest = whole + rest[:length], rest[length + 2 :]

    def do_PUT(self) -> None:
        key, query = self._asked()
        body = self._body()
        if "partNumber" in query:
            self.parts.setdefault(key, {})[int(query["partNumber"][0])] = body
        else:
            self.objects[key] = body
        self._answer(200, ETag='"etag"')

    def do_POST(self) -> None:
        key, query = self._asked()
        self._body()
        if "uploads" in query:
            named = f"<Key>{escape(key)}</Key><UploadId>1</UploadId>"
            said = f"<InitiateMultipartUploadResult>{named}</InitiateMultipartUploadResult>"
        else:
            self.objects[key] = b"".join(data for _, data in sorted(self.parts.pop(key).items()))
            said = f"<CompleteMultipartUploadResult><Key>{escape(key)}</Key></CompleteMultipartUploadResult>"
        self._answer(200, said.encode())

    def do_HEAD(self) -> None:
        key, _ = self._asked()
        if not key:
            self._answer(200)
        elif key in self.objects:
            self._answer(200, Content_Length=str(len(self.objects[key])), ETag='"etag"')
        else:
            self._answer(404)

    def do_GET(self) -> None:
        key, query = self._asked()
        if not key or "list-type" in query:
            self._list(query.get("prefix", [""])[0], query.get("delimiter", [""])[0])
        elif key not in self.objects:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._answer_range(self.objects[key])

    def _answer_range(self, data: bytes) -> None:
        asked = self.headers.get("Range")
        if not asked:
            self._answer(200, data)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        end = min(int(last) + 1 if last else len(data), len(data))
        part = data[int(first) : end]
        self._answer(206, part, Content_Range=f"bytes {first}-{end - 1}/{len(data)}")

    def _list(self, prefix: str, delimiter: str) -> None:
        found = sorted(key for key in self.objects if key.startswith(prefix))
        folders: dict[str, None] = {}
        if delimiter:
            deep = [key for key in found if delimiter in key[len(prefix) :]]
            folders = dict.fromkeys(prefix + key[len(prefix) :].partition(delimiter)[0] + delimiter for key in deep)
            found = [key for key in found if key not in deep]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
            "<LastModified>2026-11-27T10:00:00.000Z</LastModified></Contents>"
            for key in found
        )
        shared = "".join(f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in folders)
        body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}{shared}</ListBucketResult>"
        self._answer(200, body.encode())

    def do_DELETE(self) -> None:
        key, _ = self._asked()
        self.objects.pop(key, None)
        self._answer(204)


@contextmanager
def serving() -> Generator[tuple[str, dict[str, bytes]]]:
    """The address of an archive in a bucket, and the objects that are in it."""
    objects: dict[str, bytes] = {}
    handler = type("Handler", (_Handler,), {"objects": objects, "parts": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"s3://prices/archive?endpoint_override=127.0.0.1:{server.server_port}&scheme=http&region=eu-1", objects
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
