/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/page.h"

#include <stdlib.h>
#include <string.h>

#include "sim/report/file.h"

char *daf_page_html(const struct daf_study *s, size_t *out_len)
{
    (void)s;
    *out_len = 0;
    return strdup("");
}

enum daf_err daf_page_write(const struct daf_study *s, const char *dir,
                            char *why)
{
    size_t len = 0;
    char *html = daf_page_html(s, &len);

    if (html == NULL) return DAF_ENOMEM;
    enum daf_err err = daf_file_text(dir, "report.html", html, len, why);
    free(html);
    return err;
}
