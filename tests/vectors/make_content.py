#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden content manifests, file lists and catalogue items, made from docs/content.md
without our C.

    python3 tests/vectors/make_content.py

writes content.json beside itself and fuzz_content's first inputs.  Hashes and msgpack are
make_records.py's; what lies on a disk is make_shelf.py's.
"""
import sys
import zlib

sys.dont_write_bytecode = True
from make_camp import write_corpus, write_json
from make_records import digest, pack, pack_items, some

PAGE = 65536
TEXTS = ("accessibility", "age", "alignment", "audience", "author", "level", "licence",
         "publisher", "subject")


def pieces(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


def chunk_size(total):
    size = 65536
    while size < 2**20 and total > 2000 * size:
        size *= 2
    return size


def chunk_hash(data):
    return digest(32, "daf.chunk.1", data)


def page_hash(data):
    return digest(32, "daf.page.1", data)


def place(path):
    """R62: '/' before all else, A to Z as a to z."""
    return path.encode().lower().replace(b"/", b"\0")


# --- file lists (section 3) ------------------------------------------------------


def entry(path, data):
    return [path, len(data), b"".join(map(chunk_hash, pieces(data, 65536)))]


def numbers(entries, size=65536):
    """What a content manifest says of such files."""
    return {
        "bytes": sum(e[1] for e in entries),
        "files": len(entries),
        "chunk_bytes": size,
        "chunks": sum(-(-e[1] // size) for e in entries),
    }


def file_list(name, entries, size=65536):
    data = pack(entries)
    return {
        "name": name,
        **numbers(entries, size),
        "entries": [dict(zip(("path", "size", "hashes"), e)) for e in entries],
        "page_hashes": b"".join(map(page_hash, pieces(data, PAGE))),
        "list": data,
    }


def make_lists():
    small = [entry("a.txt", some("a", 10))]
    lesson = [entry(p, some(p, n)) for p, n in (
        ("Index.html", 300), ("sound/empty", 0), ("sound/z", 65537), ("sound/\u0623.ogg", 65536),
        ("sound b", 1), ("sound-c", 1), ("Z", 131072))]
    names = [entry("/".join(["x"] * 16), b"1"), entry("x" * 200, b"2"),
             entry("/".join(["y" * 200, "y" * 200, "y" * 110]), b"3")]
    empty = [entry("a", b""), entry("b", b"")]
    for entries in (small, lesson, names, empty):
        assert entries == sorted(entries, key=lambda e: place(e[0]))
    return [
        file_list("one small file", small),
        file_list("a lesson in folders", lesson),
        file_list("names as long as they may be", names),
        file_list("files without a byte", empty),
    ]


def make_refused_lists():
    def of(name, error, entries, tail=b"", data=None, **said):
        data = (pack(entries) if data is None else data) + tail
        return {"name": name, "error": error, **{**numbers(entries), **said}, "list": data}

    one, two = entry("a", b"1"), entry("b", b"2")
    path_rows = [("a path " + why, [entry(p, b"1")]) for why, p in (
        ("that is empty", ""), ("up", "../a"), ("up from inside", "a/../../b"),
        ("of this folder", "./a"), ("that is hidden", "a/.b"), ("from the root", "/a"),
        ("of a folder", "a/"), ("with an empty name", "a//b"), ("with a backslash", "a\\b"),
        ("with a line end", "a\nb"), ("with a delete", "a\x7f"),
        ("of 17 names", "/".join(["x"] * 17)), ("with a name of 201 bytes", "x" * 201))]
    order_rows = [
        ("out of order", [two, one]),
        ("one twice", [one, one]),
        ("one twice but for case", [entry("A", b"1"), one]),
        ("a file and a folder of that name", [one, entry("a/b", b"1")]),
        ("the same but for case", [one, entry("A/b", b"1")]),
        ("a folder after what is behind it", [entry("a b", b"1"), entry("a/b", b"1")]),
    ]
    rows = [of(name, "form", entries) for name, entries in path_rows + order_rows]
    bad_utf8 = pack([one]).replace(b"\xa1a", b"\xa1\xff")
    return rows + [
        of("a path of 513 bytes", "limit", [entry("/".join(["x" * 170] * 3) + "x", b"1")]),
        of("a path that is not UTF-8", "form", [one], data=bad_utf8),
        of("a path with a NUL", "form", [one], data=pack([one]).replace(b"\xa1a", b"\xa1\0")),
        of("a hash too many", "form", [["a", 1, bytes(64)]]),
        of("a hash too few", "form", [["a", 65537, bytes(32)]]),
        of("half a hash", "form", [["a", 1, bytes(31)]]),
        of("hashes of nothing", "form", [["a", 0, bytes(32)]]),
        of("a byte more than the manifest says", "form", [one], bytes=0, chunks=1),
        of("a byte less", "form", [one], bytes=2),
        of("a chunk less", "form", [one], chunks=2),
        of("a file less", "form", [one], files=2),
        of("a file more", "limit", [one, two], files=1),
        of("sizes whose sum runs over", "form",
           [["a", 2**63 - 1, bytes(32)], ["b", 2**63 - 1, bytes(32)], ["c", 3, bytes(32)]],
           bytes=1, chunks=3),
        of("a size of 2^63", "limit", [["a", 2**63, bytes(32)]], bytes=2**63 - 1, chunks=1),
        of("something behind it", "form", [one], tail=b"\xc0"),
        of("an entry of four", "form", [one], data=pack([one + [None]])),
        of("a longer count", "form", [one], data=b"\xdc\0\1" + pack([one])[1:]),
    ]


# --- content manifests (section 2) -----------------------------------------------


def about_of(titles, descriptions=None, languages=None, **texts):
    out = {"title": titles, **texts}
    if descriptions:
        out["description"] = descriptions
    if languages:
        out["languages"] = languages
    return out


def png(width, height, tail=b""):
    """As RFC 2083 says, without pixels: only its head is looked at."""
    def chunk(kind, data):
        return (len(data).to_bytes(4, "big") + kind + data +
                zlib.crc32(kind + data).to_bytes(4, "big"))
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + tail + chunk(b"IEND", b"")


def manifest(name, of, about, list_bytes=None, hashes=None, preview=b""):
    size = chunk_size(of["bytes"])
    assert size == of["chunk_bytes"]
    list_bytes = list_bytes or len(of["list"])
    hashes = hashes or of["page_hashes"]
    data = pack([1, 1, of["bytes"], of["files"], list_bytes, size, of["chunks"], hashes, about])
    return {
        "name": name,
        **{k: of[k] for k in ("bytes", "files", "chunk_bytes", "chunks")},
        "list_bytes": list_bytes,
        "page_hashes": hashes,
        "titles": sorted(about["title"].items()),
        "descriptions": sorted(about.get("description", {}).items()),
        "languages": about.get("languages", []),
        "texts": {k: about[k] for k in TEXTS if k in about},
        "preview": preview,
        "id": digest(32, "daf.content.1", data),
        "manifest": data,
    }


def long_tag(i):
    return "x-%02d-" % i + "y" * 30


def make_largest():
    """32768 bytes: everything is as long as it may be, but descriptions."""
    files = 65536
    parts = 2**20
    of = {"bytes": (parts - 512) * 2**20, "files": files, "chunk_bytes": 2**20,
          "chunks": parts - 512}
    texts = {k: (k + " ") * 200 for k in TEXTS}
    texts = {k: v[:200] for k, v in texts.items()}

    def made(room):
        return manifest(
            "the largest", of, about_of(
                {long_tag(i): "t" * 200 for i in range(16)},
                {long_tag(i): "d" * (1000 if i < 9 else room if i == 9 else 1)
                 for i in range(16)},
                [long_tag(i) for i in range(16)], **texts),
            list_bytes=512 * PAGE, hashes=some("page hashes", 512 * 32))

    out = made(300 + 32768 - len(made(300)["manifest"]))
    assert len(out["manifest"]) == 32768
    return out


def make_manifests(lists):
    small, lesson, _, empty = lists
    everything = about_of(
        {"en": "Clean water", "ar": "\u0645\u0627\u0621", "ar-EG": "\u0645\u064a\u0647"},
        {"en": "What makes water safe to drink."}, ["en", "ar"],
        accessibility="subtitles", age="6-8", alignment="core 3.2", audience="learners",
        author="Amina", level="beginner", licence="CC-BY-4.0", publisher="A camp",
        subject="health")
    # 2000 chunks of 64 KiB, and a byte more.
    edge = {"files": 1, "list": bytes(64035), "page_hashes": some("edge", 32)}
    return [
        manifest("a small one", small, about_of({"en": "A"})),
        manifest("all texts", lesson, everything),
        manifest("keys of later versions", lesson, {
            **everything, "b": [1, {"c": "d"}], "zone": {"x": b"y"}}),
        manifest("two pages", {**edge, "bytes": 65536000, "chunk_bytes": 65536, "chunks": 1000},
                 about_of({"en": "A", "so": "B"}), 65537, some("two pages", 64)),
        manifest("nothing but names", empty, about_of({"en": "A"})),
        manifest("the last of 64 KiB", {**edge, "bytes": 131072000, "chunk_bytes": 65536,
                                        "chunks": 2000}, about_of({"en": "A"})),
        manifest("the first of 128 KiB", {**edge, "bytes": 131072001, "chunk_bytes": 131072,
                                          "chunks": 1001}, about_of({"en": "A"})),
        make_largest(),
        *make_previews(small, everything),
    ]


def make_previews(of, everything):
    """R98: one that may be shown, and those that are carried only."""
    shown = png(240, 135)
    largest = png(512, 512, bytes(8192 - len(png(512, 512))))
    assert len(largest) == 8192
    rows = [
        ("a preview", shown, shown),
        ("a preview of 8192 bytes and 512 pixels a side", largest, largest),
        ("a preview of a byte more", largest + b"\0", b""),
        ("a preview of 513 pixels", png(513, 1), b""),
        ("a preview without a pixel", png(0, 1), b""),
        ("a preview that is no picture", b"<svg/>", b""),
        ("a preview of nothing", b"", b""),
        ("a preview that is a text", "cover.png", b""),
    ]
    return [manifest(n, of, about_of({"en": "A"}, preview=p), preview=s) for n, p, s in rows] + [
        manifest("a preview among all texts", of, {**everything, "preview": shown}, preview=shown)]


def make_refused_manifests():
    title = {"title": {"en": "A"}}
    good = [1, 1, 100, 1, 50, 65536, 1, bytes(32), title]

    def but(at, value):
        return good[:at] + [value] + good[at + 1:]

    def about(**more):
        return but(8, {**title, **more})

    def raw_about(data):
        return b"\x99" + pack_items(good[:8]) + data

    rows = [
        ("version 2", "version", but(0, 2)),
        ("version 2 with more in it", "version", [2] + good[1:] + [None]),
        ("another hash algorithm", "version", but(1, 2)),
        ("an item too few", "form", good[:8]),
        ("an item too many", "form", good + [None]),
        ("2^63 bytes", "limit", but(2, 2**63)),
        ("no file", "form", but(3, 0)),
        ("65537 files", "limit", but(3, 65537)),
        ("no file list", "form", but(4, 0)),
        ("513 pages", "limit", [1, 1, 100, 1, 512 * PAGE + 1, 65536, 1, bytes(512 * 32), title]),
        ("a chunk size of its own", "form", but(5, 131072)),
        ("chunks of 2 MiB", "limit", but(5, 2**21)),
        ("no chunks", "form", but(6, 0)),
        ("more chunks than one file can have", "form", but(6, 2)),
        ("2^20 chunks and a page", "form",
         [1, 1, 2**40, 1, 50, 2**20, 2**20, bytes(32), title]),
        ("a page hash too few", "form", but(7, b"")),
        ("a page hash too many", "form", but(7, bytes(64))),
        ("half a page hash", "form", but(7, bytes(31))),
        ("about nothing", "form", but(8, {})),
        ("no title", "form", but(8, {"description": {"en": "A"}})),
        ("an empty title", "form", but(8, {"title": {"en": ""}})),
        ("a title of 201 bytes", "limit", but(8, {"title": {"en": "x" * 201}})),
        ("a title with a line end", "form", but(8, {"title": {"en": "a\nb"}})),
        ("17 titles", "limit", but(8, {"title": {"x%02d" % i: "A" for i in range(17)}})),
        ("a tag of 36 bytes", "form", but(8, {"title": {"x" * 36: "A"}})),
        ("a tag with an underscore", "form", but(8, {"title": {"ar_EG": "A"}})),
        ("a description of 1001 bytes", "limit", about(description={"en": "x" * 1001})),
        ("17 languages", "limit", about(languages=["x%02d" % i for i in range(17)])),
        ("no languages", "form", about(languages=[])),
        ("a licence of 201 bytes", "limit", about(licence="x" * 201)),
        ("a level that is a number", "form", about(level=3)),
        ("65 keys", "limit", about(**{"k%02d" % i: 1 for i in range(64)})),
    ]
    out = [{"name": n, "error": e, "manifest": pack(v)} for n, e, v in rows]
    in_order = pack("age") + pack("6") + pack("title") + pack({"en": "A"})
    turned = pack("title") + pack({"en": "A"}) + pack("age") + pack("6")
    deep = b"\x91" * 14 + b"\x90"
    for name, error, data in (
        ("keys out of order", "form", b"\x82" + turned),
        ("a key twice", "form", b"\x82" + (pack("title") + pack({"en": "A"})) * 2),
        ("a key longer than it need be", "form",
         b"\x82" + in_order.replace(b"\xa3age", b"\xd9\x03age")),
        ("17 deep", "limit", b"\x82" + pack("a") + deep + pack("title") + pack({"en": "A"})),
        ("a title that is not UTF-8", "form", b"\x81" + pack("title") + b"\x81\xa2en\xa1\xff"),
        ("something behind it", "form", pack(title) + b"\xc0"),
    ):
        out.append({"name": name, "error": error, "manifest": raw_about(data)})
    return out


# --- catalogue items (records.md) ------------------------------------------------


def make_items(manifests):
    small, one, two = manifests[0]["manifest"], some("record 1", 32), some("record 2", 32)
    rows = [
        ("an item", small, []),
        ("a new edition", manifests[1]["manifest"], [one]),
        ("one that only takes back", b"", [two, one]),  # in the order of the writer
        ("one that replaces as many as it may", small,
         [some("record %d" % i, 32) for i in range(64)]),
    ]
    out = []
    for name, data, replaces in rows:
        fields = {**({"manifest": data} if data else {}),
                  **({"replaces": replaces} if replaces else {})}
        out.append({"name": name, "manifest": data, "replaces": replaces,
                    "payload": pack(["catalogue-item", fields])})
    return out


def make_refused_items(manifests):
    small = manifests[0]["manifest"]
    rows = [
        ("nothing", "form", {}),
        ("an empty manifest", "form", {"manifest": b""}),
        ("nothing replaced", "form", {"manifest": small, "replaces": []}),
        ("65 replaced", "limit", {"manifest": small, "replaces": [bytes(32)] * 65}),
        ("half an id", "form", {"manifest": small, "replaces": [bytes(16)]}),
        ("a manifest that is a text", "form", {"manifest": "A"}),
    ]
    return [{"name": n, "error": e, "payload": pack(["catalogue-item", f])} for n, e, f in rows]


# --- parts (section 1) -----------------------------------------------------------


def make_parts():
    out = []
    for name, byte, count in (
        ("one byte", 0x61, 1), ("the smallest chunk of zeros", 0, 65536),
        ("the largest chunk of zeros", 0, 2**20), ("a chunk's odd end", 0x5a, 65537)):
        data = bytes([byte]) * count
        out.append({"name": name, "byte": byte, "count": count, "chunk": chunk_hash(data),
                    "page": page_hash(data), "content": digest(32, "daf.content.1", data)})
    return out


def main():
    lists = make_lists()
    manifests = make_manifests(lists)
    items = make_items(manifests)
    refused = {"lists": make_refused_lists(), "manifests": make_refused_manifests(),
               "items": make_refused_items(manifests)}
    write_json("content.json", {
        "about": "made by make_content.py; a change here is a change of the protocol",
        "parts": make_parts(),
        "lists": lists,
        "manifests": manifests,
        "items": items,
        "refused": refused,
    })
    for kind, key, good in (("list", "list", lists), ("manifest", "manifest", manifests),
                            ("item", "payload", items)):
        write_corpus("content", [("%s-%d" % (kind, i), v[key]) for i, v in enumerate(good)
                                 if len(v[key]) < 5000])
        write_corpus("content", [("%s-refused-%02d" % (kind, i), v[key])
                                 for i, v in enumerate(refused[kind + "s"])
                                 if len(v[key]) < 5000])


if __name__ == "__main__":
    main()
