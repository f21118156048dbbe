/* SPDX-License-Identifier: Apache-2.0 */
/* The camp as a picture.  Colours are classes of board.css. */
#include "tests/demo/board.h"

#include <stdio.h>
#include <string.h>

#define WIDE "640"
#define HIGH "430"

/* Numbers as texts; good for the next seven. */
static const char *n(int value)
{
    static char room[8][16];
    static size_t used;
    char *out = room[used++ % 8];

    (void)snprintf(out, sizeof(room[0]), "%d", value);
    return out;
}

static void put_camps(struct daf_web_html *h)
{
    DAF_WEB_RAW(h,
                "<rect class=\"camp one\" x=\"6\" y=\"6\" width=\"468\" "
                "height=\"418\" rx=\"34\"/>"
                "<rect class=\"camp two\" x=\"488\" y=\"6\" width=\"146\" "
                "height=\"418\" rx=\"34\"/>"
                "<text class=\"camp\" x=\"240\" y=\"410\">Kite camp</text>"
                "<text class=\"camp\" x=\"561\" y=\"410\">Other camp</text>\n");
}

static void put_wire(const struct board *b, const struct board_wire *w,
                     struct daf_web_html *h)
{
    const struct board_device *from = &b->devices[w->a],
                              *to = &b->devices[w->b];

    if (from->camp == 0 || to->camp == 0 || !from->is_up || !to->is_up) return;
    DAF_WEB_PUT(h,
                "<line class=\"wire %\" x1=\"%\" y1=\"%\" x2=\"%\" "
                "y2=\"%\"/>\n",
                w->is_met                ? "met"
                : from->camp == to->camp ? "looking"
                                         : "strange",
                n(from->x), n(from->y), n(to->x), n(to->y));
}

/* A film: full squares came from the source, circles from others; and how much. */
static void put_parts(const char *parts, struct daf_web_html *h)
{
    size_t held = strcspn(parts, ".");

    for (size_t i = 0; parts[i] != '\0'; i++) {
        int x = -54 + (int)(i % 12) * 9, y = -33 + (int)(i / 12) * 9;

        if (parts[i] == 'o')
            DAF_WEB_PUT(h,
                        "<circle class=\"part others\" cx=\"%\" cy=\"%\" "
                        "r=\"4\"/>",
                        n(x + 4), n(y + 4));
        else
            DAF_WEB_PUT(h,
                        "<rect class=\"part %\" x=\"%\" y=\"%\" "
                        "width=\"8\" height=\"8\"/>",
                        parts[i] == 's' ? "source" : "lacking", n(x), n(y));
    }
    DAF_WEB_PUT(h, "<text class=\"count\" x=\"0\" y=\"29\">% %</text>",
                n((int)(held * 100 / strlen(parts))), "%");
}

/* A notebook and how many records, a book and how many lessons; or a film. */
static void put_screen(const struct board_device *d, struct daf_web_html *h)
{
    if (!d->is_up) {
        DAF_WEB_RAW(h, "<path class=\"plug\" d=\"M-16-14v14a16 16 0 0 0 32 "
                       "0v-14M-8-14v-14M8-14v-14M0 16v16\"/>");
        return;
    }
    if (d->parts[0] != '\0') {
        put_parts(d->parts, h);
        return;
    }
    DAF_WEB_PUT(h,
                "<g transform=\"translate(-44 -22)\"><path class=\"icon\" "
                "d=\"M0 0h18a4 4 0 0 1 4 4v22h-18a4 4 0 0 1-4-4z\"/>"
                "<path class=\"lines\" d=\"M5 8h12M5 14h12M5 20h7\"/>"
                "<text class=\"count\" x=\"11\" y=\"50\">%</text></g>",
                d->records[0] != '\0' ? d->records : "–");
    DAF_WEB_PUT(h,
                "<g transform=\"translate(14 -22)\"><path class=\"icon\" "
                "d=\"M0 2c6-3 11-2 15 1 4-3 9-4 15-1v22c-6-3-11-2-15 1-4-3-9-4"
                "-15-1z\"/><path class=\"lines\" d=\"M15 3v22\"/>"
                "<text class=\"count\" x=\"15\" y=\"50\">%</text></g>",
                d->lessons[0] != '\0' ? d->lessons : "–");
}

static void put_device(const struct board_device *d, struct daf_web_html *h)
{
    DAF_WEB_PUT(h,
                "<g class=\"device % %\" transform=\"translate(% %)\">"
                "<title>%</title>"
                "<rect class=\"case\" x=\"-66\" y=\"-48\" width=\"132\" "
                "height=\"96\" rx=\"16\"/>"
                "<rect class=\"screen\" x=\"-56\" y=\"-38\" width=\"112\" "
                "height=\"76\" rx=\"8\"/>",
                d->camp == 1 ? "one" : "two", d->is_up ? "up" : "off", n(d->x),
                n(d->y), d->name);
    put_screen(d, h);
    DAF_WEB_PUT(h, "<text class=\"name\" x=\"0\" y=\"72\">%</text></g>\n",
                d->name);
}

void board_picture(const struct board *b, struct daf_web_html *h)
{
    DAF_WEB_RAW(h, "<svg viewBox=\"0 0 " WIDE " " HIGH "\" role=\"img\" "
                   "aria-label=\"The devices, who is connected, and how many "
                   "records and lessons each has\">\n");
    put_camps(h);
    for (size_t i = 0; i < b->wires_count; i++)
        put_wire(b, &b->wires[i], h);
    for (size_t i = 1; i <= BOARD_DEVICES_MAX; i++)
        if (b->devices[i].camp != 0) put_device(&b->devices[i], h);
    DAF_WEB_RAW(h, "</svg>\n");
}
