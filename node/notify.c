/* SPDX-License-Identifier: Apache-2.0 */
#include "node/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* One service manager a process. */
static struct sockaddr_un manager;
static socklen_t manager_len; /* 0: nobody to tell */

void daf_notify_init(void)
{
    /* Before threads.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path != NULL ? strlen(path) : 0;

    if (len >= 2 && len < sizeof(manager.sun_path) &&
        (path[0] == '/' || path[0] == '@')) {
        manager.sun_family = AF_UNIX;
        memcpy(manager.sun_path, path, len);
        /* '@' is how an abstract address is written: it begins with NUL. */
        if (path[0] == '@') manager.sun_path[0] = '\0';
        manager_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    (void)unsetenv("NOTIFY_SOCKET");
}

void daf_notify_send(const char *state)
{
    int fd;

    if (manager_len == 0) return;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                 (const struct sockaddr *)&manager, manager_len);
    (void)close(fd);
}
