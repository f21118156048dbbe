#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden tags, items and symbols, made from docs/protocol.md without our C.

    python3 tests/vectors/make_sketch.py >tests/vectors/sketch.json

BLAKE2b is hashlib's; SipHash is below, written from Aumasson and Bernstein,
"SipHash: a fast short-input PRF" (2012), section 2, and its 128-bit form.
"""
import hashlib
import json
import math
import sys

M = 2**64 - 1
SYMBOLS = 4096  # DAF_SYMBOLS_MAX
SHOWN = 16


def digest(size, context, x, key=b""):
    return hashlib.blake2b(x, digest_size=size, key=key, person=context.encode()).digest()


def some(label, size):
    """Bytes that look random and are the same for ever."""
    return hashlib.shake_128(b"daftar sketch: " + label.encode()).digest(size)


def number(n, size):
    return n.to_bytes(size, "big")


# --- SipHash-2-4 with 128 bits of output ----------------------------------


def left(x, n):
    return (x << n | x >> (64 - n)) & M


def sip_round(v):
    a, b, c, d = v
    a = (a + b) & M
    b = left(b, 13) ^ a
    a = left(a, 32)
    c = (c + d) & M
    d = left(d, 16) ^ c
    a = (a + d) & M
    d = left(d, 21) ^ a
    c = (c + b) & M
    b = left(b, 17) ^ c
    c = left(c, 32)
    return [a, b, c, d]


def siphash_128(key, message):
    k0, k1 = (int.from_bytes(key[i:i + 8], "little") for i in (0, 8))
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D ^ 0xEE,
         k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    whole = len(message) // 8 * 8
    padded = message + bytes(whole + 7 - len(message)) + bytes([len(message) & 255])
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i:i + 8], "little")
        v[3] ^= word
        v = sip_round(sip_round(v))
        v[0] ^= word
    out = b""
    for place, flip in ((2, 0xEE), (1, 0xDD)):
        v[place] ^= flip
        for _ in range(4):
            v = sip_round(v)
        out += (v[0] ^ v[1] ^ v[2] ^ v[3]).to_bytes(8, "little")
    return out


# The reference implementation's first and last published vectors: messages
# 00 01 02 … under the key 00 … 0f.
assert siphash_128(bytes(range(16)), b"").hex() == "a3817f04ba25a8e66df67214c7550293"
assert siphash_128(bytes(range(16)), b"\0").hex() == "da87c1d86b99af44347659119b22fc45"

# --- items ------------------------------------------------------------------


def log_tag(log):
    return digest(16, "daf.log.1", log)[:8]


def spots_digest(log, tips, roots):
    lists = b"".join(number(len(x), 4) + b"".join(i for _, i in x) for x in (tips, roots))
    return digest(32, "daf.head.1", log + lists)


def make_log(scope, n):
    """The n-th log: several tips now and then, and one with a huge seq."""
    author = some("author %d" % n, 16)
    incarnation = int.from_bytes(some("incarnation %d" % n, 8), "big")
    tips = [(1 + int.from_bytes(some("seq %d %d" % (n, t), 2), "big"), some("tip %d %d" % (n, t), 32))
            for t in range(1 + n % 3)]
    if n == 1:
        tips[0] = (2**32 - 1, tips[0][1])
    if n == 2:
        tips[0] = (2**32, tips[0][1])
    tips.sort(key=lambda spot: spot[1])
    roots = [(1, some("root %d" % n, 32))]
    log = scope + author + number(incarnation, 8)
    height = min(max(seq for seq, _ in tips), 2**32 - 1)
    head = spots_digest(log, tips, roots)
    start = log_tag(log) + number(height, 4)
    salt = some("salt", 32)
    return {
        "author": author.hex(),
        "incarnation": str(incarnation),
        "tips": [[str(seq), i.hex()] for seq, i in tips],
        "roots": [[str(seq), i.hex()] for seq, i in roots],
        "tag": log_tag(log).hex(),
        "height": str(height),
        "digest": head.hex(),
        "item": (start + head[:6]).hex(),
        "salted": (start + siphash_128(salt[:16], head)[:6]).hex(),
    }


# --- symbols ----------------------------------------------------------------


def indices(seed, count):
    """Where an item of this seed goes."""
    i, state = 0, seed
    while i < count:
        yield i
        state = (state + 0x9E3779B97F4A7C15) & M
        z = state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M
        z = (z ^ z >> 27) * 0x94D049BB133111EB & M
        u = math.isqrt(z ^ z >> 31) + 1
        i += max(1, -(-(2 * i + 3) * (2**32 - u) // (2 * u)))


def sketch(scope, items):
    xors, counts = [0] * SYMBOLS, [0] * SYMBOLS
    for item in items:
        h = siphash_128(scope, item)
        both = int.from_bytes(item + h[8:12], "big")
        for i in indices(int.from_bytes(h[:8], "little"), SYMBOLS):
            xors[i] ^= both
            counts[i] += 1
    return [number(x, 22) + number(c % 2**16, 2) for x, c in zip(xors, counts)]


def main():
    scope = some("scope", 16)
    logs = [make_log(scope, n) for n in range(40)]
    symbols = sketch(scope, [bytes.fromhex(log["item"]) for log in logs])
    walk = siphash_128(scope, bytes.fromhex(logs[0]["item"]))
    json.dump(
        {
            "about": "made by make_sketch.py; a change here is a change of the protocol",
            "scope": scope.hex(),
            "salt": some("salt", 32).hex(),
            "first_goes_to": [str(i) for i in indices(int.from_bytes(walk[:8], "little"), SYMBOLS)],
            "symbols": [s.hex() for s in symbols[:SHOWN]],
            "all_symbols_256": digest(32, "daf.vector.1", b"".join(symbols)).hex(),
            "logs": logs,
        },
        sys.stdout, indent=1, ensure_ascii=True,
    )
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
