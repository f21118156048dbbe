/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world/trace.h"
#include "tests/lib/t.h"
#include "tests/lib/tmpdir.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

static char *dir;
static char path[300];

static int setup(void **state)
{
    (void)state;
    dir = daf_tmpdir_new();
    assert_non_null(dir);
    snprintf(path, sizeof path, "%s/trace", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    daf_tmpdir_free(dir);
    return 0;
}

static void put(const char *text, size_t len)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static struct daf_trace *read_text(const char *text)
{
    struct daf_trace *t = NULL;
    char why[DAF_TRACE_WHY_BYTES];

    put(text, strlen(text));
    enum daf_err err = daf_trace_open(path, 0, NULL, NULL, &t, why);
    if (err != DAF_OK) fail_msg("%s", why);
    return t;
}

/* "0 up 1 2; 20 down 1 2; 30 make 1 2 500" */
static const char *told(struct daf_trace *t)
{
    static char out[2000];
    static const char *const words[] = {"up", "down", "make"};
    struct daf_trace_event ev;
    size_t at = 0;
    enum daf_err err;

    out[0] = '\0';
    while ((err = daf_trace_next(t, &ev)) == DAF_OK) {
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%g %s %u %u",
                               at == 0 ? "" : "; ", (double)ev.at / 1e6,
                               words[ev.kind], ev.a, ev.b);
        if (ev.kind == DAF_TRACE_CREATE)
            at += (size_t)snprintf(out + at, sizeof out - at, " %u", ev.bytes);
        assert_true(at < sizeof out);
    }
    assert_int_equal(err, DAF_ENOTFOUND);
    return out;
}

static void refused(const char *text, const char *why_expected)
{
    struct daf_trace *t = NULL;
    char why[DAF_TRACE_WHY_BYTES];

    put(text, strlen(text));
    assert_int_equal(daf_trace_open(path, 100, NULL, NULL, &t, why), DAF_EFORM);
    assert_null(t);
    if (strstr(why, why_expected) == NULL)
        fail_msg("'%s' does not say '%s'", why, why_expected);
}

static void the_ones_events_are_read(void **state)
{
    struct daf_trace *t = read_text("# a comment\n"
                                    "0 CONN n1 p2 up\r\n"
                                    "\n"
                                    "20.5 CONN 1 2 down\n"
                                    "20.5 S M1 1 2\n"
                                    "30 C M1 7 0 500\n"
                                    "30 C M2 0 7 600 20\n");
    const struct daf_trace_facts *f = daf_trace_facts(t);

    (void)state;
    assert_string_equal(told(t), "0 up 1 2; 20.5 down 1 2; 30 make 7 0 500; "
                                 "30 make 0 7 600");
    assert_string_equal(f->format, "one");
    assert_int_equal(f->nodes, 8);
    assert_int_equal(f->ups, 1);
    assert_int_equal(f->downs, 1);
    assert_int_equal(f->creations, 2);
    assert_int_equal(f->skipped, 1);
    assert_int_equal(f->end, 30 * DAF_SIM_S);
    assert_int_equal(daf_trace_rewind(t), DAF_OK);
    assert_int_equal(strncmp(told(t), "0 up 1 2; ", 10), 0);
    assert_int_equal(f->skipped, 1);
    daf_trace_close(t);
}

/* 100 to 140 without a gap is one contact; another pair begins meanwhile; after a
 * gap it is a new contact.  Names become numbers: 17, 300, 4000000 are 0, 1, 2. */
static void steps_of_sociopatterns_become_contacts(void **state)
{
    struct daf_trace *t = read_text("100 300 17 A B\n"
                                    "120 17 300 A B\n"
                                    "120 4000000 300\n"
                                    "120 300 4000000\n"
                                    "140 300 17\n"
                                    "200 300 17\n");

    (void)state;
    assert_string_equal(daf_trace_facts(t)->format, "sociopatterns");
    assert_int_equal(daf_trace_facts(t)->nodes, 3);
    assert_string_equal(told(t), "0 up 0 1; 20 up 1 2; 40 down 1 2; "
                                 "60 down 0 1; 100 up 0 1; 120 down 0 1");
    assert_int_equal(daf_trace_facts(t)->ups, 3);
    assert_int_equal(daf_trace_facts(t)->end, 120 * DAF_SIM_S);
    assert_int_equal(daf_trace_rewind(t), DAF_OK);
    assert_string_equal(told(t), "0 up 0 1; 20 up 1 2; 40 down 1 2; "
                                 "60 down 0 1; 100 up 0 1; 120 down 0 1");
    daf_trace_close(t);
}

static void many_names_are_numbered_in_their_order(void **state)
{
    static char text[200000];
    size_t at = 0;
    struct daf_trace_event ev;

    (void)state;
    for (unsigned i = 0; i < 5000; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%u %u %u\n",
                               i * 100, 70000 - i, 90000 + i % 7);
    struct daf_trace *t = read_text(text);
    assert_int_equal(daf_trace_facts(t)->nodes, 5007);
    assert_int_equal(daf_trace_next(t, &ev), DAF_OK);
    assert_int_equal(ev.a, 4999);
    assert_int_equal(ev.b, 5000);
    daf_trace_close(t);
}

static void a_packed_file_is_read_and_a_torn_one_refused(void **state)
{
    const char *text = "0 CONN 1 2 up\n9 CONN 1 2 down\n";
    struct daf_trace *t = NULL;
    char why[DAF_TRACE_WHY_BYTES];
    char bytes[200];

    (void)state;
    gzFile gz = gzopen(path, "wbe");
    assert_non_null(gz);
    assert_true(gzputs(gz, text) > 0);
    assert_int_equal(gzclose(gz), Z_OK);
    assert_int_equal(daf_trace_open(path, 0, NULL, NULL, &t, why), DAF_OK);
    assert_string_equal(told(t), "0 up 1 2; 9 down 1 2");
    daf_trace_close(t);

    FILE *f = fopen(path, "re");
    assert_non_null(f);
    size_t len = fread(bytes, 1, sizeof bytes, f);
    assert_int_equal(fclose(f), 0);
    put(bytes, len - 6);
    assert_int_equal(daf_trace_open(path, 0, NULL, NULL, &t, why), DAF_EIO);
    assert_non_null(strstr(why, "cut short after line"));
}

/* Packed lines that go on for longer than what is read at a time. */
static size_t pack_many(char *out, size_t room)
{
    gzFile gz = gzopen(path, "wbe");

    assert_non_null(gz);
    for (unsigned i = 0; i < 20000; i++)
        assert_true(gzprintf(gz, "%u CONN %u %u %s\n", i, i * 7919 % 50,
                             50 + i * 104729 % 50,
                             i % 2 == 0 ? "up" : "down") > 0);
    assert_int_equal(gzclose(gz), Z_OK);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    size_t len = fread(out, 1, room, f);
    assert_int_equal(fclose(f), 0);
    assert_true(len > 1000 && len < room);
    return len;
}

/* Wherever it is cut, or a byte is another, the line there is not to blame. */
static void damage_of_a_packed_file_is_no_fault_of_its_lines(void **state)
{
    static char good[400000], bytes[400000];
    char why[DAF_TRACE_WHY_BYTES];
    struct daf_trace *t = NULL;
    size_t len = pack_many(good, sizeof good);

    (void)state;
    for (size_t part = 1; part < 20; part++) {
        put(good, len * part / 20);
        assert_int_equal(daf_trace_open(path, 0, NULL, NULL, &t, why), DAF_EIO);
        if (strstr(why, "cut short") == NULL) fail_msg("cut: %s", why);
        memcpy(bytes, good, len);
        bytes[len * part / 20] ^= 0x55;
        put(bytes, len);
        assert_int_equal(daf_trace_open(path, 0, NULL, NULL, &t, why), DAF_EIO);
        if (strstr(why, "packed file") == NULL) fail_msg("damaged: %s", why);
    }
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
    char text[700];

    (void)state;
    refused("5 CONN 1 2 up\n4 CONN 1 2 down\n", "line 2: time goes backwards");
    refused("0 CONN 1 100 up\n", "line 1: '100' is no device: its number must "
                                 "be below 100");
    refused("0 CONN 1 99999999999999999999 up\n", "is no device");
    refused("0 CONN 1 -2 up\n", "'-2' is no device");
    refused("0 CONN 1 1 up\n", "line 1: a device meets itself");
    refused("0 CONN 1 2 sideways\n", "'up' or 'down'");
    refused("0 CONN 1 2\n", "time CONN a b up|down");
    refused("0 C M1 1 2\n", "time C name from to bytes");
    refused("0 C M1 1 2 9999999999\n", "2147483647");
    refused("0 CONN 1 2 up\nx CONN 1 2 down\n", "line 2: it does not begin");
    refused("0 CONN 1 2 up\n1 HUM 1 2\n", "line 2: neither a contact");
    refused("0 CONN 1 2 up\n1\n", "line 2: neither a contact");
    refused("hello\n", "neither The ONE's events");
    refused("0 1 2\n10 3\n", "line 2: a contact is: time a b");
    refused("0 4 4\n", "a device meets itself");
    memset(text, '7', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refused(text, "line 1: longer than");
}

static void too_many_names_are_refused(void **state)
{
    char text[4000];
    size_t at = 0;

    (void)state;
    for (unsigned i = 0; i < 101; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%u 0 %u\n", i,
                               1000 + i);
    refused(text, "it has 102 devices, and at most 100 are wanted");
}

static void what_is_odd_is_handed_out_and_counted(void **state)
{
    struct daf_trace *t = read_text("0 CONN 1 2 up\n"
                                    "1 CONN 2 1 up\n"
                                    "2 CONN 1 2 up\n"
                                    "3 CONN 1 2 down\n"
                                    "4 CONN 1 2 down\n"
                                    "5 CONN 1 2 up\n"
                                    "6 C M1 3 3 5\n"
                                    "7 C M2 3 1 50\n"
                                    "8 C M1 1 3 5\n");
    const struct daf_trace_facts *f = daf_trace_facts(t);
    static const struct daf_trace_odds odds[DAF_TRACE_ODDS] = {
        [DAF_TRACE_TO_ITSELF] = {1, 7},
        [DAF_TRACE_SAME_NAME] = {1, 9},
        [DAF_TRACE_UP_TWICE] = {2, 2},
        [DAF_TRACE_DOWN_ALONE] = {1, 5}};

    (void)state;
    for (unsigned twice = 0; twice < 2; twice++) {
        assert_string_equal(told(t),
                            "0 up 1 2; 1 up 2 1; 2 up 1 2; 3 down 1 2; "
                            "4 down 1 2; 5 up 1 2; 6 make 3 3 5; "
                            "7 make 3 1 50; 8 make 1 3 5");
        assert_memory_equal(f->odds, odds, sizeof odds);
        assert_int_equal(daf_trace_rewind(t), DAF_OK);
    }
    assert_int_equal(f->bytes_max, 50);
    daf_trace_close(t);
}

/* All that a long trace may cost: 2 GB have a hundred million messages. */
static void only_the_first_million_names_of_messages_are_remembered(
    void **state)
{
    const unsigned most = 1u << 20;
    struct daf_trace *t = NULL;
    char why[DAF_TRACE_WHY_BYTES];
    FILE *f = fopen(path, "we");

    (void)state;
    assert_non_null(f);
    for (unsigned i = 0; i < most; i++)
        fprintf(f, "0 C M%u 1 2 5\n", i);
    fprintf(f,
            "1 C late 1 2 5\n2 C late 1 2 5\n"
            "3 C M0 1 2 5\n4 C M%u 1 2 5\n",
            most - 1);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(daf_trace_open(path, 0, NULL, NULL, &t, why), DAF_OK);
    const struct daf_trace_facts *facts = daf_trace_facts(t);
    assert_int_equal(facts->creations, most + 4);
    assert_int_equal(facts->odds[DAF_TRACE_SAME_NAME].count, 2);
    assert_int_equal(facts->odds[DAF_TRACE_SAME_NAME].first_line, most + 3);
    daf_trace_close(t);
}

static void an_empty_file_has_nothing(void **state)
{
    struct daf_trace *t = read_text("# nothing\n");

    (void)state;
    assert_string_equal(told(t), "");
    assert_int_equal(daf_trace_facts(t)->nodes, 0);
    daf_trace_close(t);
}

static void what_cannot_be_read_twice_is_refused(void **state)
{
    struct daf_trace *t = NULL;
    char why[DAF_TRACE_WHY_BYTES];

    (void)state;
    assert_int_equal(daf_trace_open(dir, 0, NULL, NULL, &t, why), DAF_EIO);
    assert_int_equal(daf_trace_open("/nowhere/at/all", 0, NULL, NULL, &t, why),
                     DAF_EIO);
    assert_non_null(strstr(why, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ones_events_are_read),
        cmocka_unit_test(steps_of_sociopatterns_become_contacts),
        cmocka_unit_test(many_names_are_numbered_in_their_order),
        cmocka_unit_test(a_packed_file_is_read_and_a_torn_one_refused),
        cmocka_unit_test(damage_of_a_packed_file_is_no_fault_of_its_lines),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(too_many_names_are_refused),
        cmocka_unit_test(what_is_odd_is_handed_out_and_counted),
        cmocka_unit_test(
            only_the_first_million_names_of_messages_are_remembered),
        cmocka_unit_test(an_empty_file_has_nothing),
        cmocka_unit_test(what_cannot_be_read_twice_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
