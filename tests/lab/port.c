/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lab/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A burst of a TCP sender; the kernel takes less where it allows less. */
#define RECEIVE_BYTES (4 << 20)

static int complain(const char *what, const char *whose)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    (void)fprintf(stderr, "lab_switch: %s of %s: %s\n", what, whose,
                  strerror(errno));
    return -1;
}

static int set_feature(int fd, unsigned command)
{
    struct ethtool_value off = {.cmd = command, .data = 0};
    struct ifreq request = {.ifr_name = "eth0"};

    request.ifr_data = (void *)&off;
    return ioctl(fd, SIOCETHTOOL, &request);
}

/* In the namespace of the device, where this thread is for that long. */
static int plain_frames(void)
{
    static const unsigned features[] = {ETHTOOL_STSO, ETHTOOL_SGSO,
                                        ETHTOOL_STXCSUM};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

    if (fd < 0) return -1;
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
        rc |= set_feature(fd, features[i]);
    (void)close(fd);
    return rc;
}

static int plain_frames_in(const char *netns)
{
    int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int there = open(netns, O_RDONLY | O_CLOEXEC);
    int rc = -1;

    if (here >= 0 && there >= 0 && setns(there, CLONE_NEWNET) == 0) {
        rc = plain_frames();
        if (setns(here, CLONE_NEWNET) != 0) rc = -1;
    }
    if (here >= 0) (void)close(here);
    if (there >= 0) (void)close(there);
    return rc;
}

int lab_port_open(unsigned number, const char *netns)
{
    struct sockaddr_ll where = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL)};
    char name[IF_NAMESIZE];
    int size = RECEIVE_BYTES, yes = 1, fd;

    (void)snprintf(name, sizeof(name), "port%u", number);
    where.sll_ifindex = (int)if_nametoindex(name);
    if (where.sll_ifindex == 0) return complain("no interface", name);
    if (plain_frames_in(netns) != 0) return complain("features", netns);
    /* Protocol 0: it hears nothing before it is bound to its interface. */
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return complain("packet socket", name);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) !=
            0 ||
        bind(fd, (const struct sockaddr *)&where, sizeof(where)) != 0) {
        (void)complain("packet socket", name);
        (void)close(fd);
        return -1;
    }
    return fd;
}
