#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A golden item on disk, made from docs/content.md without our C.

    python3 tests/vectors/make_shelf.py >tests/vectors/shelf.json

Hashes and msgpack are make_records.py's.
"""
import json
import sys

sys.dont_write_bytecode = True
from make_records import digest, pack, pack_items, some

BLOCK = 4096
CHUNK = 65536  # so small an item has the smallest chunks
FILES = [  # in the order of R62
    ("a.txt", some("shelf a", 10)),
    ("b/zeros", bytes(70000)),
    ("c.txt", some("shelf c", 5000)),
]


def blocks(n):
    return -(-n // BLOCK) * BLOCK


def chunks(data):
    return [data[i:i + CHUNK] for i in range(0, len(data), CHUNK)]


def little(n, size):
    return n.to_bytes(size, "little")


# --- what it is (sections 1 to 3) ---------------------------------------------

file_list = pack([[path, len(data), b"".join(digest(32, "daf.chunk.1", c) for c in chunks(data))]
                  for path, data in FILES])
assert len(file_list) < 65536
count = sum(len(chunks(data)) for _, data in FILES)
about = b"\x81" + pack("title") + b"\x81" + pack("en") + pack("A shelf")
manifest = b"\x99" + pack_items([1, 1, sum(len(data) for _, data in FILES), len(FILES),
                                 len(file_list), CHUNK, count,
                                 digest(32, "daf.page.1", file_list)]) + about
content = digest(32, "daf.content.1", manifest)

# --- what it takes (section 6) --------------------------------------------------

parts = 1 + count
need = blocks(len(manifest)) + blocks(len(file_list)) + BLOCK + blocks(32 + 32 * parts) + 2 * BLOCK
need += BLOCK  # the folder b
for _, data in FILES:
    need += BLOCK + sum(blocks(len(c)) for c in chunks(data) if any(c))

# --- its notes (section 5) ------------------------------------------------------


def have(fetched, stretches):
    out = b"DAFHAVE1" + little(fetched, 8) + bytes(16)
    for first, many in stretches:
        entry = little(first, 4) + little(many, 4) + bytes(8)
        out += entry + digest(16, "daf.have.1", content + entry)
    return out


page, last = len(file_list), len(FILES[2][1])
json.dump({
    "manifest": manifest.hex(),
    "content": content.hex(),
    "need": str(need),
    # Each part comes whole and is noted before the next; "have" and "keep" are as
    # they are then.  Parts 2 and 3 are zeros, which nobody notes or fetches.
    "wishes": "3",
    "new": {"have": have(0, []).hex(), "keep": "03" + little(0, 8).hex()},
    "steps": [
        {"part": "0", "bytes": file_list.hex(), "have": have(page, [(0, 1)]).hex(),
         "keep": "03" + little(need, 8).hex()},
        {"part": "4", "bytes": FILES[2][1].hex(), "have": have(page + last, [(0, 1), (4, 1)]).hex(),
         "keep": "03" + little(need, 8).hex()},
    ],
}, sys.stdout, indent=1)
print()
