#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden statements, made from docs/content.md section 7 without our C.

    python3 tests/vectors/make_statement.py

writes statement.json beside itself and the fuzz target's first inputs.
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
from make_records import digest, pack, pack_items, public_key, sign, some

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / "fuzz" / "corpus" / "statement"
ARCHIVED = 1


def be(n):
    return n.to_bytes(8, "big")


def statement(seed, kind, page, number, payload, version=1, context="daf.statement.1", tail=b""):
    author = digest(16, "daf.author.1", public_key(seed))
    signed = b"\x98" + pack_items([version, some("telemetry", 16), author, kind, page, number, payload])
    sig = sign(seed, context.encode().ljust(16, b"\0") + digest(32, context, signed))
    whole = signed + pack(sig) + tail
    return {
        "author": author.hex(), "key": public_key(seed).hex(), "kind": kind, "page": page,
        "number": str(number), "mark": digest(16, "daf.statement.2", whole)[:8].hex(),
        "bytes": whole.hex(),
    }


def archived(items, **more):
    items = sorted(items)
    return {"content": b"".join(i for i, _ in items), "since": b"".join(be(s) for _, s in items), **more}


def main():
    seed, items = some("archive", 32), [(some("content %d" % n, 32), 1760000000000 + n) for n in range(3)]
    full = [(some("item %d" % n, 32), n) for n in range(1024)]
    good = [
        ("nothing", statement(seed, ARCHIVED, 0, 1, archived([]))),
        ("three", statement(seed, ARCHIVED, 15, 2**63 - 1, archived(items))),
        ("a key that is not known", statement(seed, ARCHIVED, 1, 7, archived(items[:1], zzz=[1, None]))),
        ("a full page", statement(seed, ARCHIVED, 2, 2, archived(full))),
        ("of a kind that is not known", statement(seed, 5, 0, 9, ["anything", {"a": True}])),
    ]
    ids, when = items[0][0], be(1)
    unordered = b"".join(sorted((i for i, _ in items), reverse=True))
    bad = [
        ("a newer version", "version", statement(seed, 1, 0, 1, archived([]), version=2)),
        ("kind 0", "form", statement(seed, 0, 0, 1, archived([]))),
        ("kind 6", "limit", statement(seed, 6, 0, 1, archived([]))),
        ("page 16", "limit", statement(seed, 1, 16, 1, archived([]))),
        ("page 1 of an unknown kind", "limit", statement(seed, 2, 1, 1, {})),
        ("number 0", "form", statement(seed, 1, 0, 0, archived([]))),
        ("number 2^63", "limit", statement(seed, 1, 0, 2**63, archived([]))),
        ("no map", "form", statement(seed, 1, 0, 1, [])),
        ("no since", "form", statement(seed, 1, 0, 1, {"content": b""})),
        ("no content", "form", statement(seed, 1, 0, 1, {"since": b""})),
        ("since of another length", "form", statement(seed, 1, 0, 1, {"content": ids, "since": when * 2})),
        ("half an id", "form", statement(seed, 1, 0, 1, {"content": ids[:16], "since": b""})),
        ("ids not ascending", "form", statement(seed, 1, 0, 1, {"content": unordered, "since": when * 3})),
        ("an id twice", "form", statement(seed, 1, 0, 1, {"content": ids * 2, "since": when * 2})),
        ("1025 ids", "limit", statement(seed, 1, 0, 1, archived(full + items[:1]))),
        ("an unknown kind of over 1024 bytes", "limit", statement(seed, 2, 0, 1, bytes(1024))),
        ("a byte too many", "form", statement(seed, 1, 0, 1, archived([]), tail=b"\0")),
        ("signed as another thing", "signature",
         statement(seed, 1, 0, 1, archived([]), context="daf.cert.1")),
    ]
    doc = {
        "about": "made by make_statement.py; a change here is a change of the protocol",
        "scope": some("telemetry", 16).hex(),
        "content": [{"id": i.hex(), "since": str(s)} for i, s in sorted(items)],
        "good": [{"name": n, **s} for n, s in good],
        "bad": [{"name": n, "error": e, "key": s["key"], "bytes": s["bytes"]} for n, e, s in bad],
    }
    with open(HERE / "statement.json", "w", encoding="ascii") as out:
        json.dump(doc, out, indent=1, ensure_ascii=True)
        out.write("\n")
    CORPUS.mkdir(exist_ok=True)
    for name, s in good[:3] + good[4:]:
        (CORPUS / name.replace(" ", "-")).write_bytes(bytes.fromhex(s["bytes"]))


if __name__ == "__main__":
    main()
