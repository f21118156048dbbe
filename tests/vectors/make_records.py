#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden records, made from docs/protocol.md without a line of our C.

    python3 tests/vectors/make_records.py >tests/vectors/records.json

Only Python's standard library, so that the expected bytes come from another
hand than libsodium's and msgpack-c's: BLAKE2b is hashlib's, the rest is below,
written from RFC 8032 (Ed25519), RFC 8439 (ChaCha20-Poly1305) and
draft-irtf-cfrg-xchacha-03, slow and plain.  It is for test vectors: nothing
here is constant in time.
"""
import hashlib
import json
import struct
import sys

# --- canonical msgpack (protocol.md section 1) ----------------------------


def head(n, short, forms):
    """A head with number n: within its type byte if below short[1]."""
    if short and n < short[1]:
        return bytes([short[0] | n])
    for code, layout in forms:
        if n < 1 << (8 * struct.calcsize(layout)):
            return bytes([code]) + struct.pack(layout, n)
    raise ValueError(n)


def pack(v):
    if v is None:
        return b"\xc0"
    if isinstance(v, bool):
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        return head(v, (0, 128), [(0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q")])
    if isinstance(v, bytes):
        return head(len(v), None, [(0xC4, ">B"), (0xC5, ">H"), (0xC6, ">I")]) + v
    if isinstance(v, str):
        s = v.encode()
        return head(len(s), (0xA0, 32), [(0xD9, ">B"), (0xDA, ">H"), (0xDB, ">I")]) + s
    if isinstance(v, list):
        return head(len(v), (0x90, 16), [(0xDC, ">H"), (0xDD, ">I")]) + b"".join(map(pack, v))
    if isinstance(v, dict):
        items = sorted((k.encode(), k, x) for k, x in v.items())
        return head(len(v), (0x80, 16), [(0xDE, ">H"), (0xDF, ">I")]) + b"".join(
            pack(k) + pack(x) for _, k, x in items
        )
    raise TypeError(v)


def pack_items(items):
    return b"".join(map(pack, items))


# --- hashes (section 2) ---------------------------------------------------


def digest(size, context, x=b"", key=b""):
    return hashlib.blake2b(x, digest_size=size, key=key, person=context.encode()).digest()


# --- Ed25519 (RFC 8032, 5.1) ----------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(p, q):
    """Two points (x, y) of the twisted Edwards curve; the law is complete."""
    (x1, y1), (x2, y2) = p, q
    t = D * x1 * x2 * y1 * y2 % P
    x3 = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P)
    y3 = (y1 * y2 + x1 * x2) * pow(1 - t, -1, P)
    return x3 % P, y3 % P


def multiply(n, p):
    total = (0, 1)
    while n:
        if n & 1:
            total = add(total, p)
        p = add(p, p)
        n >>= 1
    return total


def base_point():
    """y is 4/5 and x the even root."""
    y = 4 * pow(5, -1, P) % P
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (x if x % 2 == 0 else P - x), y


BASE = base_point()


def compress(p):
    return (p[1] | (p[0] & 1) << 255).to_bytes(32, "little")


def secret(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little")
    return a & ((1 << 254) - 8) | 1 << 254, h[32:]


def public_key(seed):
    return compress(multiply(secret(seed)[0], BASE))


def sign(seed, message):
    def number(*parts):
        return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L

    a, prefix = secret(seed)
    r = number(prefix, message)
    big_r = compress(multiply(r, BASE))
    k = number(big_r, public_key(seed), message)
    return big_r + ((r + k * a) % L).to_bytes(32, "little")


# --- XChaCha20-Poly1305 ---------------------------------------------------

SIGMA = struct.unpack("<4I", b"expand 32-byte k")


def chacha_rounds(state):
    s = list(state)

    def quarter(a, b, c, d):
        for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            s[z] ^= s[x]
            s[z] = (s[z] << turn | s[z] >> (32 - turn)) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return s


def chacha_block(key, counter, nonce):
    state = SIGMA + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce)
    mixed = chacha_rounds(state)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(state, mixed)))


def chacha_xor(key, nonce, text):
    stream = b"".join(
        chacha_block(key, 1 + i, nonce) for i in range((len(text) + 63) // 64)
    )
    return bytes(a ^ b for a, b in zip(text, stream))


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(message), 16):
        block = message[i : i + 16] + b"\x01"
        total = (total + int.from_bytes(block, "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def seal(key, nonce, aad, text):
    """XChaCha20-Poly1305: HChaCha20 takes the nonce's first 16 bytes."""
    mixed = chacha_rounds(SIGMA + struct.unpack("<8I", key) + struct.unpack("<4I", nonce[:16]))
    subkey = struct.pack("<8I", *mixed[:4], *mixed[12:])
    short = bytes(4) + nonce[16:]
    hidden = chacha_xor(subkey, short, text)

    def to16(x):
        return x + bytes(-len(x) % 16)

    tag_key = chacha_block(subkey, 0, short)[:32]
    sizes = struct.pack("<QQ", len(aad), len(hidden))
    return hidden + poly1305(tag_key, to16(aad) + to16(hidden) + sizes)


# --- records (section 3) --------------------------------------------------


def pad(payload):
    return payload + b"\x80" + bytes(-(len(payload) + 1) % 32)


def body_of(spec, prefix):
    """The body's bytes and all that led to them."""
    payload = pack(spec["payload"]) if "payload" in spec else spec["raw"]
    if spec["kind"] == "plain":
        return {"kind": "plain", "payload": payload, "bytes": pack([0, payload])}
    generation = spec["generation"]
    subject = spec.get("subject")
    if subject:
        key = digest(32, "daf.key.1", generation, subject)
        handle = digest(16, "daf.handle.1", b"", subject)
    else:
        key = digest(32, "daf.key.2", b"", generation)
        handle = spec["handle"]
    key_id = digest(16, "daf.kid.1", b"", key)
    hidden = seal(key, spec["nonce"], prefix, pad(payload))
    return {
        "kind": "sealed",
        "subject": subject,
        "generation": generation,
        "commitment": digest(16, "daf.gen.1", b"", generation),
        "body_key": key,
        "key_id": key_id,
        "handle": handle,
        "nonce": spec["nonce"],
        "payload": payload,
        "bytes": pack([1, handle, spec["nonce"], key_id, hidden]),
    }


def record(story, seed, camp, scope, body, ext=b"", body_len=None, **field):
    pk = public_key(seed)
    author = digest(16, "daf.author.1", pk)
    scope_id = digest(16, "daf.scope.1", camp + scope.encode())
    prefix = b"\x9e" + pack_items(
        [1, scope_id, author, field["incarnation"], field["seq"], field["prev"]]
        + [field["claimed_ms"], field["boot"], field["time_quality"], field["retention"]]
    )
    made = body_of(body, prefix) if body else None
    body_bytes = made["bytes"] if made else b""
    body_hash = digest(32, "daf.body.1", body_bytes)
    if body_len is None:
        body_len = len(body_bytes)
    signed = prefix + pack_items([body_hash, body_len, ext])
    sig = sign(seed, b"daf.rec.1".ljust(16, b"\0") + signed)
    header = signed + pack(sig)
    return {
        "story": story,
        "seed": seed,
        "public_key": pk,
        "camp": camp,
        "scope_name": scope,
        "scope": scope_id,
        "author": author,
        # Numbers go up to 2^64 - 1, which JSON readers do not all keep.
        **{k: str(v) if isinstance(v, int) else v for k, v in field.items()},
        "body_hash": body_hash,
        "body_len": str(body_len),
        "ext": ext,
        "aad_len": str(len(prefix)),
        "signed_len": str(len(signed)),
        "sig": sig,
        "header": header,
        "id": digest(32, "daf.rec.1", header),
        "body": made,
    }


def some(label, size):
    """Bytes that look random and are the same for ever."""
    return hashlib.shake_128(b"daftar vector: " + label.encode()).digest(size)


def records():
    camp = some("camp", 32)
    tablet = some("tablet", 32)
    coordinator = some("coordinator", 32)
    subject_key = some("subject key", 32)
    generation = some("generation", 32)
    log = {"seed": tablet, "camp": camp, "scope": "class:1", "incarnation": 7}

    def session(count):
        did = [["fractions/%02d" % i, 800000 + i, 90] for i in range(count)]
        return ["session", {"did": did, "subject": some("learner", 16)}]

    def sealed(label, **what):
        return {"kind": "sealed", "generation": generation, "nonce": some(label, 24), **what}

    first = record(
        "a registration begins a log, sealed to the scope alone",
        body=sealed(
            "nonce 1",
            handle=digest(16, "daf.handle.1", b"", subject_key),
            payload=[
                "registration",
                {"key": subject_key, "name": "Amina \u0623", "subject": some("learner", 16)},
            ],
        ),
        seq=1, prev=None, claimed_ms=0, boot=1, time_quality=0, retention=1, **log,
    )
    second = record(
        "a session follows it, sealed to the learner",
        body=sealed("nonce 2", subject=subject_key, payload=session(1)),
        seq=2, prev=first["id"], claimed_ms=1760000000000, boot=1,
        time_quality=1, retention=2, **log,
    )
    long = record(
        "a long session needs bin16 for its body",
        body=sealed("nonce 3", subject=subject_key, payload=session(40)),
        seq=3, prev=second["id"], claimed_ms=1760000001000, boot=300,
        time_quality=2, retention=2, **log,
    )
    control = record(
        "a coordinator's control record has a plain body and an extension",
        seed=coordinator, camp=camp, scope="control", incarnation=2**64 - 1,
        body={"kind": "plain", "payload": ["beacon", {"beacon": 3}]},
        seq=1, prev=None, claimed_ms=127, boot=128, time_quality=2, retention=0,
        ext=some("extension", 64),
    )
    largest = record(
        "every number is as large as it may be, and the body is not held",
        seed=coordinator, camp=camp, scope="control", incarnation=2**64 - 1,
        body=None, body_len=65536, seq=2**63 - 1, prev=some("before", 32),
        claimed_ms=2**63 - 1, boot=2**63 - 1, time_quality=3, retention=255,
        ext=some("extension", 64),
    )
    edges = [
        record(
            "a payload of %d bytes is padded to %d" % (n, len(pad(bytes(n)))),
            body=sealed("nonce edge %d" % n, subject=subject_key, raw=some("edge", n)),
            seq=1, prev=None, claimed_ms=65535, boot=65536, time_quality=0,
            retention=2, **{**log, "incarnation": 100 + n},
        )
        for n in (0, 31, 32, 33)
    ]
    return [first, second, long, control, largest] + edges


# --- what others say is right ---------------------------------------------


def check_against_the_standards():
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert public_key(seed).hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )  # RFC 8032, 7.1, test 1
    assert sign(seed, b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    text = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you "
        b"only one tip for the future, sunscreen would be it."
    )
    made = seal(
        bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58)),
        bytes.fromhex("50515253c0c1c2c3c4c5c6c7"), text,
    )
    # draft-irtf-cfrg-xchacha-03, A.3.1
    assert made[:16].hex() == "bd6d179d3e83d43b9576579493c0e939"
    assert made[-16:].hex() == "c0875924c1c7987947deafd8780acf49"


def in_hex(v):
    if isinstance(v, bytes):
        return v.hex()
    if isinstance(v, dict):
        return {k: in_hex(x) for k, x in v.items()}
    if isinstance(v, list):
        return [in_hex(x) for x in v]
    return v


if __name__ == "__main__":
    check_against_the_standards()
    json.dump(
        {"made_by": "tests/vectors/make_records.py", "records": in_hex(records())},
        sys.stdout, indent=1, ensure_ascii=True,
    )
    sys.stdout.write("\n")
