/* SPDX-License-Identifier: Apache-2.0 */
#include "node/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

/* ---- calls */

#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

#define X32_BIT 0x40000000u /* of a call's number; no number of ours has it */
#define LOAD(field)                        \
    (struct sock_filter)                   \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
                 (unsigned)offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(test, value, skipped) \
    (struct sock_filter) BPF_JUMP(BPF_JMP | (test) | BPF_K, value, 0, skipped)
#define ANSWER(what)  (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, what)
#define REFUSE(error) ANSWER(SECCOMP_RET_ERRNO | (error))

/* To reach somebody new, to become or make another process, to reach into one.
 * The end of a datagram pair sends to any path: so no pairs either.  io_uring
 * makes calls that no filter sees. */
static const unsigned refused[] = {
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
#ifndef __SANITIZE_ADDRESS__ /* which looks for leaks from a clone */
    SYS_clone,
#endif
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
};
/* With MSG_FASTOPEN they connect: a listening socket that was shut down, say. */
static const struct {
    unsigned call, flags; /* in which argument */
} sending[] = {{SYS_sendto, 3}, {SYS_sendmsg, 2}, {SYS_sendmmsg, 3}};

#define REFUSED_COUNT (sizeof(refused) / sizeof(refused[0]))
#define SENDING_COUNT (sizeof(sending) / sizeof(sending[0]))
#define FILTER_MAX    (16 + 2 * REFUSED_COUNT + 5 * SENDING_COUNT)

static unsigned short write_filter(struct sock_filter f[FILTER_MAX])
{
    unsigned short n = 0;

    f[n++] = LOAD(arch); /* numbers mean nothing before */
    f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                          ARCHITECTURE, 1, 0);
    f[n++] = REFUSE(EPERM);
    f[n++] = LOAD(nr);
    f[n++] = SKIP_UNLESS(BPF_JSET, X32_BIT, 1);
    f[n++] = REFUSE(EPERM);
    f[n++] = SKIP_UNLESS(BPF_JEQ, SYS_clone3, 1);
    f[n++] = REFUSE(ENOSYS); /* its arguments are out of sight; libc goes on
                              * with clone */
    for (size_t i = 0; i < REFUSED_COUNT; i++) {
        f[n++] = SKIP_UNLESS(BPF_JEQ, refused[i], 1);
        f[n++] = REFUSE(EPERM);
    }
    for (size_t i = 0; i < SENDING_COUNT; i++) {
        f[n++] = SKIP_UNLESS(BPF_JEQ, sending[i].call, 4);
        f[n++] = LOAD(args[sending[i].flags]); /* its low half */
        f[n++] = SKIP_UNLESS(BPF_JSET, MSG_FASTOPEN, 1);
        f[n++] = REFUSE(EPERM);
        f[n++] = ANSWER(SECCOMP_RET_ALLOW);
    }
    f[n++] = ANSWER(SECCOMP_RET_ALLOW);
    return n;
}

bool daf_confine_calls(void)
{
    struct sock_filter filter[FILTER_MAX];
    struct sock_fprog program = {.len = write_filter(filter), .filter = filter};

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else

bool daf_confine_calls(void)
{
    errno = ENOSYS;
    return false;
}

#endif
