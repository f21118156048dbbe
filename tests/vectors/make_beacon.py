#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden beacons, made from docs/records.md without our C.

    python3 tests/vectors/make_beacon.py >tests/vectors/beacon.json
"""
import json
import sys

sys.dont_write_bytecode = True
from make_records import in_hex, pack, some

WHO = some("beacon second", 16)
SIG = some("beacon signature", 64)
GOOD = {"beacon": 1772359200 // 604800}

json.dump(in_hex({
    "made_by": "tests/vectors/make_beacon.py",
    "week": GOOD["beacon"],
    "second": WHO,
    "signature": SIG,
    "payload": pack(["beacon", GOOD]),
    "seconded": pack(["beacon", {**GOOD, "second": [WHO, SIG]}]),
    "highest": pack(["beacon", {"beacon": 2**63 - 1}]),
    "carried": pack(["beacon", {"a field": None, **GOOD, "z": [None]}]),
    "refused": [
        {"name": "nothing", "payload": pack(["beacon", {}])},
        {"name": "too high", "payload": pack(["beacon", {"beacon": 2**63}])},
        {"name": "no number", "payload": pack(["beacon", {"beacon": b"7"}])},
        {"name": "half a second", "payload": pack(["beacon", {**GOOD, "second": [WHO]}])},
        {"name": "a short signature",
         "payload": pack(["beacon", {**GOOD, "second": [WHO, SIG[:63]]}])},
        {"name": "a short author",
         "payload": pack(["beacon", {**GOOD, "second": [WHO[:15], SIG]}])},
        {"name": "another type", "payload": pack(["beacons", GOOD])},
    ],
}), sys.stdout, indent=1)
print()
