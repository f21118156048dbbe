/* SPDX-License-Identifier: Apache-2.0 */
/* Who met whom: nodes on a circle, and the contacts of a slice of time.  Without
 * script the first slice that has some, and the pairs that were longest together. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "sim/report/html.h"
#include "sim/report/page_impl.h"

#define SIDE   440.0
#define RADIUS 192.0
#define NAMED  60  /* nodes; more have no room for their numbers */
#define LETTER 6.5 /* about, in width */
#define LINE   13.0
#define LABEL  11 /* letters of a place's name and number beside the circle */

static json_int_t number_at(const json_t *list, size_t i)
{
    return json_integer_value(json_array_get(list, i));
}

static void place(double i, size_t count, double radius, double *x, double *y)
{
    const double pi = 3.14159265358979;
    double angle = 2 * pi * i / (double)count - pi / 2;

    *x = SIDE / 2 + radius * cos(angle);
    *y = SIDE / 2 + radius * sin(angle);
}

static void put_edges(FILE *f, const json_t *slice, size_t count, double radius)
{
    double x1, y1, x2, y2;

    (void)fputs("<g id=\"edges\" class=\"edges\">", f);
    for (size_t i = 0; i + 1 < json_array_size(slice); i += 2) {
        place((double)number_at(slice, i), count, radius, &x1, &y1);
        place((double)number_at(slice, i + 1), count, radius, &x2, &y2);
        (void)fprintf(f, "<path d=\"M%.1f %.1fL%.1f %.1f\"/>", x1, y1, x2, y2);
    }
    (void)fputs("</g>\n", f);
}

static void put_nodes(FILE *f, const json_t *shown, double radius)
{
    size_t count = json_array_size(shown);
    double x, y;

    (void)fputs("<g id=\"nodes\">", f);
    for (size_t i = 0; i < count; i++) {
        place((double)i, count, radius, &x, &y);
        (void)fprintf(f,
                      "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"><title>device "
                      "%" PRId64 "</title></circle>",
                      x, y, count > NAMED ? "2.5" : "4",
                      (int64_t)number_at(shown, i));
    }
    (void)fputs("</g>\n", f);
    for (size_t i = 0; i < count && count <= NAMED; i++) {
        place((double)i, count, radius + 15, &x, &y);
        (void)fprintf(f,
                      "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%" PRId64
                      "</text>",
                      x, y + 4, (int64_t)number_at(shown, i));
    }
}

/* ---- the places around it */

struct arc {
    const char *name;
    json_int_t number; /* 0: there is one of the kind */
    double from, count;
};

static struct arc arc_at(const json_t *arcs, size_t i)
{
    const json_t *one = json_array_get(arcs, i);
    struct arc out = {.name = json_string_value(json_object_get(one, "place")),
                      .number =
                          json_integer_value(json_object_get(one, "number"))};

    out.from = (double)json_integer_value(json_object_get(one, "from"));
    out.count = (double)json_integer_value(json_object_get(one, "count"));
    return out;
}

/* "classâ¦ 12": of a long name its beginning, of its number all. */
static void put_label(FILE *f, const struct arc *a)
{
    char number[24] = "", words[4 * LABEL + 1];
    size_t len = 0, letters = 0;

    if (a->number > 0)
        (void)snprintf(number, sizeof number, " %" PRId64, (int64_t)a->number);
    size_t room = strlen(number) < LABEL - 2 ? LABEL - strlen(number) : 2;
    for (; a->name[len] != '\0' && len < (size_t)4 * LABEL; len++) {
        letters += ((unsigned char)a->name[len] & 0xc0) != 0x80;
        if (letters > room) break;
    }
    if (a->name[len] != '\0') /* the last letter's place is the sign's */
        do
            len--;
        while (len > 0 && ((unsigned char)a->name[len] & 0xc0) == 0x80);
    (void)snprintf(words, sizeof words, "%.*s", (int)len, a->name);
    daf_html_text(f, words);
    (void)fprintf(f, "%s%s", a->name[len] == '\0' ? "" : "\xe2\x80\xa6",
                  number);
}

static void put_whole_name(FILE *f, const struct arc *a)
{
    (void)fputs("<title>", f);
    daf_html_text(f, a->name);
    if (a->number > 0) (void)fprintf(f, " %" PRId64, (int64_t)a->number);
    (void)fprintf(f, ", %.0f devices</title>", a->count);
}

static void put_arc(FILE *f, const struct arc *a, size_t count, double radius)
{
    double x1, y1, x2, y2;

    place(a->from - 0.35, count, radius, &x1, &y1);
    place(a->from + a->count - 0.65, count, radius, &x2, &y2);
    (void)fprintf(f,
                  "<path class=\"arc\" d=\"M%.1f %.1fA%.1f %.1f 0 %d 1 %.1f "
                  "%.1f\">",
                  x1, y1, radius, radius,
                  a->count - 0.3 > (double)count / 2 ? 1 : 0, x2, y2);
    put_whole_name(f, a);
    (void)fputs("</path>\n", f);
}

/* Its middle is written at, towards the outside. */
static void put_name(FILE *f, const struct arc *a, double x, double y)
{
    double aside = x - SIDE / 2;

    (void)fprintf(f, "<text%s x=\"%.1f\" y=\"%.1f\">",
                  fabs(aside) < 40 ? " class=\"mid\""
                  : aside < 0      ? " class=\"end\""
                                   : "",
                  x, y + 4);
    put_whole_name(f, a);
    put_label(f, a);
    (void)fputs("</text>\n", f);
}

/* Where names would stand on one another, the one before is enough. */
static void put_arcs(FILE *f, const json_t *arcs, size_t count, double radius)
{
    double around = radius + (count <= NAMED ? 26 : 9);
    double x, y, first_x = 0, first_y = 0, last_x = 0, last_y = 0;
    const double wide = LABEL * LETTER;

    for (size_t i = 0; i < json_array_size(arcs); i++) {
        struct arc a = arc_at(arcs, i);

        put_arc(f, &a, count, around);
        place(a.from + (a.count - 1) / 2, count, around + 8, &x, &y);
        bool is_near_last = fabs(y - last_y) < LINE && fabs(x - last_x) < wide;
        bool is_near_first =
            fabs(y - first_y) < LINE && fabs(x - first_x) < wide;
        if (i > 0 && (is_near_last || is_near_first)) continue;
        put_name(f, &a, x, y);
        last_x = x;
        last_y = y;
        if (i > 0) continue;
        first_x = x;
        first_y = y;
    }
}

/* ---- the picture */

/* With room for the places' names around it, and for numbers between. */
static double radius_of(const json_t *arcs, size_t count)
{
    if (arcs == NULL) return RADIUS;
    return SIDE / 2 - LABEL * LETTER - (count <= NAMED ? 34 : 17);
}

/* Numbers only, and ours: nothing in it can end the script. */
static void put_data(FILE *f, const json_t *slices, double slice_s)
{
    (void)fprintf(f,
                  "<script type=\"application/json\" id=\"contacts\">"
                  "{\"slice_s\":%.6f,\"slices\":[",
                  slice_s);
    for (size_t i = 0; i < json_array_size(slices); i++) {
        const json_t *slice = json_array_get(slices, i);
        (void)fputs(i == 0 ? "[" : ",\n[", f);
        for (size_t k = 0; k < json_array_size(slice); k++)
            (void)fprintf(f, "%s%" PRId64, k == 0 ? "" : ",",
                          (int64_t)number_at(slice, k));
        (void)fputs("]", f);
    }
    (void)fputs("]}</script>\n", f);
}

static void put_slice_words(FILE *f, const json_t *slices, size_t at,
                            double slice_s)
{
    (void)fputs("<output id=\"said\" aria-live=\"polite\">From ", f);
    daf_html_value(f, DAF_UNIT_SECONDS, slice_s * (double)at);
    (void)fputs(" to ", f);
    daf_html_value(f, DAF_UNIT_SECONDS, slice_s * (double)(at + 1));
    (void)fprintf(f, ": %zu pairs in contact</output>\n",
                  json_array_size(json_array_get(slices, at)) / 2);
}

static void put_picture(FILE *f, const json_t *c)
{
    const json_t *shown = json_object_get(c, "shown");
    const json_t *slices = json_object_get(c, "slices");
    const json_t *arcs = json_object_get(c, "arcs");
    double slice_s = json_number_value(json_object_get(c, "slice_s"));
    double radius = radius_of(arcs, json_array_size(shown));
    size_t at = 0;

    while (at + 1 < json_array_size(slices) &&
           json_array_size(json_array_get(slices, at)) == 0)
        at++;
    (void)fprintf(f,
                  "<figure class=\"circle\">\n<svg viewBox=\"0 0 %.0f %.0f\" "
                  "role=\"img\" aria-label=\"Devices on a circle; a line joins "
                  "two that were in contact in the slice of time that is "
                  "chosen below\">\n",
                  SIDE, SIDE);
    put_edges(f, json_array_get(slices, at), json_array_size(shown), radius);
    put_nodes(f, shown, radius);
    put_arcs(f, arcs, json_array_size(shown), radius);
    (void)fprintf(f,
                  "</svg>\n<p id=\"choose\" hidden><label for=\"slice\">Time "
                  "</label><input id=\"slice\" type=\"range\" min=\"0\" "
                  "max=\"%zu\" value=\"%zu\"></p>\n",
                  json_array_size(slices) - 1, at);
    put_slice_words(f, slices, at, slice_s);
    (void)fputs("</figure>\n", f);
    put_data(f, slices, slice_s);
}

static void put_pairs(FILE *f, const json_t *c)
{
    const json_t *shown = json_object_get(c, "shown");
    const json_t *pairs = json_object_get(c, "pairs");

    daf_html_table(f, "The pairs that were longest together");
    (void)fputs("<thead><tr><th scope=\"col\">devices</th><th "
                "scope=\"col\">time together</th><th "
                "scope=\"col\">contacts</th></tr></thead><tbody>\n",
                f);
    for (size_t i = 0; i < json_array_size(pairs); i++) {
        const json_t *pair = json_array_get(pairs, i);
        (void)fprintf(f,
                      "<tr><th scope=\"row\">%" PRId64 " and %" PRId64
                      "</th><td>",
                      (int64_t)number_at(shown, (size_t)number_at(pair, 0)),
                      (int64_t)number_at(shown, (size_t)number_at(pair, 1)));
        daf_html_value(f, DAF_UNIT_SECONDS, (double)number_at(pair, 2));
        (void)fputs("</td><td>", f);
        daf_html_value(f, DAF_UNIT_COUNT, (double)number_at(pair, 3));
        (void)fputs("</td></tr>\n", f);
    }
    daf_html_table_end(f);
}

static void put_limits(FILE *f, const json_t *c)
{
    json_int_t nodes = json_integer_value(json_object_get(c, "nodes"));
    size_t shown = json_array_size(json_object_get(c, "shown"));
    json_int_t left_out = json_integer_value(json_object_get(c, "left_out"));
    const json_t *until = json_object_get(c, "kept_until_s");

    if ((size_t)nodes > shown)
        (void)fprintf(f,
                      " There are %" PRId64 " devices; the %zu that were "
                      "longest in contact are shown.",
                      (int64_t)nodes, shown);
    if (left_out > 0)
        (void)fputs(" Of a slice with more than 200 pairs those that were "
                    "longest in contact in it are drawn.",
                    f);
    if (json_is_integer(until)) {
        (void)fputs(" Contacts that ended after ", f);
        daf_html_value(f, DAF_UNIT_SECONDS, (double)json_integer_value(until));
        (void)fputs(" are not drawn: there were too many.", f);
    }
}

void daf_page_contacts(FILE *f, const struct daf_study *s)
{
    const json_t *c = s->contacts;

    if (c == NULL || json_array_size(json_object_get(c, "shown")) < 2) return;
    (void)
        fprintf(f,
                "<section><h2>Who met whom</h2>\n<p>The contacts of seed "
                "%" PRIu64 ". %s",
                (uint64_t)json_integer_value(json_object_get(c, "seed")),
                json_object_get(c, "arcs") == NULL
                    ? "Who was long together stands together on the circle."
                    : "Devices of one place stand together on the circle, and "
                      "there who was long together.");
    put_limits(f, c);
    (void)fputs("</p>\n<div class=\"charts\">\n", f);
    put_picture(f, c);
    (void)fputs("<div>\n", f);
    put_pairs(f, c);
    (void)fprintf(f, "</div></div></section>\n<script>%s</script>\n",
                  daf_page_script);
}
