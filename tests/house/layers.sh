#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Who may include whom, and which system headers stay outside:
#
#   proto  <--  store  <--  node/core  <--  node
#                               ^   ^
#                              sim  bridge/core  <--  bridge
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "$0")/common.bash"

# shellcheck disable=SC2016 # awk's own dollars
rules='
BEGIN {
    may["proto"] = "proto"
    may["store"] = may["proto"] " store"
    may["node/core"] = may["store"] " node/core"
    may["node"] = may["node/core"] " node"
    may["bridge/core"] = may["node/core"] " bridge/core"
    may["bridge"] = may["bridge/core"] " node bridge"
    may["sim"] = may["bridge/core"] " sim"

    # A port to another system must stay possible: no Linux, socket or thread
    # below the host.
    host = "^(linux/|asm/|net/|netinet/|arpa/|avahi-|sys/(epoll|eventfd|" \
        "signalfd|timerfd|inotify|sendfile|prctl|random|select|poll|socket|" \
        "syscall|un)[.]h|(poll|netdb|ifaddrs|sched|signal|threads|pthread|" \
        "zmq|microhttpd|jansson|curl|libpq-fe)[.]h)"
    # Time, chance and files are arguments or effects.
    world = "^(sys/|(time|unistd|fcntl|dirent|ftw)[.]h)"
}
function layer(path, part)
{
    split(path, part, "/")
    if (part[2] == "core" && (part[1] "/core") in may)
        return part[1] "/core"
    return part[1]
}
function fault(why) { print FILENAME ":" FNR ": " why }
/^[ \t]*#[ \t]*include[ \t]*["<]/ {
    from = layer(FILENAME)
    if (from == "tests")
        next
    ours = index($0, "\"") && (!index($0, "<") ||
        index($0, "\"") < index($0, "<"))
    split($0, cut, ours ? "\"" : "[<>]")
    what = cut[2]
    to = layer(what)
    if (to in may || to == "tests") {
        if (index(" " may[from] " ", " " to " ") == 0)
            fault(from " may not include " what)
    } else if (ours)
        fault("include from the root of the repository: " what)
    if (from ~ /^(proto|store|node\/core|bridge\/core)$/ && what ~ host)
        fault(from " may not include <" what ">: the host does that")
    if (from ~ /^(proto|node\/core|bridge\/core)$/ && what ~ world &&
        what !~ host)
        fault(from " may not include <" what ">: time and files are arguments")
    # Disks in memory are below SQLite, not above it.
    if (what == "sqlite3.h" && from != "store" &&
        FILENAME !~ /sim\/device\/(ramdisk|vfs_locks)\.c$/)
        fault("only store may include <sqlite3.h>")
}'

# layers TREE
layers()
{
    cd "$1" || return
    sources . '*.[ch]' | xargs -0 -r awk "$rules"
}

passes 'includes follow the arrows' layers "$root"

# one LINE: what the check says of a tree with this one line in FILE.
one()
{
    rm -rf "${tmp:?}"/*
    plant "$1" <<<"$2"
    layers "$tmp"
}
catches 'proto includes store' \
    'proto/a.c:1: proto may not include store/store.h' \
    one proto/a.c '#include "store/store.h"'
catches 'store includes node/core' \
    'store/a.h:1: store may not include node/core/agent.h' \
    one store/a.h '#  include "node/core/agent.h"'
catches 'node/core includes its host' \
    'node/core/a.c:1: node/core may not include node/loop.h' \
    one node/core/a.c '#include <node/loop.h>'
catches 'the host includes a test' \
    'node/a.c:1: node may not include tests/lib/t.h' \
    one node/a.c '#include "tests/lib/t.h"'
catches 'an include relative to its folder' \
    'proto/a.c:1: include from the root of the repository: err.h' \
    one proto/a.c '#include "err.h"'
catches 'a clock in proto' \
    'proto/a.c:1: proto may not include <time.h>: time and files are arguments' \
    one proto/a.c '#include <time.h>'
catches 'a socket in store' \
    'store/a.c:1: store may not include <sys/socket.h>: the host does that' \
    one store/a.c '#include <sys/socket.h>'
catches 'a thread in node/core' \
    'node/core/a.c:1: node/core may not include <pthread.h>: the host does that' \
    one node/core/a.c '#include <pthread.h>'
catches 'SQL in the host' \
    'node/a.c:1: only store may include <sqlite3.h>' \
    one node/a.c '#include <sqlite3.h>'
spares 'what is right' \
    one node/core/a.c '#include "store/store.h"'
[ "$failed" = 0 ]
