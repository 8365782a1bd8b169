"""Writes small Parquet files: flat required columns of text, doubles and decimals, plain and uncompressed.

Just enough for values that no exporter writes on purpose.  Source: parquet-format, parquet.thrift;
Thrift compact protocol.
"""

import decimal
import struct

DOUBLE, BYTE_ARRAY, FIXED = 5, 6, 7
UTF8, DECIMAL = 0, 5
WIDE_BYTES, WIDE_DIGITS, WIDE_SCALE = 21, 50, 20
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def value(kind, content):
    if kind in (I32, I64):
        return varint(content << 1)  # zigzag; nothing here is negative
    if kind == BINARY:
        return varint(len(content)) + content
    if kind == LIST:
        item_kind, items = content
        size = len(items)
        head = bytes([size << 4 | item_kind]) if size < 15 else bytes([0xF0 | item_kind]) + varint(size)
        return head + b"".join(value(item_kind, item) for item in items)
    return struct_of(content)


def struct_of(fields):
    """`fields` maps a field number to (kind, content)."""
    out = bytearray()
    last = 0
    for number, (kind, content) in sorted(fields.items()):
        out.append((number - last) << 4 | kind)
        out += value(kind, content)
        last = number
    return bytes(out) + b"\0"


def plain(cells):
    if isinstance(cells[0], float):
        return DOUBLE, struct.pack(f"<{len(cells)}d", *cells)
    if isinstance(cells[0], decimal.Decimal):  # DECIMAL(50, 20)
        units = (int(cell.scaleb(WIDE_SCALE)) for cell in cells)
        return FIXED, b"".join(unit.to_bytes(WIDE_BYTES, "big", signed=True) for unit in units)
    texts = [cell.encode() for cell in cells]
    return BYTE_ARRAY, b"".join(struct.pack("<I", len(text)) + text for text in texts)


def write(path, columns):
    """`columns` maps names to equally long lists of str, of float or of Decimal."""
    rows = len(next(iter(columns.values())))
    body = bytearray(b"PAR1")
    schema = [{4: (BINARY, b"schema"), 5: (I32, len(columns))}]
    chunks = []
    for name, cells in columns.items():
        kind, data = plain(cells)
        element = {1: (I32, kind), 3: (I32, 0), 4: (BINARY, name.encode())}
        if kind == BYTE_ARRAY:
            element[6] = (I32, UTF8)
        if kind == FIXED:
            element |= {2: (I32, WIDE_BYTES), 6: (I32, DECIMAL), 7: (I32, WIDE_SCALE),
                        8: (I32, WIDE_DIGITS)}
        schema.append(element)
        page = struct_of({1: (I32, 0), 2: (I32, len(data)), 3: (I32, len(data)),
                          5: (STRUCT, {1: (I32, rows), 2: (I32, 0), 3: (I32, 3), 4: (I32, 3)})})
        start = len(body)
        body += page + data
        size = len(page) + len(data)
        chunks.append({2: (I64, start), 3: (STRUCT, {
            1: (I32, kind), 2: (LIST, (I32, [0])), 3: (LIST, (BINARY, [name.encode()])), 4: (I32, 0),
            5: (I64, rows), 6: (I64, size), 7: (I64, size), 9: (I64, start)})})
    group = {1: (LIST, (STRUCT, chunks)), 2: (I64, len(body)), 3: (I64, rows)}
    footer = struct_of({1: (I32, 1), 2: (LIST, (STRUCT, schema)), 3: (I64, rows),
                        4: (LIST, (STRUCT, [group]))})
    body += footer + struct.pack("<I", len(footer)) + b"PAR1"
    path.write_bytes(body)
