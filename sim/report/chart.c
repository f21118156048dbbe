/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/axis.h"
#include "sim/report/html.h"

#define WIDTH  440.0
#define HEIGHT 260.0
#define LEFT   42.0
#define TOP    30.0
#define BOTTOM 40.0
#define LETTER 14.0  /* between two lines of words */
#define WIDE   7.2   /* a letter, about */
#define NAME   150.0 /* room for a name, at most */

static void open_figure(FILE *f, const char *title, const char *what,
                        double height)
{
    (void)fprintf(f,
                  "<figure><h3>%s</h3>\n<svg viewBox=\"0 0 %.0f %.0f\" "
                  "role=\"img\" aria-label=\"%s. %s\">\n",
                  title, WIDTH, height, title, what);
}

static void close_figure(FILE *f, const char *what)
{
    (void)fprintf(f, "</svg>\n<figcaption>%s</figcaption>\n", what);
}

static double wider(double room, const char *name)
{
    double own = WIDE * (double)strlen(name);

    own = own < NAME ? own : NAME;
    return own > room ? own : room;
}

/* ---- lines */

struct plot {
    const struct daf_chart_lines *c;
    double right; /* where lines end and names begin */
    struct daf_axis x, y;
};

static double at_x(const struct plot *p, double value)
{
    return LEFT + value / p->x.max * (p->right - LEFT);
}

static double at_y(const struct plot *p, double value)
{
    double part = value / p->y.max;

    part = part < 0 ? 0 : part > 1 ? 1 : part;
    return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM);
}

static double half_of(const struct daf_chart_line *l, size_t i)
{
    return l->half == NULL || isnan(l->half[i]) ? 0 : l->half[i];
}

static double most_of(const struct daf_chart_lines *c)
{
    double most = 0;

    for (size_t l = 0; l < c->lines_count; l++)
        for (size_t i = 0; i < c->points; i++) {
            double y = c->lines[l].y[i] + half_of(&c->lines[l], i);
            if (y > most) most = y;
        }
    return most;
}

static void put_axes(FILE *f, const struct plot *p)
{
    double bottom = HEIGHT - BOTTOM, right = p->right;

    for (unsigned i = 0; i < daf_axis_ticks(&p->y); i++) {
        double y = at_y(p, p->y.step * i);
        (void)fprintf(f,
                      "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>"
                      "<text class=\"end\" x=\"%.1f\" y=\"%.1f\">",
                      LEFT, y, right, LEFT - 5, y + 4);
        daf_axis_number(f, &p->y, p->y.step * i);
        (void)fputs("</text>\n", f);
    }
    for (unsigned i = 0; i < daf_axis_ticks(&p->x); i++) {
        double x = at_x(p, p->x.step * i);
        (void)fprintf(f,
                      "<path class=\"tick\" d=\"M%.1f %.1fv4\"/>"
                      "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">",
                      x, bottom, x, bottom + 16);
        daf_axis_number(f, &p->x, p->x.step * i);
        (void)fputs("</text>\n", f);
    }
    (void)fprintf(f, "<text x=\"0\" y=\"14\">%s%s%s</text>\n", p->c->y_label,
                  p->y.unit[0] == '\0' ? "" : ", ", p->y.unit);
    (void)fprintf(f,
                  "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%s, %s</text>\n",
                  (LEFT + right) / 2, HEIGHT - 6, p->c->x_label, p->x.unit);
}

/* Up along the one side and back along the other. */
static void put_band(FILE *f, const struct plot *p,
                     const struct daf_chart_line *l)
{
    bool has_begun = false;

    if (l->half == NULL) return;
    (void)fprintf(f, "<path class=\"band c%zu\" d=\"",
                  l->colour % DAF_CHART_COLOURS);
    for (size_t i = 0; i < p->c->points; i++) {
        if (isnan(l->y[i])) continue;
        (void)fprintf(f, "%c%.1f %.1f", has_begun ? 'L' : 'M',
                      at_x(p, p->c->x[i]), at_y(p, l->y[i] + half_of(l, i)));
        has_begun = true;
    }
    for (size_t i = p->c->points; i-- > 0;)
        if (!isnan(l->y[i]))
            (void)fprintf(f, "L%.1f %.1f", at_x(p, p->c->x[i]),
                          at_y(p, l->y[i] - half_of(l, i)));
    (void)fprintf(f, "%s\"/>\n", has_begun ? "Z" : "");
}

static void put_line(FILE *f, const struct plot *p,
                     const struct daf_chart_line *l)
{
    bool has_begun = false;

    (void)fprintf(f, "<path class=\"line c%zu\" d=\"",
                  l->colour % DAF_CHART_COLOURS);
    for (size_t i = 0; i < p->c->points; i++) {
        if (isnan(l->y[i])) continue;
        (void)fprintf(f, "%c%.1f %.1f", has_begun ? 'L' : 'M',
                      at_x(p, p->c->x[i]), at_y(p, l->y[i]));
        has_begun = true;
    }
    (void)fputs("\"/>\n", f);
}

struct name {
    const struct daf_chart_line *line;
    double y, at; /* where its line ends, where it stands */
};

static int compare_names(const void *va, const void *vb)
{
    const struct name *a = va, *b = vb;

    if (a->y < b->y || a->y > b->y) return a->y < b->y ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

/* Down until none covers another, then up from the bottom. */
static void spread(struct name *names, size_t count)
{
    double least = TOP, most = HEIGHT - BOTTOM;

    for (size_t i = 0; i < count; i++) {
        names[i].at = names[i].y > least ? names[i].y : least;
        least = names[i].at + LETTER;
    }
    for (size_t i = count; i-- > 0; most -= LETTER)
        if (names[i].at > most) names[i].at = most;
}

static void put_names(FILE *f, const struct plot *p)
{
    const struct daf_chart_lines *c = p->c;
    struct name *names = calloc(c->lines_count + 1, sizeof *names);

    if (names == NULL || c->points == 0) {
        free(names);
        return;
    }
    for (size_t l = 0; l < c->lines_count; l++) {
        double y = c->lines[l].y[c->points - 1];
        names[l].line = &c->lines[l];
        names[l].y = at_y(p, isnan(y) ? 0 : y);
    }
    qsort(names, c->lines_count, sizeof *names, compare_names);
    spread(names, c->lines_count);
    for (size_t l = 0; l < c->lines_count; l++) {
        (void)fprintf(f,
                      "<path class=\"line c%zu\" d=\"M%.1f %.1fL%.1f %.1f\"/>"
                      "<text x=\"%.1f\" y=\"%.1f\">",
                      names[l].line->colour % DAF_CHART_COLOURS, p->right,
                      names[l].y, p->right + 12, names[l].at, p->right + 15,
                      names[l].at + 4);
        daf_html_text(f, names[l].line->label);
        (void)fputs("</text>\n", f);
    }
    free(names);
}

/* A tenth of the points is enough to be read. */
static void put_table(FILE *f, const struct daf_chart_lines *c)
{
    (void)fputs("<details><summary>As a table</summary>\n", f);
    daf_html_table(f, c->title);
    (void)fprintf(f, "<thead><tr><th scope=\"col\">%s</th>", c->x_label);
    for (size_t l = 0; l < c->lines_count; l++) {
        (void)fputs("<th scope=\"col\">", f);
        daf_html_text(f, c->lines[l].label);
        (void)fputs("</th>", f);
    }
    (void)fputs("</tr></thead><tbody>\n", f);
    for (size_t k = 0; k <= 10 && c->points > 0; k++) {
        size_t i = k * (c->points - 1) / 10;
        (void)fputs("<tr><th scope=\"row\">", f);
        daf_html_value(f, DAF_UNIT_SECONDS, c->x[i]);
        (void)fputs("</th>", f);
        for (size_t l = 0; l < c->lines_count; l++) {
            const struct daf_chart_line *line = &c->lines[l];
            struct daf_interval v = {.mean = line->y[i],
                                     .half = line->half == NULL
                                                 ? (double)NAN
                                                 : line->half[i]};
            (void)fputs("<td>", f);
            daf_html_interval(f, c->y_unit, &v, false);
            (void)fputs("</td>", f);
        }
        (void)fputs("</tr>\n", f);
    }
    daf_html_table_end(f);
    (void)fputs("</details></figure>\n", f);
}

void daf_chart_lines(FILE *f, const struct daf_chart_lines *c)
{
    struct plot p = {.c = c};
    double room = 0;

    for (size_t l = 0; l < c->lines_count; l++)
        room = wider(room, c->lines[l].label);
    p.right = WIDTH - 15 - room;

    p.x = daf_axis_make(DAF_UNIT_SECONDS,
                        c->points == 0 ? 0 : c->x[c->points - 1], false);
    p.y = daf_axis_make(c->y_unit, most_of(c), true);
    open_figure(f, c->title, c->what, HEIGHT);
    put_axes(f, &p);
    for (size_t l = 0; l < c->lines_count; l++)
        put_band(f, &p, &c->lines[l]);
    for (size_t l = 0; l < c->lines_count; l++)
        put_line(f, &p, &c->lines[l]);
    put_names(f, &p);
    close_figure(f, c->what);
    put_table(f, c);
}

/* ---- bars */

#define BAR 30.0 /* a bar and what is between two */

static double total(const struct daf_chart_bars *c, size_t bar)
{
    double sum = 0;

    for (size_t i = 0; i < c->parts_count; i++)
        sum += c->values[bar * c->parts_count + i];
    return sum;
}

static void put_bar(FILE *f, const struct daf_chart_bars *c, size_t bar,
                    double most, double y)
{
    const double right = WIDTH - 70;
    double left = 6;

    for (size_t i = 0; i < c->bars; i++)
        left = wider(left, c->labels[i]);
    double x = left;

    (void)fprintf(f, "<text class=\"end\" x=\"%.1f\" y=\"%.1f\">", left - 6,
                  y + 15);
    daf_html_text(f, c->labels[bar]);
    (void)fputs("</text>", f);
    for (size_t i = 0; i < c->parts_count; i++) {
        double value = c->values[bar * c->parts_count + i];
        double width = most > 0 ? value / most * (right - left) : 0;
        if (width <= 0) continue;
        (void)fprintf(f,
                      "<rect class=\"k%zu\" x=\"%.1f\" y=\"%.1f\" "
                      "width=\"%.1f\" height=\"22\"/>",
                      i, x, y, width);
        x += width;
    }
    (void)fprintf(f, "<text x=\"%.1f\" y=\"%.1f\">", x + 5, y + 15);
    daf_html_value(f, c->unit, total(c, bar));
    (void)fputs("</text>\n", f);
}

static void put_keys(FILE *f, const struct daf_chart_bars *c)
{
    if (c->parts_count < 2) return;
    for (size_t i = 0; i < c->parts_count; i++)
        (void)fprintf(f,
                      "<rect class=\"k%zu\" x=\"%.1f\" y=\"4\" width=\"12\" "
                      "height=\"12\"/><text x=\"%.1f\" y=\"14\">%s</text>\n",
                      i, 4 + 108.0 * (double)i, 20 + 108.0 * (double)i,
                      c->parts[i]);
}

static void put_bars_table(FILE *f, const struct daf_chart_bars *c)
{
    (void)fputs("<details><summary>As a table</summary>\n", f);
    daf_html_table(f, c->title);
    (void)fputs("<thead><tr><td></td>", f);
    for (size_t i = 0; i < c->parts_count; i++)
        (void)fprintf(f, "<th scope=\"col\">%s</th>", c->parts[i]);
    (void)fputs("</tr></thead><tbody>\n", f);
    for (size_t bar = 0; bar < c->bars; bar++) {
        (void)fputs("<tr><th scope=\"row\">", f);
        daf_html_text(f, c->labels[bar]);
        (void)fputs("</th>", f);
        for (size_t i = 0; i < c->parts_count; i++) {
            (void)fputs("<td>", f);
            daf_html_value(f, c->unit, c->values[bar * c->parts_count + i]);
            (void)fputs("</td>", f);
        }
        (void)fputs("</tr>\n", f);
    }
    daf_html_table_end(f);
    (void)fputs("</details></figure>\n", f);
}

void daf_chart_bars(FILE *f, const struct daf_chart_bars *c)
{
    double top = c->parts_count > 1 ? 28 : 6, most = 0;

    for (size_t bar = 0; bar < c->bars; bar++)
        if (total(c, bar) > most) most = total(c, bar);
    open_figure(f, c->title, c->what, top + BAR * (double)c->bars + 20);
    put_keys(f, c);
    for (size_t bar = 0; bar < c->bars; bar++)
        put_bar(f, c, bar, most, top + BAR * (double)bar);
    (void)fprintf(f, "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                  WIDTH / 2 + 13, top + BAR * (double)c->bars + 14, c->x_label);
    close_figure(f, c->what);
    put_bars_table(f, c);
}
