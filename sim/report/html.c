/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/html.h"

void daf_html_text(FILE *f, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '<')
            (void)fputs("&lt;", f);
        else if (*c == '>')
            (void)fputs("&gt;", f);
        else if (*c == '&')
            (void)fputs("&amp;", f);
        else if (*c == '"')
            (void)fputs("&quot;", f);
        else if (*c == '\'')
            (void)fputs("&#39;", f);
        else
            (void)fputc((unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c, f);
    }
}

void daf_html_value(FILE *f, enum daf_unit unit, double value)
{
    char word[DAF_METRIC_WORD_BYTES];

    daf_metric_word(unit, value, word);
    daf_html_text(f, word);
}

void daf_html_interval(FILE *f, enum daf_unit unit,
                       const struct daf_interval *i, bool is_difference)
{
    struct daf_metric_words words;

    daf_metric_interval(unit, i, is_difference, &words);
    daf_html_text(f, words.mean);
    if (words.half[0] != '\0')
        (void)fprintf(f, " <small>\xc2\xb1 %s</small>", words.half);
    daf_html_text(f, words.unit);
}

void daf_html_table(FILE *f, const char *caption)
{
    (void)fprintf(f,
                  "<div class=\"wide\" tabindex=\"0\" role=\"region\" "
                  "aria-label=\"%s\"><table>\n<caption>%s</caption>\n",
                  caption, caption);
}

void daf_html_table_end(FILE *f)
{
    (void)fputs("</tbody></table></div>\n", f);
}
