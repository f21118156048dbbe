/* SPDX-License-Identifier: Apache-2.0 */

/* What the web process may ask, by its own end of a socket pair: the server's
 * turn, then web's, until the test has heard enough. */
#include "tests/lib/t.h"

#include "node/apiserver.h"
#include "node/clock.h"
#include "node/learners.h"
#include "tests/lib/cast.h"
#include "tests/lib/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINES_MAX 64
#define ONCE      "00112233445566778899aabbccddeeff"
#define CONTENT \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "ff23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LIBRARY(more) \
    "{\"op\":\"library\",\"languages\":[\"ar\",\"en\"]" more "}"
#define WRITE(more)                                                            \
    "{\"op\":\"write\",\"kind\":\"session\",\"scope\":\"\",\"learner\":\"A\"," \
    "\"did\":[[\"x\",1,2]]" more "}"

static char *tmp;
static struct daf_home home;
static struct daf_loop *loop;
static struct cast *cast;
static struct daf_apiserver *server;
static int web; /* its end */
static char heard[65536];
static size_t heard_len;
static int fds[8];
static size_t fds_count, wanted, wanted_writes, wanted_opens;
static struct daf_write last_write;
static size_t writes, opens;
static uint64_t open_ticket;
static struct daf_library_query last_query; /* its languages are gone */

/* ---- the daemon's part */

static void tell_status(void *ctx, struct daf_apiserver_status *out)
{
    (void)ctx;
    out->records = 7;
}

static void take_write(void *ctx, const struct daf_write *write)
{
    (void)ctx;
    last_write = *write;
    writes++;
}

static enum daf_err tell_progress(void *ctx,
                                  const struct daf_subject_id *subject,
                                  json_t *lines)
{
    (void)ctx;
    if (subject->b[0] != 0xa0) return DAF_ENOTFOUND;
    (void)json_array_append_new(lines, json_pack("{ss}", "item", "x"));
    return DAF_OK;
}

static struct daf_learners_entry doubtful;
static struct daf_learners unconfirmed = {.entries = &doubtful};

static const struct daf_learners *tell_unconfirmed(void *ctx)
{
    (void)ctx;
    return &unconfirmed;
}

static enum daf_err tell_library(void *ctx, const struct daf_library_query *q,
                                 struct daf_library_page *page)
{
    (void)ctx;
    last_query = *q;
    (void)json_array_append_new(page->items,
                                json_pack("{ss}", "content", CONTENT));
    page->skipped = 960;
    page->total = 1000;
    return DAF_OK;
}

static enum daf_err tell_item(void *ctx, const struct daf_library_query *q,
                              const struct daf_hash *content, json_t **out)
{
    (void)ctx;
    last_query = *q;
    if (content->b[0] != 0x01) return DAF_ENOTFOUND;
    *out = json_pack("{ss}", "content", CONTENT);
    return DAF_OK;
}

static void take_open(void *ctx, uint64_t ticket,
                      const struct daf_hash *content, const char *path)
{
    (void)ctx;
    assert_int_equal(content->b[0], 0x01);
    assert_string_equal(path, "a/b.html");
    open_ticket = ticket;
    opens++;
}

/* ---- web's part */

static int setup(void **state)
{
    static const struct daf_apiserver_ops ops = {.status = tell_status,
                                                 .write = take_write,
                                                 .progress = tell_progress,
                                                 .unconfirmed =
                                                     tell_unconfirmed,
                                                 .library = tell_library,
                                                 .library_item = tell_item,
                                                 .content_open = take_open};
    char dir[512];
    int pair[2];

    (void)state;
    heard_len = fds_count = writes = opens = 0;
    wanted_writes = wanted_opens = 0;
    tmp = daf_tmpdir_new();
    assert_non_null(tmp);
    (void)snprintf(dir, sizeof(dir), "%s/home", tmp);
    assert_int_equal(daf_home_make(dir, &home, NULL), DAF_OK);
    assert_int_equal(daf_loop_new(&loop), DAF_OK);
    cast = cast_new(1, false);
    cast_learn(cast, 0, "Kite Example", "fractions/01", 800000);
    cast_run(cast, 10);
    assert_int_equal(daf_apiserver_new(&home, loop, cast_agent(cast, 0), &ops,
                                       &server, NULL),
                     DAF_OK);
    assert_int_equal(socketpair(AF_UNIX,
                                SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                                pair),
                     0);
    web = pair[1];
    assert_true(daf_apiserver_adopt(server, pair[0], NULL, 0));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)close(web);
    for (size_t i = 0; i < fds_count; i++)
        (void)close(fds[i]);
    daf_apiserver_free(server);
    cast_free(cast);
    daf_loop_free(loop);
    daf_home_unload(&home);
    daf_tmpdir_free(tmp);
    return 0;
}

/* One message; its descriptors go with its first byte. */
static bool hear(void)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec part = {heard + heard_len, sizeof(heard) - heard_len};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof(control.room)};
    ssize_t n = recvmsg(web, &m, MSG_DONTWAIT);

    if (n <= 0) return false;
    heard_len += (size_t)n;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL;
         c = CMSG_NXTHDR(&m, c)) {
        assert_int_equal(c->cmsg_len, CMSG_LEN(sizeof(int)));
        memcpy(&fds[fds_count++], CMSG_DATA(c), sizeof(int));
    }
    return true;
}

static size_t lines(void)
{
    size_t n = 0;

    for (size_t i = 0; i < heard_len; i++)
        n += heard[i] == '\n' ? 1 : 0;
    return n;
}

static void before_wait(void *ctx)
{
    (void)ctx;
    daf_apiserver_flush(server);
    while (hear())
        continue;
    if (lines() >= wanted && writes >= wanted_writes && opens >= wanted_opens)
        daf_loop_stop(loop);
}

static void until_lines(size_t count)
{
    wanted = count;
    assert_int_equal(daf_loop_run(loop, before_wait, NULL), DAF_OK);
}

static void until_writes(size_t count)
{
    wanted_writes = count;
    until_lines(0);
}

static void until_opens(size_t count)
{
    wanted_opens = count;
    until_lines(0);
}

static void ask(const char *text)
{
    assert_int_equal(send(web, text, strlen(text), 0), strlen(text));
    assert_int_equal(send(web, "\n", 1, 0), 1);
}

static json_t *line(size_t at)
{
    const char *p = heard;
    json_t *o;

    for (; at > 0; at--)
        p = strchr(p, '\n') + 1;
    o = json_loadb(p, (size_t)(strchr(p, '\n') - p), 0, NULL);
    assert_non_null(o);
    return o;
}

static void assert_code(size_t at, const char *code)
{
    json_t *o = line(at);
    const char *got = json_string_value(json_object_get(o, "code"));

    assert_string_equal(got != NULL ? got : "", code);
    json_decref(o);
}

static void wrote(uint64_t ticket, enum daf_err err)
{
    struct daf_wrote w = {.ticket = ticket, .err = err};

    memset(&w.record, 0xab, sizeof(w.record));
    daf_apiserver_wrote(server, &w);
}

/* ---- tests */

static void web_may_not_ask_for_more_than_pages_show(void **state)
{
    static const char *const others[] = {"status",      "peers",
                                         "repair",      "enrol-open",
                                         "enrol-list",  "enrol-accept",
                                         "enrol-close", "nonsense"};
    char text[64];

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        (void)snprintf(text, sizeof(text), "{\"op\":\"%s\"}", others[i]);
        ask(text);
    }
    ask("{\"op\":\"write\",\"kind\":\"control\",\"payload\":\"c0\"}");
    until_lines(9);
    for (size_t i = 0; i < 8; i++)
        assert_code(i, "denied");
    assert_code(8, "usage");
    assert_int_equal(writes, 0);
}

static void the_library_is_told_by_the_page(void **state)
{
    json_t *o;

    (void)state;
    ask(LIBRARY(",\"after\":\"" CONTENT "\""));
    until_lines(1);
    o = line(0);
    assert_int_equal(json_array_size(json_object_get(o, "items")), 1);
    assert_int_equal(json_integer_value(json_object_get(o, "skipped")), 960);
    assert_int_equal(json_integer_value(json_object_get(o, "total")), 1000);
    json_decref(o);
    assert_int_equal(last_query.from, DAF_LIBRARY_AFTER);
    assert_int_equal(last_query.at.b[31], 0xef);
    assert_int_equal(last_query.languages_count, 2);
    ask(LIBRARY(",\"before\":\"" CONTENT "\""));
    until_lines(2);
    assert_int_equal(last_query.from, DAF_LIBRARY_BEFORE);
    ask(LIBRARY(""));
    until_lines(3);
    assert_int_equal(last_query.from, DAF_LIBRARY_START);
}

static void a_cursor_that_is_none_is_refused(void **state)
{
    static const char *const requests[] = {
        LIBRARY(",\"after\":\"\""),
        LIBRARY(",\"after\":\"" CONTENT "00\""),
        LIBRARY(",\"after\":\"zz" CONTENT "\""),
        LIBRARY(",\"before\":7"),
        LIBRARY(",\"before\":[\"" CONTENT "\"]"),
        LIBRARY(",\"after\":\"" CONTENT "\",\"before\":\"" CONTENT "\""),
        "{\"op\":\"library\"}",
        "{\"op\":\"library\",\"languages\":\"ar\"}",
        "{\"op\":\"library\",\"languages\":[7]}",
        ("{\"op\":\"library\",\"languages\":[\"\",\"\",\"\",\"\",\"\",\"\","
         "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}"),
    };
    const size_t count = sizeof(requests) / sizeof(requests[0]);

    (void)state;
    for (size_t i = 0; i < count; i++)
        ask(requests[i]);
    until_lines(count);
    for (size_t i = 0; i < count; i++)
        assert_code(i, "usage");
}

static void one_item_of_the_library_is_told(void **state)
{
    json_t *o;

    (void)state;
    ask("{\"op\":\"library-item\",\"content\":\"" CONTENT
        "\",\"languages\":[\"ar\"]}");
    ask("{\"op\":\"library-item\",\"content\":\"ff" CONTENT
        "\",\"languages\":[]}");
    ask("{\"op\":\"library-item\",\"content\":\"" OTHER "\",\"languages\":[]}");
    until_lines(3);
    o = line(0);
    assert_string_equal(json_string_value(
                            json_object_get(json_object_get(o, "item"),
                                            "content")),
                        CONTENT);
    json_decref(o);
    assert_code(1, "usage");
    assert_code(2, "not-found");
}

static void learners_and_what_they_did_are_told(void **state)
{
    json_t *o, *list;

    (void)state;
    ask("{\"op\":\"learners\"}");
    ask("{\"op\":\"progress\",\"subject\":"
        "\"a0000000000000000000000000000000\"}");
    ask("{\"op\":\"progress\",\"subject\":"
        "\"b0000000000000000000000000000000\"}");
    ask("{\"op\":\"progress\",\"subject\":\"Kite Example\"}");
    until_lines(4);
    o = line(0);
    list = json_object_get(o, "learners");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(
                            json_object_get(json_array_get(list, 0), "name")),
                        "Kite Example");
    json_decref(o);
    o = line(1);
    assert_int_equal(json_array_size(json_object_get(o, "lines")), 1);
    json_decref(o);
    assert_code(2, daf_err_name(DAF_ENOTFOUND));
    assert_code(3, "usage");
}

static bool is_first_confirmed(size_t index)
{
    json_t *o = line(index);
    bool is = json_is_true(
        json_object_get(json_array_get(json_object_get(o, "learners"), 0),
                        "confirmed"));

    json_decref(o);
    return is;
}

static void whom_only_a_revoked_device_registered_is_told_as_that(void **state)
{
    struct daf_learner l;

    (void)state;
    ask("{\"op\":\"learners\"}");
    until_lines(1);
    assert_true(is_first_confirmed(0));
    assert_true(
        daf_camp_learner_at(daf_agent_camp(cast_agent(cast, 0)), 0, &l));
    doubtful = (struct daf_learners_entry){l.scope, l.subject, false};
    unconfirmed.count = 1;
    ask("{\"op\":\"learners\"}");
    until_lines(2);
    unconfirmed.count = 0;
    assert_false(is_first_confirmed(1));
}

static void the_status_for_pages_has_no_address_and_no_whole_key(void **state)
{
    json_t *o;

    (void)state;
    ask("{\"op\":\"web-status\"}");
    until_lines(1);
    o = line(0);
    assert_int_equal(json_string_length(json_object_get(o, "author")), 8);
    assert_int_equal(json_integer_value(json_object_get(o, "records")), 7);
    assert_null(json_object_get(o, "endpoint"));
    json_decref(o);
}

static void a_learner_may_have_no_name(void **state)
{
    json_t *o;

    (void)state;
    ask("{\"op\":\"write\",\"kind\":\"learner\",\"scope\":\"\",\"learner\":"
        "\"\"}");
    ask("{\"op\":\"write\",\"kind\":\"learner\",\"scope\":\"\",\"learner\":"
        "\"a\\u0007\"}");
    ask("{\"op\":\"learners\"}");
    until_writes(1);
    assert_int_equal(last_write.kind, DAF_WRITE_LEARNER);
    assert_int_equal(last_write.learner.len, 0);
    wrote(last_write.ticket, DAF_OK);
    until_lines(3);
    o = line(0);
    assert_true(json_is_true(json_object_get(o, "durable")));
    json_decref(o);
    assert_code(1, "usage");
    assert_int_equal(writes, 1);
}

static void what_comes_twice_is_written_once(void **state)
{
    uint64_t first;

    (void)state;
    ask(WRITE(",\"once\":\"" ONCE "\""));
    ask(WRITE(",\"once\":\"" ONCE "\""));
    ask("{\"op\":\"web-status\"}"); /* so that both were read */
    until_writes(1);
    first = last_write.ticket;
    wrote(first, DAF_OK);
    until_lines(3);
    ask(WRITE(",\"once\":\"" ONCE "\""));
    until_lines(4);
    assert_int_equal(writes, 1);
    for (size_t i = 0; i < 4; i++) {
        json_t *o = line(i);

        if (i != 2) assert_true(json_is_true(json_object_get(o, "durable")));
        json_decref(o);
    }
}

static void what_failed_may_be_tried_again(void **state)
{
    (void)state;
    ask(WRITE(",\"once\":\"" ONCE "\""));
    until_writes(1);
    wrote(last_write.ticket, DAF_EFULL);
    until_lines(1);
    assert_code(0, daf_err_name(DAF_EFULL));
    ask(WRITE(",\"once\":\"" ONCE "\""));
    until_writes(2);
    wrote(last_write.ticket, DAF_OK);
    until_lines(2);
    ask(WRITE(",\"once\":\"short\""));
    until_lines(3);
    assert_code(2, "usage");
}

static void a_file_comes_with_its_line(void **state)
{
    char path[512], byte = 0;
    int fd;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/file", tmp);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "x", 1), 1);
    ask(LIBRARY(""));
    ask("{\"op\":\"content-open\",\"content\":\"" CONTENT
        "\",\"path\":\"a/b.html\"}");
    ask(LIBRARY(""));
    until_opens(1);
    daf_apiserver_content_opened(server, open_ticket, DAF_OK, fd, 1);
    until_lines(3);
    assert_int_equal(fds_count, 1);
    assert_int_equal(pread(fds[0], &byte, 1, 0), 1);
    assert_int_equal(byte, 'x');
    /* The server's is closed; its number may be the new one's. */
    assert_true(fds[0] == fd || fcntl(fd, F_GETFD) == -1);
}

static void a_file_that_is_not_there_comes_without(void **state)
{
    (void)state;
    ask("{\"op\":\"content-open\",\"content\":\"" CONTENT
        "\",\"path\":\"a/b.html\"}");
    until_opens(1);
    daf_apiserver_content_opened(server, open_ticket, DAF_ENOTFOUND, -1, 0);
    ask("{\"op\":\"content-open\",\"content\":\"7\",\"path\":\"a\"}");
    ask("{\"op\":\"content-open\",\"content\":\"" CONTENT "\",\"path\":\"\"}");
    ask("{\"op\":\"content-files\",\"content\":\"" CONTENT "\"}");
    until_lines(4);
    assert_code(0, daf_err_name(DAF_ENOTFOUND));
    assert_code(1, "usage");
    assert_code(2, "usage");
    assert_code(3, daf_err_name(DAF_ENOTFOUND));
    assert_int_equal(fds_count, 0);
}

/* Who asked has left: its descriptor is not kept. */
static void a_file_for_nobody_is_closed(void **state)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    daf_apiserver_content_opened(server, 4711, DAF_OK, fd, 0);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void changes_are_numbered_and_told_together(void **state)
{
    json_t *o;
    json_int_t n;

    (void)state;
    daf_apiserver_changed(server, DAF_APISERVER_PEERS);
    ask("{\"op\":\"events\"}");
    /* What changed while nobody listened is told as well. */
    until_lines(2);
    o = line(0);
    n = json_integer_value(json_object_get(o, "n"));
    assert_true(json_is_integer(json_object_get(o, "epoch")));
    json_decref(o);
    for (int i = 0; i < 100; i++)
        daf_apiserver_changed(server,
                              DAF_APISERVER_RECORDS | DAF_APISERVER_CONTENT);
    until_lines(4);
    for (size_t i = 1; i <= 3; i++) {
        o = line(i);
        assert_int_equal(json_integer_value(json_object_get(o, "n")),
                         n + (json_int_t)i);
        assert_string_equal(json_string_value(json_object_get(o, "event")),
                            i == 1   ? "peers"
                            : i == 2 ? "records"
                                     : "content");
        json_decref(o);
    }
    assert_int_equal(lines(), 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(web_may_not_ask_for_more_than_pages_show),
        T(the_library_is_told_by_the_page),
        T(a_cursor_that_is_none_is_refused),
        T(one_item_of_the_library_is_told),
        T(learners_and_what_they_did_are_told),
        T(whom_only_a_revoked_device_registered_is_told_as_that),
        T(the_status_for_pages_has_no_address_and_no_whole_key),
        T(a_learner_may_have_no_name),
        T(what_comes_twice_is_written_once),
        T(what_failed_may_be_tried_again),
        T(a_file_comes_with_its_line),
        T(a_file_that_is_not_there_comes_without),
        T(a_file_for_nobody_is_closed),
        T(changes_are_numbered_and_told_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
