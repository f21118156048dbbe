/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world/trace.h"

#include "sim/core/chance.h"
#include "sim/world/pairs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define LINE_BYTES_MAX 512
#define WORDS_MAX      8
#define RESOLUTION     (20 * DAF_SIM_S) /* of SocioPatterns' sensors */
#define SECONDS_MAX    INT64_C(4000000000)
#define PROGRESS_LINES 200000
#define READ_BYTES     (256 * 1024)
#define CALLED_MAX     (1u << 20) /* names of messages: 16 MB */

enum format { FORMAT_UNKNOWN, FORMAT_ONE, FORMAT_SOCIO };

struct pair {
    uint32_t a, b;
};

struct daf_trace {
    gzFile file;
    enum format format;
    uint64_t line, size;
    struct daf_trace_facts facts;
    daf_sim_us last;
    char *why; /* the opener's, during the first reading only */
    uint32_t nodes_max;
    bool has_begun, is_checked;
    bool has_step, is_at_end, has_waiting, is_named; /* SocioPatterns */

    /* SocioPatterns: one step of the sensors, and the one before. */
    daf_sim_us first, step, previous_step;
    struct pair *pairs, *previous;
    size_t pairs_count, pairs_room, previous_count, previous_room;
    size_t pair_at, previous_at; /* told so far of this step */
    struct pair waiting;         /* the first of the step after */
    daf_sim_us waiting_at;

    uint32_t *names; /* SocioPatterns: sorted, once all are known */
    size_t names_count, names_room;

    /* The ONE, first reading: contacts that are up, hashes of the names of the
     * first messages. */
    struct daf_pairs up, called;
};

/* A packed file that ends early or was changed; DAF_OK: nothing is wrong with the
 * packing so far. */
static enum daf_err torn(struct daf_trace *t)
{
    int err = Z_OK;
    const char *words = gzerror(t->file, &err);

    if (err == Z_OK || err == Z_STREAM_END) return DAF_OK;
    if (t->why == NULL) return DAF_EIO;
    if (err == Z_BUF_ERROR)
        (void)snprintf(t->why, DAF_TRACE_WHY_BYTES,
                       "the packed file is cut short after line %llu; copy it "
                       "again from where it comes from",
                       (unsigned long long)t->line);
    else if (err == Z_ERRNO)
        (void)snprintf(t->why, DAF_TRACE_WHY_BYTES,
                       "it cannot be read after line %llu: %s",
                       (unsigned long long)t->line, words);
    else
        (void)snprintf(t->why, DAF_TRACE_WHY_BYTES,
                       "the packed file is damaged (%s), maybe before line "
                       "%llu; copy it again from where it comes from",
                       words, (unsigned long long)t->line);
    return DAF_EIO;
}

/* An odd line of a packed file may be what damage has left of a good one, which
 * its checksum tells: at the end of the file. */
static enum daf_err torn_later(struct daf_trace *t)
{
    char bytes[4096];

    if (t->why == NULL || gzdirect(t->file) != 0) return DAF_OK;
    while (gzread(t->file, bytes, sizeof bytes) > 0)
        ;
    return torn(t);
}

static enum daf_err wrong(struct daf_trace *t, const char *what)
{
    enum daf_err err = torn_later(t);

    if (err != DAF_OK) return err;
    if (t->why != NULL)
        (void)snprintf(t->why, DAF_TRACE_WHY_BYTES, "line %llu: %s",
                       (unsigned long long)t->line, what);
    return DAF_EFORM;
}

/* ---- one line ---- */

/* DAF_ENOTFOUND at the end of the file. */
static enum daf_err read_line(struct daf_trace *t, char *line)
{
    for (;;) {
        if (gzgets(t->file, line, LINE_BYTES_MAX) == NULL) {
            enum daf_err err = torn(t);
            return err == DAF_OK ? DAF_ENOTFOUND : err;
        }
        t->line++;
        size_t len = strlen(line);
        if (len == LINE_BYTES_MAX - 1 && line[len - 1] != '\n')
            return wrong(t, "longer than 510 characters");
        size_t blank = strspn(line, " \t\r\n");
        if (line[blank] != '\0' && line[blank] != '#') return DAF_OK;
    }
}

static size_t split(char *line, char *words[WORDS_MAX])
{
    size_t count = 0;
    char *rest = line;

    while (count < WORDS_MAX) {
        char *word = strtok_r(rest, " \t\r\n", &rest);
        if (word == NULL) break;
        words[count++] = word;
    }
    return count;
}

static bool parse_number(const char *text, uint64_t most, uint64_t *out)
{
    uint64_t n = 0;

    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return false;
        n = n * 10 + (uint64_t)(*text - '0');
        if (n > most) return false;
    }
    *out = n;
    return true;
}

/* "51.25" seconds; beyond the sixth place is left out. */
static bool parse_time(const char *text, daf_sim_us *out)
{
    char whole[16];
    size_t len = strcspn(text, ".");
    uint64_t seconds = 0;
    int64_t part = 0;
    int64_t unit = DAF_SIM_S / 10;

    if (len >= sizeof whole) return false;
    memcpy(whole, text, len);
    whole[len] = '\0';
    if (!parse_number(whole, SECONDS_MAX, &seconds)) return false;
    for (const char *p = text + len + (text[len] == '.'); *p != '\0'; p++) {
        if (*p < '0' || *p > '9') return false;
        part += (*p - '0') * unit;
        unit /= 10;
    }
    *out = (int64_t)seconds * DAF_SIM_S + part;
    return true;
}

/* "12", "n12". */
static bool parse_node(const struct daf_trace *t, const char *text,
                       uint32_t *out)
{
    uint64_t n = 0;

    while ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
           *text == '_')
        text++;
    if (!parse_number(text, UINT32_MAX, &n) || n >= t->nodes_max) return false;
    *out = (uint32_t)n;
    return true;
}

static enum daf_err bad_node(struct daf_trace *t, const char *text)
{
    char words[120];

    (void)snprintf(words, sizeof words,
                   "'%.20s' is no device: its number must be below %u", text,
                   (unsigned)t->nodes_max);
    return wrong(t, words);
}

static enum daf_err check_time(struct daf_trace *t, const char *text,
                               daf_sim_us *out)
{
    if (!parse_time(text, out))
        return wrong(t, "it does not begin with a time in seconds");
    if (t->has_begun && *out < t->last)
        return wrong(t, "time goes backwards: sort the file by its first "
                        "column (sort -s -n -k1,1)");
    t->last = *out;
    t->has_begun = true;
    return DAF_OK;
}

/* ---- The ONE: what is odd ---- */

const char *daf_trace_odd_str(enum daf_trace_odd what)
{
    static const char *const words[DAF_TRACE_ODDS] = {
        "messages to their own maker",
        "messages with a name that another has",
        "contacts that begin and are up already",
        "contacts that end and were not up",
    };

    return words[what];
}

static void note_odd(struct daf_trace *t, enum daf_trace_odd what)
{
    struct daf_trace_odds *odds = &t->facts.odds[what];

    if (odds->count++ == 0) odds->first_line = t->line;
}

static enum daf_err look_at_conn(struct daf_trace *t,
                                 const struct daf_trace_event *ev)
{
    bool is_up = daf_pairs_has(&t->up, ev->a, ev->b);

    if (t->is_checked) return DAF_OK;
    if (ev->kind == DAF_TRACE_UP && is_up) {
        note_odd(t, DAF_TRACE_UP_TWICE);
    } else if (ev->kind == DAF_TRACE_UP) {
        if (!daf_pairs_add(&t->up, ev->a, ev->b)) return DAF_ENOMEM;
    } else if (is_up) {
        daf_pairs_remove(&t->up, ev->a, ev->b);
    } else {
        note_odd(t, DAF_TRACE_DOWN_ALONE);
    }
    return DAF_OK;
}

/* Two names of one hash are told as one name, which does no harm. */
static enum daf_err look_at_create(struct daf_trace *t, const char *name,
                                   const struct daf_trace_event *ev)
{
    uint64_t hash = 0;

    if (t->is_checked) return DAF_OK;
    if (ev->a == ev->b) note_odd(t, DAF_TRACE_TO_ITSELF);
    for (; *name != '\0'; name++)
        hash = daf_chance_mix(hash ^ (unsigned char)*name);
    uint32_t first = (uint32_t)(hash >> 32), second = (uint32_t)hash;
    second += first == second; /* a pair is of two */
    if (daf_pairs_has(&t->called, first, second))
        note_odd(t, DAF_TRACE_SAME_NAME);
    else if (t->called.count < CALLED_MAX &&
             !daf_pairs_add(&t->called, first, second))
        return DAF_ENOMEM;
    return DAF_OK;
}

/* ---- The ONE ---- */

static enum daf_err parse_conn(struct daf_trace *t, char **words, size_t count,
                               struct daf_trace_event *out)
{
    if (count < 5) return wrong(t, "a contact is: time CONN a b up|down");
    if (!parse_node(t, words[2], &out->a)) return bad_node(t, words[2]);
    if (!parse_node(t, words[3], &out->b)) return bad_node(t, words[3]);
    if (out->a == out->b) return wrong(t, "a device meets itself");
    if (strcmp(words[4], "up") == 0)
        out->kind = DAF_TRACE_UP;
    else if (strcmp(words[4], "down") == 0)
        out->kind = DAF_TRACE_DOWN;
    else
        return wrong(t, "a contact goes 'up' or 'down'");
    return look_at_conn(t, out);
}

static enum daf_err parse_create(struct daf_trace *t, char **words,
                                 size_t count, struct daf_trace_event *out)
{
    uint64_t bytes = 0;

    if (count < 6) return wrong(t, "a message is: time C name from to bytes");
    if (!parse_node(t, words[3], &out->a)) return bad_node(t, words[3]);
    if (!parse_node(t, words[4], &out->b)) return bad_node(t, words[4]);
    if (!parse_number(words[5], INT32_MAX, &bytes))
        return wrong(t, "a message has 0 to 2147483647 bytes");
    out->kind = DAF_TRACE_CREATE;
    out->bytes = (uint32_t)bytes;
    return look_at_create(t, words[2], out);
}

static bool is_other_event(const char *word)
{
    static const char *const others[] = {"S", "R", "A", "DR", "DE"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(word, others[i]) == 0) return true;
    return false;
}

static enum daf_err next_one(struct daf_trace *t, struct daf_trace_event *out)
{
    char line[LINE_BYTES_MAX];
    char *words[WORDS_MAX] = {line};

    for (;;) {
        enum daf_err err = read_line(t, line);
        if (err != DAF_OK) return err;
        size_t count = split(line, words);
        *out = (struct daf_trace_event){.at = 0};
        err = check_time(t, words[0], &out->at);
        if (err != DAF_OK) return err;
        if (count >= 2 && strcmp(words[1], "CONN") == 0)
            return parse_conn(t, words, count, out);
        if (count >= 2 && strcmp(words[1], "C") == 0)
            return parse_create(t, words, count, out);
        if (count < 2 || !is_other_event(words[1]))
            return wrong(t, "neither a contact (CONN) nor a message (C)");
        if (!t->is_checked) t->facts.skipped++;
    }
}

/* ---- SocioPatterns ---- */

static int compare_pairs(const void *va, const void *vb)
{
    const struct pair *a = va, *b = vb;

    if (a->a != b->a) return a->a < b->a ? -1 : 1;
    return a->b == b->b ? 0 : a->b < b->b ? -1 : 1;
}

static int compare_names(const void *va, const void *vb)
{
    const uint32_t *a = va, *b = vb;

    return *a == *b ? 0 : *a < *b ? -1 : 1;
}

static bool grow(void *items, size_t size, size_t count, size_t *room)
{
    void **at = items;

    if (count < *room) return true;
    size_t more = *room == 0 ? 256 : *room * 2;
    void *moved = realloc(*at, more * size);
    if (moved == NULL) return false;
    *at = moved;
    *room = more;
    return true;
}

static void sort_names(struct daf_trace *t)
{
    size_t kept = 0;

    if (t->names_count == 0) return;
    qsort(t->names, t->names_count, sizeof *t->names, compare_names);
    for (size_t i = 0; i < t->names_count; i++)
        if (i == 0 || t->names[i] != t->names[kept - 1])
            t->names[kept++] = t->names[i];
    t->names_count = kept;
}

static enum daf_err note_name(struct daf_trace *t, uint32_t name)
{
    if (t->names_count == t->names_room) {
        sort_names(t); /* each is there many times */
        if (t->names_count * 2 >= t->names_room &&
            !grow(&t->names, sizeof *t->names, t->names_room, &t->names_room))
            return DAF_ENOMEM;
    }
    t->names[t->names_count++] = name;
    return DAF_OK;
}

/* During the first reading: the name itself, and it is noted. */
static enum daf_err name_to_node(struct daf_trace *t, uint32_t name,
                                 uint32_t *out)
{
    if (t->is_named) {
        const uint32_t *at = bsearch(&name, t->names, t->names_count,
                                     sizeof *t->names, compare_names);
        if (at == NULL) return DAF_EFORM;
        *out = (uint32_t)(at - t->names);
        return DAF_OK;
    }
    *out = name;
    return note_name(t, name);
}

static enum daf_err parse_socio(struct daf_trace *t, daf_sim_us *at,
                                struct pair *out)
{
    char line[LINE_BYTES_MAX];
    char *words[WORDS_MAX] = {line};
    uint64_t a = 0, b = 0;
    enum daf_err err = read_line(t, line);

    if (err != DAF_OK) return err;
    size_t count = split(line, words);
    err = check_time(t, words[0], at);
    if (err != DAF_OK) return err;
    if (count < 3 || !parse_number(words[1], UINT32_MAX, &a) ||
        !parse_number(words[2], UINT32_MAX, &b))
        return wrong(t, "a contact is: time a b");
    if (a == b) return wrong(t, "a device meets itself");
    err = name_to_node(t, (uint32_t)(a < b ? a : b), &out->a);
    if (err == DAF_OK)
        err = name_to_node(t, (uint32_t)(a < b ? b : a), &out->b);
    return err;
}

/* Keep one of each. */
static size_t sort_pairs(struct pair *pairs, size_t count)
{
    size_t kept = 0;

    if (count == 0) return 0;
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_pairs(&pairs[i], &pairs[kept - 1]) != 0)
            pairs[kept++] = pairs[i];
    return kept;
}

/* Read the lines of the next step of the sensors.  After the last one comes an
 * empty step, which ends what was up. */
static enum daf_err read_step(struct daf_trace *t)
{
    struct pair *swapped = t->previous;
    size_t room = t->previous_room;

    t->previous = t->pairs;
    t->previous_room = t->pairs_room;
    t->previous_count = t->pairs_count;
    t->previous_step = t->step;
    t->pairs = swapped;
    t->pairs_room = room;
    t->pairs_count = t->pair_at = t->previous_at = 0;
    if (t->is_at_end) return t->previous_count == 0 ? DAF_ENOTFOUND : DAF_OK;
    for (;;) {
        if (!t->has_waiting) {
            enum daf_err err = parse_socio(t, &t->waiting_at, &t->waiting);
            if (err == DAF_ENOTFOUND) {
                t->is_at_end = true;
                break;
            }
            if (err != DAF_OK) return err;
            t->has_waiting = true;
        }
        if (t->pairs_count == 0) t->step = t->waiting_at;
        if (t->waiting_at != t->step) break;
        if (!grow(&t->pairs, sizeof *t->pairs, t->pairs_count, &t->pairs_room))
            return DAF_ENOMEM;
        t->pairs[t->pairs_count++] = t->waiting;
        t->has_waiting = false;
    }
    t->pairs_count = sort_pairs(t->pairs, t->pairs_count);
    return DAF_OK;
}

static bool is_in(const struct pair *pairs, size_t count,
                  const struct pair *what)
{
    return count > 0 &&
           bsearch(what, pairs, count, sizeof *pairs, compare_pairs) != NULL;
}

/* Contacts of the step before that do not go on end first. */
static enum daf_err next_socio(struct daf_trace *t, struct daf_trace_event *out)
{
    for (;;) {
        bool follows =
            t->pairs_count > 0 && t->step <= t->previous_step + RESOLUTION;
        while (t->previous_at < t->previous_count) {
            const struct pair *p = &t->previous[t->previous_at++];
            if (follows && is_in(t->pairs, t->pairs_count, p)) continue;
            daf_sim_us at = t->previous_step + RESOLUTION;
            if (follows && t->step < at) at = t->step;
            *out = (struct daf_trace_event){.at = at - t->first,
                                            .kind = DAF_TRACE_DOWN,
                                            .a = p->a,
                                            .b = p->b};
            return DAF_OK;
        }
        while (t->pair_at < t->pairs_count) {
            const struct pair *p = &t->pairs[t->pair_at++];
            if (follows && is_in(t->previous, t->previous_count, p)) continue;
            *out = (struct daf_trace_event){.at = t->step - t->first,
                                            .kind = DAF_TRACE_UP,
                                            .a = p->a,
                                            .b = p->b};
            return DAF_OK;
        }
        enum daf_err err = read_step(t);
        if (err != DAF_OK) return err;
        if (!t->has_step) {
            t->has_step = true;
            t->first = t->step;
        }
    }
}

/* ---- both ---- */

enum daf_err daf_trace_next(struct daf_trace *t, struct daf_trace_event *out)
{
    if (t->format == FORMAT_ONE) return next_one(t, out);
    if (t->format == FORMAT_SOCIO) return next_socio(t, out);
    return DAF_ENOTFOUND; /* an empty file */
}

enum daf_err daf_trace_rewind(struct daf_trace *t)
{
    t->line = 0;
    t->has_begun = t->has_step = t->is_at_end = t->has_waiting = false;
    t->pairs_count = t->previous_count = t->pair_at = t->previous_at = 0;
    return gzrewind(t->file) == 0 ? DAF_OK : DAF_EIO;
}

static enum daf_err find_format(struct daf_trace *t)
{
    char line[LINE_BYTES_MAX];
    char *words[WORDS_MAX] = {line};
    uint64_t n = 0;
    enum daf_err err = read_line(t, line);

    if (err == DAF_ENOTFOUND) return daf_trace_rewind(t);
    if (err != DAF_OK) return err;
    size_t count = split(line, words);
    if (count >= 2 && (strcmp(words[1], "CONN") == 0 ||
                       strcmp(words[1], "C") == 0 || is_other_event(words[1])))
        t->format = FORMAT_ONE;
    else if (count >= 3 && parse_number(words[1], UINT32_MAX, &n))
        t->format = FORMAT_SOCIO;
    else
        return wrong(t, "neither The ONE's events (time CONN a b up) nor "
                        "SocioPatterns (time a b)");
    t->facts.format = t->format == FORMAT_ONE ? "one" : "sociopatterns";
    return daf_trace_rewind(t);
}

static void count(struct daf_trace *t, const struct daf_trace_event *ev)
{
    struct daf_trace_facts *f = &t->facts;

    if (ev->kind == DAF_TRACE_UP)
        f->ups++;
    else if (ev->kind == DAF_TRACE_DOWN)
        f->downs++;
    else
        f->creations++;
    if (ev->bytes > f->bytes_max) f->bytes_max = ev->bytes;
    f->end = ev->at;
    if (t->format == FORMAT_SOCIO)
        return; /* these are names yet, not numbers */
    if (ev->a >= f->nodes) f->nodes = ev->a + 1;
    if (ev->b >= f->nodes) f->nodes = ev->b + 1;
}

static enum daf_err read_all(struct daf_trace *t,
                             daf_trace_progress_fn progress, void *ctx)
{
    struct daf_trace_event ev;
    uint64_t events = 0;
    enum daf_err err = find_format(t);

    if (err != DAF_OK) return err;
    while ((err = daf_trace_next(t, &ev)) == DAF_OK) {
        count(t, &ev);
        z_off_t done = gzoffset(t->file);
        if (++events % PROGRESS_LINES == 0 && progress != NULL &&
            !progress(ctx, done < 0 ? 0 : (uint64_t)done, t->size))
            return DAF_EBUSY;
    }
    if (err != DAF_ENOTFOUND) return err;
    t->facts.lines = t->line;
    if (t->format == FORMAT_SOCIO) {
        sort_names(t);
        t->is_named = true;
        t->facts.nodes = (uint32_t)t->names_count;
        if (t->names_count > t->nodes_max) {
            (void)snprintf(t->why, DAF_TRACE_WHY_BYTES,
                           "it has %zu devices, and at most %u are wanted",
                           t->names_count, (unsigned)t->nodes_max);
            return DAF_EFORM;
        }
    }
    t->is_checked = true;
    daf_pairs_clear(&t->up);
    daf_pairs_clear(&t->called);
    return daf_trace_rewind(t);
}

enum daf_err daf_trace_open(const char *path, uint32_t nodes,
                            daf_trace_progress_fn progress, void *ctx,
                            struct daf_trace **out, char *why)
{
    struct daf_trace *t = calloc(1, sizeof *t);
    struct stat st;

    why[0] = '\0';
    if (t == NULL) return DAF_ENOMEM;
    t->why = why;
    t->nodes_max = nodes == 0 ? DAF_SIM_NODES_MAX : nodes;
    t->facts.format = "empty";
    /* Before it is opened: a pipe without a writer would wait for ever. */
    bool is_there = stat(path, &st) == 0;
    bool is_file = is_there && S_ISREG(st.st_mode);
    if (is_file) t->file = gzopen(path, "rbe");
    if (t->file == NULL) {
        (void)snprintf(why, DAF_TRACE_WHY_BYTES, "%s",
                       !is_there || is_file
                           ? strerror(errno) /* NOLINT(concurrency-mt-unsafe) */
                           : "it is not a file; a trace is read twice");
        daf_trace_close(t);
        return DAF_EIO;
    }
    t->size = (uint64_t)st.st_size;
    gzbuffer(t->file, READ_BYTES);
    enum daf_err err = read_all(t, progress, ctx);
    t->why = NULL;
    if (err != DAF_OK) {
        daf_trace_close(t);
        return err;
    }
    *out = t;
    return DAF_OK;
}

void daf_trace_close(struct daf_trace *t)
{
    if (t == NULL) return;
    if (t->file != NULL) gzclose(t->file);
    free(t->pairs);
    free(t->previous);
    free(t->names);
    daf_pairs_clear(&t->up);
    daf_pairs_clear(&t->called);
    free(t);
}

const struct daf_trace_facts *daf_trace_facts(const struct daf_trace *t)
{
    return &t->facts;
}
