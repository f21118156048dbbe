/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"
#include "proto/ticket.h"

#include <ctype.h>

#include <stdio.h>
#include <string.h>

static struct daf_ticket sample(void)
{
    struct daf_ticket t = {.is_full = true, .addrs_count = 2};

    for (size_t i = 0; i < 16; i++) {
        t.secret[i] = (uint8_t)(0xf0 + i);
        t.mark[i] = (uint8_t)(7 * i);
        t.porch.b[i] = (uint8_t)(3 * i);
    }
    (void)strcpy(t.addrs[0], "192.0.2.7:5671");
    (void)strcpy(t.addrs[1], "[fe80::1%3]:5671");
    return t;
}

static struct daf_view view(const char *text)
{
    return (struct daf_view){(const uint8_t *)text, strlen(text)};
}

static void assert_read(const char *text, const struct daf_ticket *want)
{
    struct daf_ticket t;

    assert_int_equal(daf_ticket_parse(view(text), &t), DAF_OK);
    assert_memory_equal(&t, want, sizeof(t));
}

/* As it comes from a person: in groups, in lower case, over two lines, and with
 * the letters that look like digits. */
static void what_people_write_is_read(void **state)
{
    char code[DAF_TICKET_CODE_CHARS + 1], typed[256] = "";
    struct daf_ticket t = sample(), bare = {.is_full = false};
    size_t len = 0;

    (void)state;
    daf_ticket_code(&t, code);
    memcpy(bare.secret, t.secret, 16);
    memcpy(bare.mark, t.mark, 16);
    assert_read(code, &bare);
    for (size_t i = 0; code[i] != '\0'; i++) {
        char c = code[i];

        if (i > 0 && i % 4 == 0) typed[len++] = " -\n\t"[i / 4 % 4];
        if (c == 'O') c = '0';
        if (c == 'I') c = '1';
        if (c == 'B') c = '8';
        if (c >= 'A' && c <= 'Z' && i % 3 > 0) c = (char)(c - 'A' + 'a');
        typed[len++] = c;
    }
    typed[len++] = '\n';
    assert_read(typed, &bare);
}

static void a_full_ticket_is_read_whatever_lies_between_its_letters(
    void **state)
{
    char text[DAF_TICKET_TEXT_CHARS + 1], spaced[2 * sizeof(text)];
    struct daf_ticket t = sample();
    size_t len = 0;

    (void)state;
    daf_ticket_text(&t, text);
    assert_read(text, &t);
    for (size_t i = 0; text[i] != '\0'; i++) {
        char c = text[i];

        spaced[len++] = (char)tolower((unsigned char)c);
        if (i % 20 == 19) spaced[len++] = '\n';
    }
    spaced[len] = '\0';
    assert_read(spaced, &t);
}

static void a_full_ticket_may_name_no_address_or_four(void **state)
{
    char text[DAF_TICKET_TEXT_CHARS + 1];
    struct daf_ticket t = sample();

    (void)state;
    t.addrs_count = 0;
    memset(t.addrs, 0, sizeof(t.addrs));
    daf_ticket_text(&t, text);
    assert_read(text, &t);
    for (size_t i = 0; i < DAF_TICKET_ADDRS_MAX; i++)
        (void)snprintf(t.addrs[i], sizeof(t.addrs[i]), "[%.*s]:65535", 55,
                       "1111:2222:3333:4444:5555:6666:7777:8888%"
                       "4294967295.........");
    t.addrs_count = DAF_TICKET_ADDRS_MAX;
    daf_ticket_text(&t, text);
    assert_true(strlen(text) <= DAF_TICKET_TEXT_CHARS);
    assert_read(text, &t);
}

/* What a slip of one letter gives is another ticket, or none; never this one. */
static void no_letter_can_be_changed_unseen(void **state)
{
    static const char others[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    char code[DAF_TICKET_CODE_CHARS + 1];
    struct daf_ticket t = sample(), got;

    (void)state;
    daf_ticket_code(&t, code);
    for (size_t i = 0; i < DAF_TICKET_CODE_CHARS; i++) {
        char right = code[i];

        for (size_t j = 0; j < 32; j++) {
            code[i] = others[j];
            if (others[j] == right ||
                daf_ticket_parse(view(code), &got) != DAF_OK)
                continue;
            assert_true(memcmp(got.secret, t.secret, 16) != 0 ||
                        memcmp(got.mark, t.mark, 16) != 0);
        }
        code[i] = right;
    }
}

static void every_truncation_is_refused(void **state)
{
    char text[DAF_TICKET_TEXT_CHARS + 1];
    struct daf_ticket t = sample(), got;

    (void)state;
    t.addrs_count = 0;
    daf_ticket_text(&t, text);
    for (size_t len = 0; len < strlen(text); len++)
        assert_int_not_equal(
            daf_ticket_parse((struct daf_view){(const uint8_t *)text, len},
                             &got),
            DAF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_write_is_read),
        cmocka_unit_test(
            a_full_ticket_is_read_whatever_lies_between_its_letters),
        cmocka_unit_test(a_full_ticket_may_name_no_address_or_four),
        cmocka_unit_test(no_letter_can_be_changed_unseen),
        cmocka_unit_test(every_truncation_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
