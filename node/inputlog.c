/* SPDX-License-Identifier: Apache-2.0 */
#include "node/inputlog.h"

#include "node/clock.h"
#include "node/log.h"
#include "node/netwatch.h"
#include "proto/cursor.h"
#include "proto/hash.h"
#include "proto/pack.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC          "daf-inputs"
#define ENTRY_FIELDS   4   /* kind, now, commits; effects at the end */
#define FIXED_BYTES    512 /* an entry less its views and lists */
#define ITEM_BYTES     128 /* a stored item is at most this long ... */
#define ITEM_BYTES_MIN 75  /* ... and at least this */
#define DID_BYTES      24  /* an activity less its item */

/* A call's parts are a header, a body and ids, or one frame. */
#define EFFECT_BYTES_MAX (DAF_FRAME_BYTES_MAX + 1024)

/* All that netwatch tells is written down; of it the agent keeps the first. */
static_assert(DAF_INPUTLOG_OWN_MAX == DAF_NETWATCH_ADDRS_MAX, "one OWN");
static_assert(DAF_AGENT_OWN_MAX <= DAF_NETWATCH_ADDRS_MAX, "of one OWN");

struct daf_inputlog {
    int fd;
    enum daf_err err; /* nothing more is recorded */
    uint8_t chain[32];
    uint8_t *buffer;
    size_t len, cap;
    struct daf_mono flush_at;
    uint8_t effect[EFFECT_BYTES_MAX];
};

/* How many fields each kind of input has of its own. */
static const size_t kind_fields[] = {
    [DAF_INPUT_TIMER] = 0,     [DAF_INPUT_LISTENING] = 2,
    [DAF_INPUT_LINK_LOST] = 0, [DAF_INPUT_OPENED] = 3,
    [DAF_INPUT_FRAME] = 2,     [DAF_INPUT_CLOSED] = 1,
    [DAF_INPUT_STORED] = 4,    [DAF_INPUT_PEER] = 3,
    [DAF_INPUT_WRITE] = 8,     [DAF_INPUT_STOP] = 0,
    [DAF_INPUT_FOUND] = 5,     [DAF_INPUT_GONE] = 2,
    [DAF_INPUT_OWN] = 1,       [DAF_INPUT_PORCH] = 5,
    [DAF_INPUT_PORCHED] = 1,   [DAF_INPUT_ITEM] = 9,
    [DAF_INPUT_PUT] = 6,       [DAF_INPUT_READ] = 7,
};

/* ---- making the file */

/* The folder that @path will lie in, as the kernel knows it. */
static bool real_folder(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);

    if (len >= sizeof(folder)) return false;
    memcpy(folder, path, len);
    folder[len] = '\0';
    if (slash == NULL) return realpath(".", out) != NULL;
    return realpath(len > 0 ? folder : "/", out) != NULL;
}

static bool is_inside(const char *folder, const char *home)
{
    size_t len = strlen(home);

    return strncmp(folder, home, len) == 0 &&
           (folder[len] == '\0' || folder[len] == '/');
}

static enum daf_err make_file(const char *path, const char *home, int *out_fd,
                              struct daf_trouble *t)
{
    char folder[PATH_MAX], real_home[PATH_MAX];

    if (!real_folder(path, folder) || realpath(home, real_home) == NULL) {
        daf_home_trouble(t,
                         "cannot record to %s: its folder: %s. Name a file "
                         "in a folder that exists",
                         path, daf_log_errno(errno));
        return DAF_EIO;
    }
    if (is_inside(folder, real_home)) {
        daf_home_trouble(t,
                         "--record %s lies inside the home %s: a copy of "
                         "the home would carry what learners did. Name a "
                         "file outside of it",
                         path, home);
        return DAF_EUSAGE;
    }
    *out_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   S_IRUSR | S_IWUSR);
    if (*out_fd >= 0) return DAF_OK;
    if (errno == EEXIST) {
        daf_home_trouble(t,
                         "--record %s exists already, and a log is never "
                         "written over. Name a new file, or remove it",
                         path);
        return DAF_EEXISTS;
    }
    daf_home_trouble(t,
                     "cannot record to %s: %s. Name a file in a folder "
                     "that can be written",
                     path, daf_log_errno(errno));
    return errno == ENOSPC ? DAF_EFULL : DAF_EIO;
}

static bool reserve(struct daf_inputlog *l, size_t more)
{
    size_t cap = l->cap > 0 ? l->cap : DAF_INPUTLOG_FLUSH_BYTES * 2;
    uint8_t *grown;

    while (cap - l->len < more)
        cap *= 2;
    if (cap == l->cap) return true;
    grown = realloc(l->buffer, cap);
    if (grown == NULL) {
        l->err = DAF_ENOMEM;
        return false;
    }
    l->buffer = grown;
    l->cap = cap;
    return true;
}

/* Pack behind what is buffered; pack_end() keeps it. */
static struct daf_pack pack_begin(struct daf_inputlog *l)
{
    struct daf_pack k;

    daf_pack_init(&k, l->buffer + l->len, l->cap - l->len);
    return k;
}

static void pack_end(struct daf_inputlog *l, const struct daf_pack *k)
{
    if (k->is_full) {
        l->err = DAF_ELIMIT;
        return;
    }
    if (l->len == 0)
        l->flush_at = daf_clock_after(daf_clock_now(), DAF_INPUTLOG_FLUSH_MS);
    l->len += k->len;
}

static void put_head(struct daf_inputlog *l,
                     const struct daf_inputlog_head *head)
{
    struct daf_pack k;

    if (!reserve(l, FIXED_BYTES)) return;
    k = pack_begin(l);
    daf_pack_array(&k, 6);
    daf_pack_str(&k, MAGIC, strlen(MAGIC));
    daf_pack_uint(&k, DAF_INPUTLOG_VERSION);
    daf_pack_bin(&k, head->seed, sizeof(head->seed));
    daf_pack_uint(&k, head->boot_number);
    daf_pack_uint(&k, head->incarnation);
    daf_pack_bin(&k, head->author.b, sizeof(head->author.b));
    pack_end(l, &k);
}

enum daf_err daf_inputlog_open(const char *path, const char *home,
                               const struct daf_inputlog_head *head,
                               struct daf_inputlog **out, struct daf_trouble *t)
{
    struct daf_inputlog *l = calloc(1, sizeof(*l));
    enum daf_err err;

    *out = NULL;
    if (l == NULL) {
        daf_home_trouble(t, "cannot record: out of memory");
        return DAF_ENOMEM;
    }
    l->flush_at = DAF_MONO_NEVER;
    err = make_file(path, home, &l->fd, t);
    if (err != DAF_OK) {
        free(l);
        return err;
    }
    put_head(l, head);
    err = daf_inputlog_flush(l);
    if (err != DAF_OK) {
        daf_home_trouble(t, "cannot record to %s: %s", path, daf_err_str(err));
        daf_inputlog_close(l);
        return err;
    }
    *out = l;
    return DAF_OK;
}

void daf_inputlog_close(struct daf_inputlog *l)
{
    if (l == NULL) return;
    /* A log that ends early is read up to there. */
    if (daf_inputlog_flush(l) != DAF_OK) l->len = 0;
    (void)close(l->fd);
    if (l->buffer != NULL) sodium_memzero(l->buffer, l->cap);
    free(l->buffer);
    sodium_memzero(l, sizeof(*l));
    free(l);
}

struct daf_mono daf_inputlog_deadline(const struct daf_inputlog *l)
{
    return l->flush_at;
}

enum daf_err daf_inputlog_flush(struct daf_inputlog *l)
{
    size_t at = 0;

    while (l->err == DAF_OK && at < l->len) {
        ssize_t n = write(l->fd, l->buffer + at, l->len - at);

        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            l->err = errno == ENOSPC ? DAF_EFULL : DAF_EIO;
    }
    l->len = 0;
    l->flush_at = DAF_MONO_NEVER;
    return l->err;
}

/* ---- effects */

void daf_inputlog_effect(struct daf_inputlog *l, enum daf_inputlog_call call,
                         uint64_t number, const struct daf_view *parts,
                         size_t parts_count)
{
    struct daf_pack k;
    uint8_t next[32];

    if (l->err != DAF_OK) return;
    daf_pack_init(&k, l->effect, sizeof(l->effect));
    daf_pack_array(&k, 2 + parts_count);
    daf_pack_uint(&k, (uint64_t)call);
    daf_pack_uint(&k, number);
    for (size_t i = 0; i < parts_count; i++)
        daf_pack_bin(&k, parts[i].p, parts[i].len);
    if (k.is_full) l->err = DAF_ELIMIT;
    daf_hash_keyed_256("daf.effect.1", l->chain, daf_pack_view(&k), next);
    memcpy(l->chain, next, sizeof(next));
}

/* ---- one entry, written */

static void put_items(struct daf_pack *k, const struct daf_input *in)
{
    daf_pack_array(k, in->items_count);
    for (size_t i = 0; i < in->items_count; i++) {
        const struct daf_stored_item *item = &in->items[i];

        daf_pack_array(k, 7);
        daf_pack_bin(k, item->log.scope.b, sizeof(item->log.scope.b));
        daf_pack_bin(k, item->log.author.b, sizeof(item->log.author.b));
        daf_pack_uint(k, item->log.incarnation);
        daf_pack_uint(k, item->spot.seq);
        daf_pack_bin(k, item->spot.id.b, sizeof(item->spot.id.b));
        daf_pack_bool(k, item->is_new);
        daf_pack_bool(k, item->is_deferred);
    }
}

static void put_write(struct daf_pack *k, const struct daf_write *w)
{
    daf_pack_uint(k, w->ticket);
    daf_pack_uint(k, (uint64_t)w->kind);
    daf_pack_uint(k, w->claimed.ms);
    daf_pack_uint(k, w->time_quality);
    daf_pack_str(k, w->scope, strlen(w->scope));
    /* As bytes: what a person typed need not be good UTF-8. */
    daf_pack_bin(k, w->learner.p, w->learner.len);
    daf_pack_array(k, w->did_count);
    for (size_t i = 0; i < w->did_count; i++) {
        daf_pack_array(k, 3);
        daf_pack_bin(k, w->did[i].item.p, w->did[i].item.len);
        if (w->did[i].has_score)
            daf_pack_uint(k, w->did[i].score);
        else
            daf_pack_nil(k);
        daf_pack_uint(k, w->did[i].seconds);
    }
    daf_pack_bin(k, w->payload.p, w->payload.len);
}

static void put_porch(struct daf_pack *k, const struct daf_porch_wish *wish)
{
    daf_pack_uint(k, (uint64_t)wish->what);
    daf_pack_uint(k, wish->id);
    daf_pack_str(k, wish->scope, strlen(wish->scope));
    daf_pack_str(k, wish->right, strlen(wish->right));
    daf_pack_bin(k, wish->cert.p, wish->cert.len);
}

static void put_news(struct daf_pack *k, const struct daf_item_news *news)
{
    daf_pack_bin(k, news->content.b, sizeof(news->content.b));
    daf_pack_uint(k, news->parts);
    daf_pack_uint(k, news->pages);
    daf_pack_uint(k, news->part_bytes);
    daf_pack_bool(k, news->is_gone);
    daf_pack_bool(k, news->is_whole);
    daf_pack_bool(k, news->is_wanted);
    daf_pack_bool(k, news->is_stuck);
    daf_pack_bin(k, news->bits.p, news->bits.len);
}

static void put_piece(struct daf_pack *k, const struct daf_input *in)
{
    daf_pack_uint(k, in->conn);
    daf_pack_bin(k, in->piece.content.b, sizeof(in->piece.content.b));
    daf_pack_uint(k, in->piece.part);
    daf_pack_uint(k, in->piece.offset);
}

static void put_input(struct daf_pack *k, const struct daf_inputlog_entry *e)
{
    const struct daf_input *in = &e->input;

    switch (in->kind) {
    case DAF_INPUT_TIMER:
    case DAF_INPUT_LINK_LOST:
    case DAF_INPUT_STOP:
        break;
    case DAF_INPUT_LISTENING:
        daf_pack_uint(k, in->port_door);
        daf_pack_uint(k, in->port_mesh);
        break;
    case DAF_INPUT_OPENED:
        daf_pack_uint(k, in->conn);
        daf_pack_uint(k, (uint64_t)in->endpoint);
        daf_pack_bin(k, in->key.b, sizeof(in->key.b));
        break;
    case DAF_INPUT_FRAME:
        daf_pack_uint(k, in->conn);
        daf_pack_bin(k, in->bytes.p, in->bytes.len);
        break;
    case DAF_INPUT_CLOSED:
        daf_pack_uint(k, in->conn);
        break;
    case DAF_INPUT_STORED:
        daf_pack_uint(k, in->job);
        daf_pack_uint(k, (uint64_t)in->err);
        daf_pack_uint(k, e->commit);
        put_items(k, in);
        break;
    case DAF_INPUT_PEER:
        daf_pack_str(k, in->addr.text, strlen(in->addr.text));
        daf_pack_uint(k, (uint64_t)in->found_by);
        daf_pack_bin(k, in->author.b, sizeof(in->author.b));
        break;
    case DAF_INPUT_WRITE:
        put_write(k, in->write);
        break;
    case DAF_INPUT_FOUND:
        daf_pack_uint(k, (uint64_t)in->service.endpoint);
        daf_pack_bin(k, in->service.name, sizeof(in->service.name));
        daf_pack_uint(k, in->service.port);
        daf_pack_bin(k, in->service.data, sizeof(in->service.data));
        daf_pack_str(k, in->addr.text, strlen(in->addr.text));
        break;
    case DAF_INPUT_GONE:
        daf_pack_uint(k, (uint64_t)in->service.endpoint);
        daf_pack_bin(k, in->service.name, sizeof(in->service.name));
        break;
    case DAF_INPUT_OWN:
        daf_pack_array(k, in->addrs_count);
        for (size_t i = 0; i < in->addrs_count; i++)
            daf_pack_str(k, in->addrs[i].text, strlen(in->addrs[i].text));
        break;
    case DAF_INPUT_PORCH:
        put_porch(k, in->porch);
        break;
    case DAF_INPUT_PORCHED:
        daf_pack_uint(k, in->port_porch);
        break;
    case DAF_INPUT_ITEM:
        put_news(k, in->item);
        break;
    case DAF_INPUT_PUT:
        put_piece(k, in);
        daf_pack_uint(k, (uint64_t)in->put);
        daf_pack_uint(k, (uint64_t)in->err);
        break;
    case DAF_INPUT_READ:
        put_piece(k, in);
        daf_pack_bin(k, in->piece.bytes.p, in->piece.bytes.len);
        daf_pack_bool(k, in->is_last);
        daf_pack_uint(k, (uint64_t)in->err);
        break;
    }
}

static size_t bytes_of(const struct daf_input *in)
{
    size_t bytes = FIXED_BYTES;

    if (in->kind == DAF_INPUT_FRAME) bytes += in->bytes.len;
    if (in->kind == DAF_INPUT_PORCH) bytes += in->porch->cert.len;
    if (in->kind == DAF_INPUT_ITEM) bytes += in->item->bits.len;
    if (in->kind == DAF_INPUT_READ) bytes += in->piece.bytes.len;
    if (in->kind == DAF_INPUT_OWN)
        bytes += in->addrs_count * sizeof(struct daf_addr);
    if (in->kind == DAF_INPUT_STORED) bytes += in->items_count * ITEM_BYTES;
    if (in->kind != DAF_INPUT_WRITE) return bytes;
    bytes += in->write->learner.len + in->write->payload.len;
    for (size_t i = 0; i < in->write->did_count; i++)
        bytes += DID_BYTES + in->write->did[i].item.len;
    return bytes;
}

void daf_inputlog_append(struct daf_inputlog *l,
                         const struct daf_inputlog_entry *e)
{
    struct daf_pack k;

    if (l->err != DAF_OK || !reserve(l, bytes_of(&e->input))) return;
    k = pack_begin(l);
    daf_pack_array(&k, ENTRY_FIELDS + kind_fields[e->input.kind]);
    daf_pack_uint(&k, (uint64_t)e->input.kind);
    daf_pack_uint(&k, e->now.ms);
    daf_pack_uint(&k, e->commits);
    put_input(&k, e);
    daf_pack_bin(&k, l->chain, DAF_INPUTLOG_EFFECT_BYTES);
    pack_end(l, &k);
    /* What fails is told by the next flush, or by close's caller. */
    if (l->len >= DAF_INPUTLOG_FLUSH_BYTES && daf_inputlog_flush(l) != DAF_OK)
        l->flush_at = (struct daf_mono){0};
}

/* ---- reading */

/* What an entry's views point to besides the log; kept between entries. */
struct lists {
    struct daf_stored_item *items;
    struct daf_did *did;
    struct daf_write write;
    struct daf_porch_wish porch;
    struct daf_item_news news;
    struct daf_addr own[DAF_INPUTLOG_OWN_MAX];
};

static void get_item(struct daf_cursor *c, struct daf_stored_item *out)
{
    daf_cursor_array_of(c, 7);
    daf_cursor_bin_into(c, out->log.scope.b, sizeof(out->log.scope.b));
    daf_cursor_bin_into(c, out->log.author.b, sizeof(out->log.author.b));
    out->log.incarnation = daf_cursor_uint(c, UINT64_MAX);
    out->spot.seq = daf_cursor_uint(c, UINT64_MAX);
    daf_cursor_bin_into(c, out->spot.id.b, sizeof(out->spot.id.b));
    out->is_new = daf_cursor_bool(c);
    out->is_deferred = daf_cursor_bool(c);
}

static void get_items(struct daf_cursor *c, struct daf_input *in,
                      struct lists *lists)
{
    size_t left = c->len - c->at;
    size_t count = daf_cursor_array(c, left / ITEM_BYTES_MIN);

    free(lists->items);
    lists->items = calloc(count > 0 ? count : 1, sizeof(*lists->items));
    if (lists->items == NULL) {
        daf_cursor_fail(c, DAF_ENOMEM, c->at);
        return;
    }
    for (size_t i = 0; i < count; i++)
        get_item(c, &lists->items[i]);
    in->items = lists->items;
    in->items_count = count;
}

static void get_did(struct daf_cursor *c, struct daf_did *out)
{
    daf_cursor_array_of(c, 3);
    out->item = daf_cursor_bin(c, SIZE_MAX);
    out->has_score = daf_cursor_peek(c) != DAF_KIND_NIL;
    if (out->has_score)
        out->score = (uint32_t)daf_cursor_uint(c, UINT32_MAX);
    else
        daf_cursor_nil(c);
    out->seconds = (uint32_t)daf_cursor_uint(c, UINT32_MAX);
}

static void get_text(struct daf_cursor *c, char *out, size_t cap)
{
    struct daf_view text = daf_cursor_str(c, cap - 1);

    if (text.len > 0) memcpy(out, text.p, text.len);
}

static void get_write(struct daf_cursor *c, struct daf_input *in,
                      struct lists *lists)
{
    struct daf_write *w = &lists->write;

    *w = (struct daf_write){.ticket = daf_cursor_uint(c, UINT64_MAX)};
    w->kind = (enum daf_write_kind)daf_cursor_uint(c, DAF_WRITE_LEARNER);
    w->claimed.ms = daf_cursor_uint(c, UINT64_MAX);
    w->time_quality = (uint8_t)daf_cursor_uint(c, UINT8_MAX);
    get_text(c, w->scope, sizeof(w->scope));
    w->learner = daf_cursor_bin(c, SIZE_MAX);
    w->did_count = daf_cursor_array(c, DAF_DID_MAX);
    free(lists->did);
    lists->did = calloc(DAF_DID_MAX, sizeof(*lists->did));
    if (lists->did == NULL) {
        daf_cursor_fail(c, DAF_ENOMEM, c->at);
        return;
    }
    for (size_t i = 0; i < w->did_count; i++)
        get_did(c, &lists->did[i]);
    w->did = lists->did;
    w->payload = daf_cursor_bin(c, SIZE_MAX);
    in->write = w;
}

static void get_porch(struct daf_cursor *c, struct daf_input *in,
                      struct lists *lists)
{
    struct daf_porch_wish *w = &lists->porch;

    *w = (struct daf_porch_wish){0};
    w->what = (enum daf_porch_do)daf_cursor_uint(c, DAF_PORCH_CLOSE);
    w->id = daf_cursor_uint(c, UINT64_MAX);
    get_text(c, w->scope, sizeof(w->scope));
    get_text(c, w->right, sizeof(w->right));
    w->cert = daf_cursor_bin(c, DAF_CERT_BYTES_MAX);
    in->porch = w;
}

static void get_addr(struct daf_cursor *c, struct daf_addr *out)
{
    get_text(c, out->text, sizeof(out->text));
}

static void get_service(struct daf_cursor *c, struct daf_announce *out)
{
    out->endpoint = (enum daf_endpoint)daf_cursor_uint(c, DAF_ENDPOINT_PORCH);
    daf_cursor_bin_into(c, out->name, sizeof(out->name));
}

static void get_own(struct daf_cursor *c, struct daf_input *in,
                    struct lists *lists)
{
    size_t count = daf_cursor_array(c, DAF_INPUTLOG_OWN_MAX);

    memset(lists->own, 0, sizeof(lists->own));
    for (size_t i = 0; i < count; i++)
        get_addr(c, &lists->own[i]);
    in->addrs = lists->own;
    in->addrs_count = count;
}

static uint16_t get_port(struct daf_cursor *c)
{
    return (uint16_t)daf_cursor_uint(c, UINT16_MAX);
}

static uint32_t get_conn(struct daf_cursor *c)
{
    return (uint32_t)daf_cursor_uint(c, UINT32_MAX);
}

static void get_news(struct daf_cursor *c, struct daf_input *in,
                     struct lists *lists)
{
    struct daf_item_news *n = &lists->news;

    *n = (struct daf_item_news){.is_gone = false};
    daf_cursor_bin_into(c, n->content.b, sizeof(n->content.b));
    n->parts = (uint32_t)daf_cursor_uint(c, DAF_CONTENT_PARTS_MAX);
    n->pages = (uint32_t)daf_cursor_uint(c, DAF_CONTENT_PAGES_MAX);
    n->part_bytes = (uint32_t)daf_cursor_uint(c, DAF_CHUNK_BYTES_MAX);
    n->is_gone = daf_cursor_bool(c);
    n->is_whole = daf_cursor_bool(c);
    n->is_wanted = daf_cursor_bool(c);
    n->is_stuck = daf_cursor_bool(c);
    n->bits = daf_cursor_bin(c, DAF_CONTENT_PARTS_MAX / 8);
    in->item = n;
}

static void get_piece(struct daf_cursor *c, struct daf_input *in)
{
    in->conn = get_conn(c);
    daf_cursor_bin_into(c, in->piece.content.b, sizeof(in->piece.content.b));
    in->piece.part = (uint32_t)daf_cursor_uint(c, DAF_CONTENT_PARTS_MAX);
    in->piece.offset = (uint32_t)daf_cursor_uint(c, DAF_CHUNK_BYTES_MAX);
}

static enum daf_err get_err(struct daf_cursor *c)
{
    return (enum daf_err)daf_cursor_uint(c, DAF_ERR_COUNT - 1);
}

static void get_input(struct daf_cursor *c, struct daf_inputlog_entry *e,
                      struct lists *lists)
{
    struct daf_input *in = &e->input;

    switch (in->kind) {
    case DAF_INPUT_TIMER:
    case DAF_INPUT_LINK_LOST:
    case DAF_INPUT_STOP:
        break;
    case DAF_INPUT_LISTENING:
        in->port_door = get_port(c);
        in->port_mesh = get_port(c);
        break;
    case DAF_INPUT_OPENED:
        in->conn = get_conn(c);
        in->endpoint =
            (enum daf_endpoint)daf_cursor_uint(c, DAF_ENDPOINT_PORCH);
        daf_cursor_bin_into(c, in->key.b, sizeof(in->key.b));
        break;
    case DAF_INPUT_FRAME:
        in->conn = get_conn(c);
        in->bytes = daf_cursor_bin(c, SIZE_MAX);
        break;
    case DAF_INPUT_CLOSED:
        in->conn = get_conn(c);
        break;
    case DAF_INPUT_STORED:
        in->job = daf_cursor_uint(c, UINT64_MAX);
        in->err = get_err(c);
        e->commit = daf_cursor_uint(c, UINT64_MAX);
        get_items(c, in, lists);
        break;
    case DAF_INPUT_PEER:
        get_addr(c, &in->addr);
        in->found_by = (enum daf_found_by)daf_cursor_uint(c, DAF_FOUND_STATIC);
        daf_cursor_bin_into(c, in->author.b, sizeof(in->author.b));
        break;
    case DAF_INPUT_WRITE:
        get_write(c, in, lists);
        break;
    case DAF_INPUT_FOUND:
        get_service(c, &in->service);
        in->service.port = (uint16_t)daf_cursor_uint(c, UINT16_MAX);
        daf_cursor_bin_into(c, in->service.data, sizeof(in->service.data));
        get_addr(c, &in->addr);
        break;
    case DAF_INPUT_GONE:
        get_service(c, &in->service);
        break;
    case DAF_INPUT_OWN:
        get_own(c, in, lists);
        break;
    case DAF_INPUT_PORCH:
        get_porch(c, in, lists);
        break;
    case DAF_INPUT_PORCHED:
        in->port_porch = get_port(c);
        break;
    case DAF_INPUT_ITEM:
        get_news(c, in, lists);
        break;
    case DAF_INPUT_PUT:
        get_piece(c, in);
        in->put = (enum daf_shelf_put)daf_cursor_uint(c, DAF_SHELF_CONDEMNED);
        in->err = get_err(c);
        break;
    case DAF_INPUT_READ:
        get_piece(c, in);
        in->piece.bytes = daf_cursor_bin(c, DAF_PIECE_BYTES_MAX);
        in->is_last = daf_cursor_bool(c);
        in->err = get_err(c);
        break;
    }
}

static bool get_entry(struct daf_cursor *c, struct daf_inputlog_entry *e,
                      struct lists *lists)
{
    size_t count = daf_cursor_array(c, 16), start = c->at;

    *e = (struct daf_inputlog_entry){0};
    e->input.kind = (enum daf_input_kind)daf_cursor_uint(c, DAF_INPUT_READ);
    if (count != ENTRY_FIELDS + kind_fields[e->input.kind])
        daf_cursor_fail(c, DAF_EFORM, start);
    e->now.ms = daf_cursor_uint(c, UINT64_MAX);
    e->commits = daf_cursor_uint(c, UINT64_MAX);
    get_input(c, e, lists);
    daf_cursor_bin_into(c, e->effects, sizeof(e->effects));
    return daf_cursor_ok(c);
}

static enum daf_err get_head(struct daf_cursor *c,
                             struct daf_inputlog_head *out)
{
    struct daf_view magic;
    uint64_t version;

    daf_cursor_array_of(c, 6);
    magic = daf_cursor_str(c, strlen(MAGIC));
    version = daf_cursor_uint(c, UINT64_MAX);
    daf_cursor_bin_into(c, out->seed, sizeof(out->seed));
    out->boot_number = daf_cursor_uint(c, UINT64_MAX);
    out->incarnation = daf_cursor_uint(c, UINT64_MAX);
    daf_cursor_bin_into(c, out->author.b, sizeof(out->author.b));
    if (!daf_cursor_ok(c) || magic.len != strlen(MAGIC) ||
        memcmp(magic.p, MAGIC, magic.len) != 0)
        return DAF_EFORM;
    return version == DAF_INPUTLOG_VERSION ? DAF_OK : DAF_EVERSION;
}

enum daf_err daf_inputlog_read(struct daf_view bytes,
                               struct daf_inputlog_head *out_head,
                               size_t *out_torn, daf_inputlog_fn fn, void *ctx)
{
    struct daf_inputlog_entry e;
    struct lists lists = {0};
    struct daf_cursor c;
    enum daf_err err;
    size_t whole;

    *out_torn = bytes.len;
    daf_cursor_init(&c, bytes);
    err = get_head(&c, out_head);
    if (err != DAF_OK) return err;
    whole = c.at;
    while (whole < bytes.len && get_entry(&c, &e, &lists)) {
        whole = c.at;
        if (!fn(ctx, &e)) break;
    }
    *out_torn = bytes.len - whole;
    free(lists.items);
    free(lists.did);
    return c.err == DAF_ENOMEM ? DAF_ENOMEM : DAF_OK;
}
