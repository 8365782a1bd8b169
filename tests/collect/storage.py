"""An S3-compatible storage of a few lines that makes up what it is asked for, and deliveries to lay into it: for what the
rehearsal cannot do, as objects of any size and buckets that someone empties.  It asks for no signature."""

import datetime
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import sys
import threading
import urllib.parse
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness

BUCKET = "bills"
PAGE = 1000
DATA_AT = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(hours=2)
MANIFEST_AT = DATA_AT + datetime.timedelta(minutes=1)  # AWS writes it last
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"  # of deflate: five bytes that stand for none


class Storage:
    """Objects by key; each is head + filler * times + tail."""

    def __init__(self):
        self.objects = {}
        self.order, self.places = [], {}  # of a listing, sorted once
        storage = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                storage.answer(self, True)

            def do_HEAD(self):
                storage.answer(self, False)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def put(self, key, head, filler=b"", times=0, tail=b"", at=DATA_AT):
        size = len(head) + len(filler) * times + len(tail)
        etag = hashlib.md5(f"{key} {size}".encode()).hexdigest() + "-2"  # of parts: no MD5 of the content
        self.objects[key] = (size, etag, at, head, filler, tail)

    def answer(self, request, with_body):
        url = urllib.parse.urlsplit(request.path)
        key = urllib.parse.unquote(url.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        if not key:
            self.send(request, 200, self.page(dict(urllib.parse.parse_qsl(url.query))), {"x-amz-bucket-region": "us-east-1"})
            return
        if key not in self.objects:
            self.send(request, 404, b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>", {})
            return
        size, etag, at, head, filler, tail = self.objects[key]
        begin, end = 0, size
        asked = request.headers.get("Range")
        if asked:
            first, last = asked.removeprefix("bytes=").split("-")
            begin, end = int(first), min(int(last) + 1, size)
        request.send_response(206 if asked else 200)
        if asked:
            request.send_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
        request.send_header("ETag", f'"{etag}"')
        request.send_header("Last-Modified", at.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        request.send_header("Content-Length", str(end - begin))
        request.end_headers()
        while with_body and begin < end:
            block = self.read(head, filler, tail, size, begin, min(end - begin, 1 << 20))
            request.wfile.write(block)
            begin += len(block)

    @staticmethod
    def read(head, filler, tail, size, begin, length):
        if begin < len(head):
            return head[begin:begin + length]
        middle = size - len(tail)
        if begin < middle:
            length = min(length, middle - begin)
            skip = (begin - len(head)) % len(filler)
            return (filler * (length // len(filler) + 2))[skip:skip + length]
        return tail[begin - middle:begin - middle + length]

    def page(self, query):
        prefix, after = query.get("prefix", ""), query.get("continuation-token", "")
        if not after:
            self.order = sorted(self.objects)
            self.places = {key: place for place, key in enumerate(self.order)}
        keys = self.order
        chosen = [key for key in keys[self.position(after):] if key.startswith(prefix)][:PAGE + 1]
        more = len(chosen) > PAGE
        chosen = chosen[:PAGE]
        items = "".join(
            f"<Contents><Key>{urllib.parse.quote(key)}</Key><LastModified>{self.objects[key][2]:%Y-%m-%dT%H:%M:%SZ}</LastModified>"
            f"<ETag>&quot;{self.objects[key][1]}&quot;</ETag><Size>{self.objects[key][0]}</Size>"
            f"<StorageClass>STANDARD</StorageClass></Contents>" for key in chosen)
        token = f"<NextContinuationToken>{urllib.parse.quote(chosen[-1])}</NextContinuationToken>" if more else ""
        return (f"<ListBucketResult><Name>{BUCKET}</Name><EncodingType>url</EncodingType><IsTruncated>"
                f"{str(more).lower()}</IsTruncated>{token}{items}</ListBucketResult>").encode()

    def position(self, after):
        return self.places[urllib.parse.unquote(after)] + 1 if after else 0

    @staticmethod
    def send(request, status, body, headers):
        request.send_response(status)
        for name, value in {"Content-Type": "application/xml", "Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)


class Case(harness.Case):
    """A connection to a storage of its own; the bill of one month to lay into it."""

    def setUp(self):
        super().setUp()
        self.storage = Storage()
        self.addCleanup(self.storage.stop)
        self.lake = harness.Lake(self.scratch / "lake")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "FARTHING_", "XDG_"))}
        self.environment = {**clean, "HOME": str(self.scratch), "FARTHING_SECRET_ACCESS_KEY": "secret"}
        harness.simulate(self.scratch / "bill", lines=600, formats="cur2-csv")
        data = next((self.scratch / "bill").rglob("*.csv.gz"))
        self.bill = gzip.decompress(data.read_bytes())

    def connect(self):
        self.succeeds(self.lake.run(
            "connect", "--name", "storage", "--type", "bucket", "--endpoint", self.storage.endpoint, "--bucket", BUCKET,
            "--prefix", "p", "--export", "bill", "--access-key-id", "KEY", "--check", env=self.environment))

    def put_month(self, month, filler_times=0):
        deflated = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = deflated.compress(self.bill) + deflated.flush()
        head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
        tail = body + zlib.crc32(self.bill).to_bytes(4, "little") + len(self.bill).to_bytes(4, "little")
        key = f"p/bill/data/BILLING_PERIOD={month}/bill-00001.csv.gz"
        self.storage.put(key, head, EMPTY_BLOCK, filler_times, tail)
        manifest = {"executionId": f"run-{month}-{filler_times}", "exportArn": "arn:aws:bcm-data-exports:us-east-1:1:export/bill-1",
                    "columns": [], "dataFiles": [f"s3://{BUCKET}/{key}"]}
        self.storage.put(f"p/bill/metadata/BILLING_PERIOD={month}/bill-Manifest.json", json.dumps(manifest).encode(),
                         at=MANIFEST_AT)

    def month_of_bill(self):
        return next(iter(json.loads((self.scratch / "bill" / "EXPECTED.json").read_text())["months"]))
