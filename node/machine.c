/* SPDX-License-Identifier: Apache-2.0 */
#include "node/machine.h"

#include "proto/hash.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 512
#define TEXT_BYTES 128

enum { SYSTEM, BOARD, NETWORK };

/* The first line of a file; false if there is none, or nothing in it. */
static bool read_line(const char *root, const char *name, char out[TEXT_BYTES])
{
    char path[PATH_BYTES];
    FILE *f;
    size_t len;

    if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int)sizeof(path))
        return false;
    f = fopen(path, "re");
    if (f == NULL) return false;
    len = fread(out, 1, TEXT_BYTES - 1, f);
    (void)fclose(f);
    out[len] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    return out[0] != '\0';
}

static void set_mark(struct daf_machine *m, int which, const char *text)
{
    uint8_t hash[32];

    daf_hash_256("daf.machine.1",
                 (struct daf_view){(const uint8_t *)text, strlen(text)}, hash);
    memcpy(m->marks[which], hash, DAF_MACHINE_MARK_BYTES);
}

static void read_board(const char *root, struct daf_machine *m)
{
    static const char *const names[] = {
        "/proc/device-tree/serial-number", /* small boards */
        "/sys/class/dmi/id/product_uuid",  /* PCs; root's to read */
        "/sys/class/dmi/id/board_serial",
    };
    char text[TEXT_BYTES];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!read_line(root, names[i], text)) continue;
        set_mark(m, BOARD, text);
        return;
    }
}

/* A card that is built in, and an address that it came with. */
static bool is_built_in(const char *root, const char *card,
                        char address[TEXT_BYTES])
{
    char name[PATH_BYTES], path[PATH_BYTES], text[TEXT_BYTES];

    if (snprintf(name, sizeof(name), "/sys/class/net/%s/addr_assign_type",
                 card) >= (int)sizeof(name) ||
        !read_line(root, name, text) || strcmp(text, "0") != 0)
        return false;
    (void)snprintf(name, sizeof(name), "/sys/class/net/%s/device", card);
    if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int)sizeof(path) ||
        access(path, F_OK) != 0)
        return false;
    (void)snprintf(name, sizeof(name), "/sys/class/net/%s/address", card);
    return read_line(root, name, address);
}

/* Of several the lowest address: their order changes from start to start. */
static void read_network(const char *root, struct daf_machine *m)
{
    char path[PATH_BYTES], lowest[TEXT_BYTES] = "", address[TEXT_BYTES];
    const struct dirent *entry;
    DIR *d;

    if (snprintf(path, sizeof(path), "%s/sys/class/net", root) >=
        (int)sizeof(path))
        return;
    d = opendir(path);
    if (d == NULL) return;
    /* One thread reads this folder.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.' ||
            !is_built_in(root, entry->d_name, address))
            continue;
        if (lowest[0] == '\0' || strcmp(address, lowest) < 0)
            memcpy(lowest, address, sizeof(lowest));
    }
    (void)closedir(d);
    if (lowest[0] != '\0') set_mark(m, NETWORK, lowest);
}

void daf_machine_read(const char *root, struct daf_machine *out)
{
    char text[TEXT_BYTES];

    memset(out, 0, sizeof(*out));
    if (read_line(root, "/etc/machine-id", text)) set_mark(out, SYSTEM, text);
    read_board(root, out);
    read_network(root, out);
}

static bool is_known(const uint8_t mark[DAF_MACHINE_MARK_BYTES])
{
    static const uint8_t unknown[DAF_MACHINE_MARK_BYTES];

    return memcmp(mark, unknown, sizeof(unknown)) != 0;
}

bool daf_machine_is_other(const struct daf_machine *a,
                          const struct daf_machine *b)
{
    unsigned differ = 0;

    for (size_t i = 0; i < DAF_MACHINE_MARKS; i++)
        differ += is_known(a->marks[i]) && is_known(b->marks[i]) &&
                  memcmp(a->marks[i], b->marks[i], sizeof(a->marks[i])) != 0;
    return differ >= 2;
}

void daf_machine_next(const struct daf_machine *was,
                      const struct daf_machine *now, struct daf_machine *out)
{
    *out = *now;
    for (size_t i = 0; i < DAF_MACHINE_MARKS; i++)
        if (!is_known(now->marks[i]))
            memcpy(out->marks[i], was->marks[i], sizeof(out->marks[i]));
}
