/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/web_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- paths */

static void expect_path(const char *target, const char *want)
{
    char out[DAF_WEB_PATH_BYTES];
    bool is_path = daf_web_path(target, out);

    if (is_path != (want != NULL))
        fail_msg("\"%s\" is %sa path", target, is_path ? "" : "not ");
    if (is_path) assert_string_equal(out, want);
}

static void a_path_is_decoded(void **state)
{
    (void)state;
    expect_path("/", "/");
    expect_path("/lesson/00ff", "/lesson/00ff");
    expect_path("/a%20b/%D8%A3.html?x=/../y", "/a b/أ.html");
    expect_path("/a+b", "/a+b");
    expect_path("/a/", "/a/");
    expect_path("/...", "/...");
    expect_path("/%2e%2e%2e", "/...");
}

static void a_path_that_leads_elsewhere_is_none(void **state)
{
    static const char *const wrong[] = {
        "",
        "lesson",
        "*",
        "http://x/",
        "//",
        "//evil",
        "/a//b",
        "/.",
        "/..",
        "/../etc",
        "/a/../b",
        "/a/./b",
        "/%2e%2e/b",
        "/a/%2E%2e",
        "/a%2f..%2fb",
        "/a\\b",
        "/a%5cb",
        "/a%00b",
        "/a%0ab",
        "/a%7f",
        "/%",
        "/%a",
        "/%zz",
        "/%c0%ae",
        "/%ed%a0%80",
        "/%f8%88%80%80%80",
        "/%c2%85",
        "/%ff",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect_path(wrong[i], NULL);
}

static void a_long_path_is_none(void **state)
{
    char target[DAF_WEB_PATH_BYTES + 1], out[DAF_WEB_PATH_BYTES];

    (void)state;
    memset(target, 'a', sizeof(target));
    target[0] = '/';
    target[DAF_WEB_PATH_BYTES - 1] = '\0';
    assert_true(daf_web_path(target, out));
    target[DAF_WEB_PATH_BYTES - 1] = 'a';
    target[DAF_WEB_PATH_BYTES] = '\0';
    assert_false(daf_web_path(target, out));
}

static void what_is_encoded_comes_back(void **state)
{
    char url[3 * 32 + 1], out[DAF_WEB_PATH_BYTES];

    (void)state;
    daf_web_url_encode("/a b?#%&\"أ.html", url);
    assert_string_equal(url, "/a%20b%3F%23%25%26%22%D8%A3.html");
    assert_true(daf_web_path(url, out));
    assert_string_equal(out, "/a b?#%&\"أ.html");
}

/* ---- forms */

static bool read_form(const char *text, struct daf_web_form *f)
{
    static char room[4096];

    return daf_web_form(text, strlen(text), room, f);
}

static void fields_are_decoded(void **state)
{
    struct daf_web_form f;

    (void)state;
    assert_true(
        read_form("name=%D9%84+%D9%84&add=1&empty=&bare&&x=%3D%26", &f));
    assert_int_equal(f.count, 5);
    assert_string_equal(daf_web_field(&f, "name"), "ل ل");
    assert_string_equal(daf_web_field(&f, "add"), "1");
    assert_string_equal(daf_web_field(&f, "empty"), "");
    assert_string_equal(daf_web_field(&f, "bare"), "");
    assert_string_equal(daf_web_field(&f, "x"), "=&");
    assert_null(daf_web_field(&f, "nam"));
    assert_true(read_form("", &f));
    assert_int_equal(f.count, 0);
}

static void a_form_that_is_none_has_no_fields(void **state)
{
    static const char *const wrong[] = {
        "a=%",  "a=%4",  "a=%zz",   "a=%00",     "a=%0a",       "a%0d=1",
        "a=\n", "a=%ff", "a=1&a=2", "a=1&b=2&a", "%e0%80%80=1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct daf_web_form f;

        assert_false(read_form(wrong[i], &f));
        assert_int_equal(f.count, 0);
    }
}

static void a_form_has_so_many_fields_and_no_more(void **state)
{
    char text[8 * DAF_WEB_FIELDS_MAX + 16] = "";
    struct daf_web_form f;
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < DAF_WEB_FIELDS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "f%zu=1&", i);
    assert_true(read_form(text, &f));
    assert_int_equal(f.count, DAF_WEB_FIELDS_MAX);
    (void)snprintf(text + len, sizeof(text) - len, "more");
    assert_false(read_form(text, &f));
}

/* A sanitizer sees a byte too many. */
static void a_form_needs_no_more_room_than_it_says(void **state)
{
    static const char *const texts[] = {"a", "a=b", "a&b&c", "=", "a=b&c"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = strlen(texts[i]);
        char *text = malloc(len), *room = malloc(len + 1);
        struct daf_web_form f;

        assert_non_null(text);
        assert_non_null(room);
        memcpy(text, texts[i], len);
        assert_true(daf_web_form(text, len, room, &f));
        free(text);
        free(room);
    }
}

/* ---- cookies and languages */

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    char out[8];

    (void)state;
    assert_true(daf_web_cookie("xa=1; a=2;a=3", "a", out, sizeof(out)));
    assert_string_equal(out, "2");
    assert_true(daf_web_cookie("a=", "a", out, sizeof(out)));
    assert_string_equal(out, "");
    assert_false(daf_web_cookie("ab=1", "a", out, sizeof(out)));
    assert_false(daf_web_cookie("a=12345678", "a", out, sizeof(out)));
    assert_false(daf_web_cookie(NULL, "a", out, sizeof(out)));
    assert_false(daf_web_cookie("; ;;", "a", out, sizeof(out)));
}

static void languages_come_in_order_of_preference(void **state)
{
    char out[DAF_WEB_LANGS_MAX][DAF_WEB_LANG_BYTES];

    (void)state;
    assert_int_equal(daf_web_langs("en;q=0.5, ar, fr;q=0.75,xx;q=0", out), 3);
    assert_string_equal(out[0], "ar");
    assert_string_equal(out[1], "fr");
    assert_string_equal(out[2], "en");
    assert_int_equal(daf_web_langs(NULL, out), 0);
    assert_int_equal(daf_web_langs("*, ;q=1,,,\"x\",<b>", out), 0);
    assert_int_equal(daf_web_langs("a,b,c,d,e,f,g,h,i,j;q=1,ar;q=1", out),
                     DAF_WEB_LANGS_MAX);
    assert_string_equal(out[7], "h");
}

static void a_language_tag_has_no_surprises(void **state)
{
    (void)state;
    assert_true(daf_web_lang_ok("ckb-Arab"));
    assert_true(daf_web_lang_ok("es-419"));
    assert_false(daf_web_lang_ok(""));
    assert_false(daf_web_lang_ok("-en"));
    assert_false(daf_web_lang_ok("en\""));
    assert_false(daf_web_lang_ok("abcdefghijklmnopqrstuvwxyzabcdefghij"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_decoded),
        cmocka_unit_test(a_path_that_leads_elsewhere_is_none),
        cmocka_unit_test(a_long_path_is_none),
        cmocka_unit_test(what_is_encoded_comes_back),
        cmocka_unit_test(fields_are_decoded),
        cmocka_unit_test(a_form_that_is_none_has_no_fields),
        cmocka_unit_test(a_form_has_so_many_fields_and_no_more),
        cmocka_unit_test(a_form_needs_no_more_room_than_it_says),
        cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
        cmocka_unit_test(languages_come_in_order_of_preference),
        cmocka_unit_test(a_language_tag_has_no_surprises),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
