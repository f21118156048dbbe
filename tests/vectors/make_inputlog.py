#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A golden input log with every kind of input, made from docs/inputlog.md without our C.

    python3 tests/vectors/make_inputlog.py >tests/vectors/inputlog.json

Hashes and msgpack are make_records.py's.
"""
import json
import sys

sys.dont_write_bytecode = True
from make_records import digest, in_hex, pack, pack_items, some

VERSION = 7
SCOPE, AUTHOR, ID = some("scope", 16), some("author", 16), some("id", 32)
CONTENT = some("content", 32)
KEY = some("key", 32)


def big(n, size):
    return n.to_bytes(size, "big")


# --- every kind of input, in the order of the table -----------------------------

DID = [[b"fractions/1", 800000, 300], [b"x", None, 2**32 - 1]]
WRITES = [  # ticket, kind, claimed, quality, scope, learner, did, payload
    ("a session", [9, 0, 1700000000123, 1, "class:1", b"Kites", DID, b""]),
    ("a control record", [10, 1, 0, 0, "", b"", [], b"\x92\xa1x\x80"]),
    ("a catalogue item", [11, 2, 1700000000124, 2, "", b"", [],
                          pack(["catalogue-item", {"replaces": [ID]}])]),
    ("a learner without a name", [12, 3, 1, 0, "class:2", b"", [], b""]),
    ("an assignment", [13, 4, 1700000000125, 1, "class:1", b"", [],
                       pack(["assignment", {"replaces": [ID]}])]),
    ("a word that all was heard", [14, 5, 1, 0, "", b"", [], b""]),
]
INPUTS = [
    ("TIMER", 0, []),
    ("LISTENING", 1, [5670, 65535]),
    ("LINK_LOST", 2, []),
    ("OPENED", 3, [2**31 + 7, 2, KEY]),
    ("FRAME", 4, [1, b"\x91\x0a"]),
    ("CLOSED", 5, [2**32 - 1]),
    ("STORED", 6, [5, 0, 41, [[SCOPE, AUTHOR, 1, 1, ID, True, False],
                              [SCOPE, AUTHOR, 2**64 - 1, 2**63 - 1, ID, False, True]]]),
    ("PEER", 7, ["[fe80::1%3]:5670", 4, bytes(16)]),
    *(("WRITE, " + what, 8, fields) for what, fields in WRITES),
    ("STOP", 9, []),
    ("FOUND", 10, [1, some("name", 8), 5670, some("data", 48), "192.0.2.7:5670"]),
    ("GONE", 11, [1, some("name", 8)]),
    ("OWN", 12, [["192.0.2.7", "2001:db8::7"]]),
    ("PORCH", 13, [1, 2**64 - 1, "class:1", "append", b"certificate"]),
    ("PORCHED", 14, [47111]),
    ("ITEM that is lacking", 15, [CONTENT, 9, 1, 65536, False, False, True, False, 1, 1700000000125, b"\x80\x00"]),
    ("ITEM that is the largest", 15,
     [CONTENT, 2**20, 512, 2**20, False, True, False, True, 255, 2**63 - 1, b""]),
    ("ITEM that is gone", 15, [CONTENT, 0, 0, 0, True, False, False, False, 0, 0, b""]),
    ("PUT", 16, [7, CONTENT, 8, 65535, 3, 0]),
    ("PUT that condemned it", 16, [7, CONTENT, 0, 0, 7, 0]),
    ("PUT on a full disk", 16, [2**32 - 1, CONTENT, 2**20 - 1, 2**20, 0, 14]),
    ("READ", 17, [7, CONTENT, 1, 0, some("piece", 40), True, 0]),
    ("READ of nothing", 17, [8, CONTENT, 1, 0, b"", True, 10]),
    ("AIR", 18, [2, some("air", 8)]),
    ("AIR of a cable", 18, [1, bytes(8)]),
    ("ROUND", 19, [2**32 - 1]),
    ("SHELF", 20, [True]),
    ("SHELF that is not mounted", 20, [False]),
    ("NOTED", 21, [43, 2**64 - 1, 4096]),
]

# --- calls on the port, and the chain ---------------------------------------------

LIVES = [7, 2**64 - 1]

PART = big(2**20 - 1, 4) + big(2**20, 4)
CALLS = {  # before the input of that name: call, number, parts
    "LISTENING": [[3, 2**31 + 7, [b"\x02", b"192.0.2.7:5670", KEY]]],
    "FRAME": [[1, 1, [b"\x91\x0a"]], [2, 1, []]],
    "ITEM that is lacking": [[1, 7, [pack([16, CONTENT])]]],
    "PUT": [[15, 7, [CONTENT, PART, some("bytes", 100)]], [16, 7, []]],
    "SHELF": [[5, 6, []], [18, 2**63 - 1, [some("statement", 90)]],
              [19, 1, [b"".join(big(n, 8) for n in LIVES)]], [7, 6, []]],
    "READ": [[17, 7, [CONTENT, big(1, 4) + big(0, 4), b""]]],
}
NAMES = ["seed", "boot_number", "lives", "restored", "sign", "transport", "seal", "sign_secret",
         "transport_secret", "seal_secret", "manifest", "cert", "start"]
HEAD = [VERSION, some("seed", 32), 3, LIVES, True, some("sign", 32), some("transport", 32),
        some("seal", 32), some("sign secret", 64), some("transport secret", 32),
        some("seal secret", 32), some("manifest", 300), some("cert", 200),
        some("start", 32)]
OLD = [some("seed", 32), 3, 2**64 - 1, AUTHOR]  # after the number, up to version 3


def main():
    begin = bytes([0x91 + len(HEAD)]) + pack("daf-inputs")
    head = begin + pack_items(HEAD)
    chain, log, entries = bytes(32), head, []
    for i, (name, kind, fields) in enumerate(INPUTS):
        calls = CALLS.get(name, [])
        for call, number, parts in calls:
            chain = digest(32, "daf.effect.1", pack([call, number] + parts), key=chain)
        log += pack([kind, 1000 + i, 40 + i // 4] + fields + [chain[:8]])
        entries.append({
            "name": name,
            "kind": str(kind),
            "end": str(len(log)),
            "effects": chain[:8],
            "calls": [{"call": str(c), "number": str(n), "parts": p} for c, n, p in calls],
        })
    old = b"\x96" + pack("daf-inputs")
    refused = [
        {"name": "version 2", "error": "version", "log": old + pack_items([2] + OLD)},
        {"name": "version 3", "error": "version", "log": old + pack_items([3] + OLD)},
        {"name": "version 4", "error": "version", "log": begin + pack_items([4] + HEAD[1:])},
        {"name": "version 5", "error": "version", "log": begin + pack_items([5] + HEAD[1:])},
        {"name": "version 6", "error": "version", "log": begin + pack_items([6] + HEAD[1:])},
        {"name": "version 8", "error": "version", "log": begin + pack_items([8] + HEAD[1:])},
        {"name": "no life", "error": "form",
         "log": begin + pack_items(HEAD[:3] + [[]] + HEAD[4:])},
        {"name": "33 lives", "error": "form",
         "log": begin + pack_items(HEAD[:3] + [[1] * 33] + HEAD[4:])},
        {"name": "the head of version 3", "error": "form",
         "log": old + pack_items([7] + OLD)},
        {"name": "another file", "error": "form",
         "log": begin[:1] + pack("daf-output") + pack_items(HEAD)},
        {"name": "a short seed", "error": "form",
         "log": begin + pack_items([7, bytes(31)] + HEAD[2:])},
        {"name": "a short secret", "error": "form",
         "log": begin + pack_items(HEAD[:8] + [bytes(32)] + HEAD[9:])},
        {"name": "a certificate that is too long", "error": "form",
         "log": begin + pack_items(HEAD[:12] + [bytes(1025)] + HEAD[13:])},
    ]
    good = [CONTENT, 9, 1, 65536, False, False, True, False, 1, 1700000000125, b"\x80\x00"]
    wrong = [  # entries that are wrong: nothing of them is believed
        ("an input of a later version", [22, 0, 0, bytes(8)]),
        ("a NOTED with a field too few", [21, 0, 0, 1, 1, bytes(8)]),
        ("an AIR of a fourth kind", [18, 0, 0, 3, bytes(8), bytes(8)]),
        ("an AIR of 7 bytes", [18, 0, 0, 2, bytes(7), bytes(8)]),
        ("an ITEM with a field too few", [15, 0, 0] + good[:10] + [bytes(8)]),
        ("an ITEM with a field too many", [15, 0, 0] + good + [None, bytes(8)]),
        ("an ITEM of too many parts", [15, 0, 0, CONTENT, 2**20 + 1] + good[2:] + [bytes(8)]),
        ("a PUT of an unknown end", [16, 0, 0, 7, CONTENT, 0, 0, 8, 0, bytes(8)]),
        ("a PUT of an unknown error", [16, 0, 0, 7, CONTENT, 0, 0, 0, 99, bytes(8)]),
        ("a WRITE of a time that is none", [8, 0, 0, 1, 0, 2**63, 0, "", b"", [], b"", bytes(8)]),
        ("a WRITE of an unknown clock", [8, 0, 0, 1, 0, 0, 3, "", b"", [], b"", bytes(8)]),
        ("an OPENED at no endpoint", [3, 0, 0, 7, 0, KEY, bytes(8)]),
        ("a READ without bytes", [17, 0, 0, 7, CONTENT, 0, 0, None, True, 0, bytes(8)]),
        ("a WRITE of an eighth kind", [8, 0, 0, 1, 7, 0, 0, "", b"", [], b"", bytes(8)]),
    ]
    json.dump(in_hex({
        "made_by": "tests/vectors/make_inputlog.py",
        "head": {n: b"".join(big(x, 8) for x in v) if isinstance(v, list)
                 else str(int(v)) if isinstance(v, int) else v
                 for n, v in zip(NAMES, HEAD[1:])},
        "head_bytes": head,
        "entries": entries,
        "log": log,
        "refused": refused,
        "wrong": [{"name": n, "entry": pack(v)} for n, v in wrong],
    }), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
