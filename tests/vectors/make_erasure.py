#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden erasures, made from docs/records.md without our C.

    python3 tests/vectors/make_erasure.py

writes erasure.json beside itself and first inputs of the fuzz target.  Hashes,
Ed25519 and msgpack are make_records.py's.
"""
import sys

sys.dont_write_bytecode = True
from make_camp import CORPUS, author_id, context_sign, device, pack, some, write_json
from make_records import digest
from make_statement import statement


def payload(handles, second=None):
    fields = {"handles": handles}
    if second is not None:
        fields["second"] = second
    # Keys ascend already.
    out = b"\x92" + pack("erasure") + bytes([0x80 | len(fields)])
    return out + b"".join(pack(k) + pack(v) for k, v in fields.items())


def seconded(handles, who, aad):
    """`second` signs the header's bytes before the body hash, then the payload with
    64 zero bytes in the place of the signature."""
    blank = payload(handles, [author_id(who["sign"]), bytes(64)])
    sig = context_sign(who["seed"], "daf.person.1", aad + blank)
    return payload(handles, [author_id(who["sign"]), sig])


def status():
    """What a device says that it has applied: two logs, two branches in one."""
    authors = sorted(digest(16, "daf.author.1", some(f"coordinator {i}", 32)) for i in range(2))
    ids = sorted(some(f"act {i}", 32) for i in range(3))
    control = [[authors[0], 7, ids[:1]], [authors[1], 2**64 - 1, ids[1:]]]
    out = statement(some("status", 32), 2, 0, 5, {"control": control})
    # Others' keys stand beside it.
    more = statement(some("status", 32), 2, 0, 6,
                     {"control": control, "free": 1200, "version": "7.1", "zzz": [None]})
    return {**out, "more": more["bytes"], "scope": some("telemetry", 16),
            "seed": some("status", 32), "control": pack(control)}


def main():
    keys = [some(f"subject key {i}", 32) for i in range(64)]
    handles = [digest(16, "daf.handle.1", b"", k) for k in keys]
    bilal, aad = device("bilal"), some("header before its body hash", 120)
    # A sealed body with the first handle: what goes.
    body = b"\x95\x01" + pack(handles[0]) + pack(some("nonce", 24))
    body += pack(some("key id", 16)) + pack(some("ciphertext", 48))
    out = {
        "keys": keys,
        "handles": handles,
        "one": payload(handles[:1]),
        "most": payload(handles),
        "seconded": {
            "aad": aad,
            "sign": bilal["sign"],
            "author": author_id(bilal["sign"]),
            "bytes": seconded(handles[:2], bilal, aad),
        },
        "body": body,
        "bad": [payload([]), payload(handles + handles[:1]), payload([handles[0][:15]]),
                payload(handles[:1], [author_id(bilal["sign"]), bytes(63)])],
    }
    out["status"] = status()
    write_json("erasure.json", out)
    (CORPUS / "statement" / "status").write_bytes(bytes.fromhex(out["status"]["more"]))
    for name in ("one", "most"):
        (CORPUS / "payload" / f"erasure-{name}").write_bytes(out[name])
    (CORPUS / "payload" / "erasure-seconded").write_bytes(out["seconded"]["bytes"])


if __name__ == "__main__":
    main()
