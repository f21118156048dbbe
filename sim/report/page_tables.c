/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "sim/report/html.h"
#include "sim/report/page_impl.h"

/* ---- what was asked */

static const char *string_of(const json_t *object, const char *key)
{
    const char *out = json_string_value(json_object_get(object, key));

    return out == NULL ? "" : out;
}

static void put_term(FILE *f, const char *term, const char *value)
{
    (void)fputs("<dt>", f);
    daf_html_text(f, term);
    (void)fputs("</dt><dd>", f);
    daf_html_text(f, value);
    (void)fputs("</dd>\n", f);
}

/* "1 to 20, 25". */
static void put_seeds(FILE *f, const json_t *seeds)
{
    size_t count = json_array_size(seeds);

    (void)fputs("<dt>seeds</dt><dd>", f);
    for (size_t i = 0; i < count;) {
        size_t end = i;
        json_int_t first = json_integer_value(json_array_get(seeds, i));
        while (end + 1 < count &&
               json_integer_value(json_array_get(seeds, end + 1)) ==
                   first + (json_int_t)(end + 1 - i))
            end++;
        (void)fprintf(f, "%s%" PRIu64, i == 0 ? "" : ", ", (uint64_t)first);
        if (end > i)
            (void)fprintf(f, " to %" PRIu64, (uint64_t)first + (end - i));
        i = end + 1;
    }
    (void)fputs("</dd>\n", f);
}

static void put_inputs(FILE *f, const json_t *inputs)
{
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *one = json_array_get(inputs, i);
        (void)fputs("<dt>", f);
        daf_html_text(f, string_of(one, "role"));
        (void)fputs("</dt><dd>", f);
        daf_html_text(f, string_of(one, "path"));
        (void)fputs("<br><small>BLAKE2b <code>", f);
        daf_html_text(f, string_of(one, "blake2b"));
        (void)fputs("</code></small></dd>\n", f);
    }
}

/* A scenario has hundreds: they are there for who looks. */
static void put_options(FILE *f, json_t *options)
{
    bool is_folded = json_object_size(options) > 16;
    const char *name;
    json_t *value;

    if (is_folded)
        (void)fprintf(f, "<details><summary>All %zu options</summary>\n",
                      json_object_size(options));
    (void)fputs("<dl>\n", f);
    json_object_foreach(options, name, value)
    {
        const char *words = json_string_value(value);
        put_term(f, name, words == NULL ? "" : words);
    }
    (void)fprintf(f, "</dl>\n%s", is_folded ? "</details>\n" : "");
}

void daf_page_asked(FILE *f, const struct daf_study *s)
{
    const json_t *all = json_object_get(s->about, "protocols");
    const json_t *assumptions = json_object_get(s->about, "assumptions");

    (void)fputs("<section><h2>What was simulated</h2>\n<dl>\n", f);
    put_inputs(f, json_object_get(s->about, "inputs"));
    put_seeds(f, json_object_get(s->about, "seeds"));
    for (size_t i = 0; i < json_array_size(all); i++)
        put_term(f, string_of(json_array_get(all, i), "name"),
                 string_of(json_array_get(all, i), "what"));
    put_term(f, "program", string_of(s->about, "version"));
    (void)fputs("</dl>\n", f);
    put_options(f, json_object_get(s->about, "options"));
    (void)fputs("<h3>Assumptions</h3>\n<ul>\n", f);
    for (size_t i = 0; i < json_array_size(assumptions); i++) {
        const char *words = json_string_value(json_array_get(assumptions, i));
        (void)fputs("<li>", f);
        daf_html_text(f, words == NULL ? "" : words);
        (void)fputs("</li>\n", f);
    }
    (void)fputs("</ul></section>\n", f);
}

/* ---- numbers */

static void put_heading(FILE *f, const struct daf_study *s, size_t first)
{
    (void)fputs("<thead><tr><td></td>", f);
    for (size_t p = first; p < s->protocols_count; p++) {
        (void)fputs("<th scope=\"col\">", f);
        daf_html_text(f, s->protocols[p]);
        (void)fputs("</th>", f);
    }
    (void)fputs("</tr></thead><tbody>\n", f);
}

void daf_page_means(FILE *f, const struct daf_study *s)
{
    (void)fprintf(f,
                  "<section><h2>Results</h2>\n<p>Mean over the seeds \xc2\xb1 "
                  "half of its 95\xc2\xa0%% interval (Student's t). %zu of %zu "
                  "runs have finished.</p>\n",
                  s->runs_count, s->planned);
    daf_html_table(f, "Means over seeds");
    put_heading(f, s, 0);
    for (unsigned m = 0; m < DAF_METRICS; m++) {
        const struct daf_metric_about *about = daf_metric_about(m);
        (void)fprintf(f, "<tr><th scope=\"row\">%s</th>", about->label);
        for (size_t p = 0; p < s->protocols_count; p++) {
            struct daf_interval i = daf_study_mean(s, p, m);
            (void)fputs("<td>", f);
            daf_html_interval(f, about->unit, &i, false);
            (void)fputs("</td>", f);
        }
        (void)fputs("</tr>\n", f);
    }
    daf_html_table_end(f);
    (void)fputs("</section>\n", f);
}

static void put_difference(FILE *f, const struct daf_study *s, size_t protocol,
                           enum daf_metric metric)
{
    struct daf_interval i = daf_study_difference(s, protocol, 0, metric);
    bool is_sure = !isnan(i.half) && fabs(i.mean) > i.half;

    (void)fputs(is_sure ? "<td><b>" : "<td>", f);
    daf_html_interval(f, daf_metric_about(metric)->unit, &i, true);
    (void)fputs(is_sure ? "</b></td>" : "</td>", f);
}

void daf_page_differences(FILE *f, const struct daf_study *s)
{
    if (s->protocols_count < 2) return;
    (void)fputs("<section><h2>Pair by pair</h2>\n<p>Each seed's difference "
                "from <b>",
                f);
    daf_html_text(f, s->protocols[0]);
    (void)fputs("</b> in the same world, and its mean over the seeds. In bold: "
                "0 lies outside the interval. Shares differ in percentage "
                "points (pp).</p>\n",
                f);
    daf_html_table(f, "Differences, pair by pair");
    put_heading(f, s, 1);
    for (unsigned m = DAF_METRIC_DELIVERED; m < DAF_METRICS; m++) {
        (void)fprintf(f, "<tr><th scope=\"row\">%s</th>",
                      daf_metric_about(m)->label);
        for (size_t p = 1; p < s->protocols_count; p++)
            put_difference(f, s, p, m);
        (void)fputs("</tr>\n", f);
    }
    daf_html_table_end(f);
    (void)fputs("</section>\n", f);
}

void daf_page_words(FILE *f)
{
    (void)fputs("<section><h2>What the words mean</h2>\n<dl>\n", f);
    for (unsigned m = 0; m < DAF_METRICS; m++)
        put_term(f, daf_metric_about(m)->label, daf_metric_about(m)->what);
    (void)fputs("</dl></section>\n", f);
}
