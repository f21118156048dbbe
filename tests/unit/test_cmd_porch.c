/* SPDX-License-Identifier: Apache-2.0 */
/* The enrol commands that ask the daemon.  The test is the daemon: it answers with
 * the lines it was given; mesh/enrol.sh has a real one. */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "tests/lib/homes.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S 50 /* a command that never asks */

static pid_t daemon_id;

/* One request, and what is answered. */
static void answer_one(int fd, FILE *asked, const char *answer)
{
    int conn = accept(fd, NULL, NULL);
    char c = '\0';

    while (c != '\n' && read(conn, &c, 1) == 1)
        (void)fputc(c, asked);
    (void)fflush(asked);
    if (write(conn, answer, strlen(answer)) < 0) _exit(1);
    (void)close(conn);
}

/* A daemon on home A that answers so many requests; what they were is in the file
 * "asked". */
static void answers(const char *const lines[], size_t count)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    FILE *asked = fopen(daf_homes_in("asked"), "w");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_non_null(asked);
    (void)mkdir(daf_homes_in("A/run"), 0700);
    assert_true(strlen(daf_homes_in("A/run/control")) <
                sizeof(address.sun_path));
    memcpy(address.sun_path, daf_homes_in("A/run/control"),
           strlen(daf_homes_in("A/run/control")));
    (void)unlink(address.sun_path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                          sizeof(address)),
                     0);
    assert_int_equal(listen(fd, 4), 0);
    daemon_id = fork();
    assert_true(daemon_id >= 0);
    if (daemon_id == 0) {
        (void)alarm(LIMIT_S);
        for (size_t i = 0; i < count; i++)
            answer_one(fd, asked, lines[i]);
        _exit(0);
    }
    (void)close(fd);
    (void)fclose(asked);
}

static void answers_one(const char *lines)
{
    answers(&lines, 1);
}

static int setup(void **state)
{
    if (daf_homes_setup(state) != 0) return -1;
    daf_homes_create("A");
    return 0;
}

static int teardown(void **state)
{
    if (daemon_id > 0) {
        (void)kill(daemon_id, SIGKILL);
        (void)waitpid(daemon_id, NULL, 0);
    }
    daemon_id = 0;
    return daf_homes_teardown(state);
}

/* The answer that was given is used up: another may be prepared. */
static struct daf_ran ran(const char *line)
{
    struct daf_ran r = daf_ran_words(line, "--home", daf_homes_in("A"), NULL);

    (void)waitpid(daemon_id, NULL, 0);
    daemon_id = 0;
    return r;
}

/* ---- open */

#define OPENED(address)                                             \
    "{\"ticket\":\"DAFTAR1:AB\",\"code\":\"AB\",\"expires_s\":600," \
    "\"address\":\"" address "\",\"exit\":0}\n"

static void a_ticket_that_says_no_address_is_warned_of(void **state)
{
    struct daf_ran r;
    json_t *o;

    (void)state;
    answers_one(OPENED(""));
    r = ran("enrol open --json");
    assert_int_equal(r.code, DAF_EXIT_DONE);
    assert_non_null(strstr(r.err, "no network address"));
    assert_non_null(strstr(r.err, "To do: "));
    o = daf_ran_json(r.out, 0);
    assert_string_equal(json_string_value(json_object_get(o, "address")), "");
    json_decref(o);
    answers_one(OPENED("192.0.2.7:5672"));
    daf_homes_ok(ran("enrol open"));
}

/* ---- list */

#define PORCH                                                  \
    "{\"used\":false,\"expires_s\":500,\"scope\":\"class:1\"," \
    "\"right\":\"append\",\"exit\":0}\n"
#define GUEST(request)                                                      \
    "{\"id\":\"abcdef0123456789\",\"digits\":\"123456\",\"author\":\"00\"," \
    "\"since_s\":1,\"state\":\"waiting\",\"request\":\"" request "\"}\n"

static void if_nobody_asks_the_list_tells_of_the_porch(void **state)
{
    struct daf_ran r;
    json_t *o;

    (void)state;
    answers_one(PORCH);
    r = ran("enrol list --json");
    daf_homes_ok(r);
    assert_int_equal(daf_ran_lines(r.out), 1);
    o = daf_ran_json(r.out, 0);
    assert_int_equal(json_object_size(o), 4);
    assert_true(json_is_false(json_object_get(o, "used")));
    assert_int_equal(json_integer_value(json_object_get(o, "expires_s")), 500);
    assert_string_equal(json_string_value(json_object_get(o, "scope")),
                        "class:1");
    assert_string_equal(json_string_value(json_object_get(o, "right")),
                        "append");
    json_decref(o);
    answers_one(GUEST("") PORCH);
    r = ran("enrol list --json");
    daf_homes_ok(r);
    assert_int_equal(daf_ran_lines(r.out), 1);
    o = daf_ran_json(r.out, 0);
    assert_string_equal(json_string_value(json_object_get(o, "id")),
                        "abcdef0123456789");
    assert_int_equal(json_integer_value(json_object_get(o, "expires_s")), 500);
    json_decref(o);
}

/* ---- decline */

static void an_id_may_be_typed_in_capitals(void **state)
{
    char guest[1024], hex[2 * DAF_REQUEST_BYTES_MAX + 1];
    const char *const lines[] = {guest, "{\"exit\":0}\n"};
    uint8_t *bytes;
    size_t len;

    (void)state;
    daf_homes_request("B", "r");
    bytes = daf_homes_slurp(daf_homes_in("r"), &len);
    (void)snprintf(guest, sizeof(guest), GUEST("%s") PORCH,
                   daf_cmd_hex_str(bytes, len, hex));
    free(bytes);
    answers(lines, 2);
    daf_homes_ok(ran("enrol decline ABCDEF01"));
    bytes = daf_homes_slurp(daf_homes_in("asked"), &len);
    assert_non_null(
        memmem(bytes, len, "abcdef0123456789", strlen("abcdef0123456789")));
    free(bytes);
    answers_one(guest);
    assert_int_equal(ran("enrol decline ABCDEF02").code, DAF_EXIT_FAILED);
}

/* ---- close */

static bool was_open(struct daf_ran r)
{
    json_t *o = daf_ran_json(r.out, 0);
    bool is = json_is_true(json_object_get(o, "was_open"));

    daf_homes_ok(r);
    assert_true(json_is_true(json_object_get(o, "closed")));
    json_decref(o);
    return is;
}

static void closing_what_is_not_open_is_no_failure(void **state)
{
    static const char nothing[] =
        "{\"exit\":1,\"error\":\"no porch is open\",\"code\":\"not-found\"}\n";
    struct daf_ran r;

    (void)state;
    answers_one(nothing);
    r = ran("enrol close");
    daf_homes_ok(r);
    assert_string_equal(r.out, "No enrolment was open.\n");
    answers_one(nothing);
    assert_false(was_open(ran("enrol close --json")));
    answers_one("{\"exit\":0}\n");
    assert_true(was_open(ran("enrol close --json")));
    answers_one("{\"exit\":1,\"error\":\"other words\",\"code\":\"io\"}\n");
    r = ran("enrol close");
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.err, "other words"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_ticket_that_says_no_address_is_warned_of),
        T(if_nobody_asks_the_list_tells_of_the_porch),
        T(an_id_may_be_typed_in_capitals),
        T(closing_what_is_not_open_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
