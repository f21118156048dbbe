/* SPDX-License-Identifier: Apache-2.0 */
/* A film of a lesson, from the daemon's web process and from nginx: neither with
 * TLS, since pages are served on this device; the same file, in the page cache. */
#include "tests/bench/bench_net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB_OWN 256
#define MIB     (1024.0 * 1024.0)
#define START_S 20.0
#define TURN_S  2.0
#define RANGE   ((uint64_t)1024 * 1024)

static const struct {
    const char *what;
    size_t clients;
    uint64_t range; /* 0: the whole file */
} plays[] = {
    {"ranges of 1 MiB, 1 client", 1, RANGE},
    {"ranges of 1 MiB, 8 clients", 8, RANGE},
    {"whole file, 1 client", 1, 0},
    {"whole file, 8 clients", 8, 0},
};
#define PLAYS (sizeof(plays) / sizeof(plays[0]))

/* ---- ours */

/* "http://127.0.0.1:PORT/enter?key=..." */
static bool read_port(const char *home, uint16_t *out)
{
    static const char start[] = "http://127.0.0.1:";
    char path[BENCH_PATH_MAX], line[256] = "";
    FILE *f;

    bench_path(path, "%s/run/web", home);
    f = fopen(path, "re");
    if (f == NULL) return false;
    if (fgets(line, sizeof(line), f) == NULL) line[0] = '\0';
    (void)fclose(f);
    if (strncmp(line, start, sizeof(start) - 1) != 0) return false;
    *out = (uint16_t)strtoul(line + sizeof(start) - 1, NULL, 10);
    return *out != 0;
}

static void start_ours(const struct bench *b, const char *home,
                       struct bench_daemon *d, uint16_t *port)
{
    const struct bench_place place = {.serves = true};
    double limit = bench_now() + START_S;

    bench_node_launch(b, home, &place, d);
    bench_node_wait(d);
    while (!read_port(home, port)) {
        if (bench_now() > limit) bench_die("the daemon serves no pages");
        bench_pause(10);
    }
}

/* ---- nginx */

static bool listens(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    done = connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
    (void)close(fd);
    return done;
}

/* One that nobody has now. */
static uint16_t free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(a);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (const struct sockaddr *)&a, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        bench_die("no port is free");
    (void)close(fd);
    return ntohs(a.sin_port);
}

/* Debian's settings for files, one process as ours, no log as ours. */
static void write_conf(const char *path, const char *folder, const char *files,
                       uint16_t port)
{
    FILE *f = fopen(path, "we");

    if (f == NULL ||
        fprintf(f,
                "daemon off; master_process off; pid \"%s/pid\";\n"
                "error_log /dev/null;\n"
                "events { worker_connections 768; }\n"
                "http { access_log off; sendfile on; tcp_nopush on;\n"
                "keepalive_requests 100000000; types { video/mp4 mp4; }\n"
                "client_body_temp_path \"%s/t1\"; proxy_temp_path \"%s/t2\";\n"
                "fastcgi_temp_path \"%s/t3\"; uwsgi_temp_path \"%s/t4\";\n"
                "scgi_temp_path \"%s/t5\";\n"
                "server { listen 127.0.0.1:%u; root \"%s\"; } }\n",
                folder, folder, folder, folder, folder, folder, (unsigned)port,
                files) < 0 ||
        fclose(f) != 0)
        bench_die("cannot write %s", path);
}

static pid_t start_nginx(const struct bench *b, const char *files,
                         uint16_t *port)
{
    char folder[BENCH_PATH_MAX], conf[BENCH_PATH_MAX];
    double limit = bench_now() + START_S;
    pid_t pid;

    bench_path(folder, "%s/nginx", b->run);
    bench_path(conf, "%s/conf", folder);
    bench_file_mkdir(folder);
    *port = free_port();
    write_conf(conf, folder, files, *port);
    (void)fflush(NULL);
    pid = fork();
    if (pid < 0) bench_die("no more processes");
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(null, STDERR_FILENO);
        (void)execlp("nginx", "nginx", "-p", folder, "-c", conf, NULL);
        _exit(127);
    }
    while (!listens(*port)) {
        int status;

        if (waitpid(pid, &status, WNOHANG) == pid) return 0;
        if (bench_now() > limit) bench_die("nginx does not start");
        bench_pause(10);
    }
    return pid;
}

static void stop_nginx(pid_t pid)
{
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
}

/* "nginx version: nginx/1.22.1"; empty: it is not installed. */
static void nginx_version(char out[64])
{
    FILE *f = popen("nginx -v 2>&1", "re");
    char line[128] = "";

    out[0] = '\0';
    if (f == NULL) return;
    if (fgets(line, sizeof(line), f) == NULL) line[0] = '\0';
    (void)pclose(f);
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "nginx version: nginx/", 21) == 0)
        (void)snprintf(out, 64, "nginx %.40s", line + 21);
}

/* ---- the comparison */

static void hash_file(const char *path, uint8_t out[32])
{
    static uint8_t block[1024 * 1024];
    crypto_generichash_state hash;
    FILE *f = fopen(path, "rbe");
    size_t n;

    if (f == NULL) bench_die("cannot read %s", path);
    (void)crypto_generichash_init(&hash, NULL, 0, 32);
    while ((n = fread(block, 1, sizeof(block), f)) > 0)
        (void)crypto_generichash_update(&hash, block, n);
    (void)fclose(f);
    (void)crypto_generichash_final(&hash, out, 32);
}

/* Every byte, by ranges and at once. */
static void check(struct bench_http h, const uint8_t expected[32])
{
    crypto_generichash_state hash;
    uint8_t got[32];

    h.clients = 1;
    h.hash = &hash;
    for (size_t i = 0; i < PLAYS; i++) {
        if (plays[i].clients > 1) continue;
        (void)crypto_generichash_init(&hash, NULL, 0, 32);
        h.range = plays[i].range;
        (void)bench_http(&h);
        (void)crypto_generichash_final(&hash, got, 32);
        if (memcmp(got, expected, 32) != 0)
            bench_die("what was served is another file");
    }
}

static void compare(const struct bench *b, size_t which,
                    struct bench_http *ours, struct bench_http *theirs,
                    const char *version)
{
    double values[3][BENCH_SIM_TIMES_MAX];
    const char *what = plays[which].what;
    char metric[96];

    for (size_t i = 0; i < b->times; i++) {
        bench_progress(b, "ranges: %s", what);
        ours->clients = theirs->clients = plays[which].clients;
        ours->range = theirs->range = plays[which].range;
        values[0][i] = bench_http(ours);
        values[1][i] = theirs->port != 0 ? bench_http(theirs) : 0;
        values[2][i] = values[0][i] / values[1][i];
    }
    (void)snprintf(metric, sizeof(metric), "daftar: %s", what);
    bench_row(b, "ranges", metric, bench_median(values[0], b->times) / MIB,
              "MiB/s", NULL);
    (void)snprintf(metric, sizeof(metric), "%s: %s", version, what);
    if (theirs->port == 0) {
        bench_row_none(b, "ranges", metric, "not installed", NULL);
        return;
    }
    bench_row(b, "ranges", metric, bench_median(values[1], b->times) / MIB,
              "MiB/s", NULL);
    (void)snprintf(metric, sizeof(metric), "ours by theirs: %s", what);
    bench_row(b, "ranges", metric, bench_median(values[2], b->times), "ratio",
              ">= 0.8");
}

void case_ranges(const struct bench *b)
{
    char home[BENCH_PATH_MAX], folder[BENCH_PATH_MAX], files[BENCH_PATH_MAX];
    char file[BENCH_PATH_MAX], path[128], version[64];
    struct bench_http ours = {.seconds = TURN_S}, theirs;
    struct bench with = *b;
    struct bench_daemon d;
    struct bench_item item;
    uint8_t expected[32];
    pid_t nginx = 0;

    if (with.mib == 0) with.mib = MIB_OWN;
    bench_path(home, "%s/home", with.run);
    bench_path(folder, "%s/ranges", with.run);
    bench_path(file, "%s/video.mp4", folder);
    bench_content_make(folder, "video.mp4", with.mib);
    hash_file(file, expected);
    BENCH_DAFTAR(&with, home, "camp", "create", "Bench");
    start_ours(&with, home, &d, &ours.port);
    bench_content_publish(&with, &d, folder, &item);
    bench_file_settle(with.run);
    (void)snprintf(path, sizeof(path), "/content/%s/video.mp4", item.id);
    bench_path(files, "%s/content/%s/files", home, item.id);
    ours.path = path;
    ours.size = (uint64_t)with.mib * 1024 * 1024;
    theirs = ours;
    theirs.port = 0;
    theirs.path = "/video.mp4";
    nginx_version(version);
    if (version[0] != '\0') nginx = start_nginx(&with, files, &theirs.port);
    check(ours, expected);
    if (nginx > 0) check(theirs, expected);
    for (size_t i = 0; i < PLAYS; i++)
        compare(&with, i, &ours, &theirs, nginx > 0 ? version : "nginx");
    if (nginx > 0) stop_nginx(nginx);
    bench_node_stop(&d);
    bench_file_remove(home);
    bench_file_remove(folder);
}
