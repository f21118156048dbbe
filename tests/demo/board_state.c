/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 1024
#define FIELDS     8

static void copy(char out[BOARD_TEXT_BYTES], const char *text)
{
    (void)snprintf(out, BOARD_TEXT_BYTES, "%s", text);
}

static unsigned number(const char *text, unsigned most)
{
    unsigned long n = strtoul(text, NULL, 10);

    return n <= most ? (unsigned)n : 0;
}

struct board_scene *board_scene_find(struct board *b, const char *name)
{
    for (size_t i = 0; i < b->scenes_count; i++)
        if (strcmp(b->scenes[i].name, name) == 0) return &b->scenes[i];
    return NULL;
}

/* ---- what is of a device */

static struct board_device *device(struct board *b, const char *text)
{
    return &b->devices[number(text, BOARD_DEVICES_MAX)];
}

static void take_device(struct board *b, char **f)
{
    struct board_device *d = device(b, f[1]);

    copy(d->name, f[2]);
    copy(d->arabic, f[3]);
    d->camp = number(f[4], 2);
    d->is_up = strcmp(f[5], "up") == 0;
    d->x = (int)number(f[6], 2000);
    d->y = (int)number(f[7], 2000);
}

static void take_wire(struct board *b, char **f, bool is_met)
{
    unsigned from = number(f[1], BOARD_DEVICES_MAX);
    unsigned to = number(f[2], BOARD_DEVICES_MAX);

    for (size_t i = 0; i < b->wires_count; i++)
        if (b->wires[i].a == from && b->wires[i].b == to) {
            b->wires[i].is_met |= is_met;
            return;
        }
    /* Nobody who is out of reach is met, whatever was counted a moment ago. */
    if (!is_met && b->wires_count < BOARD_WIRES_MAX)
        b->wires[b->wires_count++] = (struct board_wire){from, to, false};
}

static void take(struct board *b, char **f)
{
    struct board_scene *scene;

    if (strcmp(f[0], "say") == 0) {
        copy(b->say, f[1]);
    } else if (strcmp(f[0], "scene") == 0) {
        copy(b->scene, f[1]);
    } else if (strcmp(f[0], "done") == 0) {
        scene = board_scene_find(b, f[1]);
        if (scene != NULL)
            (void)snprintf(scene->done, sizeof(scene->done), "%s", f[2]);
    } else if (strcmp(f[0], "device") == 0) {
        take_device(b, f);
    } else if (strcmp(f[0], "wire") == 0 || strcmp(f[0], "met") == 0) {
        take_wire(b, f, f[0][0] == 'm');
    } else if (strcmp(f[0], "lesson") == 0) {
        b->lesson_device = number(f[1], BOARD_DEVICES_MAX);
        copy(b->lesson, f[2]);
        copy(b->lesson_title, f[3]);
    } else if (strcmp(f[0], "count") == 0) {
        (void)snprintf(device(b, f[1])->records, 24, "%s", f[2]);
        (void)snprintf(device(b, f[1])->lessons, 24, "%s", f[3]);
    } else if (strcmp(f[0], "parts") == 0) {
        (void)snprintf(device(b, f[1])->parts, BOARD_PARTS_MAX + 1, "%s", f[2]);
    } else if (strcmp(f[0], "door") == 0) {
        copy(device(b, f[1])->door, f[2]);
    }
}

/* Into @fields, which are all there: what is missing is "". */
static void split(char *line, char separator, char *fields[FIELDS])
{
    static char nothing[1];
    char *p = line;

    line[strcspn(line, "\n")] = '\0';
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = p != NULL ? p : nothing;
        if (p != NULL) p = i + 1 < FIELDS ? strchr(p, separator) : NULL;
        if (p != NULL) *p++ = '\0';
    }
}

static void read_state(struct board *b, const char *folder, const char *name)
{
    char path[1024], line[LINE_BYTES], *fields[FIELDS];
    FILE *from;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    from = fopen(path, "re");
    if (from == NULL) return;
    while (fgets(line, sizeof(line), from) != NULL) {
        split(line, '\t', fields);
        take(b, fields);
    }
    (void)fclose(from);
}

/* ---- scenes.txt */

static void take_scene(struct board *b, const char *key, const char *value)
{
    struct board_scene *s;

    if (strcmp(key, "scene") == 0 && b->scenes_count < BOARD_SCENES_MAX)
        copy(b->scenes[b->scenes_count++].name, value);
    if (b->scenes_count == 0) return;
    s = &b->scenes[b->scenes_count - 1];
    if (strcmp(key, "en") == 0) copy(s->title, value);
    if (strcmp(key, "ar") == 0) copy(s->arabic, value);
    if (strcmp(key, "watch") == 0) copy(s->watch, value);
}

static void read_scenes(struct board *b, const char *path)
{
    char line[LINE_BYTES];
    FILE *from = fopen(path, "re");

    if (from == NULL) return;
    while (fgets(line, sizeof(line), from) != NULL) {
        char *value = strstr(line, ": ");

        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || value == NULL) continue;
        *value = '\0';
        take_scene(b, line, value + 2);
    }
    (void)fclose(from);
}

void board_read(const char *folder, const char *scenes, struct board *out)
{
    memset(out, 0, sizeof(*out));
    read_scenes(out, scenes);
    read_state(out, folder, "state");
    read_state(out, folder, "doors");
    read_state(out, folder, "counts");
}
