#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A golden camp and golden frames, made from docs/protocol.md without our C.

    python3 tests/vectors/make_camp.py

writes camp.json, frames.json and files.json beside itself and the fuzz
targets' first inputs.  Hashes, Ed25519 and msgpack are make_records.py's, tags and symbols
make_sketch.py's; X25519 is below, written from RFC 7748.  Nothing here is constant in time.
"""
import hashlib
import json
import pathlib
import sys

sys.dont_write_bytecode = True
from make_records import digest, pack, public_key, record, sign, some
from make_sketch import log_tag, siphash_128, sketch

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / "fuzz" / "corpus"

# --- X25519 (RFC 7748, 5) -------------------------------------------------

P = 2**255 - 19


def x25519_base(secret):
    """The public key of 32 secret bytes: the ladder from u = 9."""
    k = int.from_bytes(secret, "little") & ((1 << 254) - 8) | 1 << 254
    x1, x2, z2, x3, z3 = 9, 1, 0, 9, 1
    for t in reversed(range(255)):
        bit = k >> t & 1
        if bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
        if bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
    return (x2 * pow(z2, -1, P) % P).to_bytes(32, "little")


def box_pair(seed):
    """A seeded key pair: the secret is the first half of SHA-512."""
    secret = hashlib.sha512(seed).digest()[:32]
    return x25519_base(secret), secret


# --- devices and their names ----------------------------------------------


def context_sign(seed, context, message):
    return sign(seed, context.encode().ljust(16, b"\0") + message)


def device(name):
    seed = some(name, 32)
    return {
        "seed": seed,
        "sign": public_key(seed),
        "transport": box_pair(some(name + " transport", 32))[0],
        "seal": box_pair(some(name + " seal", 32))[0],
    }


def author_id(pk):
    return digest(16, "daf.author.1", pk)


def scope_id(camp, name):
    return digest(16, "daf.scope.1", camp + name.encode())


# --- certificate and manifest (section 4) ---------------------------------


def certificate(camp, who, rights, archive, issued, expires, issuer, ext=b""):
    fields = {
        "camp": camp,
        "serial": some("serial", 16),
        "sign": who["sign"],
        "transport": who["transport"],
        "seal": who["seal"],
        "rights": [[name, str(right)] for name, right in rights],
        "archive": archive,
        "issued": str(issued),
        "expires": None if expires is None else str(expires),
        "issuer": author_id(issuer["sign"]),
    }
    items = [1, camp, 1, fields["serial"], who["sign"], who["transport"], who["seal"]]
    items += [[[name, right] for name, right in rights], archive, issued, expires]
    items += [fields["issuer"], ext]
    signed = b"\x9e" + b"".join(map(pack, items))
    sig = context_sign(issuer["seed"], "daf.cert.1", signed)
    whole = signed + pack(sig)
    fields.update(
        issuer_seed=issuer["seed"],
        author=author_id(who["sign"]),
        signed_len=str(len(signed)),
        sig=sig,
        id=digest(32, "daf.cert.1", whole),
        bytes=whole,
    )
    return fields


def manifest(camp, number, name, k, roots, signers, coordinators, removed, register,
             discovery, previous, dpia, ext=b""):
    items = [1, camp, number, name, k, [public_key(r) for r in roots]]
    items += [[[c["sign"], c["transport"], c["seal"], acts] for c, acts in coordinators]]
    items += [[[who, tips] for who, tips in removed], register, discovery, previous, dpia, ext]
    signed = b"\x9e" + b"".join(map(pack, items))
    sigs = [[i, context_sign(roots[i], "daf.manifest.1", signed)] for i in signers]
    whole = signed + pack(sigs)
    return {
        "camp": camp or digest(32, "daf.camp.1", signed),
        "first": camp is None,
        "number": str(number),
        "name": name,
        "k": str(k),
        "root_seeds": roots,
        "signers": [str(i) for i in signers],
        "roots": [public_key(r) for r in roots],
        "coordinators": [
            {"sign": c["sign"], "transport": c["transport"], "seal": c["seal"],
             "author": author_id(c["sign"]), "acts": str(acts)}
            for c, acts in coordinators
        ],
        "removed": [{"author": who, "tips": tips} for who, tips in removed],
        "register": register,
        "discovery": discovery,
        "previous_discovery": previous,
        "dpia": dpia,
        "signed_len": str(len(signed)),
        "hash": digest(32, "daf.manifest.1", whole),
        "bytes": whole,
    }


TYPES = """achievement admit archived assignment attempt attendance beacon
catalogue-item certificate consent erasure guidance key-wrap lesson placement
registration remark retire revocation same-as session status""".split()


# --- heads (section 3.3) and what is compared of them (section 5.3) ----------


def ids_of(spots):
    return len(spots).to_bytes(4, "big") + b"".join(i for _, i in spots)


def head(scope, author, incarnation, tips, roots, salt):
    """A head and its item: with the digest's mark in symbols, salted in HEADS."""
    tips = sorted(tips, key=lambda spot: spot[1])
    roots = sorted(roots, key=lambda spot: spot[1])
    log = scope + author + incarnation.to_bytes(8, "big")
    whole = digest(32, "daf.head.1", log + ids_of(tips) + ids_of(roots))
    height = min(max(seq for seq, _ in tips), 2**32 - 1)
    named = log_tag(log) + height.to_bytes(4, "big")
    return {
        "scope": scope,
        "author": author,
        "incarnation": incarnation,
        "tips": tips,
        "roots": roots,
        "digest": whole,
        "tag": log_tag(log),
        "height": height,
        "item": named + whole[:6],
        "salted": named + value_of(whole, salt)[:6],
    }


def value_of(name, salt):
    """A head value of a digest; a scope value of a scope id."""
    return siphash_128(salt[:16], name)


def sum_of(values):
    """Of numbers mod 2^128, big endian."""
    return (sum(int.from_bytes(v, "big") for v in values) % 2**128).to_bytes(16, "big")


def sum_of_heads(heads, salt):
    return sum_of(value_of(h["digest"], salt) for h in heads)


def combined_of(sums, salt):
    """R39: sums is a dictionary of a scope's id to its sum."""
    return sum_of(list(sums.values()) + [value_of(scope, salt) for scope in sums])


# --- the camp -------------------------------------------------------------


def make_extended():
    """What a later program may write: an extension that this one carries."""
    root, who = some("root 0", 32), device("ana")
    first = manifest(
        camp=None, number=1, name="", k=1, roots=[root], signers=[], coordinators=[],
        removed=[], register=[], discovery=bytes(32), previous=None, dpia=None,
        ext=some("extension", 64),
    )
    cert = certificate(first["camp"], who, [["camp", 5]], False, 2**63 - 1, 0, who,
                       ext=some("extension", 64))
    return cert["bytes"], first["bytes"]


def make_camp():
    roots = [some("root %d" % i, 32) for i in range(3)]
    ana, ben, tablet = device("ana"), device("ben"), device("tablet")
    first = manifest(
        camp=None, number=1, name="Camp \u0623", k=1, roots=roots[:1], signers=[0],
        coordinators=[(ana, 100)], removed=[], register=TYPES,
        discovery=some("discovery 1", 32), previous=None, dpia=None,
    )
    camp = first["camp"]
    later = manifest(
        camp=camp, number=2, name="Camp \u0623", k=2, roots=roots, signers=[0, 2],
        coordinators=[(ana, 100), (ben, 2**32 - 1)],
        removed=[(author_id(some("gone", 32)), [some("tip", 32), some("tip 2", 32)])],
        register=["certificate", "key-wrap", "registration", "session"],
        discovery=some("discovery 2", 32), previous=some("discovery 1", 32),
        dpia="DPIA 2025-7",
    )
    certs = [
        certificate(
            camp, tablet, [["class:1", 3], ["class:2", 1], ["control", 2]],
            archive=True, issued=7, expires=300, issuer=ana,
        ),
        certificate(camp, tablet, [], archive=False, issued=0, expires=None, issuer=ben),
    ]
    seed = digest(32, "daf.door.1", b"", later["discovery"])
    door_pk, door_sk = box_pair(seed)
    nonces = [some("nonce a", 32), some("nonce b", 32)]
    salt = digest(32, "daf.salt.1", min(nonces) + max(nonces))
    scope = scope_id(camp, "class:1")
    author = author_id(tablet["sign"])
    heads = [
        head(scope, author, 7, [(9, some("t9", 32)), (8, some("t8", 32))],
             [(1, some("r1", 32))], salt),
        head(scope, author, 2**64 - 1, [(3, some("t3", 32))],
             [(1, some("r2", 32)), (3, some("t3", 32))], salt),
    ]
    symbols = sketch(scope, [h["item"] for h in heads])
    sums = {scope_id(camp, "control"): sum_of([]), scope: sum_of_heads(heads, salt)}
    return {
        "devices": {"ana": ana, "ben": ben, "tablet": tablet},
        "manifests": [first, later],
        "certificates": certs,
        "scopes": [
            {"name": n, "id": scope_id(camp, n)} for n in ("catalog", "class:1", "control")
        ],
        "door": {"discovery": later["discovery"], "seed": seed, "pk": door_pk, "sk": door_sk},
        "nonces": nonces,
        "salt": salt,
        "heads": heads,
        "sum": sums[scope],
        "combined": combined_of(sums, salt),
        "symbols": b"".join(symbols[:11]),
    }


# --- frames (section 5) ---------------------------------------------------


def say(v):
    """A value in the words that test_vectors_camp.c has for it."""
    if isinstance(v, bytes):
        return v.hex() or "-"
    if isinstance(v, list):
        return ",".join("%d:%s" % (seq, i.hex()) for seq, i in v) or "-"
    return str(v)


class Frames:
    def __init__(self):
        self.made = []

    def add(self, name, items, words, **more):
        text = " ".join([name] + [say(w) for w in words])
        self.made.append({"name": name, "says": text, "bytes": pack(items), **more})


def spots(pairs):
    return [[seq, i] for seq, i in pairs]


def make_root_frames(frames, camp):
    """What both sides say of two scopes, one of them empty, and of a repeated contact."""
    tablet, ana = camp["devices"]["tablet"], camp["devices"]["ana"]
    later, salt, nonces = camp["manifests"][1], camp["salt"], camp["nonces"]
    boots = [some("boot", 16), some("peer boot", 16)]
    author = author_id(tablet["sign"])
    # R20: the camp, who speaks, then own and peer's of each.
    signed = b"".join([later["camp"], author, *nonces, *boots,
                       tablet["transport"], ana["transport"]])
    sig = context_sign(tablet["seed"], "daf.root.1", signed)
    deferred = [some("deferred 1", 8), some("deferred 2", 8)]
    control, lesson = (scope_id(later["camp"], n) for n in ("control", "class:1"))
    symbols = camp["symbols"][: 8 * 24]
    for bodies, parts in (
        (2**63 - 1, [[control, 0, sum_of([]), b"", b""],
                     [lesson, 2, camp["sum"], b"", b"".join(deferred)]]),
        (0, [[control, 0, sum_of([]), b"", deferred[0]], [lesson, 2, camp["sum"], symbols, b""]]),
        (300, []),
    ):
        parts.sort()
        words = ["author", author, "sig", sig, "number", 2, "hash", later["hash"][:16],
                 "bodies", bodies, "combined", camp["combined"]]
        for part in parts:
            words += ["part", part[0], "heads", part[1], "sum", part[2],
                      "symbols", part[3], "deferred", part[4]]
        frames.add("ROOT", [2, author, sig, 2, later["hash"][:16], bodies, camp["combined"], parts],
                   words, signed=signed, signer=tablet["sign"])


def make_compare_frames(frames, camp, scope):
    """SYMBOLS and HEADS: what a scope holds, in the ways to say it."""
    for start, symbols in ((8, camp["symbols"][8 * 24:]), (4096, b"")):
        frames.add("SYMBOLS", [3, scope, start, symbols],
                   ["scope", scope, "start", start, "symbols", symbols])
    by_tag = sorted(camp["heads"], key=lambda h: h["tag"])
    for kind, more, heads in (
        (0, True, by_tag),
        (0, False, []),
        (1, False, by_tag[::-1]),  # only a page is in order
        (1, True, []),             # "compare again"
        (2, False, by_tag[1:]),
        (3, False, by_tag[:1]),
    ):
        words = ["scope", scope, ("page", "news", "unacknowledged", "answer")[kind],
                 "more" if more else "end"]
        for h in heads:
            words += ["item", h["tag"], h["height"], h["salted"][12:]]
        frames.add("HEADS", [4, scope, kind, more, b"".join(h["salted"] for h in heads)], words)


def make_want_frames(frames, camp, scope):
    tags = [h["tag"] for h in camp["heads"]]
    frames.add("WANT", [5, scope, 0, None], ["scope", scope, "page"])
    frames.add("WANT", [5, scope, 0, tags[0]], ["scope", scope, "page", "after", tags[0]])
    wants = [(8, some("w8", 32)), (2**63 - 1, some("w9", 32))]
    haves = [(2, some("h2", 32))]
    frames.add(
        "WANT",
        [5, scope, 1, 262144, [[tags[0], [], spots(haves), False],
                               [tags[1], spots(wants), spots(haves), True],
                               [some("deferred 1", 8), [], [], False]]],
        ["scope", scope, "credit", 262144,
         "log", tags[0], "wants", [], "haves", haves, "some",
         "log", tags[1], "wants", wants, "haves", haves, "all",
         "log", some("deferred 1", 8), "wants", [], "haves", [], "some"],
    )
    for start, count in ((8, 56), (0, 4096), (4096, 0)):
        frames.add("WANT", [5, scope, 2, start, count],
                   ["scope", scope, "symbols", "start", start, "count", count])


def make_session_frames(frames, camp):
    author = author_id(camp["devices"]["tablet"]["sign"])
    scope = scope_id(camp["manifests"][0]["camp"], "class:1")
    nonce, boot = camp["nonces"][0], some("boot", 16)
    for highest in (3, 300):
        frames.add("HELLO", [1, 3, highest, nonce, boot],
                   ["min", 3, "max", highest, "nonce", nonce, "boot", boot])
    make_root_frames(frames, camp)
    make_compare_frames(frames, camp, scope)
    make_want_frames(frames, camp, scope)
    make_run_frames(frames, camp, scope, author)
    frames.add("BYE", [10, 2], ["reason", 2])


def make_run_frames(frames, camp, scope, author):
    tablet = camp["devices"]["tablet"]
    log = {"seed": tablet["seed"], "camp": camp["manifests"][0]["camp"], "scope": "class:1",
           "incarnation": 7, "claimed_ms": 1760000000000, "boot": 2, "time_quality": 1}
    body = {"kind": "sealed", "generation": some("generation", 32),
            "handle": some("handle", 16), "nonce": some("nonce", 24),
            "payload": ["registration", {"key": some("subject key", 32),
                                         "subject": some("learner", 16)}]}
    one = record("one", body=body, seq=1, prev=None, retention=1, **log)
    two = record("two", body=None, body_len=96, seq=2, prev=one["id"], retention=2, **log)
    held = one["body"]["bytes"]
    frames.add(
        "RUN",
        [6, scope, 1, [[author, 7, [[one["header"], held], [two["header"], 1]]],
                          [author, 8, [[one["header"], 2], [two["header"], 3]]]]],
        ["scope", scope, "last",
         "path", author, 7, "header", one["header"], "body", held,
         "header", two["header"], "body", "erased",
         "path", author, 8, "header", one["header"], "body", "retired",
         "header", two["header"], "body", "absent"],
    )
    frames.add("RUN", [6, scope, 0, []], ["scope", scope, "more"])
    frames.add("RUN", [6, scope, 2, []], ["scope", scope, "cut"])
    frames.add("RUN", [6, scope, 1, [[author, 2**64 - 1, []]]],  # "say more" (R24)
               ["scope", scope, "last", "path", author, 2**64 - 1])
    two_spots = [(1, one["id"]), (2, two["id"])]
    frames.add(
        "NEED",
        [7, scope, [[author, 7, spots(two_spots)], [author, 2**64 - 1, spots(two_spots[:1])]]],
        ["scope", scope, "log", author, 7, "spots", two_spots,
         "log", author, 2**64 - 1, "spots", two_spots[:1]],
    )
    tags = b"".join(h["tag"] for h in camp["heads"])
    frames.add("DEFER", [8, scope, tags], ["scope", scope, "tags", tags])
    frames.add("ACK", [9, scope, [[author, 7, 1, 2, two["id"]]]],
               ["scope", scope, "path", author, 7, "first", 1, "last", 2, "id", two["id"]])


def make_other_frames(frames, camp):
    content, data = some("content", 32), some("data", 48)
    author = author_id(camp["devices"]["tablet"]["sign"])
    later = camp["manifests"][1]["bytes"]
    frames.add("MANIFEST", [11, later], ["data", later])
    frames.add("REGISTER", [12, author, data], ["author", author, "data", data])
    frames.add("HAVE", [13, content, 4096, data],
               ["content", content, "start", 4096, "data", data])
    frames.add("CHUNK", [14, content, 5, 65536, data],
               ["content", content, "part", 5, "offset", 65536, "data", data])


def make_content_frames(frames):
    content, other = some("content", 32), some("other content", 32)
    frames.add("SEEK", [16, content + other], ["contents", content + other])
    frames.add("FETCH", [17, content, 2**20 - 1, 2**20],
               ["content", content, "part", 2**20 - 1, "offset", 2**20])
    frames.add("TURN", [18, 0], ["place", 0])
    frames.add("TURN", [18, 65535], ["place", 65535])
    frames.add("AIR", [19, some("air", 8)], ["radio", 1, "air", some("air", 8)])
    frames.add("AIR", [19, None], ["radio", 0])
    stated, total = some("stated", 68), some("total", 16)
    frames.add("STATED", [20, 0, total], ["stated", "sum", "data", total])
    frames.add("STATED", [20, 1, stated], ["stated", "list", "data", stated])
    frames.add("STATED", [20, 2, b""], ["stated", "answer", "data", b""])


def revocation(camp, who, reason, logs, seq, prev, second=None):
    """A control record by ana; records.md section 4 says what `second` signs."""
    ana = camp["devices"]["ana"]

    def made(sig):
        fields = {"logs": logs, "reason": reason, "who": who}
        if second:
            fields["second"] = [author_id(second["sign"]), sig]
        return record(
            "revocation", seed=ana["seed"], camp=camp["manifests"][0]["camp"], scope="control",
            body={"kind": "plain", "payload": ["revocation", fields]}, seq=seq, prev=prev,
            incarnation=9, claimed_ms=1760000000000, boot=1, time_quality=1, retention=0)

    sig = bytes(64)
    if second:
        bare = made(sig)
        prefix = bare["header"][:int(bare["aad_len"])]
        sig = context_sign(second["seed"], "daf.person.1", prefix + bare["body"]["payload"])
    whole = made(sig)
    return {
        "who": who,
        "reason": reason,
        "logs": [dict(zip(("scope", "author", "incarnation", "tips"), log)) for log in logs],
        "second": second and {"author": author_id(second["sign"]), "key": second["sign"],
                              "sig": sig},
        "id": whole["id"],
        "aad_len": whole["aad_len"],
        "header": whole["header"],
        "payload": whole["body"]["payload"],
        "body": whole["body"]["bytes"],
    }


def make_revocations(camp):
    tablet, ben = camp["devices"]["tablet"], camp["devices"]["ben"]
    who, scope = author_id(tablet["sign"]), scope_id(camp["manifests"][0]["camp"], "class:1")
    logs = [[scope, who, 7, [some("t8", 32), some("t9", 32)]], [scope, who, 2**64 - 1, []]]
    first = revocation(camp, who, 2, logs, 1, None)
    return [first, revocation(camp, some("gone", 16), 0, [], 2, first["id"], second=ben)]


def make_assignments(camp):
    """To a class, to a device, taken back, by a person, for a learner; sealed to the class
    alone."""
    tablet, ana = camp["devices"]["tablet"], camp["devices"]["ana"]
    lessons = [some("lesson %d" % i, 32) for i in range(2)]
    hexed = [lesson.hex() for lesson in lessons]
    made = []

    def add(fields, scope="class:1"):
        whole = record(
            "assignment", seed=ana["seed"], camp=camp["manifests"][0]["camp"], scope=scope,
            body={"kind": "sealed", "generation": some("generation", 32),
                  "nonce": some("assignment nonce %d" % len(made), 24),
                  "handle": some("assignment handle %d" % len(made), 16),
                  "payload": ["assignment", fields]},
            seq=len(made) + 1, prev=made[-1]["id"] if made else None, incarnation=9,
            claimed_ms=1760000000000, boot=1, time_quality=1, retention=3)
        names = ("air", "device", "due", "items", "lesson", "person", "replaces", "subject")
        made.append({
            **{name: fields.get(name) for name in names},
            "contents": [lessons[hexed.index(item)] if item in hexed else None
                         for item in fields.get("items", [])],
            "id": whole["id"], "header": whole["header"], "aad_len": whole["aad_len"],
            "body": whole["body"]["bytes"], "payload": whole["body"]["payload"],
            "generation": some("generation", 32)})

    add({"due": 20500, "items": hexed + ["fractions/01"]})
    add({"device": author_id(tablet["sign"]), "due": 2932896, "items": hexed[:1],
         "lesson": some("a lesson's record", 32)})
    add({"replaces": [made[0]["id"], made[1]["id"]]})
    add({"due": 0, "items": hexed[:1], "person": some("educator", 16), "sig": some("sig", 64)})
    add({"items": ["x"], "replaces": [made[2]["id"]], "subject": some("learner", 16)})
    add({"air": "tent 2", "device": author_id(tablet["sign"])})
    add({"air": "\u062e\u064a\u0645\u0629", "device": author_id(tablet["sign"]), "due": 20500,
         "items": hexed[:1], "replaces": [made[5]["id"]]})
    return made


def make_payloads(camp):
    """Beginnings for fuzz_payload: one of each type that is read."""
    key, who = some("subject key", 32), some("learner", 16)
    wraps = {"commit": some("commit", 16), "generation": 1, "scope": "class:1",
             "wraps": [[who, some("wrap", 80)]]}
    made = [("revocation-%d" % i, r["payload"]) for i, r in enumerate(camp["revocations"])]
    made += [("assignment-%d" % i, a["payload"]) for i, a in enumerate(camp["assignments"])]
    made += [(name, pack([name, fields])) for name, fields in (
        ("session", {"did": [["fractions/01", 800000, 90], ["x", None, 0]], "subject": who}),
        ("registration", {"key": key, "name": "Amina", "subject": who}),
        ("certificate", {"cert": camp["certificates"][0]["bytes"]}),
        ("key-wrap", wraps),
        ("erasure", {"handles": [who, who]}),
    )]
    return made


def make_door_frames(frames, camp):
    tablet, ana = camp["devices"]["tablet"], camp["devices"]["ana"]
    manifest_bytes, cert = camp["manifests"][1]["bytes"], camp["certificates"][0]["bytes"]
    knock, nonce = camp["nonces"]
    frames.add("KNOCK", [33, 3, 3, knock], ["min", 3, "max", 3, "nonce", knock])
    frames.add("NONCE", [34, nonce], ["nonce", nonce])
    for number, name, who, shown in ((35, "PROOF", tablet, cert), (36, "WELCOME", ana, None)):
        author = author_id(who["sign"])
        signed = bytes([number]) + camp["manifests"][1]["camp"] + knock + nonce + who["transport"]
        sig = context_sign(who["seed"], "daf.door.1", signed)
        items = [number, manifest_bytes, shown, author, sig]
        words = ["manifest", manifest_bytes, "cert", shown or b"", "author", author, "sig", sig]
        if number == 36:
            items.append(47047)
            words += ["port", 47047]
        frames.add(name, items, words, signed=signed, signer=who["sign"])
    for r in camp["revocations"]:
        frames.add("REVOKED", [37, r["header"], r["body"]],
                   ["header", r["header"], "body", r["body"]])


def make_lan_frames(frames, camp):
    """After the others, so that these keep their places in the corpus."""
    author, ana = (author_id(camp["devices"][who]["sign"]) for who in ("tablet", "ana"))
    v4, v6 = bytes([192, 168, 1, 7]) + b"\x16\x26", bytes([0xfd]) + bytes(14) + b"\x07\x16\x26"
    frames.add("ADDRESSES", [15, [[author, [v4, v6]], [ana, [v4]]]],
               ["device", author, "at", v4, "at", v6, "device", ana, "at", v4])
    frames.add("ADDRESSES", [15, []], [])


def make_refused(camp):
    """Frames that a reader must refuse (R18, R33, R36), and by which error."""
    scope = scope_id(camp["manifests"][0]["camp"], "class:1")
    author, tag = camp["heads"][0]["author"], camp["heads"][0]["tag"]
    item, symbol, spot = camp["heads"][0]["salted"], camp["symbols"][:24], [1, bytes(32)]
    root = [2, author, bytes(64), 2, bytes(16), 0, bytes(16)]
    part = [scope, 2, bytes(16), b"", b""]
    low, high = bytes([1]) + item[1:], bytes([2]) + item[1:]
    rows = [
        ("ROOT of version 1", "form", [2, author, bytes(64), 2, bytes(32), [part[:4]]]),
        ("ROOT with 33 symbols", "limit", root + [[part[:3] + [symbol * 33, b""]]]),
        ("ROOT with a symbol cut", "form", root + [[part[:3] + [symbol[:23], b""]]]),
        ("ROOT with 65 deferred", "limit", root + [[part[:4] + [tag * 65]]]),
        ("ROOT with a tag cut", "form", root + [[part[:4] + [tag[:7]]]]),
        ("ROOT with one scope twice", "form", root + [[part, part]]),
        ("SYMBOLS cut", "form", [3, scope, 0, symbol + symbol[:1]]),
        ("SYMBOLS beyond the last", "limit", [3, scope, 4095, symbol * 2]),
        ("SYMBOLS from beyond the last", "limit", [3, scope, 4097, b""]),
        ("HEADS of version 1", "form", [4, scope, 0, False, [[author, 7, [spot], [spot]]]]),
        ("HEADS of a fifth kind", "limit", [4, scope, 4, False, item]),
        ("HEADS with an item cut", "form", [4, scope, 1, False, item[:17]]),
        ("HEADS, a page not ascending", "form", [4, scope, 0, False, high + low]),
        ("WANT of version 1", "form", [5, scope, 0, [author, 7]]),
        ("WANT of a page with an item more", "form", [5, scope, 0, None, 1]),
        ("WANT of records without logs", "form", [5, scope, 1, 4096]),
        ("WANT without whether all", "form", [5, scope, 1, 4096, [[tag, [], []]]]),
        ("WANT of symbols beyond the last", "limit", [5, scope, 2, 4096, 1]),
        ("WANT of a fourth kind", "limit", [5, scope, 3, 0, 0]),
        ("NEED of none in a log", "form", [7, scope, [[author, 7, []]]]),
        ("DEFER of 65", "limit", [8, scope, tag * 65]),
        ("DEFER of version 1", "form", [8, scope, [[author, 7]]]),
        ("ADDRESSES of a device without any", "form", [15, [[author, []]]]),
        ("ADDRESSES of a device with five", "limit", [15, [[author, [bytes(6)] * 5]]]),
        ("ADDRESSES of 33 devices", "limit", [15, [[author, [bytes(6)]]] * 33]),
        ("ADDRESSES of 7 bytes", "form", [15, [[author, [bytes(7)]]]]),
        ("ADDRESSES of 19 bytes", "limit", [15, [[author, [bytes(19)]]]]),
        ("SEEK of 33", "limit", [16, bytes(33 * 32)]),
        ("SEEK with an id cut", "form", [16, bytes(63)]),
        ("FETCH of part 2^20", "limit", [17, bytes(32), 2**20, 0]),
        ("FETCH from beyond the largest chunk", "limit", [17, bytes(32), 0, 2**20 + 1]),
        ("FETCH of half an id", "form", [17, bytes(16), 0, 0]),
        ("CHUNK of part 2^20", "limit", [14, bytes(32), 2**20, 0, b""]),
        ("CHUNK from beyond the largest chunk", "limit", [14, bytes(32), 0, 2**20 + 1, b""]),
        ("HAVE from part 2^20 on", "limit", [13, bytes(32), 2**20, b""]),
        ("TURN beyond the last place", "limit", [18, 65536]),
        ("AIR of 7 bytes", "form", [19, bytes(7)]),
        ("AIR of 9 bytes", "form", [19, bytes(9)]),
        ("STATED, a sum of 15 bytes", "form", [20, 0, bytes(15)]),
        ("STATED, a sum of 17 bytes", "limit", [20, 0, bytes(17)]),
        ("STATED, a list cut", "form", [20, 1, bytes(35)]),
        ("STATED of a fourth kind", "limit", [20, 3, b""]),
    ]
    return [{"name": name, "error": error, "bytes": pack(items)} for name, error, items in rows]


# --- files (section 6) and keys at home -------------------------------------


def request_of(who, version=1, signer=None, context="daf.request.1", tail=b""):
    keys = [who[name] for name in ("sign", "transport", "seal")]
    signed = b"\x96" + b"".join(map(pack, ["daf-request", version] + keys))
    sig = context_sign((signer or who)["seed"], context, signed)
    return {**who, "signed_len": len(signed), "sig": sig, "bytes": signed + pack(sig) + tail}


def accept_of(manifest_bytes, cert, records, version=1, tail=b""):
    pairs = [[r["header"], r["body"]["bytes"]] for r in records]
    return {
        "manifest": manifest_bytes,
        "cert": cert,
        "records": [{"header": h, "body": b} for h, b in pairs],
        "bytes": pack(["daf-accept", version, manifest_bytes, cert, pairs]) + tail,
    }


def make_control(camp, count):
    log = {"seed": camp["devices"]["ana"]["seed"], "camp": camp["manifests"][0]["camp"],
           "scope": "control", "incarnation": 9, "boot": 1, "time_quality": 1, "retention": 0}
    made = []
    for seq in range(1, count + 1):
        made.append(record(
            "control", body={"kind": "plain", "payload": ["beacon", {"beacon": seq}]}, seq=seq,
            prev=made[-1]["id"] if made else None, claimed_ms=1760000000000 + seq, **log))
    return made


def make_keys(name):
    """A device's keys and its keys/device.keys; the signing secret is seed and key."""
    who = device(name)
    signing = who["seed"] + who["sign"]
    transport, seal = (box_pair(some("%s %s" % (name, k), 32))[1] for k in ("transport", "seal"))
    return {
        **who,
        "sign_secret": signing,
        "transport_secret": transport,
        "seal_secret": seal,
        "bytes": pack(["daf-keys", 1, signing, transport, seal]),
        "root_bytes": pack(["daf-root", 1, signing]),
    }


def make_bad_files(camp, tablet, accept):
    """What each decoder refuses, and by which error."""
    ana, good = camp["devices"]["ana"], request_of(tablet)["bytes"]
    requests = [
        ("nothing", "form", b""),
        ("a newer version", "version", request_of(tablet, version=2)["bytes"]),
        ("version 0", "version", request_of(tablet, version=0)["bytes"]),
        ("signed by another", "signature", request_of(tablet, signer=ana)["bytes"]),
        ("signed as another thing", "signature",
         request_of(tablet, context="daf.cert.1")["bytes"]),
        ("a byte too many", "form", request_of(tablet, tail=b"\0")["bytes"]),
        ("a byte too few", "form", good[:-1]),
        ("an item too many", "form", b"\x97" + good[1:] + b"\xc0"),
        ("a version in two bytes", "form", good.replace(b"request\x01", b"request\xcc\x01")),
        ("an acceptance", "form", accept["bytes"]),
    ]
    good = accept["bytes"]
    at = (accept["manifest"], accept["cert"])
    accepts = [
        ("nothing", "form", b""),
        ("a newer version", "version", accept_of(*at, [], version=2)["bytes"]),
        ("a byte too many", "form", accept_of(*at, [], tail=b"\0")["bytes"]),
        ("a byte too few", "form", good[:-1]),
        ("no certificate", "form", pack(["daf-accept", 1, at[0], None, []])),
        ("a record of one part", "form", pack(["daf-accept", 1, *at, [[b"header"]]])),
        ("a record of three", "form", pack(["daf-accept", 1, *at, [[b"h", b"b", b"x"]]])),
        ("a record without body", "form", pack(["daf-accept", 1, *at, [[b"h", None]]])),
        ("a request", "form", request_of(tablet)["bytes"]),
    ]
    signing, transport, seal = (tablet[k] for k in
                                ("sign_secret", "transport_secret", "seal_secret"))
    keys = [
        ("nothing", "key", b""),
        ("a newer version", "version", pack(["daf-keys", 2, signing, transport, seal])),
        ("halves that do not fit", "key",
         pack(["daf-keys", 1, tablet["seed"] + ana["sign"], transport, seal])),
        ("a byte too many", "key", tablet["bytes"] + b"\0"),
        ("a byte too few", "key", tablet["bytes"][:-1]),
        ("a short secret", "key", pack(["daf-keys", 1, signing, transport[:31], seal])),
        ("a root key", "key", tablet["root_bytes"]),
    ]
    return {
        kind: [{"name": n, "error": e, "bytes": b} for n, e, b in rows]
        for kind, rows in (("requests", requests), ("accepts", accepts), ("keys", keys))
    }


def make_files(camp):
    tablet = make_keys("tablet")
    assert all(tablet[k] == camp["devices"]["tablet"][k] for k in ("sign", "transport", "seal"))
    first, later = (m["bytes"] for m in camp["manifests"])
    whole, bare = (c["bytes"] for c in camp["certificates"])
    accepts = [
        accept_of(later, whole, make_control(camp, 17)),  # more than a fixarray holds
        accept_of(later, bare, make_control(camp, 15)),
        accept_of(first, bare, []),
    ]
    return {
        "keys": [tablet, make_keys("ana")],
        "requests": [request_of(camp["devices"][n]) for n in ("tablet", "ana")],
        "accepts": accepts,
        "bad": make_bad_files(camp, tablet, accepts[0]),
    }


# --- output -----------------------------------------------------------------


def plain(v):
    """Bytes as hexadecimal; numbers as text, because they go up to 2^64 - 1."""
    if isinstance(v, bytes):
        return v.hex()
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, int) and not isinstance(v, bool):
        return str(v)
    return v


def write_json(name, value):
    text = json.dumps(plain(value), indent=1, ensure_ascii=True) + "\n"
    (HERE / name).write_text(text, encoding="ascii")


def write_corpus(target, inputs):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in inputs:
        (folder / name).write_bytes(value)


def main():
    camp = make_camp()
    camp["revocations"] = make_revocations(camp)
    camp["assignments"] = make_assignments(camp)
    frames = Frames()
    make_session_frames(frames, camp)
    make_other_frames(frames, camp)
    make_door_frames(frames, camp)
    make_lan_frames(frames, camp)
    make_content_frames(frames)
    assert {f["bytes"][1] for f in frames.made} == {*range(1, 21), *range(33, 38)}
    note = "made by make_camp.py; a change here is a change of the protocol"
    write_json("camp.json", {"about": note, **camp})
    refused = make_refused(camp)
    write_json("frames.json", {"about": note, "frames": frames.made, "refused": refused})
    write_json("files.json", {"about": note, **make_files(camp)})
    extended_cert, extended_manifest = make_extended()
    write_corpus("cert", [("extended", extended_cert)] + [
        ("cert-%d" % i, c["bytes"]) for i, c in enumerate(camp["certificates"])])
    write_corpus("manifest", [("extended", extended_manifest)] + [
        ("manifest-%d" % i, m["bytes"]) for i, m in enumerate(camp["manifests"])])
    write_corpus("frame", [("%02d-%s" % (i, f["name"].lower()), f["bytes"])
                           for i, f in enumerate(frames.made)])
    write_corpus("payload", make_payloads(camp))
    write_corpus("frame", [("refused-%02d" % i, f["bytes"]) for i, f in enumerate(refused)])


if __name__ == "__main__":
    main()
