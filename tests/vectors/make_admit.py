#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden admits, made from docs/records.md without our C.

    python3 tests/vectors/make_admit.py

writes admit.json beside itself and the fuzz target's inputs.
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
from make_records import digest, pack, public_key, record, some

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / "fuzz" / "corpus" / "payload"


def fields(who, logs, **more):
    return ["admit", {"logs": logs, "who": who, **more}]


def shown(who, logs):
    names = ("scope", "author", "incarnation", "tips")
    return {
        "who": who.hex(),
        "logs": [dict(zip(names, (log[0].hex(), log[1].hex(), str(log[2]),
                                  [tip.hex() for tip in log[3]]))) for log in logs],
    }


def main():
    camp, seed = some("camp", 32), some("coordinator", 32)
    who = digest(16, "daf.author.1", public_key(some("tablet", 32)))
    scope = digest(16, "daf.scope.1", camp + b"class:1")
    tips = [some("tip %d" % n, 32) for n in range(64)]
    cases = [
        ("one log", [[scope, who, 7, tips[:2]]], {}),
        ("no log", [], {}),
        ("two logs and what is not known",
         [[scope, who, 0, tips], [scope, who, 2**64 - 1, []]], {"zzz": [1, None]}),
    ]
    good, prev = [], None
    for n, (name, logs, more) in enumerate(cases):
        made = record("admit", seed=seed, camp=camp, scope="control",
                      body={"kind": "plain", "payload": fields(who, logs, **more)},
                      seq=n + 1, prev=prev, incarnation=9, claimed_ms=1760000000000, boot=1,
                      time_quality=1, retention=0)
        prev = made["id"]
        good.append({"name": name, "plain": not more, **shown(who, logs),
                     "id": made["id"].hex(), "header": made["header"].hex(),
                     "body": made["body"]["bytes"].hex(),
                     "payload": made["body"]["payload"].hex()})
    log = [scope, who, 7, tips[:1]]
    bad = [
        ("no who", "form", ["admit", {"logs": [log]}]),
        ("no logs", "form", ["admit", {"who": who}]),
        ("who of 15 bytes", "form", fields(who[:15], [log])),
        ("a tip of 31 bytes", "form", fields(who, [[scope, who, 7, [tips[0][:31]]]])),
        ("65 tips", "limit", fields(who, [[scope, who, 7, tips + tips[:1]]])),
        ("a log of three", "form", fields(who, [log[:3]])),
        ("a scope by name", "form", fields(who, [["class:1"] + log[1:]])),
        ("another type", "form", ["revocation", {"logs": [log], "who": who}]),
    ]
    doc = {
        "about": "made by make_admit.py; a change here is a change of the protocol",
        "good": good,
        "bad": [{"name": n, "error": e, "payload": pack(p).hex()} for n, e, p in bad],
    }
    with open(HERE / "admit.json", "w", encoding="ascii") as out:
        json.dump(doc, out, indent=1, ensure_ascii=True)
        out.write("\n")
    for n, case in enumerate(good):
        (CORPUS / ("admit-%d" % n)).write_bytes(bytes.fromhex(case["payload"]))


if __name__ == "__main__":
    main()
