/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/clock.h"
#include "node/cmd_doctor.h"
#include "node/core/addr.h"
#include "node/netwatch.h"
#include "node/sweep.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* mDNS needs two to six seconds, a call in vain ten. */
#define SEEN_MS     8000
#define ANSWERED_MS 20000
#define LOOK_MS     500

/* ---- the device */

static void look_at_disk(struct daf_cmd_visit *v)
{
    struct statvfs disk;

    v->facts.disk_free = UINT64_MAX;
    if (statvfs(v->home.dir, &disk) == 0)
        v->facts.disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
}

static enum daf_err judge_cert(const struct daf_cmd_view *view)
{
    const struct daf_manifest *m = daf_camp_manifest(view->camp);
    struct daf_view cert = {view->home.cert, view->home.cert_len};

    if (cert.len > 0) return daf_camp_meet(view->camp, cert);
    return daf_manifest_coordinator(m, &view->author) != NULL ? DAF_OK
                                                              : DAF_EAUTHOR;
}

static void look_at_notebook(const struct daf_cmd *cmd, struct daf_cmd_visit *v)
{
    struct daf_wall wall = daf_clock_wall();
    struct daf_trouble t = {""};
    struct daf_cmd_view view;

    v->facts.store_err = daf_cmd_view_open(cmd, false, &view, &t);
    if (v->facts.store_err != DAF_OK) return;
    v->facts.cert_err = judge_cert(&view);
    v->facts.is_revoked = daf_camp_is_revoked(view.camp, &view.author);
    if (daf_manifest_coordinator(daf_camp_manifest(view.camp), &view.author) !=
        NULL) {
        struct daf_cmd_keys keys;

        daf_cmd_keys_look(view.camp, NULL, &keys);
        v->facts.unclean = keys.generations;
        v->facts.lacking = keys.wraps;
    }
    v->facts.clock =
        daf_camp_clock_state(view.camp, wall, (uint8_t)daf_clock_quality(wall));
    daf_cmd_view_close(&view);
}

/* ---- where it listens */

static void read_listen(struct daf_cmd_visit *v)
{
    char path[DAF_HOME_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;

    daf_netwatch_default(&v->listen);
    daf_home_path(&v->home, "run/listen", path);
    if (daf_home_read_file(path, DAF_ADDR_BYTES_MAX, &bytes, &len, NULL) ==
        DAF_OK) {
        while (len > 0 && bytes[len - 1] == '\n')
            len--;
        memset(&v->listen, 0, sizeof(v->listen));
        memcpy(v->listen.text, bytes, len);
    }
    free(bytes);
    if (!daf_addr_parse(&v->listen, &v->where)) /* changed by somebody */
        daf_netwatch_default(&v->listen);
    (void)daf_addr_parse(&v->listen, &v->where);
    v->facts.listen = v->listen.text;
}

/* 0, or what keeps the daemon from listening there. */
static int try_to_listen(const struct daf_where *w)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(w->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(w->port),
                              .sin6_scope_id = w->zone};
    int fd =
        socket(w->is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1, failed, error;

    if (fd < 0) return errno;
    memcpy(&v4.sin_addr, w->ip, 4);
    memcpy(&v6.sin6_addr, w->ip, 16);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    failed = w->is_v6 ? bind(fd, (const struct sockaddr *)&v6, sizeof(v6))
                      : bind(fd, (const struct sockaddr *)&v4, sizeof(v4));
    if (failed == 0) failed = listen(fd, 1);
    error = failed == 0 ? 0 : errno;
    (void)close(fd);
    return error;
}

static void look_at_network(struct daf_cmd_visit *v)
{
    struct daf_where one;

    v->own_count = daf_netwatch_list(&v->listen, v->own);
    v->facts.own_addresses = v->own_count;
    v->facts.is_for_this_only = v->own_count == 1 &&
                                daf_addr_parse(&v->own[0], &one) &&
                                daf_addr_is_loopback(&one);
}

/* ---- the daemon */

static uint64_t number(const json_t *o, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(o, key));

    return n > 0 ? (uint64_t)n : 0;
}

static void on_line(void *ctx, json_t *line)
{
    struct daf_cmd_visit *v = ctx;

    if (json_object_get(line, "peer") != NULL)
        (void)json_array_append(v->peers, line);
}

static bool ask(struct daf_cmd_visit *v, const char *op, json_t **out_last)
{
    struct daf_trouble t;

    return daf_cmd_call(&v->home, json_pack("{s:s}", "op", op), on_line, v,
                        out_last, &t) == DAF_OK;
}

static void count_peers(struct daf_cmd_visit *v)
{
    struct daf_doctor_facts *f = &v->facts;
    const json_t *peer;
    size_t i;

    f->connected = f->there = f->unanswered = 0;
    json_array_foreach(v->peers, i, peer)
    {
        bool connected = json_is_true(json_object_get(peer, "connected"));
        bool there = json_is_true(json_object_get(peer, "there"));

        f->connected += connected;
        f->there += there;
        f->unanswered += there && !connected && number(peer, "failures") > 0;
    }
}

/* False if it does not answer. */
static bool look_at_daemon(struct daf_cmd_visit *v)
{
    struct daf_doctor_facts *f = &v->facts;
    const json_t *refusals;
    json_t *last = NULL;

    json_decref(v->status);
    v->status = NULL;
    (void)json_array_clear(v->peers);
    if (!ask(v, "status", &v->status) || !ask(v, "peers", &last)) return false;
    json_decref(last);
    refusals = json_object_get(v->status, "refusals");
    f->is_revoked |= json_is_true(json_object_get(v->status, "revoked"));
    f->is_running = true;
    f->mdns = json_string_value(json_object_get(v->status, "mdns"));
    if (f->mdns == NULL) f->mdns = "off";
    f->restarts = number(v->status, "link_restarts") +
                  number(v->status, "discover_restarts");
    f->other_versions = number(refusals, daf_err_name(DAF_EVERSION));
    f->other_camps = number(v->status, "other_camps");
    count_peers(v);
    return true;
}

/* Whether to wait longer would tell no more. */
static bool is_settled(const struct daf_cmd_visit *v, uint64_t waited_ms)
{
    const struct daf_doctor_facts *f = &v->facts;

    if (f->is_for_this_only || f->own_addresses == 0 || f->unanswered > 0 ||
        f->other_camps > 0)
        return true;
    /* Who has just come is connected before mDNS has told of it. */
    if (f->connected > 0)
        return f->there > 0 || strcmp(f->mdns, "off") == 0 ||
               waited_ms >= SEEN_MS;
    if (f->there > 0) return waited_ms >= ANSWERED_MS;
    return number(v->status, "uptime_s") * 1000 >= SEEN_MS;
}

static void wait_for_daemon(const struct daf_cmd *cmd, struct daf_cmd_visit *v)
{
    struct daf_mono start = daf_clock_now();
    bool said = false;

    while (look_at_daemon(v) && !is_settled(v, daf_clock_now().ms - start.ms)) {
        if (!said)
            daf_cmd_hint(cmd, "Looking who answers, for some seconds ...");
        said = true;
        (void)poll(NULL, 0, LOOK_MS);
    }
}

/* Of a device that is seen and does not answer: is the machine there? */
static void probe_unanswered(struct daf_cmd_visit *v)
{
    const json_t *peer;
    size_t i;

    if (v->facts.connected > 0) return;
    json_array_foreach(v->peers, i, peer)
    {
        const char *text = json_string_value(json_object_get(peer, "address"));
        struct daf_addr addr = {""};

        if (text == NULL || strlen(text) >= sizeof(addr.text) ||
            !json_is_true(json_object_get(peer, "there")))
            continue;
        memcpy(addr.text, text, strlen(text));
        v->facts.is_refused |= daf_sweep_is_refused(&addr);
    }
}

/* Nobody is seen: is nobody there? */
static void look_around(struct daf_cmd_visit *v)
{
    const struct daf_doctor_facts *f = &v->facts;

    if (!f->is_running || f->is_for_this_only || f->connected > 0 ||
        f->there > 0 || f->other_camps > 0)
        return;
    v->facts.doors =
        daf_sweep(v->own, v->own_count, v->where.port, &v->facts.door);
}

enum daf_err daf_cmd_visit(const struct daf_cmd *cmd, struct daf_cmd_visit *v,
                           struct daf_trouble *t)
{
    char dir[DAF_HOME_PATH_MAX];
    enum daf_err err;

    memset(v, 0, sizeof(*v));
    v->home.lock_fd = -1;
    v->peers = json_array();
    err = daf_cmd_dir(cmd, dir, t);
    if (err == DAF_OK) err = daf_home_load(dir, false, &v->home, t);
    if (err == DAF_EUSAGE || err == DAF_ENOTFOUND) return err;
    v->facts.home_err = err;
    v->is_loaded = err == DAF_OK;
    v->facts.is_joined = v->is_loaded && v->home.manifest != NULL;
    v->facts.clock_is_set =
        daf_clock_quality(daf_clock_wall()) != DAF_TIME_UNSET;
    if (!v->facts.is_joined) return DAF_OK;
    look_at_disk(v);
    look_at_notebook(cmd, v);
    read_listen(v);
    look_at_network(v);
    wait_for_daemon(cmd, v);
    if (!v->facts.is_running) v->facts.listen_error = try_to_listen(&v->where);
    look_around(v);
    if (v->facts.unanswered > 0) probe_unanswered(v);
    return DAF_OK;
}

void daf_cmd_visit_end(struct daf_cmd_visit *v)
{
    if (v->is_loaded) daf_home_unload(&v->home);
    json_decref(v->status);
    json_decref(v->peers);
}

/* ---- telling */

static void print_finding(const struct daf_cmd *cmd,
                          const struct daf_finding *f)
{
    if (cmd->json) {
        daf_cmd_print(json_pack("{s:s,s:s,s:s}", "finding", f->name, "cause",
                                f->cause, "do", f->todo));
        return;
    }
    (void)printf("%s: %s.\n  To do: %s\n", f->name, f->cause, f->todo);
}

enum daf_exit daf_cmd_doctor(const struct daf_cmd *cmd)
{
    struct daf_finding findings[DAF_DOCTOR_FINDINGS_MAX];
    struct daf_cmd_visit v;
    struct daf_trouble t = {""};
    enum daf_err err;
    size_t count;

    err = daf_cmd_visit(cmd, &v, &t);
    if (err != DAF_OK) {
        daf_cmd_visit_end(&v);
        return daf_cmd_fail(cmd, err, &t);
    }
    count = daf_doctor_judge(&v.facts, findings);
    for (size_t i = 0; i < count; i++)
        print_finding(cmd, &findings[i]);
    if (count == 0 && !cmd->json)
        (void)printf("Nothing is wrong: %zu %s connected.\n", v.facts.connected,
                     v.facts.connected == 1 ? "device is" : "devices are");
    daf_cmd_visit_end(&v);
    return count == 0 ? DAF_EXIT_DONE : DAF_EXIT_PARTLY;
}
