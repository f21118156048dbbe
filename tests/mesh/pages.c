/* SPDX-License-Identifier: Apache-2.0 */

/* pages HOME FOLDER [ADDR:PORT]: the web process over a real API server and a
 * real agent, with each folder inside FOLDER as a content item: for mesh/web.sh
 * and for looking at pages.  Prints the way in.  HOME is a new folder.
 *
 * A folder's title.json is {"en":"...","ar":"..."}; one that has the file
 * `partly` is said to be on its way.  What is written to HOME/full is the disk's
 * being full: writes fail while it is there.  It is also the web process of
 * itself. */

#include "tests/lib/t.h"

#include "node/apiserver.h"
#include "node/clock.h"
#include "node/log.h"
#include "node/progressbook.h"
#include "node/webhost.h"
#include "tests/lib/cast.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder, *home_dir;
static struct cast *cast;
static struct daf_apiserver *server;
static struct daf_loop *loop;
static struct daf_progressbook progress_book;
static uint64_t writes;

/* ---- content: an item is its folder's name, hashed */

static struct daf_hash id_of(const char *name)
{
    struct daf_hash id;

    (void)crypto_generichash(id.b, sizeof(id.b), (const uint8_t *)name,
                             strlen(name), NULL, 0);
    return id;
}

static int no_dots(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static bool is_there(const char *name, const char *file)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s/%s", folder, name, file);
    return access(path, F_OK) == 0;
}

static struct daf_view view(const char *text)
{
    return (struct daf_view){(const uint8_t *)text, strlen(text)};
}

static json_t *item_of(const char *name, const struct daf_library_query *q)
{
    struct daf_content c = {.id = id_of(name), .bytes = 1, .pages = 8};
    bool is_partly = is_there(name, "partly");
    const struct daf_contents_item here = {.is_whole = !is_partly,
                                           .held = is_partly ? 3 : 8};
    const char *language;
    char path[4096];
    json_t *titles, *title, *item;

    (void)snprintf(path, sizeof(path), "%s/%s/title.json", folder, name);
    titles = json_load_file(path, 0, NULL);
    if (titles == NULL) titles = json_pack("{ss}", "en", name);
    json_object_foreach(titles, language, title)
    {
        c.titles[c.titles_count].language = view(language);
        c.titles[c.titles_count++].text = view(json_string_value(title));
    }
    item = daf_contents_json_item(&c, &here, q);
    json_decref(titles);
    return item;
}

/* Calls @fn with each item's name until it says true. */
static bool find(bool (*fn)(void *ctx, const char *name), void *ctx)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, no_dots, alphasort);
    bool found = false;

    for (int i = 0; i < count; i++) {
        if (!found) found = fn(ctx, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return found;
}

struct sought {
    const struct daf_library_query *q;
    const struct daf_hash *id;
    json_t *item, *items;
};

static bool add_item(void *ctx, const char *name)
{
    struct sought *s = ctx;

    (void)json_array_append_new(s->items, item_of(name, s->q));
    return false;
}

/* All on one page. */
static enum daf_err library(void *ctx, const struct daf_library_query *q,
                            struct daf_library_page *page)
{
    struct sought s = {.q = q, .items = page->items};

    (void)ctx;
    (void)find(add_item, &s);
    page->total = json_array_size(page->items);
    return DAF_OK;
}

static bool is_sought(void *ctx, const char *name)
{
    struct sought *s = ctx;
    struct daf_hash id = id_of(name);

    if (memcmp(&id, s->id, sizeof(id)) != 0) return false;
    s->item = item_of(name, s->q);
    return true;
}

static enum daf_err library_item(void *ctx, const struct daf_library_query *q,
                                 const struct daf_hash *content, json_t **out)
{
    struct sought s = {.q = q, .id = content};

    (void)ctx;
    (void)find(is_sought, &s);
    *out = s.item;
    return s.item != NULL ? DAF_OK : DAF_ENOTFOUND;
}

struct wanted {
    struct daf_hash id;
    char name[256];
};

static bool is_it(void *ctx, const char *name)
{
    struct wanted *w = ctx;
    struct daf_hash id = id_of(name);

    if (memcmp(&id, &w->id, sizeof(id)) != 0 || is_there(name, "partly"))
        return false;
    (void)snprintf(w->name, sizeof(w->name), "%s", name);
    return true;
}

static void add_files(json_t *files, const char *dir, const char *prefix)
{
    struct dirent **names = NULL;
    int count = scandir(dir, &names, no_dots, alphasort);

    for (int i = 0; i < count; i++) {
        char path[4096], inside[1024];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
        (void)snprintf(inside, sizeof(inside), "%s%s", prefix,
                       names[i]->d_name);
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
            (void)strncat(inside, "/", sizeof(inside) - strlen(inside) - 1);
            add_files(files, path, inside);
        } else if (strcmp(inside, "title.json") != 0) {
            (void)json_array_append_new(files,
                                        json_pack("[sI]", inside,
                                                  (json_int_t)st.st_size));
        }
        free(names[i]);
    }
    free(names);
}

static void content_files(void *ctx, uint64_t ticket,
                          const struct daf_hash *content)
{
    struct wanted w = {.id = *content};
    json_t *files = NULL;
    char dir[4096];

    (void)ctx;
    if (find(is_it, &w)) {
        files = json_array();
        (void)snprintf(dir, sizeof(dir), "%s/%s", folder, w.name);
        add_files(files, dir, "");
    }
    daf_apiserver_content_listed(server, ticket,
                                 files != NULL ? DAF_OK : DAF_ENOTFOUND, files);
}

static void content_open(void *ctx, uint64_t ticket,
                         const struct daf_hash *content, const char *path)
{
    struct wanted w = {.id = *content};
    struct stat st = {0};
    char file[4096];
    int fd = -1;

    (void)ctx;
    if (find(is_it, &w) && strstr(path, "..") == NULL) {
        (void)snprintf(file, sizeof(file), "%s/%s/%s", folder, w.name, path);
        fd = open(file, O_RDONLY | O_CLOEXEC);
    }
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        (void)close(fd);
        fd = -1;
    }
    daf_apiserver_content_opened(server, ticket,
                                 fd >= 0 ? DAF_OK : DAF_ENOTFOUND, fd,
                                 (uint64_t)st.st_size);
}

/* ---- records */

static void write_one(void *ctx, const struct daf_write *write)
{
    const struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = write};
    struct daf_wrote wrote;
    char full[4096];

    (void)ctx;
    (void)snprintf(full, sizeof(full), "%s/full", home_dir);
    cast_full_disk(cast, 0, access(full, F_OK) == 0);
    daf_agent_input(cast_agent(cast, 0), daf_clock_now(), &in);
    cast_run(cast, 0);
    writes++;
    wrote = *cast_last_wrote(cast, 0);
    wrote.ticket = write->ticket;
    daf_apiserver_wrote(server, &wrote);
    daf_apiserver_changed(server, DAF_APISERVER_RECORDS);
}

static enum daf_err progress(void *ctx, const struct daf_subject_id *subject,
                             json_t *lines)
{
    const struct daf_progress_query q = {
        .store = cast_reader(cast, 0),
        .camp = daf_agent_camp(cast_agent(cast, 0)),
        .author = cast_author(cast, 0),
        .scope = "",
    };

    (void)ctx;
    return daf_progressbook_read(&progress_book, &q, writes, subject, lines,
                                 DAF_APISERVER_LINES_MAX);
}

static void status(void *ctx, struct daf_apiserver_status *out)
{
    (void)ctx;
    out->records = 0;
}

/* ---- the program */

static void before_wait(void *ctx)
{
    (void)ctx;
    daf_apiserver_flush(server);
}

static void on_signal(void *ctx, int signal)
{
    (void)ctx;
    (void)signal;
    daf_loop_stop(loop);
}

int main(int argc, char **argv)
{
    static const struct daf_apiserver_ops ops = {
        .status = status,
        .write = write_one,
        .progress = progress,
        .library = library,
        .library_item = library_item,
        .content_files = content_files,
        .content_open = content_open,
    };
    struct daf_addr addr = {"127.0.0.1:0"};
    char url[DAF_WEB_URL_BYTES];
    struct daf_webhost *web = NULL;
    struct daf_home home;
    int fd;

    if (sodium_init() < 0) return 1;
    if (argc == 2 && strcmp(argv[1], "--as-web") == 0) return daf_web_main(3);
    if (argc < 3) return 2;
    home_dir = argv[1];
    folder = argv[2];
    if (argc > 3) (void)snprintf(addr.text, sizeof(addr.text), "%s", argv[3]);
    fd = daf_webhost_listen(&addr);
    if (fd < 0 || daf_home_make(home_dir, &home, NULL) != DAF_OK ||
        daf_loop_new(&loop) != DAF_OK ||
        daf_loop_signals(loop, on_signal, NULL) != DAF_OK)
        return 1;
    cast = cast_new(1, false);
    if (daf_apiserver_new(&home, loop, cast_agent(cast, 0), &ops, &server,
                          NULL) != DAF_OK ||
        daf_webhost_new(loop, server, &fd, 1, NULL, &web) != DAF_OK)
        return 1;
    daf_webhost_enter_url(web, 0, url);
    (void)printf("%s\n", url);
    (void)fflush(stdout);
    if (daf_loop_run(loop, before_wait, NULL) != DAF_OK) return 1;
    daf_webhost_free(web);
    daf_progressbook_free(&progress_book);
    daf_apiserver_free(server);
    cast_free(cast);
    daf_loop_free(loop);
    daf_home_unload(&home);
    return 0;
}
