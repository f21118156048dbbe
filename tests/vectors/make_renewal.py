#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden renewals, made from docs/records.md without our C.

    python3 tests/vectors/make_renewal.py >tests/vectors/renewal.json
"""
import json
import sys

sys.dont_write_bytecode = True
from make_records import in_hex, pack, some

REQUEST = some("request", 182)
GOOD = {"lives": [7, 2**64 - 1], "request": REQUEST}

json.dump(in_hex({
    "made_by": "tests/vectors/make_renewal.py",
    "request": REQUEST,
    "payload": pack(["renewal", GOOD]),
    "longest": pack(["renewal", {"lives": [2**64 - 1] * 32, "request": bytes(512)}]),
    "carried": pack(["renewal", {**GOOD, "a later field": [None]}]),
    "refused": [
        {"name": "no life", "payload": pack(["renewal", {**GOOD, "lives": []}])},
        {"name": "33 lives", "payload": pack(["renewal", {**GOOD, "lives": [1] * 33}])},
        {"name": "a life that is no number",
         "payload": pack(["renewal", {**GOOD, "lives": [b"7"]}])},
        {"name": "a request that is too long",
         "payload": pack(["renewal", {**GOOD, "request": bytes(513)}])},
        {"name": "without a request", "payload": pack(["renewal", {"lives": [1]}])},
        {"name": "another type", "payload": pack(["renewals", GOOD])},
    ],
}), sys.stdout, indent=1)
print()
