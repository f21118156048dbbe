#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden clocks, made from docs/records.md without our C.

    python3 tests/vectors/make_clock.py >tests/vectors/clock.json
"""
import json
import sys

sys.dont_write_bytecode = True
from make_records import in_hex, pack, some

WHO = some("clock who", 16)
REPLACED = [some("clock replaced 1", 32), some("clock replaced 2", 32)]
GOOD = {"boot": 7, "claimed": 86400000, "real": 1772359200000, "who": WHO}
WHOLE = {"boot": 7, "claimed": 86400000, "real": 1772359200000,
         "replaces": REPLACED, "who": WHO}


def without(key):
    return {k: v for k, v in GOOD.items() if k != key}


json.dump(in_hex({
    "made_by": "tests/vectors/make_clock.py",
    "who": WHO,
    "replaced": REPLACED,
    "payload": pack(["clock", GOOD]),
    "replacing": pack(["clock", WHOLE]),
    "taking_back": pack(["clock", {"replaces": REPLACED}]),
    "longest": pack(["clock", {**WHOLE, "boot": 2**63 - 1, "claimed": 2**63 - 1,
                               "real": 2**63 - 1, "replaces": REPLACED * 32}]),
    "carried": pack(["clock", {**GOOD, "a later field": [None]}]),
    "refused": [
        {"name": "nothing", "payload": pack(["clock", {}])},
        {"name": "no boot", "payload": pack(["clock", without("boot")])},
        {"name": "no claim", "payload": pack(["clock", without("claimed")])},
        {"name": "no time", "payload": pack(["clock", without("real")])},
        {"name": "nobody", "payload": pack(["clock", without("who")])},
        {"name": "somebody alone", "payload": pack(["clock", {"who": WHO}])},
        {"name": "a boot that is too high",
         "payload": pack(["clock", {**GOOD, "boot": 2**63}])},
        {"name": "a time that is no number",
         "payload": pack(["clock", {**GOOD, "real": b"7"}])},
        {"name": "an author of 15 bytes",
         "payload": pack(["clock", {**GOOD, "who": WHO[:15]}])},
        {"name": "65 replaced",
         "payload": pack(["clock", {**WHOLE, "replaces": [REPLACED[0]] * 65}])},
        {"name": "none replaced",
         "payload": pack(["clock", {**WHOLE, "replaces": []}])},
        {"name": "another type", "payload": pack(["clocks", GOOD])},
    ],
}), sys.stdout, indent=1)
print()
