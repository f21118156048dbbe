/* SPDX-License-Identifier: Apache-2.0 */
/* Style and script, built in.  The name holds a hash of the bytes, so a browser
 * may keep them for ever and an update has another name. */
#include "node/web_impl.h"

void daf_web_asset(struct daf_web_request *r)
{
    static const struct daf_web_asset *const all[] = {&daf_web_asset_style,
                                                      &daf_web_asset_script,
                                                      &daf_web_asset_icon};
    const struct daf_web_asset *found = NULL;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(r->rest, all[i]->name) == 0) found = all[i];
    if (found == NULL) {
        r->page = NULL;
        daf_web_page_words(r, MHD_HTTP_NOT_FOUND, DAF_WEB_W_NOT_FOUND,
                           DAF_WEB_W_NOT_FOUND_HOW);
        return;
    }
    daf_web_answer(r, MHD_HTTP_OK, daf_web_bytes(found->bytes, found->len));
    daf_web_header(r, "Content-Type", found->type);
    daf_web_header(r, "Cache-Control", "public, max-age=31536000, immutable");
    daf_web_header(r, "Cross-Origin-Resource-Policy", "same-origin");
}
