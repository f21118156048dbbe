#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What libtorrent does in the same room, for case_swarm.c:

    torrent.py FILE FOLDER DEVICES SECONDS

Device 1 of the lab (tests/lab) has FILE, all others want it.  Default settings, but
for what would look for others on the internet: each is told of all others.  Nobody
asks for a piece before all are connected and hold the torrent file.  Prints
"LAST_S COPIES CPU_S VERSION", or nothing if python3-libtorrent is not installed.
It ends after SECONDS at the latest, with all that it started.
"""

import os
import resource
import select
import shutil
import subprocess
import sys
import time

try:
    import libtorrent as lt
except ImportError:
    sys.exit(0)  # and whatever else goes wrong is no 0

PORT = 6881
MEET_S = 60


def add(session, folder, torrent, is_seed):
    p = lt.add_torrent_params()
    p.ti = lt.torrent_info(torrent)
    p.save_path = folder
    p.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    if is_seed:
        p.flags |= lt.torrent_flags.seed_mode
    else:
        p.flags |= lt.torrent_flags.upload_mode  # connects, and asks for nothing
    return session.add_torrent(p)


def device(number, count, folder, torrent):
    """One of them; speaks with its parent in lines."""
    session = lt.session({
        "listen_interfaces": f"10.77.0.{number}:{PORT}",
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
        "enable_natpmp": False,
        # While they wait, nobody has what another wants.
        "close_redundant_connections": False,
        "alert_mask": lt.alert.category_t.status_notification,
    })
    handle = add(session, folder, torrent, number == 1)
    print("up", flush=True)
    sys.stdin.readline()
    limit = time.monotonic() + MEET_S
    again = 0
    while handle.status().num_peers < count - 1 and time.monotonic() < limit:
        if time.monotonic() >= again:  # one that failed is not tried soon
            for other in range(1, number):
                handle.connect_peer((f"10.77.0.{other}", PORT))
            again = time.monotonic() + 2
        time.sleep(0.05)
    print("met", handle.status().num_peers, flush=True)
    sys.stdin.readline()
    session.apply_settings({"close_redundant_connections": True})
    before = resource.getrusage(resource.RUSAGE_SELF)
    handle.unset_flags(lt.torrent_flags.upload_mode)
    is_whole = number == 1
    while not is_whole:
        session.wait_for_alert(1000)
        is_whole = any(isinstance(a, lt.torrent_finished_alert)
                       for a in session.pop_alerts())
    print("whole", time.monotonic(), flush=True)
    sys.stdin.readline()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print("used", cpu, handle.status().total_payload_upload, flush=True)
    sys.stdin.readline()


def ask(children, word, limit):
    """The next line of each, which must begin with that word."""
    answers = {}
    while len(answers) < len(children):
        waiting = [c.stdout for c in children if c not in answers]
        ready, _, _ = select.select(waiting, [], [], limit - time.monotonic())
        if not ready:
            raise TimeoutError(word)
        for child in children:
            if child.stdout in ready:
                words = child.stdout.readline().split()
                if not words or words[0] != word:
                    raise ValueError(word)
                answers[child] = [float(w) for w in words[1:]]
    return [answers[c] for c in children]


def go(children):
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()


def room(children, count, seconds, size):
    ask(children, "up", time.monotonic() + MEET_S)
    go(children)
    met = ask(children, "met", time.monotonic() + 2 * MEET_S)
    if min(m[0] for m in met) < count - 1:
        raise ValueError(f"not all have met: {met}")
    start = time.monotonic()
    go(children)
    ends = ask(children, "whole", start + seconds)
    go(children)
    used = ask(children, "used", time.monotonic() + MEET_S)
    last = max(e[0] for e in ends[1:]) - start
    print(f"{last:.3f} {used[0][1] / size:.3f} {sum(u[0] for u in used):.3f}"
          f" libtorrent {lt.version}")


def make_torrent(file, out):
    files = lt.file_storage()
    lt.add_files(files, file)
    torrent = lt.create_torrent(files)
    lt.set_piece_hashes(torrent, os.path.dirname(file))
    with open(out, "wb") as f:
        f.write(lt.bencode(torrent.generate()))


def main():
    file, folder, count, seconds = sys.argv[1:]
    count = int(count)
    os.makedirs(folder)
    torrent = os.path.join(folder, "torrent")
    make_torrent(file, torrent)
    children = []
    try:
        for i in range(1, count + 1):
            own = os.path.dirname(file) if i == 1 else f"{folder}/{i}"
            os.makedirs(own, exist_ok=True)
            children.append(subprocess.Popen(
                ["nsenter", f"--net=/run/netns/d{i}", sys.executable, __file__,
                 "device", str(i), str(count), own, torrent],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        room(children, count, float(seconds), os.path.getsize(file))
        for i in range(2, count + 1):
            subprocess.run(["cmp", "-s", file,
                            f"{folder}/{i}/{os.path.basename(file)}"],
                           check=True)
    finally:
        for child in children:
            child.kill()
            child.wait()
        shutil.rmtree(folder, ignore_errors=True)


if sys.argv[1] == "device":
    device(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
else:
    main()
