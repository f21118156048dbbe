/* SPDX-License-Identifier: Apache-2.0 */
/* daftar admit: what a revoked device wrote counts after all (docs/protocol.md R105). */
#include "node/cmd.h"

#include "node/doubtful.h"
#include "node/progress.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A record is kept as small as a revocation's, though no door carries it. */
#define PAYLOAD_BYTES_MAX ((size_t)3072)
#define LOG_BYTES_MAX     (56 + DAF_FRONTIER_MAX * 34)
#define END_BYTES_MAX     (DAF_PACK_HEAD_BYTES_MAX + 48)

/* One run. */
struct admitting {
    const struct daf_cmd *cmd;
    struct daf_cmd_view view;
    struct daf_author_id who;
    bool has_log;
    uint64_t incarnation;
    struct daf_doubtful doubtful;
    size_t tips; /* to be named */
    size_t admitted, records_count;
    size_t sessions;  /* of those records, that can be read here */
    json_t *learners; /* owned: name or subject -> records */
    struct daf_trouble *t;
};

/* ---- what is asked for */

static enum daf_err check_own(const struct admitting *a)
{
    static const char type[] = "admit";
    const struct daf_manifest *m = daf_camp_manifest(a->view.camp);

    if (daf_manifest_coordinator(m, &a->view.author) == NULL) {
        daf_home_trouble(a->t, "this device is no coordinator of the camp, and "
                               "only coordinators admit. To do: ask one");
        return DAF_EDENIED;
    }
    if (daf_manifest_has_type(m, (struct daf_view){(const uint8_t *)type,
                                                   strlen(type)}))
        return DAF_OK;
    daf_home_trouble(a->t, "the camp's register does not name admits, so no "
                           "device would heed one. To do: make a manifest "
                           "that names them");
    return DAF_ETYPE;
}

static enum daf_err check_device(struct admitting *a)
{
    struct daf_camp_rights device;
    enum daf_err err =
        daf_cmd_find_device(a->view.camp, a->cmd->args[0], &device, a->t);

    if (err != DAF_OK) return err;
    a->who = device.author;
    if (daf_camp_is_revoked(a->view.camp, &a->who)) return DAF_OK;
    daf_home_trouble(a->t, "this device is not revoked: all that it writes "
                           "counts. To do: daftar revocations lists those "
                           "that are");
    return DAF_ENOTFOUND;
}

static enum daf_err read_log_option(struct admitting *a)
{
    const char *text = daf_cmd_value(a->cmd, "log");
    uint8_t bytes[8];
    size_t len = 0;

    if (text == NULL) return DAF_OK;
    if (strlen(text) != 2 * sizeof(bytes) ||
        sodium_hex2bin(bytes, sizeof(bytes), text, strlen(text), NULL, &len,
                       NULL) != 0 ||
        len != sizeof(bytes)) {
        daf_home_trouble(a->t, "--log must be the 16 digits of an incarnation. "
                               "To do: daftar revocations --json shows them");
        return DAF_EUSAGE;
    }
    a->has_log = true;
    for (size_t i = 0; i < sizeof(bytes); i++)
        a->incarnation = a->incarnation << 8 | bytes[i];
    return DAF_OK;
}

static bool is_asked(const struct admitting *a,
                     const struct daf_doubtful_record *r)
{
    return !a->has_log || r->log.incarnation == a->incarnation;
}

/* One id of --tip.  What counts already needs no naming. */
static enum daf_err choose_tip(struct admitting *a, const char *hex, size_t len)
{
    struct daf_doubtful_record *found;
    struct daf_record_id id;
    size_t got = 0;

    if (len != 2 * sizeof(id.b) ||
        sodium_hex2bin(id.b, sizeof(id.b), hex, len, NULL, &got, NULL) != 0 ||
        got != sizeof(id.b)) {
        daf_home_trouble(a->t, "--tip must be the 64 digits of a record, or "
                               "several with commas between");
        return DAF_EUSAGE;
    }
    found = daf_doubtful_find(&a->doubtful, &id);
    if (found != NULL && is_asked(a, found)) {
        a->tips += !found->is_admitted;
        found->is_admitted = true;
        return DAF_OK;
    }
    daf_home_trouble(a->t,
                     "record %.8s… is no unconfirmed record of this device "
                     "here. To do: daftar progress show --json names them",
                     hex);
    return DAF_ENOTFOUND;
}

static enum daf_err choose(struct admitting *a)
{
    const char *tips = daf_cmd_value(a->cmd, "tip");
    enum daf_err err = DAF_OK;

    for (size_t i = 0; tips == NULL && i < a->doubtful.count; i++) {
        struct daf_doubtful_record *r = &a->doubtful.records[i];

        if (!r->is_tip || !is_asked(a, r)) continue;
        r->is_admitted = true;
        a->tips++;
    }
    while (err == DAF_OK && tips != NULL && *tips != '\0') {
        size_t len = strcspn(tips, ",");

        err = choose_tip(a, tips, len);
        tips += len + (tips[len] == ',');
    }
    return err;
}

/* ---- writing: before what they stand for is marked, so that only tips are */

static enum daf_err put_payload(struct admitting *a, struct daf_pack *k,
                                size_t mark, size_t logs,
                                struct daf_cmd_control *control)
{
    daf_payload_end_admit(k, mark, logs, &a->who);
    if (k->is_full) return DAF_ELIMIT;
    a->records_count++;
    return daf_cmd_control_put(control, daf_pack_view(k), a->t);
}

/* The chosen of the log that begins at *@at, and on to the next log.  More than 64
 * are named in two entries. */
static size_t gather(const struct admitting *a, size_t *at,
                     struct daf_spot tips[DAF_FRONTIER_MAX])
{
    const struct daf_doubtful *d = &a->doubtful;
    const struct daf_log_key *log = &d->records[*at].log;
    size_t count = 0;

    for (; *at < d->count && count < DAF_FRONTIER_MAX; (*at)++) {
        const struct daf_doubtful_record *r = &d->records[*at];

        if (r->log.incarnation != log->incarnation ||
            memcmp(r->log.scope.b, log->scope.b, sizeof(log->scope.b)) != 0)
            break;
        if (r->is_admitted) tips[count++] = r->spot;
    }
    return count;
}

static enum daf_err put_all(struct admitting *a,
                            struct daf_cmd_control *control)
{
    struct daf_spot tips[DAF_FRONTIER_MAX];
    uint8_t payload[PAYLOAD_BYTES_MAX];
    struct daf_pack k;
    size_t mark = 0, logs = 0;
    enum daf_err err = DAF_OK;

    for (size_t at = 0; err == DAF_OK && at < a->doubtful.count;) {
        struct daf_log_key log = a->doubtful.records[at].log;
        size_t count = gather(a, &at, tips);

        if (count == 0) continue;
        if (logs > 0 && !daf_pack_fits(&k, LOG_BYTES_MAX + END_BYTES_MAX)) {
            err = put_payload(a, &k, mark, logs, control);
            logs = 0;
        }
        if (logs == 0) {
            daf_pack_init(&k, payload, sizeof(payload));
            mark = daf_payload_begin_admit(&k);
        }
        daf_payload_add_revoked_log(&k, &log, tips, count);
        logs++;
    }
    if (err == DAF_OK && logs > 0)
        err = put_payload(a, &k, mark, logs, control);
    return err;
}

static enum daf_err write_all(struct admitting *a)
{
    struct daf_cmd_control *control;
    enum daf_err err = daf_cmd_control_open(&a->view.home, &control, a->t);
    enum daf_err ended;

    if (err != DAF_OK) return err;
    err = put_all(a, control);
    ended = daf_cmd_control_close(control, a->t);
    return err != DAF_OK ? err : ended;
}

/* ---- whose work it is */

static int by_id(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct daf_record_id));
}

/* The ids of what counts then, sorted; the caller's. */
static struct daf_record_id *admitted_ids(const struct admitting *a)
{
    const struct daf_doubtful *d = &a->doubtful;
    struct daf_record_id *ids = malloc((a->admitted + 1) * sizeof(*ids));
    size_t count = 0;

    if (ids == NULL) return NULL;
    for (size_t i = 0; i < d->count; i++)
        if (d->records[i].is_admitted) ids[count++] = d->records[i].spot.id;
    if (count > 0) qsort(ids, count, sizeof(*ids), by_id);
    return ids;
}

static void count_learner(struct admitting *a,
                          const struct daf_progress_line *line)
{
    char key[DAF_NAME_BYTES_MAX + 16], hex[2 * 16 + 1];
    json_t *n;

    (void)daf_cmd_hex_str(line->subject.b, sizeof(line->subject.b), hex);
    if (line->learner[0] != '\0') /* two may have one name */
        (void)snprintf(key, sizeof(key), "%s (%.4s)", line->learner, hex);
    else
        (void)snprintf(key, sizeof(key), "%s", hex);
    n = json_object_get(a->learners, key);
    (void)json_object_set_new(a->learners, key,
                              json_integer(json_integer_value(n) + 1));
    a->sessions++;
}

static enum daf_err count_learners(struct admitting *a)
{
    const struct daf_progress_query q = {.store = a->view.store,
                                         .camp = a->view.camp,
                                         .author = a->view.author,
                                         .scope = ""};
    struct daf_progress p = {.lines = NULL};
    struct daf_record_id *ids = admitted_ids(a);
    enum daf_err err = ids == NULL ? DAF_ENOMEM : daf_progress_read(&q, &p);

    for (size_t i = 0; err == DAF_OK && i < p.count; i++)
        if (p.lines[i].place == 0 &&
            bsearch(&p.lines[i].record, ids, a->admitted, sizeof(*ids),
                    by_id) != NULL)
            count_learner(a, &p.lines[i]);
    daf_progress_free(&p);
    free(ids);
    return err;
}

/* ---- saying it */

static void print_text(const struct admitting *a, const char *verb)
{
    const char *name;
    json_t *n;

    (void)
        printf("%s %zu record%s of the device, by naming %zu tip%s.  Learners' "
               "work that can be read here (%zu):\n",
               verb, a->admitted, a->admitted == 1 ? "" : "s", a->tips,
               a->tips == 1 ? "" : "s", a->sessions);
    json_object_foreach(a->learners, name, n)
    {
        (void)printf("  ");
        (void)daf_cmd_put_text(name);
        (void)printf("  %lld\n", (long long)json_integer_value(n));
    }
}

static void print_admitted(const struct admitting *a, bool is_dry)
{
    if (a->cmd->json)
        daf_cmd_print(json_pack("{s:o,s:I,s:I,s:I,s:I,s:O,s:b}", "author",
                                daf_cmd_hex(a->who.b, sizeof(a->who.b)), "tips",
                                (json_int_t)a->tips, "confirms",
                                (json_int_t)a->admitted, "unconfirmed",
                                (json_int_t)(a->doubtful.count - a->admitted),
                                "records", (json_int_t)a->records_count,
                                "learners", a->learners, "dry_run", is_dry));
    else if (a->tips == 0)
        (void)printf("Nothing to admit: all that is held here of this device "
                     "counts.\n");
    else
        print_text(a, is_dry ? "This would confirm" : "Confirmed");
}

/* At a terminal somebody is asked: it cannot be taken back. */
static enum daf_err confirm(const struct admitting *a)
{
    char line[16] = "";

    if (daf_cmd_value(a->cmd, "yes") != NULL || a->tips == 0 ||
        isatty(STDIN_FILENO) == 0)
        return DAF_OK;
    print_text(a, "This will confirm");
    (void)fprintf(stderr, "This cannot be taken back. Type yes to go on: ");
    if (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "yes\n") == 0)
        return DAF_OK;
    daf_home_trouble(a->t, "nothing was admitted");
    return DAF_EUSAGE;
}

/* ---- all of it */

/* The tips alone are written; the marks below them are for what is shown. */
static enum daf_err decide(struct admitting *a, bool is_dry)
{
    struct daf_doubtful_record *records = a->doubtful.records;
    size_t count = a->doubtful.count;
    bool *is_chosen = calloc(count + 1, sizeof(*is_chosen));
    enum daf_err err = is_chosen == NULL ? DAF_ENOMEM : DAF_OK;

    if (err != DAF_OK) return err;
    for (size_t i = 0; i < count; i++)
        is_chosen[i] = records[i].is_admitted;
    a->admitted = daf_doubtful_admit(&a->doubtful);
    err = count_learners(a);
    if (err == DAF_OK && !is_dry) err = confirm(a);
    for (size_t i = 0; i < count; i++)
        records[i].is_admitted = is_chosen[i];
    free(is_chosen);
    if (err == DAF_OK && !is_dry && a->tips > 0) err = write_all(a);
    if (err == DAF_OK) print_admitted(a, is_dry);
    return err;
}

static enum daf_err admit(struct admitting *a)
{
    enum daf_err err = check_own(a);

    if (err == DAF_OK) err = check_device(a);
    if (err == DAF_OK) err = read_log_option(a);
    if (err != DAF_OK) return err;
    err = daf_doubtful_read(a->view.store, a->view.camp, &a->who, &a->doubtful);
    if (err == DAF_OK) err = choose(a);
    if (err == DAF_OK)
        err = decide(a, daf_cmd_value(a->cmd, "dry-run") != NULL);
    daf_doubtful_free(&a->doubtful);
    return err;
}

enum daf_exit daf_cmd_admit(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct admitting a = {.cmd = cmd, .t = &t};
    enum daf_err err = DAF_ENOMEM;

    a.learners = json_object();
    if (a.learners != NULL) err = daf_cmd_view_open(cmd, true, &a.view, &t);
    if (err == DAF_OK) {
        err = admit(&a);
        daf_cmd_view_close(&a.view);
    }
    json_decref(a.learners);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}
