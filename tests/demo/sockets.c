/* SPDX-License-Identifier: Apache-2.0 */
/* tests/demo/sockets.c - opens sockets, then becomes another program.
 *
 *     demo_sockets COUNT PORT COMMAND...
 *
 * COUNT sockets that listen at 127.0.0.1, as descriptors FIRST on: the first at
 * PORT, the others at any; PORT 0: any.  DEMO_PORTS names all ports.  The demo's
 * devices live in networks of their own; through these a browser of this one
 * reaches them. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST     20
#define COUNT_MAX 16
#define BACKLOG   256

/* Returns its port, or 0. */
static unsigned open_at(unsigned port, int number)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((uint16_t)port);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0 ||
        (fd != number && (dup2(fd, number) != number || close(fd) != 0)))
        return 0;
    return ntohs(at.sin_port);
}

int main(int argc, char **argv)
{
    char ports[COUNT_MAX * 8] = "";
    unsigned long count, port;
    size_t len = 0;

    if (argc < 4) return 2;
    count = strtoul(argv[1], NULL, 10);
    port = strtoul(argv[2], NULL, 10);
    if (count == 0 || count > COUNT_MAX || port > 65535) return 2;
    for (unsigned long i = 0; i < count; i++) {
        unsigned got = open_at(i == 0 ? (unsigned)port : 0, FIRST + (int)i);

        if (got == 0) {
            (void)fprintf(stderr,
                          "demo: port %lu of 127.0.0.1 cannot be had: it is "
                          "taken, or not for you. Choose another with "
                          "--port\n",
                          i == 0 ? port : 0);
            return 1;
        }
        len += (size_t)snprintf(ports + len, sizeof(ports) - len, "%s%u",
                                i == 0 ? "" : " ", got);
    }
    if (setenv("DEMO_PORTS", ports, 1) != 0) return 1;
    (void)execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 1;
}
