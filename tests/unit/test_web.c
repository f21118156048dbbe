/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts of the web process: its guard, tokens, events, words and the
 * writer of pages.  Paths, ranges and quizzes have programs of their own, and the
 * whole is played by mesh/web.sh. */
#include "tests/lib/t.h"

#include "node/web_events.h"
#include "node/web_guard.h"
#include "node/web_html.h"
#include "node/web_session.h"
#include "node/web_words.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* ---- Host and Origin */

static bool host_ok(const char *host, const char *local)
{
    struct daf_addr addr;

    (void)snprintf(addr.text, sizeof(addr.text), "%s", local);
    return daf_web_guard_host(host, &addr);
}

static void only_its_own_names_are_hosts(void **state)
{
    const char *here = "192.0.2.7:8080";

    (void)state;
    assert_true(host_ok("192.0.2.7:8080", here));
    assert_true(host_ok("127.0.0.1:8080", here));
    assert_true(host_ok("localhost:8080", here));
    assert_true(host_ok("LocalHost:8080", here));
    assert_true(host_ok("[::1]:8080", here));
    assert_true(host_ok("[2001:db8::7]:8080", "[2001:db8::7]:8080"));
}

static void any_other_host_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "evil.example",
        "evil.example:8080",
        "192.0.2.7",
        "192.0.2.7:80",
        "192.0.2.7:08080",
        "192.0.2.7:8080 ",
        "192.0.2.7:8080.evil.example",
        "192.0.2.7.evil.example:8080",
        "192.0.2.70:8080",
        "localhost.:8080",
        "localhost",
        "::1:8080",
        "127.0.0.1:8080,evil",
        "user@127.0.0.1:8080",
        "127.1:8080",
    };

    (void)state;
    assert_false(host_ok(NULL, "192.0.2.7:8080"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (host_ok(wrong[i], "192.0.2.7:8080"))
            fail_msg("\"%s\" passed", wrong[i]);
}

static void port_80_needs_not_be_said(void **state)
{
    (void)state;
    assert_true(host_ok("192.0.2.7", "192.0.2.7:80"));
    assert_true(host_ok("192.0.2.7:80", "192.0.2.7:80"));
    assert_true(host_ok("localhost", "192.0.2.7:80"));
    assert_false(host_ok("192.0.2.7:8080", "192.0.2.7:80"));
}

static void only_its_own_pages_are_an_origin(void **state)
{
    const char *host = "127.0.0.1:8080";

    (void)state;
    assert_true(daf_web_guard_origin("http://127.0.0.1:8080", host));
    assert_false(daf_web_guard_origin(NULL, host));
    assert_false(daf_web_guard_origin("null", host));
    assert_false(daf_web_guard_origin("", host));
    assert_false(daf_web_guard_origin("https://127.0.0.1:8080", host));
    assert_false(daf_web_guard_origin("http://127.0.0.1", host));
    assert_false(daf_web_guard_origin("http://127.0.0.1:80801", host));
    assert_false(daf_web_guard_origin("http://evil.example", host));
    assert_false(daf_web_guard_origin("http://127.0.0.1:8080/", host));
    assert_false(daf_web_guard_origin("http://localhost:8080", host));
}

static void only_a_page_of_this_machine_may_hold_pages(void **state)
{
    (void)state;
    assert_true(daf_web_guard_frame("http://127.0.0.1:8080"));
    assert_true(daf_web_guard_frame("http://127.0.0.1:65535"));
    assert_false(daf_web_guard_frame(""));
    assert_false(daf_web_guard_frame("*"));
    assert_false(daf_web_guard_frame("http://127.0.0.1"));
    assert_false(daf_web_guard_frame("http://127.0.0.1:"));
    assert_false(daf_web_guard_frame("http://127.0.0.1:0"));
    assert_false(daf_web_guard_frame("http://127.0.0.1:080"));
    assert_false(daf_web_guard_frame("http://127.0.0.1:65536"));
    assert_false(daf_web_guard_frame("http://127.0.0.1:8080/"));
    assert_false(daf_web_guard_frame("http://127.0.0.1:8080 *"));
    assert_false(daf_web_guard_frame("http://127.0.0.1:8080; script-src *"));
    assert_false(daf_web_guard_frame("http://localhost:8080"));
    assert_false(daf_web_guard_frame("https://127.0.0.1:8080"));
}

/* ---- sessions and form tokens */

static const uint8_t secret[DAF_WEB_SECRET_BYTES] = {1, 2, 3};
static const uint8_t other[DAF_WEB_SECRET_BYTES] = {3, 2, 1};

static void a_session_is_known_again_and_none_else(void **state)
{
    char cookie[DAF_WEB_SESSION_HEX + 1], second[DAF_WEB_SESSION_HEX + 1];
    struct daf_web_session s;

    (void)state;
    daf_web_session_new(secret, cookie);
    daf_web_session_new(secret, second);
    assert_string_not_equal(cookie, second);
    assert_true(daf_web_session_check(secret, cookie, &s));
    assert_false(daf_web_session_check(other, cookie, &s));
    for (size_t i = 0; i < DAF_WEB_SESSION_HEX; i++) {
        char bent[DAF_WEB_SESSION_HEX + 1];

        memcpy(bent, cookie, sizeof(bent));
        bent[i] = bent[i] == '0' ? '1' : '0';
        assert_false(daf_web_session_check(secret, bent, &s));
    }
    cookie[DAF_WEB_SESSION_HEX - 2] = '\0';
    assert_false(daf_web_session_check(secret, cookie, &s));
    assert_false(daf_web_session_check(secret, "", &s));
    assert_false(daf_web_session_check(secret, NULL, &s));
}

static void a_form_is_of_one_session(void **state)
{
    char token[DAF_WEB_TOKEN_HEX + 1];
    struct daf_web_session mine = {{7}}, yours = {{8}};
    struct daf_web_token t, again;

    (void)state;
    daf_web_token_new(secret, &mine, 123456789, token);
    assert_true(daf_web_token_check(secret, &mine, token, &t));
    assert_true(t.made_ms == 123456789);
    assert_true(daf_web_token_check(secret, &mine, token, &again));
    assert_memory_equal(t.once, again.once, sizeof(t.once));
    assert_false(daf_web_token_check(secret, &yours, token, &t));
    assert_false(daf_web_token_check(other, &mine, token, &t));
    assert_false(daf_web_token_check(secret, &mine, NULL, &t));
    token[5] = token[5] == '0' ? '1' : '0';
    assert_false(daf_web_token_check(secret, &mine, token, &t));
}

static void the_key_is_the_whole_key(void **state)
{
    (void)state;
    assert_true(daf_web_key_check("00ff", "00ff"));
    assert_false(daf_web_key_check("00ff", "00fe"));
    assert_false(daf_web_key_check("00ff", "00f"));
    assert_false(daf_web_key_check("00ff", "00ff0"));
    assert_false(daf_web_key_check("00ff", ""));
    assert_false(daf_web_key_check("00ff", NULL));
}

/* ---- pages */

static void what_is_put_is_escaped(void **state)
{
    struct daf_web_html h = {NULL, 0, 0, false};

    (void)state;
    DAF_WEB_PUT(&h, "<a title=\"%\">%</a>", "\"'><script>", "a & <b>%</b>");
    DAF_WEB_RAW(&h, "<br>");
    assert_false(h.is_full);
    h.p[h.len] = '\0';
    assert_string_equal(h.p, "<a title=\"&quot;&#39;&gt;&lt;script&gt;\">"
                             "a &amp; &lt;b&gt;%&lt;/b&gt;</a><br>");
    daf_web_html_free(&h);
}

static void a_page_has_an_end(void **state)
{
    struct daf_web_html h = {NULL, 0, 0, false};
    static char much[64 * 1024];

    (void)state;
    memset(much, '<', sizeof(much) - 1);
    for (size_t i = 0; i < 64; i++)
        DAF_WEB_PUT(&h, "%", much);
    assert_true(h.is_full);
    assert_true(h.len <= DAF_WEB_HTML_BYTES_MAX);
    daf_web_html_free(&h);
    assert_null(h.p);
}

/* ---- events */

static void expect_next(struct daf_web_events *e, uint64_t *at,
                        const char *want)
{
    char out[DAF_WEB_EVENT_BYTES];

    assert_int_equal(daf_web_events_next(e, at, out), strlen(want));
    assert_memory_equal(out, want, strlen(want));
}

static void whoever_was_away_hears_what_it_missed(void **state)
{
    static struct daf_web_events e;
    char out[DAF_WEB_EVENT_BYTES];
    bool reset;
    uint64_t at;

    (void)state;
    daf_web_events_begin(&e, 5, 10);
    assert_true(daf_web_events_add(&e, "records", 11));
    assert_true(daf_web_events_add(&e, "peers", 12));
    at = daf_web_events_after(&e, "5.10", &reset);
    assert_false(reset);
    expect_next(&e, &at, "id: 5.11\nevent: records\ndata: \n\n");
    expect_next(&e, &at, "id: 5.12\nevent: peers\ndata: \n\n");
    assert_int_equal(daf_web_events_next(&e, &at, out), 0);
    /* A new one hears only what is new. */
    at = daf_web_events_after(&e, NULL, &reset);
    assert_false(reset);
    assert_int_equal(daf_web_events_next(&e, &at, out), 0);
}

static void whoever_was_away_too_long_begins_anew(void **state)
{
    static const char *const ids[] = {"5.9",
                                      "4.11",
                                      "5.13",
                                      "",
                                      "x",
                                      "5",
                                      "5.",
                                      "5.1x",
                                      "-5.11",
                                      "5.-1",
                                      "5.99999999999999999999"};
    static struct daf_web_events e;
    bool reset;

    (void)state;
    daf_web_events_begin(&e, 5, 10);
    assert_true(daf_web_events_add(&e, "records", 11));
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_int_equal(daf_web_events_after(&e, ids[i], &reset), 11);
        assert_true(reset);
    }
}

static void the_last_256_are_kept(void **state)
{
    static struct daf_web_events e;
    char out[DAF_WEB_EVENT_BYTES];
    bool reset;
    uint64_t at, n = 0;

    (void)state;
    daf_web_events_begin(&e, 1, 0);
    for (uint64_t i = 1; i <= 300; i++)
        assert_true(daf_web_events_add(&e, "records", i));
    at = daf_web_events_after(&e, "1.44", &reset);
    assert_false(reset);
    while (daf_web_events_next(&e, &at, out) > 0)
        n++;
    assert_int_equal(n, 256);
    (void)daf_web_events_after(&e, "1.43", &reset);
    assert_true(reset);
    /* One that reads slower than they come. */
    at = 20;
    expect_next(&e, &at, "id: 1.300\nevent: reset\ndata: \n\n");
    assert_int_equal(at, 300);
}

static void an_event_out_of_turn_is_none(void **state)
{
    static struct daf_web_events e;

    (void)state;
    daf_web_events_begin(&e, 1, 0);
    assert_false(daf_web_events_add(&e, "records", 2));
    assert_false(daf_web_events_add(&e, "bad word", 1));
    assert_false(daf_web_events_add(&e, "", 1));
    assert_false(daf_web_events_add(&e, "muchtoolongforakind", 1));
    assert_true(daf_web_events_add(&e, "records", 1));
}

/* ---- words */

static void every_word_is_said_in_every_language(void **state)
{
    (void)state;
    for (size_t t = 0; t < DAF_WEB_TONGUES; t++)
        for (int w = 0; w < DAF_WEB_W_COUNT; w++)
            if (daf_web_word(t, (enum daf_web_word)w) == NULL)
                fail_msg("word %d is missing in %s", w, daf_web_tongue_tag(t));
}

static void a_reader_is_spoken_to_in_her_language(void **state)
{
    const char *both[] = {"fr", "ar-SD", "en"};
    char out[DAF_WEB_NUMBER_BYTES];

    (void)state;
    assert_string_equal(daf_web_tongue_tag(daf_web_tongue(both, 3)), "ar");
    assert_int_equal(daf_web_tongue(NULL, 0), 0);
    assert_string_equal(daf_web_number(daf_web_tongue(both, 3), 305, out),
                        "٣٠٥");
    assert_string_equal(daf_web_number(0, UINT64_MAX, out),
                        "18446744073709551615");
    (void)daf_web_number(1, UINT64_MAX, out);
    assert_string_equal(daf_web_lang_dir("ar-SD"), "rtl");
    assert_string_equal(daf_web_lang_dir("ku-Arab"), "rtl");
    assert_string_equal(daf_web_lang_dir("arn"), "ltr");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_its_own_names_are_hosts),
        cmocka_unit_test(any_other_host_is_refused),
        cmocka_unit_test(port_80_needs_not_be_said),
        cmocka_unit_test(only_its_own_pages_are_an_origin),
        cmocka_unit_test(only_a_page_of_this_machine_may_hold_pages),
        cmocka_unit_test(a_session_is_known_again_and_none_else),
        cmocka_unit_test(a_form_is_of_one_session),
        cmocka_unit_test(the_key_is_the_whole_key),
        cmocka_unit_test(what_is_put_is_escaped),
        cmocka_unit_test(a_page_has_an_end),
        cmocka_unit_test(whoever_was_away_hears_what_it_missed),
        cmocka_unit_test(whoever_was_away_too_long_begins_anew),
        cmocka_unit_test(the_last_256_are_kept),
        cmocka_unit_test(an_event_out_of_turn_is_none),
        cmocka_unit_test(every_word_is_said_in_every_language),
        cmocka_unit_test(a_reader_is_spoken_to_in_her_language),
    };

    if (sodium_init() < 0) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
