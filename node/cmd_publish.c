/* SPDX-License-Identifier: Apache-2.0 */
/* daftar publish: content with its sidecar becomes an item of the catalogue.
 *
 * The files are copied onto the shelf here, beside the daemon, which is only asked
 * for room before and told afterwards: it may not read what the person may. */
#include "node/api.h"
#include "node/cmd_content.h"
#include "node/publish_preview.h"
#include "node/size.h"
#include "proto/payload.h"
#include "store/sidecar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_SIDECAR "content.ini"
#define SIDECAR_END    ".ini"

static const char may_not[] =
    "this device may not publish: it has not the right to curate. To do: "
    "publish on the coordinator's device";

/* An item announced by this command; the content first, for by_content(). */
struct announced {
    struct daf_hash content;
    struct daf_record_id record;
};

struct publishing {
    const struct daf_cmd *cmd;
    struct daf_home *home;
    struct daf_shelf *shelf;
    struct daf_sidecar *sidecar; /* 40 KiB */
    struct daf_publish_preview preview;
    void *previews; /* their names in a folder of lessons: a tree of texts */
    struct daf_catalogue *catalogue; /* as it was at the start */
    bool has_old;                    /* --replaces: */
    struct daf_hash old;
    void *announced;       /* since: a tree of struct announced */
    struct daf_trouble *t; /* of the item in hand */
    size_t published, left_out, failed;
    bool has_bar, has_asked, has_daemon; /* asked it, and it answered */
};

/* ---- the sidecar */

static enum daf_err read_small(const char *path, uint8_t *room, size_t cap,
                               size_t *out_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    size_t len = 0;
    ssize_t n = 1;

    if (fd < 0) return errno == ENOENT ? DAF_ENOTFOUND : DAF_EIO;
    while (len < cap && n > 0) {
        n = read(fd, room + len, cap - len);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            len += (size_t)n;
    }
    (void)close(fd);
    *out_len = len;
    return n < 0 ? DAF_EIO : DAF_OK;
}

static enum daf_err read_sidecar(struct publishing *p, const char *path,
                                 struct daf_trouble *t)
{
    uint8_t *room = malloc(DAF_SIDECAR_BYTES_MAX + 1);
    struct daf_sidecar_trouble trouble = {0, NULL};
    size_t len = 0;
    enum daf_err err = DAF_ENOMEM;

    if (room != NULL)
        err = read_small(path, room, DAF_SIDECAR_BYTES_MAX + 1, &len);
    if (err == DAF_ENOTFOUND) {
        daf_home_trouble(t,
                         "there is no %s, which says what it is called. To do: "
                         "write one, as docs/sidecar.md says",
                         path);
    } else if (err != DAF_OK) {
        daf_home_trouble(t, "%s cannot be read: %s", path, daf_err_str(err));
    } else {
        err = daf_sidecar_parse((struct daf_view){room, len}, p->sidecar,
                                &trouble);
        if (err != DAF_OK)
            daf_home_trouble(t, "%s:%zu: %s", path, trouble.line,
                             trouble.what != NULL ? trouble.what
                                                  : daf_err_str(err));
    }
    free(room);
    if (err == DAF_OK)
        err = daf_publish_preview_read(path,
                                       p->sidecar->values[DAF_SIDECAR_PREVIEW],
                                       &p->preview, t);
    return err;
}

static void tell_warnings(const struct publishing *p, const char *path)
{
    const struct daf_sidecar *s = p->sidecar;

    for (size_t i = 0; i < s->warnings_count && i < DAF_SIDECAR_WARNINGS_MAX;
         i++)
        (void)fprintf(stderr,
                      "%s:%zu: [%s] %s is not known here and is left "
                      "out\n",
                      path, s->warnings[i].line, s->warnings[i].section,
                      s->warnings[i].name);
}

static struct daf_view text_of(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

static size_t copy_texts(const struct daf_sidecar_text *from, size_t count,
                         struct daf_about_text *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (struct daf_about_text){text_of(from[i].tag),
                                        text_of(from[i].text)};
    return count;
}

/* Its views are of the sidecar. */
static void take_about(const struct daf_sidecar *s, struct daf_content *out)
{
    static const enum daf_about keys[DAF_SIDECAR_KEYS] = {
        [DAF_SIDECAR_LANGUAGES] = DAF_ABOUT_COUNT,
        [DAF_SIDECAR_LEVEL] = DAF_ABOUT_LEVEL,
        [DAF_SIDECAR_SUBJECT] = DAF_ABOUT_SUBJECT,
        [DAF_SIDECAR_LICENCE] = DAF_ABOUT_LICENCE,
        [DAF_SIDECAR_ALIGNMENT] = DAF_ABOUT_ALIGNMENT,
        [DAF_SIDECAR_AUTHOR] = DAF_ABOUT_AUTHOR,
        [DAF_SIDECAR_PUBLISHER] = DAF_ABOUT_PUBLISHER,
        [DAF_SIDECAR_AUDIENCE] = DAF_ABOUT_AUDIENCE,
        [DAF_SIDECAR_ACCESSIBILITY] = DAF_ABOUT_ACCESSIBILITY,
        [DAF_SIDECAR_AGE] = DAF_ABOUT_AGE,
        [DAF_SIDECAR_CHANNEL] = DAF_ABOUT_CHANNEL,
        [DAF_SIDECAR_ORDER] = DAF_ABOUT_ORDER,
        [DAF_SIDECAR_PREVIEW] = DAF_ABOUT_COUNT,
    };

    memset(out, 0, sizeof(*out));
    out->titles_count = copy_texts(s->titles, s->titles_count, out->titles);
    out->descriptions_count =
        copy_texts(s->descriptions, s->descriptions_count, out->descriptions);
    for (size_t i = 0; i < s->tags_count; i++)
        out->languages[i] = text_of(s->tags[i]);
    out->languages_count = s->tags_count;
    for (int i = 0; i < DAF_SIDECAR_KEYS; i++) {
        if (keys[i] != DAF_ABOUT_COUNT)
            out->texts[keys[i]] = text_of(s->values[i]);
    }
}

/* ---- one item */

static bool on_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct publishing *p = ctx;
    char size[DAF_SIZE_TEXT_MAX];

    if (!p->has_bar) return true;
    daf_size_text(total, size);
    daf_cmd_bar(done, total, size);
    return true;
}

static void tell_left_out(struct publishing *p, const char *path,
                          const char *why)
{
    p->left_out++;
    if (p->has_bar) daf_cmd_bar_end();
    (void)fprintf(stderr, "left out: ");
    (void)daf_cmd_put_words(stderr, path);
    (void)fprintf(stderr, ": %s\n", why);
}

static void on_left_out(void *ctx, const struct daf_shelf_left_out *what)
{
    tell_left_out(ctx, what->path, what->why);
}

struct written {
    struct daf_wrote wrote;
    struct daf_trouble t;
};

static void on_wrote(void *ctx, const struct daf_wrote *wrote,
                     const struct daf_trouble *t)
{
    struct written *w = ctx;

    w->wrote = *wrote;
    if (t != NULL) w->t = *t;
}

/* The record that makes it known. */
static enum daf_err announce(struct publishing *p, struct daf_view manifest,
                             struct daf_record_id *out, struct daf_trouble *t)
{
    struct daf_catalogue_item *item = calloc(1, sizeof(*item));
    uint8_t *room = malloc(DAF_PAYLOAD_BYTES_MAX);
    struct daf_cmd_writer *writer = NULL;
    struct written w = {.wrote.err = DAF_EIO};
    struct daf_write write = {.kind = DAF_WRITE_CATALOG};
    struct daf_pack k;
    enum daf_err err = DAF_ENOMEM;

    if (item != NULL && room != NULL) {
        item->manifest = manifest;
        if (p->has_old)
            item->replaces_count =
                daf_catalogue_records(p->catalogue, &p->old, item->replaces,
                                      DAF_REPLACES_MAX);
        if (item->replaces_count > DAF_REPLACES_MAX)
            item->replaces_count = DAF_REPLACES_MAX;
        daf_pack_init(&k, room, DAF_PAYLOAD_BYTES_MAX);
        daf_payload_pack_catalogue_item(&k, item);
        write.payload = daf_pack_view(&k);
        err = daf_cmd_writer_open(p->home, on_wrote, &w, &writer, t);
    }
    if (err == DAF_OK) err = daf_cmd_writer_put(writer, &write, t);
    if (err == DAF_OK) err = daf_cmd_writer_flush(writer, t);
    daf_cmd_writer_close(writer);
    free(room);
    free(item);
    if (err != DAF_OK) return err;
    if (w.wrote.err == DAF_EDENIED)
        daf_home_trouble(t, "%s", may_not); /* since check_right() */
    else if (w.wrote.err != DAF_OK)
        *t = w.t;
    *out = w.wrote.record;
    return w.wrote.err;
}

/* Asks the daemon; its words are in the trouble. */
static enum daf_err ask(struct publishing *p, json_t *request, json_t **out)
{
    enum daf_err err = daf_cmd_call(p->home, request, NULL, NULL, out, p->t);
    const char *words = json_string_value(json_object_get(*out, "error"));

    if (*out != NULL) {
        p->has_daemon = true;
        err = daf_cmd_err_of(*out);
    }
    if (err != DAF_OK && words != NULL) daf_home_trouble(p->t, "%s", words);
    return err;
}

static enum daf_err ask_room(void *ctx, uint32_t number, uint64_t bytes,
                             uint64_t *out_room, bool *out_is_disk)
{
    json_t *last = NULL;
    enum daf_err err =
        ask(ctx,
            json_pack("{ss sI sI}", "op", "content-room", "bytes",
                      (json_int_t)bytes, "number", (json_int_t)number),
            &last);

    *out_room = (uint64_t)json_integer_value(json_object_get(last, "room"));
    *out_is_disk = json_is_true(json_object_get(last, "disk"));
    if (err == DAF_OK && !json_is_true(json_object_get(last, "fits")))
        err = DAF_EFULL;
    json_decref(last);
    return err;
}

static enum daf_err on_placed(void *ctx, uint32_t number,
                              const struct daf_hash *content)
{
    json_t *last = NULL;
    enum daf_err err = ask(ctx,
                           json_pack("{ss so sI}", "op", "content-look",
                                     "content", daf_cmd_hex(content->b, 32),
                                     "number", (json_int_t)number),
                           &last);

    json_decref(last);
    return err;
}

static int by_content(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct daf_hash));
}

/* In the catalogue as it was at the start, or announced since: to read it again
 * for each item would take as long as all that were read before. */
static bool is_known(const struct publishing *p, const struct daf_hash *content,
                     struct daf_record_id *out)
{
    const struct announced *const *since =
        tfind(content, &p->announced, by_content);
    struct daf_catalogue_entry e;
    bool found = daf_catalogue_find(p->catalogue, content, &e);

    if (found) *out = e.record;
    if (!found && since != NULL) *out = (*since)->record;
    return found || since != NULL;
}

static enum daf_err note_announced(struct publishing *p,
                                   const struct daf_hash *content,
                                   const struct daf_record_id *record)
{
    struct announced *a = malloc(sizeof(*a));

    if (a == NULL) return DAF_ENOMEM;
    *a = (struct announced){*content, *record};
    if (tsearch(a, &p->announced, by_content) != NULL) return DAF_OK;
    free(a);
    return DAF_ENOMEM;
}

static void forget_announced(struct publishing *p)
{
    while (p->announced != NULL) {
        struct announced *a = *(struct announced **)p->announced;

        (void)tdelete(a, &p->announced, by_content);
        free(a);
    }
}

static void print_item(const struct publishing *p,
                       const struct daf_shelf_item *item,
                       const struct daf_record_id *record, bool is_new)
{
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1], size[DAF_SIZE_TEXT_MAX];
    char hex[2 * sizeof(item->content.b) + 1];
    struct daf_content content;

    if (daf_content_decode(item->manifest, &content) != DAF_OK) return;
    daf_cmd_content_title(&content, title);
    if (p->cmd->json) {
        daf_cmd_print(
            json_pack("{so so sI sI so sb sb}", "content",
                      daf_cmd_hex(item->content.b, 32), "title",
                      daf_cmd_text(title), "bytes", (json_int_t)content.bytes,
                      "files", (json_int_t)content.files, "record",
                      daf_cmd_hex(record->b, 32), "durable", 1, "new", is_new));
        return;
    }
    daf_size_text(content.bytes, size);
    (void)printf("%.12s  %8s  ", daf_cmd_hex_str(item->content.b, 32, hex),
                 size);
    (void)daf_cmd_put_text(title);
    (void)printf("%s\n", is_new ? "" : "  (was published before)");
}

/* Of --replaces: the same files are no new edition.  One that was published before
 * is announced again, for what it replaces, but where it does already. */
static enum daf_err check_new(const struct publishing *p,
                              const struct daf_hash *content, bool *out_is_new,
                              struct daf_trouble *t)
{
    struct daf_catalogue_entry old;

    if (memcmp(content->b, p->old.b, sizeof(content->b)) == 0) {
        daf_home_trouble(t, "it is just what it should replace: no file, and "
                            "nothing in its sidecar, has changed");
        return DAF_EUSAGE;
    }
    *out_is_new = !daf_catalogue_find(p->catalogue, &p->old, &old) ||
                  !old.is_superseded ||
                  memcmp(old.superseded_by.b, content->b, 32) != 0;
    return DAF_OK;
}

static enum daf_err publish_one(struct publishing *p, const char *path,
                                const char *sidecar, struct daf_trouble *t)
{
    static const char *const without[] = {FOLDER_SIDECAR, NULL};
    struct daf_shelf_publish *what = calloc(1, sizeof(*what));
    struct daf_shelf_item item;
    struct daf_record_id record = {{0}};
    bool is_new = false;
    enum daf_err err = what != NULL ? read_sidecar(p, sidecar, t) : DAF_ENOMEM;

    if (err == DAF_OK) {
        tell_warnings(p, sidecar);
        what->source = path;
        what->without = without;
        take_about(p->sidecar, &what->about);
        what->about.preview =
            (struct daf_view){p->preview.bytes, p->preview.len};
        what->progress = on_progress;
        what->left_out = on_left_out;
        what->room = ask_room;
        what->placed = on_placed;
        what->ctx = p;
        p->t = t;
        err =
            daf_shelf_publish(p->shelf, what, &item, t->what, sizeof(t->what));
        if (p->has_bar) daf_cmd_bar_end();
    }
    free(what);
    if (err != DAF_OK) return err;
    is_new = !is_known(p, &item.content, &record);
    if (p->has_old) err = check_new(p, &item.content, &is_new, t);
    if (err == DAF_OK && is_new) err = announce(p, item.manifest, &record, t);
    if (err == DAF_OK && is_new)
        err = note_announced(p, &item.content, &record);
    if (err == DAF_OK) print_item(p, &item, &record, is_new);
    return err;
}

/* Words that begin with the path have said it, with ? for what is not shown. */
static bool has_said(const char *words, const char *path)
{
    size_t i = 0;

    while (path[i] != '\0' && (words[i] == path[i] || words[i] == '?'))
        i++;
    return path[i] == '\0';
}

static void tell_failed(const char *path, const char *words)
{
    (void)fprintf(stderr, "not published: ");
    if (!has_said(words, path)) {
        (void)daf_cmd_put_words(stderr, path);
        (void)fprintf(stderr, ": ");
    }
    (void)daf_cmd_put_words(stderr, words);
    (void)fprintf(stderr, "\n");
}

/* Says what went wrong; the next item has its turn all the same. */
static void take(struct publishing *p, const char *path, const char *sidecar)
{
    struct daf_trouble t = {""};
    enum daf_err err = publish_one(p, path, sidecar, &t);

    if (err == DAF_OK) {
        p->published++;
        return;
    }
    p->failed++;
    if (p->cmd->json)
        daf_cmd_print(
            json_pack("{so so ss}", "path", daf_cmd_text(path), "error",
                      daf_cmd_text(t.what[0] != '\0' ? t.what
                                                     : daf_err_str(err)),
                      "code", daf_err_name(err)));
    else
        tell_failed(path, t.what[0] != '\0' ? t.what : daf_err_str(err));
}

/* ---- a folder of items */

static bool join_path(char out[PATH_MAX], const char *folder, const char *name)
{
    int len = snprintf(out, PATH_MAX, "%s/%s", folder, name);

    return len > 0 && len < PATH_MAX;
}

static bool is_kind(const char *path, mode_t kind)
{
    struct stat st;

    return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), tail = strlen(end);

    return len > tail && strcmp(name + len - tail, end) == 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Of the lesson just taken: a picture beside it is not left out.  Without memory
 * for its name it is said to be. */
static void note_preview(struct publishing *p)
{
    const char *name = p->sidecar->values[DAF_SIDECAR_PREVIEW];
    char *copy;

    if (name[0] == '\0' || tfind(name, &p->previews, by_text) != NULL) return;
    copy = strdup(name);
    if (copy != NULL && tsearch(copy, &p->previews, by_text) == NULL)
        free(copy);
}

/* @strays: of those without a sidecar it is told, and the others had their turn. */
static void take_entry(struct publishing *p, const char *folder,
                       const char *name, bool strays)
{
    char path[PATH_MAX], sidecar[PATH_MAX];
    bool has_sidecar;

    if (name[0] == '.' || ends_with(name, SIDECAR_END)) return;
    if (!join_path(path, folder, name) || strlen(path) + 16 > PATH_MAX) {
        if (strays) tell_left_out(p, name, "its path is too long");
        return;
    }
    if (is_kind(path, S_IFDIR)) {
        (void)snprintf(sidecar, sizeof(sidecar), "%.*s/%s", PATH_MAX - 16, path,
                       FOLDER_SIDECAR);
        has_sidecar = is_kind(sidecar, S_IFREG);
        if (!strays && has_sidecar) take(p, path, sidecar);
        if (strays && !has_sidecar)
            tell_left_out(p, path,
                          "there is no content.ini in it that is a plain file");
        return;
    }
    (void)snprintf(sidecar, sizeof(sidecar), "%.*s%s", PATH_MAX - 16, path,
                   SIDECAR_END);
    has_sidecar = is_kind(path, S_IFREG) && is_kind(sidecar, S_IFREG);
    if (!strays && has_sidecar) {
        take(p, path, sidecar);
        note_preview(p);
    } else if (strays && !is_kind(path, S_IFREG)) {
        tell_left_out(p, path, "it is a link, or no file");
    } else if (strays && !has_sidecar &&
               tfind(name, &p->previews, by_text) == NULL) {
        tell_left_out(p, path, "there is no sidecar (its name and .ini)");
    }
}

static enum daf_err take_folder(struct publishing *p, const char *folder,
                                struct daf_trouble *t)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);

    if (count < 0) {
        daf_home_trouble(t,
                         "%s cannot be read: %s. To do: check whether you "
                         "may read it",
                         folder, strerror(errno));
        return DAF_EIO;
    }
    for (int i = 0; i < count; i++)
        take_entry(p, folder, names[i]->d_name, false);
    for (int i = 0; i < count; i++) {
        take_entry(p, folder, names[i]->d_name, true);
        free(names[i]);
    }
    free(names);
    return DAF_OK;
}

static enum daf_err take_source(struct publishing *p, const char *source,
                                struct daf_trouble *t)
{
    char sidecar[PATH_MAX];

    if (is_kind(source, S_IFREG)) {
        if (!join_path(sidecar, ".", "") ||
            snprintf(sidecar, sizeof(sidecar), "%s%s", source, SIDECAR_END) >=
                PATH_MAX)
            return DAF_ELIMIT;
        take(p, source, sidecar);
        return DAF_OK;
    }
    if (!is_kind(source, S_IFDIR)) {
        daf_home_trouble(t,
                         "%s is no file and no folder (links are not "
                         "followed). To do: name one",
                         source);
        return DAF_ENOTFOUND;
    }
    if (join_path(sidecar, source, FOLDER_SIDECAR) &&
        is_kind(sidecar, S_IFREG)) {
        take(p, source, sidecar);
        return DAF_OK;
    }
    if (p->has_old) {
        daf_home_trouble(t,
                         "there is no content.ini in %s, and a folder of "
                         "lessons cannot replace one. To do: name a lesson",
                         source);
        return DAF_EUSAGE;
    }
    return take_folder(p, source, t);
}

/* ---- the command */

/* The daemon has the budget, and gives room to each item. */
static enum daf_err open_shelf(struct publishing *p, struct daf_trouble *t)
{
    char dir[DAF_HOME_PATH_MAX];
    uint64_t room;
    bool is_disk;
    enum daf_err err;

    p->t = t;
    p->has_asked = true;
    err = ask_room(p, 0, 0, &room, &is_disk);
    if (err != DAF_OK) return err;
    daf_home_path(p->home, "content", dir);
    err = daf_shelf_open(dir, UINT64_MAX, false, &p->shelf);
    if (err != DAF_OK)
        daf_home_trouble(t, "%s cannot be opened: %s", dir, daf_err_str(err));
    return err;
}

/* Before anything is copied: what is on the shelf would stay there.  And what has
 * been published before. */
static enum daf_err check_right(struct publishing *p, struct daf_trouble *t)
{
    const struct daf_authority *auth;
    struct daf_cmd_view v;
    enum daf_err err = daf_cmd_view_open(p->cmd, false, &v, t);

    if (err != DAF_OK) return err;
    auth = daf_camp_authority(v.camp);
    if (auth->right(auth->ctx, &v.author, &auth->catalog) < DAF_RIGHT_CURATE) {
        daf_home_trouble(t, "%s", may_not);
        err = DAF_EDENIED;
    } else {
        err = daf_wants_catalogue(v.store, v.camp, &p->catalogue);
    }
    daf_cmd_view_close(&v);
    return err;
}

static enum daf_err find_old(struct publishing *p, struct daf_trouble *t)
{
    const char *name = daf_cmd_value(p->cmd, "replaces");
    struct daf_catalogue_entry old;
    enum daf_err err;

    if (name == NULL) return DAF_OK;
    err = daf_cmd_content_named(p->catalogue, name, &old, t);
    if (err != DAF_OK) return err;
    p->has_old = true;
    p->old = old.content.id;
    return DAF_OK;
}

static enum daf_exit report(const struct publishing *p, struct daf_trouble *t)
{
    if (p->published > 0)
        return p->left_out + p->failed > 0 ? DAF_EXIT_PARTLY : DAF_EXIT_DONE;
    if (p->failed > 0) return DAF_EXIT_FAILED; /* each was told */
    daf_home_trouble(t,
                     "nothing in %s can be published: a folder needs a "
                     "content.ini with a title, a file X its X.ini. To do: see "
                     "docs/sidecar.md",
                     p->cmd->args[0]);
    return daf_cmd_fail(p->cmd, DAF_ENOTFOUND, t);
}

enum daf_exit daf_cmd_publish(const struct daf_cmd *cmd)
{
    struct publishing p = {.cmd = cmd, .has_bar = daf_cmd_bar_wanted(cmd)};
    struct daf_trouble t = {""};
    struct daf_home home;
    enum daf_exit code;
    enum daf_err err = daf_cmd_load(cmd, true, &home, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    p.home = &home;
    p.sidecar = malloc(sizeof(*p.sidecar));
    err = p.sidecar == NULL ? DAF_ENOMEM : check_right(&p, &t);
    if (err == DAF_OK) err = find_old(&p, &t);
    if (err == DAF_OK) err = open_shelf(&p, &t);
    if (err == DAF_OK) err = take_source(&p, cmd->args[0], &t);
    if (err == DAF_ENOTFOUND && p.has_asked && p.shelf == NULL && !p.has_daemon)
        code = daf_cmd_fail_with(cmd, err, &t, DAF_EXIT_NO_DAEMON,
                                 json_pack("{s:b}", "running", 0));
    else if (err != DAF_OK)
        code = daf_cmd_fail(cmd, err, &t);
    else
        code = report(&p, &t);
    daf_shelf_close(p.shelf);
    daf_catalogue_free(p.catalogue);
    forget_announced(&p);
    tdestroy(p.previews, free);
    free(p.sidecar);
    daf_home_unload(&home);
    return code;
}
