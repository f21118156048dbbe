/* SPDX-License-Identifier: Apache-2.0 */
/* tests/demo/board.h - between the files of the demo's board.
 *
 * The board knows no device: it shows what demo.bash wrote down, and hands it what
 * was pressed.  Files of its folder, each replaced as a whole; lines of fields,
 * with a tab between:
 *
 *      state   say TEXT                        what happens, in one sentence
 *              scene NAME                      is being played
 *              done NAME ok|failed
 *              device N NAME ARABIC CAMP up|off X Y
 *              wire A B                        in reach of each other
 *              lesson N ID TITLE               to show; on that device
 *      counts  count N RECORDS LESSONS
 *              met A B                         have a session
 *              parts N MARKS                   of a film, a character for each part or
 *                                              group of parts: s came from the
 *                                              source, o from others, . is lacking
 *      doors   door N URL                      what lets a browser in
 *
 * `pressed` is a FIFO: the name of a scene, or "all", on a line. */
#ifndef DEMO_BOARD_H
#define DEMO_BOARD_H

#include "node/web_html.h"

#define BOARD_DEVICES_MAX 8
#define BOARD_SCENES_MAX  32
#define BOARD_WIRES_MAX   64
#define BOARD_TEXT_BYTES  256
#define BOARD_PARTS_MAX   48

struct board_device {
    char name[BOARD_TEXT_BYTES], arabic[BOARD_TEXT_BYTES];
    char door[BOARD_TEXT_BYTES]; /* "": not yet */
    char records[24], lessons[24];
    char parts[BOARD_PARTS_MAX + 1]; /* "": there is no film */
    unsigned camp;                   /* 0: there is no such device */
    bool is_up;
    int x, y; /* its middle in the picture */
};
struct board_scene {
    char name[BOARD_TEXT_BYTES], title[BOARD_TEXT_BYTES];
    char arabic[BOARD_TEXT_BYTES], watch[BOARD_TEXT_BYTES];
    char done[16]; /* "", "ok", "failed" */
};
struct board_wire {
    unsigned a, b;
    bool is_met;
};
struct board {
    char say[BOARD_TEXT_BYTES], scene[BOARD_TEXT_BYTES];
    struct board_device devices[BOARD_DEVICES_MAX + 1]; /* from 1 */
    struct board_scene scenes[BOARD_SCENES_MAX];
    size_t scenes_count;
    struct board_wire wires[BOARD_WIRES_MAX];
    size_t wires_count;
    unsigned lesson_device; /* 0: none yet */
    char lesson[BOARD_TEXT_BYTES], lesson_title[BOARD_TEXT_BYTES];
};

/** board_read: @folder: the state's; @scenes: scenes.txt.  What is not there yet
 * is left empty. */
void board_read(const char *folder, const char *scenes, struct board *out);
/** board_scene_find: NULL: there is no such scene. */
struct board_scene *board_scene_find(struct board *b, const char *name);

/** board_picture: the camp, as an SVG. */
void board_picture(const struct board *b, struct daf_web_html *h);

#endif
