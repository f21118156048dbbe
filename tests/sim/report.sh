#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Several protocols and seeds in one command: pairs, the folder that is kept, going
# on after Ctrl-C, and the page that is made from the files alone.
set -euo pipefail
tmp=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null; rm -rf "$tmp"' EXIT
sim=$DAF_BIN/daftar-sim

bad()
{
    echo "FAILED: $*"
    cat "$tmp/err" 2>/dev/null || true
    exit 1
}

# fails CODE WORDS ARGUMENT...: it exits so and says that, and prints nothing.
fails()
{
    local code=$1 words=$2 got=0
    shift 2
    "$sim" "$@" >"$tmp/said" 2>"$tmp/err" || got=$?
    [ "$got" = "$code" ] || bad "daftar-sim $*: exit $got, not $code"
    grep -qF -- "$words" "$tmp/err" || bad "daftar-sim $*: not '$words'"
    [ ! -s "$tmp/said" ] || bad "daftar-sim $*: prints something"
    echo "ok: $words"
}

# A dozen people, in a file whose name would be a script.
mkdir "$tmp/<script>alert(1)<"
trace="$tmp/<script>alert(1)</script>&\"'"
awk 'function chance(n) { x = (x * 16807) % 2147483647; return x % n }
BEGIN {
    x = 42
    for (t = 0; t < 900; t++) {
        for (k in until)
            if (until[k] == t) {
                print t, "CONN", k, "down"
                delete until[k]
            }
        a = chance(12); b = chance(12)
        if (a < b && !((a " " b) in until)) {
            print t, "CONN", a, b, "up"
            until[a " " b] = t + 5 + chance(30)
        }
    }
}' >"$trace"
world=(--contacts "$trace" --traffic 'every=10-20s,size=100-400kB' --buffer 2MB)
many=(run "${world[@]}" --protocol "epidemic-one,daftar")

"$sim" "${many[@]}" --seed 1-3 --out "$tmp/all" >"$tmp/said"
grep -qF '6 of 6 runs' "$tmp/said"
grep -qF 'pair by pair, less epidemic-one' "$tmp/said"
for protocol in epidemic-one daftar; do
    for seed in 1 2 3; do
        "$sim" run "${world[@]}" --protocol $protocol --seed $seed --json \
            >"$tmp/alone-$protocol-$seed"
    done
done
python3 - "$tmp" <<'END'
import csv, html.parser, json, math, pathlib, sys

tmp = pathlib.Path(sys.argv[1])
top = tmp / "all"
for path in top.rglob("*.json"):
    json.loads(path.read_text())
result = {}
for protocol in "epidemic-one", "daftar":
    for seed in 1, 2, 3:
        folder = top / f"{protocol}-{seed}"
        r = result[protocol, seed] = json.loads((folder / "result.json").read_text())
        alone = json.loads((tmp / f"alone-{protocol}-{seed}").read_text())
        for key, value in alone.items():
            if key not in ("cpu_s", "rss_mb") and not isinstance(value, float):
                assert r[key] == value, (protocol, seed, key, r[key], value)
        rows = list(csv.DictReader((folder / "series.csv").open()))
        assert len(rows) == 201
        for key in "created", "delivered", "relayed", "contacts":
            at = [int(row[key]) for row in rows]
            assert at == sorted(at) and at[-1] == r[key], key
        assert r["options"]["buffer"] == "2000000B"
        assert r["options"]["tick"] == "at once"
        assert len(r["inputs"][0]["blake2b"]) == 64
        q = r["latency_quantiles_s"]
        assert q == sorted(q) and len(q) == 101
        assert abs(q[50] - r["latency_median_s"]) < 1e-6
for seed in 1, 2, 3:
    a, b = result["epidemic-one", seed], result["daftar", seed]
    assert a["created"] == b["created"] and a["contacts"] == b["contacts"]
    assert a["trace_hash"] != b["trace_hash"]
assert result["daftar", 1]["created"] != 0
assert len({result["epidemic-one", s]["trace_hash"] for s in (1, 2, 3)}) == 3
print("ok: each run is what it is alone, and pairs have one world")

summary = json.loads((top / "summary.json").read_text())
metrics = [[result[p, s]["metrics"]["latency_mean_s"] for s in (1, 2, 3)]
           for p in ("daftar", "epidemic-one")]
d = [a - b for a, b in zip(*metrics)]
mean = sum(d) / 3
half = 4.30265 * math.sqrt(sum((x - mean) ** 2 for x in d) / 2 / 3)
said = summary["differences"][0]
assert (said["protocol"], said["less"]) == ("daftar", "epidemic-one")
said = said["metrics"]["latency_mean_s"]
assert abs(said["mean"] - mean) < 1e-6 and abs(said["half_width"] - half) < 1e-4
lines = list(csv.DictReader((top / "summary.csv").open()))
assert len(lines) == 6 * len(result["daftar", 1]["metrics"])
print("ok: differences are Student's, pair by pair")

# Tags are closed in turn, and nothing but ours is a script.
class Page(html.parser.HTMLParser):
    void = {"meta", "br", "input"}
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []
    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        assert not any(k in ("src", "href") or k.startswith("on") for k, _ in attrs)
        if tag not in self.void: self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)
page = Page()
text = (top / "report.html").read_text()
page.feed(text)
page.close()
assert page.open == [] and page.seen.count("script") == 2
assert page.seen.count("svg") == 8, page.seen.count("svg")
assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;" in text
assert "alert(1)</script>" not in text
outside = text.replace("http://www.w3.org/2000/svg", "").lower()
for load in "http:", "https:", "url(", "@import", "javascript:":
    assert load not in outside, load
assert len(text) < 1000000
print("ok: the page is whole, loads nothing, and a name stays a name")
END

# ---- from the files alone
cp "$tmp/all/report.html" "$tmp/before"
cp "$tmp/all/summary.json" "$tmp/summary"
rm "$tmp/all/report.html" "$tmp/all/summary.json" "$tmp/all/summary.csv"
"$sim" report "$tmp/all"
cmp "$tmp/before" "$tmp/all/report.html"
cmp "$tmp/summary" "$tmp/all/summary.json"
"$sim" report "$tmp/all" --out - | cmp - "$tmp/before"
echo 'ok: the report is made again, byte for byte'
mkdir "$tmp/one"
"$sim" report "$tmp/all" --out "$tmp/one/page.html"
(cd "$tmp/one" && "$sim" report "$tmp/all" --out bare.html)
cmp "$tmp/before" "$tmp/one/page.html"
cmp "$tmp/before" "$tmp/one/bare.html"
# No file may be longer than a KiB: as on a full disk.
echo 'the page before' >"$tmp/one/page.html"
(
    trap '' XFSZ
    ulimit -f 1
    fails 1 'one/page.html: File too large' report "$tmp/all" \
        --out "$tmp/one/page.html"
)
grep -qx 'the page before' "$tmp/one/page.html"
[ "$(ls "$tmp/one")" = $'bare.html\npage.html' ]
echo 'ok: a page that cannot be written whole leaves the one before'
ln -s /dev/stdout "$tmp/one/link"
"$sim" report "$tmp/all" --out "$tmp/one/link" | cmp - "$tmp/before"
[ -L "$tmp/one/link" ]
echo 'ok: what is no file is written to, and not replaced'

# ---- going on
fails 1 'is not empty; give --resume' "${many[@]}" --seed 1-3 --out "$tmp/all"
fails 1 'its buffer is 2000000B, not 3000000B' "${many[@]}" --seed 1-3 \
    --buffer 3MB --out "$tmp/all" --resume
cp "$trace" "$tmp/longer"
echo '2000 CONN 0 1 up' >>"$tmp/longer"
fails 1 'its traces are not these' "${many[@]}" --contacts "$tmp/longer" \
    --out "$tmp/all" --resume
mkdir "$tmp/mine"
touch "$tmp/mine/letters"
fails 1 'holds no experiment' "${many[@]}" --out "$tmp/mine" --resume
[ "$(ls "$tmp/mine")" = letters ]
fails 2 'give --out FOLDER' "${many[@]}" --resume
fails 2 "--seed cannot be '3-1'" "${many[@]}" --seed 3-1
fails 2 "--seed cannot be '2'" "${many[@]}" --seed 1-3,2
fails 2 "--protocol cannot be 'daftar'" run "${world[@]}" \
    --protocol daftar,daftar
fails 1 'there is no experiment in' report "$tmp/mine"
fails 2 'of which folder?' report

inodes() { stat -c '%n %i' "$tmp"/all/*/result.json; }
inodes >"$tmp/was"
rm -r "$tmp/all/daftar-2"
mkdir "$tmp/all/daftar-2.tmp" # as a power cut leaves one
touch "$tmp/all/daftar-2.tmp/series.csv"
"$sim" "${many[@]}" --seed 1-3 --out "$tmp/all" --resume >"$tmp/said"
[ ! -e "$tmp/all/daftar-2.tmp" ]
inodes >"$tmp/is"
[ "$(join -j 1 "$tmp/was" "$tmp/is" | awk '$2 != $3' | grep -vc daftar-2)" = 0 ]
cmp "$tmp/summary" "$tmp/all/summary.json"
"$sim" "${many[@]}" --seed 4 --out "$tmp/all" --resume >"$tmp/said"
grep -qF '8 of 8 runs' "$tmp/said"
echo 'ok: what has finished is not run again, and more can be asked'

# ---- Ctrl-C
"$sim" run --waypoint nodes=60,area=100x100m,range=10m,speed=0.5-1.5m/s \
    --traffic every=10-20s,size=100-200kB --until 10min --seed 1-1000 \
    --protocol epidemic-one,prophet --out "$tmp/cut" \
    >"$tmp/said" 2>"$tmp/err" &
child=$!
until [ -e "$tmp/cut/epidemic-one-1" ]; do
    kill -0 $child || bad 'it ended before a run had finished'
    sleep 0.02
done
kill -INT $child
got=0
wait $child || got=$?
child=
[ $got = 3 ] || bad "Ctrl-C: exit $got, not 3"
grep -qE 'broken off: [0-9]+ of 2000 runs are finished and kept in .*/cut' \
    "$tmp/err" || bad 'it does not say how many are kept, and where'
grep -q '"planned": 2000' "$tmp/cut/summary.json"
[ "$(find "$tmp/cut" -name 'result.json' | wc -l)" = \
    "$(sed -n 's/.*broken off: \([0-9]*\) of.*/\1/p' "$tmp/err")" ]
[ -s "$tmp/cut/report.html" ] || bad 'no report of what has finished'
echo 'ok: Ctrl-C keeps what has finished'

# ---- a run that was killed while it wrote its first file
mkdir "$tmp/killed" "$tmp/killed-2"
echo '{"form' | tee "$tmp/killed/experiment.json.part" \
    >"$tmp/killed-2/experiment.json.part"
"$sim" "${many[@]}" --seed 1 --out "$tmp/killed" --resume >"$tmp/said"
"$sim" "${many[@]}" --seed 1 --out "$tmp/killed-2" >"$tmp/said"
[ ! -e "$tmp/killed/experiment.json.part" ]
[ -s "$tmp/killed/report.html" ]
echo 'ok: a first file that was cut is written anew'

# ---- no room
got=0
(
    ulimit -f 4
    exec "$sim" "${many[@]}" --seed 1-3 --out "$tmp/full" >"$tmp/said" \
        2>"$tmp/err"
) || got=$?
[ $got = 1 ] || bad "no room: exit $got, not 1"
grep -qF 'File too large' "$tmp/err" || bad 'it does not say why'
"$sim" "${many[@]}" --seed 1-3 --out "$tmp/full" --resume >"$tmp/said"
cmp "$tmp/summary" "$tmp/full/summary.json"
echo 'ok: it goes on when there is room again'

# ---- a scenario's places, around the circle
cat >"$tmp/two.yaml" <<'END'
scenario: two
lasts: 10h
places:
  - {name: a-school-of-a-long-name, count: 2}
  - {name: office}
groups:
  - {name: tablet, count: 8, stays: [{at: a-school-of-a-long-name, from: "08:00", to: "09:00"}]}
  - {name: teacher, count: 2, stays: [{at: office, from: "08:00", to: "09:00"}]}
  - {name: guest, stays: [{at: office, drawn: yes, from: "08:00", to: "09:00"}]}
END
"$sim" run "$tmp/two.yaml" --protocol direct --out "$tmp/two" >"$tmp/said"
python3 - "$tmp/two" <<'END'
import json, pathlib, sys
top = pathlib.Path(sys.argv[1])
c = json.loads((top / "contacts.json").read_text())
arcs = [(a["place"], a["number"], sorted(c["shown"][a["from"]:a["from"] + a["count"]]))
        for a in c["arcs"]]
long = "a-school-of-a-long-name"
assert arcs == [(long, 1, [0, 1, 2, 3]), (long, 2, [4, 5, 6, 7]), ("office", 0, [8, 9]),
                ("elsewhere", 0, [10])], arcs
page = (top / "report.html").read_text()
assert page.count('class="arc"') == 4
for words in (f"<title>{long} 2, 4 devices</title>", "</title>a-school\u2026 2</text>",
              "</title>office</text>"):
    assert words in page, words
END
sed 's/"place":"office"/"place":"<b>\\u0007"/' "$tmp/two/contacts.json" >"$tmp/good"
cp "$tmp/good" "$tmp/two/contacts.json"
"$sim" report "$tmp/two"
grep -qF '</title>&lt;b&gt; </text>' "$tmp/two/report.html"
sed -i 's/"from":4/"from":5/' "$tmp/two/contacts.json"
fails 1 'arcs cannot be right' report "$tmp/two"
echo 'ok: devices of one place stand together, and places are named'

# ---- files that somebody changed
# changed FILE CODE KEY: after Python did CODE to it as v, the report blames KEY of it.
changed()
{
    cp "$tmp/full/$1" "$tmp/good"
    python3 - "$tmp/full/$1" "$2" <<'END'
import json, sys
path, code = sys.argv[1:]
v = json.load(open(path))
exec(code)
json.dump(v, open(path, "w"))
END
    fails 1 "$1 is not what daftar-sim wrote: $3 cannot be right" \
        report "$tmp/full"
    cp "$tmp/good" "$tmp/full/$1"
}
one=daftar-1/result.json
changed $one 'v["protocol"] = "epidemic-one"' protocol
changed $one 'v["seed"] = 2' seed
changed $one 'v["identity"] = "00"' identity
changed $one 'v["version"] += "x"' version
changed $one 'v["options"]["buffer"] = "1B"' options
changed $one 'v["inputs"][0]["blake2b"] = "0" * 64' inputs
changed $one 'v["nodes"] = 0' nodes
changed $one 'v["nodes"] = 1e300' nodes
changed $one 'v["metrics"]["delivery_ratio"] = 1.5' delivery_ratio
changed $one 'v["metrics"]["relayed"] = -1' relayed
changed $one 'v["metrics"]["air_payload_bytes"] = 1e300' air_payload_bytes
changed $one 'v["metrics"]["hops_mean"] = "many"' hops_mean
changed $one 'del v["metrics"]["created"]' created
changed $one 'v["latency_quantiles_s"].reverse()' latency_quantiles_s
changed $one 'v["contact_lengths"][0] = -5' contact_lengths
changed $one 'v["contact_lengths"] = [1] * 1000' contact_lengths
changed contacts.json 'v["slices"][3] = [1, 1000]' slices
changed contacts.json 'v["slice_s"] = -1' slice_s
changed contacts.json 'v["pairs"][0][0] = 150' pairs
changed contacts.json 'v["seed"] = None' seed
changed experiment.json 'v["seeds"] = []' seeds
changed experiment.json 'v["protocols"][1]["name"] = "../x"' protocols
cp "$tmp/full/daftar-1/series.csv" "$tmp/good"
sed -i '4s/[0-9.]*,/1e999,/' "$tmp/full/daftar-1/series.csv"
fails 1 'series.csv is not what daftar-sim wrote: line 4, time_s cannot' \
    report "$tmp/full"
sed -i '4s/1e999/0/' "$tmp/full/daftar-1/series.csv"
fails 1 'line 4, time_s cannot be right' report "$tmp/full"
cp "$tmp/good" "$tmp/full/daftar-1/series.csv"
sed -i 's/"seed": 1/"seed": 9/' "$tmp/full/daftar-1/result.json"
fails 1 'Move its folder away' report "$tmp/full"
mv "$tmp/full/daftar-1" "$tmp/away"
"$sim" "${many[@]}" --seed 1-3 --out "$tmp/full" --resume >"$tmp/said"
cmp "$tmp/summary" "$tmp/full/summary.json"
echo 'ok: what cannot be right is told with its file and key'
echo '{"metrics": {' >"$tmp/full/daftar-1/result.json"
fails 1 'is not what daftar-sim wrote' report "$tmp/full"
echo 'report: all good'
