/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/page_impl.h - the page's parts. */
#ifndef DAF_SIM_REPORT_PAGE_IMPL_H
#define DAF_SIM_REPORT_PAGE_IMPL_H

#include <stdio.h>

#include "sim/report/study.h"

/* page_style.c */
extern const char daf_page_style[], daf_page_script[];

/* page_tables.c: what was asked; means; differences; what the words mean. */
void daf_page_asked(FILE *f, const struct daf_study *s);
void daf_page_means(FILE *f, const struct daf_study *s);
void daf_page_differences(FILE *f, const struct daf_study *s);
void daf_page_words(FILE *f);

/* page_charts.c */
DAF_NODISCARD enum daf_err daf_page_charts(FILE *f, const struct daf_study *s);

/* page_contacts.c: who met whom, a slice of time after the other. */
void daf_page_contacts(FILE *f, const struct daf_study *s);

#endif
