/* SPDX-License-Identifier: Apache-2.0 */
/* daftard - the daemon of one device.  See node/README.md; what it does is in
 * node/host.h, what the device decides in node/core/agent.h. */
#include "node/airwatch.h"
#include "node/child.h"
#include "node/commands.h"
#include "node/core/addr.h"
#include "node/discover.h"
#include "node/host.h"
#include "node/link.h"
#include "node/log.h"
#include "node/netwatch.h"
#include "node/notify.h"
#include "node/size.h"
#include "node/web.h"
#include "node/web_guard.h"
#include "node/webhost.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: daftard [options]\n\n"
    "Run the device whose home is DIR (made by `daftar camp create` or `join`)."
    "\n\n"
    "  --home DIR          the device's home (else $DAFTAR_HOME, else "
    "~/.daftar)\n"
    "  --listen ADDR:PORT  where others reach its door; port 0: any\n"
    "                      ([::]:5670, all addresses of this machine)\n"
    "  --peer ADDR:PORT    another device's door; may be given often\n"
    "  --no-mdns           do not look for others on the network\n"
    "  --air NAME          the access point that it uses, by a name that is "
    "the "
    "same\n"
    "                      on all that use it, or `cable` (what its radio and "
    "its\n"
    "                      gateway say); who shares one is served two at a "
    "time\n"
    "  --budget SIZE       what DIR may take on its disk, as 20GB or 512MiB\n"
    "                      (what the disk has)\n"
    "  --http ADDR:PORT    serve pages for browsers here; port 0: any; may be\n"
    "                      given often (no pages); daftar open prints the way "
    "in\n"
    "  --http-fd N         the same, at a socket N that listens already\n"
    "  --http-frame ORIGIN a page of http://127.0.0.1:PORT may hold these in "
    "frames,\n"
    "                      as a demo's does (none may)\n"
    "  --record FILE       write down all that happens, for `daftar-sim replay "
    "FILE`;\n"
    "                      FILE and FILE.start are new and outside DIR, and "
    "hold\n"
    "                      its keys: keep them as you keep DIR\n"
    "  --help, --version\n\n"
    "SIGTERM ends it.  Exit: 0 ended so, 1 failed, 2 usage.\n";

struct options {
    struct daf_host_config config;
    char home[DAF_HOME_PATH_MAX];
    struct daf_addr peers[DAF_AGENT_STATIC_MAX];
    int http[DAF_WEB_LISTENERS_MAX];
};

/* Nobody else reads what we hold or write: no core files, no debugger of the
 * same user, no rights by a set-uid program; link gets the same by inheritance
 * and by doing it again. */
static void withdraw(void)
{
    struct rlimit none = {0, 0};

    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error */
}

/* Pieces of content are 256 KiB, of which glibc would give each back to the kernel at
 * once: every page of every piece was then a fault, a tenth of all time. */
static void keep_memory(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 8 * 1024 * 1024);
}

static int misuse(const char *what, const char *which)
{
    (void)fprintf(stderr, "daftard: %s%s. `daftard --help` tells more\n", what,
                  which);
    return DAF_EXIT_USAGE;
}

/* Numbers only: a name would have to be looked up, and could be anything. */
static bool read_address(const char *text, bool is_peer, struct daf_addr *out)
{
    struct daf_where where;

    *out = (struct daf_addr){""};
    if (strlen(text) >= sizeof(out->text)) return false;
    memcpy(out->text, text, strlen(text));
    return daf_addr_parse(out, &where) &&
           (!is_peer || daf_addr_callable(&where));
}

/* @fd: taken; -1 and errno: it cannot be had.  Returns 0 or the exit status. */
static int take_http(struct options *o, int fd, const char *text)
{
    struct daf_addr where;

    if (fd < 0) {
        daf_log("pages cannot be served at %s: %s. Choose another address, or "
                "stop what uses it",
                text, daf_log_errno(errno));
        return DAF_EXIT_FAILED;
    }
    if (o->config.http_count == DAF_WEB_LISTENERS_MAX)
        return misuse("more than 8 addresses for pages; drop ", text);
    if (!daf_webhost_where(fd, &where) || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return misuse("not a socket that listens: ", text);
    o->http[o->config.http_count++] = fd;
    return 0;
}

/* Bound here, before anything else: a demo enters a network of its own later. */
static int listen_http(struct options *o, const char *text)
{
    struct daf_addr addr;

    if (!read_address(text, false, &addr))
        return misuse("not an address like 127.0.0.1:8080: ", text);
    return take_http(o, daf_webhost_listen(&addr), text);
}

static int pass_http(struct options *o, const char *text)
{
    char *end;
    long fd = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || fd <= 2 || fd > 65535)
        return misuse("not a descriptor's number: ", text);
    return take_http(o, (int)fd, text);
}

static int allow_frame(struct options *o, const char *origin)
{
    if (!daf_web_guard_frame(origin))
        return misuse("not an origin like http://127.0.0.1:8080: ", origin);
    o->config.http_frame = origin;
    return 0;
}

/* An option and what follows it.  Returns 0, or the exit status of misuse. */
static int take(struct options *o, const char *name, const char *value)
{
    const char *text = value != NULL ? value : "";

    if (strcmp(name, "--home") == 0) {
        o->config.home = text;
    } else if (strcmp(name, "--record") == 0) {
        o->config.record = text;
    } else if (strcmp(name, "--air") == 0) {
        if (text[0] == '\0' || strlen(text) > DAF_AIRWATCH_NAME_MAX)
            return misuse("not a name of 1 to 64 bytes: ", text);
        o->config.air = text;
    } else if (strcmp(name, "--budget") == 0) {
        if (!daf_size_parse(text, &o->config.budget) || o->config.budget == 0)
            return misuse("not a size like 20GB: ", text);
    } else if (strcmp(name, "--listen") == 0) {
        if (!read_address(text, false, &o->config.listen))
            return misuse("not an address like 192.0.2.7:5670: ", text);
    } else if (strcmp(name, "--peer") == 0) {
        if (o->config.peers_count == DAF_AGENT_STATIC_MAX)
            return misuse("more than 64 peers; drop ", text);
        if (!read_address(text, true, &o->peers[o->config.peers_count++]))
            return misuse("not a peer's address like 192.0.2.7:5670: ", text);
    } else if (strcmp(name, "--http") == 0 && value != NULL) {
        return listen_http(o, text);
    } else if (strcmp(name, "--http-fd") == 0 && value != NULL) {
        return pass_http(o, text);
    } else if (strcmp(name, "--http-frame") == 0 && value != NULL) {
        return allow_frame(o, text);
    } else if (strcmp(name, "--http") != 0 && strcmp(name, "--http-fd") != 0 &&
               strcmp(name, "--http-frame") != 0) {
        return misuse("unknown option ", name);
    }
    return value != NULL ? 0 : misuse("nothing follows ", name);
}

static int find_home(struct options *o)
{
    struct daf_trouble trouble;

    if (daf_home_dir(o->config.home, o->home, &trouble) != DAF_OK) {
        daf_log("%s", trouble.what);
        return DAF_EXIT_USAGE;
    }
    o->config.home = o->home;
    return 0;
}

static int read_options(struct options *o, char **argv)
{
    int wrong = 0;

    daf_netwatch_default(&o->config.listen);
    o->config.peers = o->peers;
    o->config.http = o->http;
    for (char **arg = argv + 1; wrong == 0 && *arg != NULL; arg++) {
        if (strcmp(*arg, "--no-mdns") == 0) {
            o->config.no_mdns = true;
            continue;
        }
        wrong = take(o, arg[0], arg[1]);
        arg++;
    }
    return wrong != 0 ? wrong : find_home(o);
}

/* @out_again: it ended for a repair only. */
static int run_once(const struct daf_host_config *config, bool *out_again)
{
    struct daf_trouble trouble;
    struct daf_host *host = NULL;
    int status;

    *out_again = false;
    if (daf_host_open(config, &host, &trouble) != DAF_OK) {
        daf_log("%s", trouble.what);
        return DAF_EXIT_FAILED;
    }
    status = daf_host_run(host);
    if (status == 0) *out_again = daf_host_repair(host);
    daf_host_close(host);
    return status;
}

static int run(struct daf_host_config *config)
{
    bool again;
    int status;

    do {
        status = run_once(config, &again);
        if (again && config->record != NULL)
            daf_log("recording ended: a recording is of one start");
        config->record = again ? NULL : config->record;
    } while (again);
    return status;
}

static int say(const char *text)
{
    return fputs(text, stdout) < 0 ? DAF_EXIT_FAILED : DAF_EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    int wrong;

    withdraw();
    keep_memory();
    if (sodium_init() < 0) return DAF_EXIT_FAILED;
    if (argc == 2 && strcmp(argv[1], "--as-link") == 0)
        return daf_link_main(DAF_CHILD_FD);
    if (argc == 2 && strcmp(argv[1], "--as-discover") == 0)
        return daf_discover_main(DAF_CHILD_FD);
    if (argc == 2 && strcmp(argv[1], "--as-web") == 0)
        return daf_web_main(DAF_CHILD_FD);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) return say(usage);
        if (strcmp(argv[i], "--version") == 0)
            return say("daftard " DAF_COMMANDS_VERSION "\n");
    }
    wrong = read_options(&options, argv);
    if (wrong != 0) return wrong;
    daf_notify_init();
    return run(&options.config);
}
