/* SPDX-License-Identifier: Apache-2.0 */

/* What a process may still call: each test confines one of its own and asks it. */
#include "tests/lib/t.h"

#include "node/confine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_FILTER 77

static int listener, caller, pair[2], file;

/* ---- in the child: no assertion of cmocka's, an exit status */

/* @got: of a call; 1: it was answered with @error.  A number, as all are asked: &. */
static int refused(const char *what, long got, int error)
{
    if (got == -1 && errno == error) return 1;
    (void)dprintf(STDERR_FILENO, "%s: %ld, %s\n", what, got, strerror(errno));
    return 0;
}
#define REFUSED(call) refused(#call, (call), EPERM)

static int sockets_are_refused(void)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "control"};
    const struct sockaddr *to = (const struct sockaddr *)&path;
    int ends[2];

    return REFUSED(socket(AF_UNIX, SOCK_STREAM, 0)) &
           REFUSED(socket(AF_INET, SOCK_STREAM, 0)) &
           REFUSED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)) &
           REFUSED(connect(caller, to, sizeof(path))) &
           REFUSED(bind(caller, to, sizeof(path))) &
           REFUSED(sendto(caller, "x", 1, MSG_FASTOPEN, NULL, 0)) &
           REFUSED(sendmsg(caller, &(struct msghdr){0}, MSG_FASTOPEN)) &
           REFUSED(sendmmsg(caller, NULL, 0, MSG_FASTOPEN));
}

static int programs_are_refused(void)
{
    char *const none[] = {NULL};

    return REFUSED(execve("/bin/true", none, none)) &
           REFUSED(syscall(SYS_execveat, -1, "", none, none, 0));
}

static int processes_are_refused(void)
{
    return REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL)) &
           REFUSED(
               syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0)) &
           REFUSED(
               syscall(SYS_process_vm_writev, getpid(), NULL, 0, NULL, 0, 0)) &
           REFUSED(syscall(SYS_pidfd_getfd, -1, 0, 0)) &
           REFUSED(syscall(SYS_io_uring_setup, 1, NULL)) &
           REFUSED(syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0)) &
           REFUSED(syscall(SYS_io_uring_register, -1, 0, NULL, 0));
}

static int new_processes_are_refused(void)
{
    int fine = refused("clone3", syscall(SYS_clone3, NULL, 0), ENOSYS);

#ifndef __SANITIZE_ADDRESS__
    fine &= REFUSED(fork());
    fine &= REFUSED(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
#endif
#ifdef SYS_fork
    fine &= REFUSED(syscall(SYS_fork));
    fine &= REFUSED(syscall(SYS_vfork));
#endif
    return fine;
}

static int calls_of_another_table_are_refused(void)
{
#ifdef __x86_64__
    return REFUSED(syscall(0x40000000 | SYS_getpid));
#else
    return 1;
#endif
}

/* As web lives: it waits, accepts, is given a descriptor, sends a file. */
static int web_can_live(void)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    char text[8];
    struct iovec part = {text, sizeof(text)};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof(control.room)};
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC), fd, given;
    off_t at = 0;

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) return 0;
    if (epoll_wait(epoll, &event, 1, -1) != 1) return 0;
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 || recvmsg(pair[1], &m, 0) != 5 || CMSG_FIRSTHDR(&m) == NULL)
        return 0;
    memcpy(&given, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(given));
    return send(pair[1], "fine", 4, MSG_NOSIGNAL) == 4 &&
           send(fd, "head ", 5, MSG_NOSIGNAL | MSG_MORE) == 5 &&
           sendfile(fd, given, &at, 4) == 4;
}

/* ---- the test's part */

static void ask(int (*fn)(void))
{
    int status = 0;
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        daf_confine(64, (rlim_t)1024 * 1024 * 1024);
        _exit(!daf_confine_calls() ? NO_FILTER : fn() ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_FILTER) skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void no_new_socket_and_nobody_new_is_reached(void **state)
{
    (void)state;
    ask(sockets_are_refused);
}

static void no_program_is_run(void **state)
{
    (void)state;
    ask(programs_are_refused);
}

static void no_other_process_is_reached_into(void **state)
{
    (void)state;
    ask(processes_are_refused);
}

static void no_process_is_made(void **state)
{
    (void)state;
    ask(new_processes_are_refused);
}

static void another_table_of_calls_is_no_way_round(void **state)
{
    (void)state;
    ask(calls_of_another_table_are_refused);
}

/* With its first byte goes @fd. */
static void pass(int fd)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = ""};
    struct iovec part = {(char[]){"take"}, 5};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof(control.room)};

    control.head.cmsg_len = CMSG_LEN(sizeof(int));
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    assert_int_equal(sendmsg(pair[0], &m, 0), 5);
}

static void what_web_lives_by_goes_on(void **state)
{
    char text[16] = "";

    (void)state;
    pass(file);
    ask(web_can_live);
    assert_int_equal(recv(pair[0], text, sizeof(text), 0), 4);
    assert_int_equal(recv(caller, text, 9, MSG_WAITALL), 9);
    assert_memory_equal(text, "head body", 9);
}

static int setup(void **state)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(here);

    (void)state;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    file = memfd_create("file", MFD_CLOEXEC);
    assert_true(listener >= 0 && caller >= 0 && file >= 0);
    assert_int_equal(write(file, "body", 4), 4);
    assert_int_equal(bind(listener, (struct sockaddr *)&here, sizeof(here)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &len), 0);
    assert_int_equal(connect(caller, (struct sockaddr *)&here, len), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    return 0;
}

static int teardown(void **state)
{
    const int fds[] = {listener, caller, file, pair[0], pair[1]};

    (void)state;
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        (void)close(fds[i]);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(no_new_socket_and_nobody_new_is_reached),
        T(no_program_is_run),
        T(no_other_process_is_reached_into),
        T(no_process_is_made),
        T(another_table_of_calls_is_no_way_round),
        T(what_web_lives_by_goes_on),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
