/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/page.h - an experiment as one page of HTML that needs nothing else: it
 * opens from a file, without a network, on a phone, and on paper. */
#ifndef DAF_SIM_REPORT_PAGE_H
#define DAF_SIM_REPORT_PAGE_H

#include "sim/report/study.h"

/** daf_page_html: of a study that was loaded from its folder.  The same study gives
 * the same bytes.  The caller frees it; NULL without memory. */
char *daf_page_html(const struct daf_study *s, size_t *out_len);

/** daf_page_write: report.html in @dir.  Errors as daf_file_text(). */
DAF_NODISCARD enum daf_err daf_page_write(const struct daf_study *s,
                                          const char *dir, char *why);

#endif
