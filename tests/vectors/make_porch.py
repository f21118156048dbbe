#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A golden enrolment, made from docs/protocol.md (5.4, 6) without our C.

    python3 tests/vectors/make_porch.py

writes porch.json beside itself and first inputs of the fuzz targets.  Devices and
the manifest are make_camp.py's; base32 is Python's own.
"""
import base64
import sys

sys.dont_write_bytecode = True
from make_camp import (CORPUS, author_id, box_pair, make_camp, pack, request_of, say, some,
                       write_corpus, write_json)
from make_records import digest


def base32(bytes32):
    return base64.b32encode(bytes32).decode().rstrip("=")


def ticket_of(name, manifest_hash, porch, addresses):
    secret = some(name, 16)
    mark = digest(16, "daf.ticket.1", manifest_hash + porch)
    fields = [base32(secret + mark), base32(porch)]
    for address in addresses:
        host, port = address.rsplit(":", 1)
        fields.append(host + "+" + port)
    return {
        "secret": secret,
        "mark": mark,
        "porch": porch,
        "addresses": addresses,
        "code": fields[0],
        "text": "DAFTAR1:" + ":".join(fields),
    }


def make_talk(camp, ticket):
    manifest, joiner = camp["manifests"][1], camp["devices"]["tablet"]
    key = digest(32, "daf.ticket.2", ticket["secret"])
    request = request_of(joiner)["bytes"]
    nonces = [some("joiner nonce", 32), some("coordinator nonce", 32)]
    asked = digest(32, "daf.commit.1", nonces[0] + request)
    offered = digest(32, "daf.commit.1", nonces[1] + ticket["porch"])
    said = ticket["porch"] + joiner["transport"] + asked
    ask_mac = digest(32, "daf.ask.1", said, key)
    offer_mac = digest(32, "daf.offer.1", said + manifest["hash"] + offered, key)
    both = ticket["porch"] + manifest["hash"] + asked + offered + nonces[0] + nonces[1]
    digits = int.from_bytes(digest(32, "daf.digits.1", both, key)[:8], "big") % 10**6
    return {
        "key": key,
        "manifest": manifest["hash"],
        "joiner": joiner["transport"],
        "request": request,
        "joiner_nonce": nonces[0],
        "coordinator_nonce": nonces[1],
        "joiner_commitment": asked,
        "coordinator_commitment": offered,
        "ask_mac": ask_mac,
        "offer_mac": offer_mac,
        "digits": digits,
    }


def make_frames(camp, talk):
    manifest, cert = camp["manifests"][1]["bytes"], camp["certificates"][0]["bytes"]
    rows = [
        ("ASK", [49, 3, 3, talk["joiner_commitment"], talk["ask_mac"]],
         ["min", 3, "max", 3, "commitment", talk["joiner_commitment"], "mac", talk["ask_mac"]]),
        ("ASK", [49, 0, 2**32 - 1, bytes(32), bytes(32)],
         ["min", 0, "max", 2**32 - 1, "commitment", bytes(32), "mac", bytes(32)]),
        ("OFFER", [50, talk["manifest"], talk["coordinator_commitment"], talk["offer_mac"]],
         ["manifest", talk["manifest"], "commitment", talk["coordinator_commitment"],
          "mac", talk["offer_mac"]]),
        ("REVEAL", [51, talk["joiner_nonce"], talk["request"]],
         ["nonce", talk["joiner_nonce"], "request", talk["request"]]),
        ("REVEAL", [51, talk["joiner_nonce"], bytes(512)],
         ["nonce", talk["joiner_nonce"], "request", bytes(512)]),
        ("ANSWER", [52, talk["coordinator_nonce"]], ["nonce", talk["coordinator_nonce"]]),
        ("ACCEPT", [53, manifest, cert, 47047],
         ["manifest", manifest, "cert", cert, "port", 47047]),
        ("DECLINE", [54, 0], ["reason", 0]),
        ("DECLINE", [54, 3], ["reason", 3]),
        ("DECLINE", [54, 2**63 - 1], ["reason", 2**63 - 1]),
    ]
    return [{"name": name, "says": " ".join([name] + [say(w) for w in words]),
             "bytes": pack(items)} for name, items, words in rows]


def make_refused():
    h = bytes(32)
    rows = [
        ("ASK with versions the wrong way", "form", [49, 3, 2, h, h]),
        ("ASK of a version too high", "limit", [49, 2, 2**32, h, h]),
        ("ASK without a mac", "form", [49, 3, 3, h]),
        ("ASK with a short commitment", "form", [49, 3, 3, h[1:], h]),
        ("OFFER with an item more", "form", [50, h, h, h, 1]),
        ("OFFER of a long hash", "form", [50, h + b"\0", h, h]),
        ("REVEAL of a request too long", "limit", [51, h, bytes(513)]),
        ("REVEAL without a request", "form", [51, h, None]),
        ("ANSWER of nothing", "form", [52, b""]),
        ("ACCEPT of a coordinator", "form", [53, b"m", None, 5670]),
        ("ACCEPT of a manifest too long", "limit", [53, bytes(2881), b"c", 5670]),
        ("ACCEPT of a certificate too long", "limit", [53, b"m", bytes(1025), 5670]),
        ("ACCEPT of a port too high", "limit", [53, b"m", b"c", 65536]),
        ("DECLINE without a reason", "form", [54]),
        ("DECLINE in words", "form", [54, "no"]),
    ]
    return [{"name": name, "error": error, "bytes": pack(items)} for name, error, items in rows]


def make_bad_tickets(ticket):
    code, text = ticket["code"], ticket["text"]
    rows = [
        ("nothing", "form", ""),
        ("a character too few", "form", code[:-1]),
        ("a character too many", "form", code + "A"),
        ("bits to spare that are set", "form", code[:-1] + "B"),
        ("a nine", "form", "9" + code[1:]),
        ("a later version", "version", "DAFTAR2" + text[7:]),
        ("a version of two digits", "version", "DAFTAR10" + text[7:]),
        ("another word", "form", "DAFTER1" + text[7:]),
        ("no porch key", "form", "DAFTAR1:" + code),
        ("a porch key cut", "form", "DAFTAR1:%s:%s" % (code, code[:-1])),
        ("an address with two pluses", "form", text + ":192.0.2.7+5671+"),
        ("an address without a plus", "form", text + ":192.0.2.7"),
        ("a name for an address", "form", text + ":porch.example+5671"),
        ("an empty address", "form", text + "::192.0.2.7+5671"),
        ("five addresses", "limit", text + ":192.0.2.7+1" * 3),
        ("an address too long", "form", text + ":" + "1" * 62 + "+1"),
        ("more than 1024 characters", "limit", code + " " * 973),
    ]
    return [{"name": name, "error": error, "text": text} for name, error, text in rows]


def make_addresses(camp):
    devices = [author_id(camp["devices"][name]["sign"]) for name in ("ana", "tablet")]
    v4 = bytes([192, 0, 2, 7]) + (5670).to_bytes(2, "big")
    v6 = bytes.fromhex("20010db8" + "00" * 11 + "07") + (40000).to_bytes(2, "big")
    return {
        "doors": [
            {"author": devices[0], "addresses": ["192.0.2.7:5670", "[2001:db8::7]:40000"]},
            {"author": devices[1], "addresses": ["192.0.2.7:5670"]},
        ],
        "bytes": pack(["daf-addresses", 1, [[devices[0], [v4, v6]], [devices[1], [v4]]]]),
    }


def main():
    camp = make_camp()
    manifest_hash = camp["manifests"][1]["hash"]
    porch = box_pair(some("porch", 32))[0]
    addresses = ["192.0.2.7:5671", "[2001:db8::7]:5671"]
    tickets = [
        ticket_of("ticket 1", manifest_hash, porch, addresses),
        ticket_of("ticket 2", manifest_hash, porch, []),
    ]
    talk = make_talk(camp, tickets[0])
    frames, refused = make_frames(camp, talk), make_refused()
    bad = make_bad_tickets(tickets[0])
    write_json("porch.json", {
        "about": "made by make_porch.py; a change here is a change of the protocol",
        "tickets": tickets,
        "bad_tickets": bad,
        "talk": talk,
        "frames": frames,
        "refused": refused,
        "addresses": make_addresses(camp),
    })
    write_corpus("frame", [("porch-%02d-%s" % (i, f["name"].lower()), f["bytes"])
                           for i, f in enumerate(frames)])
    write_corpus("frame", [("porch-refused-%02d" % i, f["bytes"])
                           for i, f in enumerate(refused)])
    write_corpus("ticket", [("ticket-%d" % i, t["text"].encode())
                            for i, t in enumerate(tickets)])
    write_corpus("ticket", [("code", tickets[0]["code"].lower().encode())])
    write_corpus("ticket", [("refused-%02d" % i, t["text"].encode())
                            for i, t in enumerate(bad)])


if __name__ == "__main__":
    main()
