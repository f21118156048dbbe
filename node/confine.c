/* SPDX-License-Identifier: Apache-2.0 */
#include "node/confine.h"

#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void limit(int what, rlim_t most)
{
    const struct rlimit both = {most, most};

    (void)setrlimit((__rlimit_resource_t)what, &both);
}

void daf_confine(rlim_t descriptors, rlim_t memory)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, descriptors);
#ifndef __SANITIZE_ADDRESS__ /* which wants terabytes of addresses */
    limit(RLIMIT_AS, memory);
#else
    (void)memory;
#endif
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    /* Ctrl-C reaches the whole group; core decides when to stop. */
    (void)sigaction(SIGINT, &ignore, NULL);
    (void)sigaction(SIGTERM, &ignore, NULL);
}

void daf_confine_files(void)
{
    struct landlock_ruleset_attr all = {0};
    long version, fd;

    version = syscall(SYS_landlock_create_ruleset, NULL, 0,
                      LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return;
    /* 13 rights at first, then linking across folders, then truncating. */
    all.handled_access_fs = (1ULL << (12 + (version < 3 ? version : 3))) - 1;
    fd = syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
    if (fd < 0) return;
    (void)syscall(SYS_landlock_restrict_self, fd, 0);
    (void)close((int)fd);
}

void daf_confine_network(void)
{
    (void)unshare(CLONE_NEWUSER | CLONE_NEWNET);
}
