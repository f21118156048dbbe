/* SPDX-License-Identifier: Apache-2.0 */
/* The small picture of a content item, shown before the item is here (content.md
 * R98).  Core says what it is; only a picture of the three kinds is sent on. */
#include "node/web_impl.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

/* What core calls it, by a constant of ours; NULL: no picture. */
static const char *type_of(const char *said)
{
    static const char *const types[] = {"image/png", "image/jpeg",
                                        "image/webp"};

    for (size_t i = 0; said != NULL && i < sizeof(types) / sizeof(types[0]);
         i++)
        if (strcmp(said, types[i]) == 0) return types[i];
    return NULL;
}

/* NULL: no base64, or no memory. */
static struct MHD_Response *bytes_of(const char *text)
{
    size_t cap = strlen(text) / 4 * 3, len = 0;
    struct MHD_Response *response = NULL;
    uint8_t *room = malloc(cap + 1);

    if (room != NULL &&
        sodium_base642bin(room, cap, text, strlen(text), NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0)
        response = daf_web_bytes(room, len);
    free(room);
    return response;
}

void daf_web_preview(struct daf_web_request *r)
{
    const json_t *answer = daf_web_want_lesson(r), *picture;
    const char *type, *text;
    struct MHD_Response *response = NULL;

    if (answer == NULL) return;
    picture = json_object_get(json_object_get(answer, "item"), "picture");
    type = type_of(json_string_value(json_object_get(picture, "type")));
    text = json_string_value(json_object_get(picture, "base64"));
    if (type != NULL && text != NULL) response = bytes_of(text);
    if (response == NULL) {
        r->page = NULL; /* its answer is a page of ours */
        daf_web_page_words(r, MHD_HTTP_NOT_FOUND, DAF_WEB_W_NOT_FOUND,
                           DAF_WEB_W_NOT_FOUND_HOW);
        return;
    }
    daf_web_answer(r, MHD_HTTP_OK, response);
    daf_web_header(r, "Content-Type", type);
    daf_web_header(r, "Content-Security-Policy",
                   "default-src 'none'; sandbox; frame-ancestors 'none'");
    daf_web_header(r, "Cross-Origin-Resource-Policy", "same-origin");
    /* A content id is a hash of its manifest, so this never changes. */
    daf_web_header(r, "Cache-Control", "private, max-age=604800, immutable");
}
