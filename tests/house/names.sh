#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# foo.c exports only daf_foo*, so that a name tells where it is written.  Files
# that share a private struct share a first word too: agent_peers.c may export
# daf_agent_*, and on_hello.c daf_on_*.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "$0")/common.bash"

# shellcheck disable=SC2016 # awk's own dollars
rules='
{
    # node/CMakeFiles/daf_node.dir/loop.c.o:0000000000000000 T daf_loop_new
    object = $0
    sub(/[.]c[.]o:.*/, "", object)
    name = object
    sub(/.*\//, "", name)
    folder = object
    sub(/\/CMakeFiles\/.*/, "", folder)
    unit = name
    sub(/_.*/, "", unit)
    # __wrap_* is what the linker makes of --wrap.
    if ($NF != "main" && $NF !~ /^__wrap_/ && index($NF, "daf_" name) != 1 &&
        index($NF, "daf_" unit "_") != 1)
        print folder "/" name ".c exports " $NF
}'

# names TREE BUILD
names()
{
    local source object objects=()
    cd "$2" || return
    while IFS= read -r -d '' source; do
        case $source in tests/*) continue ;; esac
        object=$(compgen -G \
            "${source%/*}/CMakeFiles/*.dir/${source##*/}.o") || {
            echo "$source has no object file: build first"
            continue
        }
        objects+=("$object")
    done < <(sources "$1" '*.c')
    [ "${#objects[@]}" = 0 ] ||
        nm -A -g --defined-only "${objects[@]}" | awk "$rules"
}

if instrumented "$build/proto/libdaf_proto.a"; then
    skip 'a sanitizer exports names of its own'
fi
passes 'each file exports its own name' names "$root" "$build"

mkdir -p "$tmp/proto" "$tmp/build/proto/CMakeFiles/x.dir"
compile()
{
    plant "proto/$1"
    cc -c "$tmp/proto/$1" -o "$tmp/build/proto/CMakeFiles/x.dir/$1.o"
}
compile err.c <<<'int daf_err_ok(void){return 0;} static int f(void){return 0;}
    int helper(void){return f();}'
catches 'a name without the prefix' 'proto/err.c exports helper' \
    names "$tmp" "$tmp/build"
compile err.c <<<'int daf_session_step; int daf_err_ok(void){return 0;}'
catches "another file's name" 'proto/err.c exports daf_session_step' \
    names "$tmp" "$tmp/build"
compile err.c <<<'int main(void){return 0;}'
compile agent_peers.c <<<'int daf_agent_add(void){return 0;} int daf_agents;'
catches "a name that only begins like its unit's" \
    'proto/agent_peers.c exports daf_agents' names "$tmp" "$tmp/build"
plant proto/unbuilt.c <<<'int f;'
rm "$tmp/proto/agent_peers.c"
catches 'a file that was not built' \
    'proto/unbuilt.c has no object file: build first' \
    names "$tmp" "$tmp/build"
[ "$failed" = 0 ]
