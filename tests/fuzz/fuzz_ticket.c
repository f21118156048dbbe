/* SPDX-License-Identifier: Apache-2.0 */

/* A ticket that is read is written so that it is read as the same. */

#include "tests/fuzz/fuzz.h"

#include "proto/ticket.h"

#include <assert.h>

static void read_again(const char *text, const struct daf_ticket *want)
{
    struct daf_view view = {(const uint8_t *)text, strlen(text)};
    struct daf_ticket t;

    assert(daf_ticket_parse(view, &t) == DAF_OK);
    /* Both are zeroed before they are filled.
     * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
    assert(memcmp(&t, want, sizeof(t)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char code[DAF_TICKET_CODE_CHARS + 1], text[DAF_TICKET_TEXT_CHARS + 1];
    struct daf_ticket t, bare = {.is_full = false};

    if (daf_ticket_parse((struct daf_view){data, size}, &t) != DAF_OK) return 0;
    daf_ticket_code(&t, code);
    memcpy(bare.secret, t.secret, sizeof(t.secret));
    memcpy(bare.mark, t.mark, sizeof(t.mark));
    read_again(code, &bare);
    if (!t.is_full) return 0;
    daf_ticket_text(&t, text);
    read_again(text, &t);
    return 0;
}
