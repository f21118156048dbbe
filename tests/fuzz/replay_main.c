/* SPDX-License-Identifier: Apache-2.0 */

/* Runs a fuzz target once over every file of a folder, without libFuzzer: so
 * each input that ever broke something is a test under every compiler. */

#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Weak: most targets have nothing to initialise. */
#pragma weak LLVMFuzzerInitialize

/* Larger than any frame; a corpus of bigger files would not replay fast. */
#define INPUT_BYTES_MAX ((size_t)4 << 20)

/* Runs one file, from a block of exactly its size so that a sanitizer sees the
 * first byte read beyond it.  Returns 0, or -1 if the file was not read. */
static int replay_file(const char *folder, const char *name, uint8_t *room)
{
    char path[4096];
    uint8_t *data = NULL;
    size_t len;
    FILE *f;
    int n;

    n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof(path)) return -1;
    f = fopen(path, "rb");
    if (f == NULL) return -1;
    len = fread(room, 1, INPUT_BYTES_MAX, f);
    if (!ferror(f)) data = malloc(len > 0 ? len : 1);
    (void)fclose(f);
    if (data == NULL) return -1;
    memcpy(data, room, len);
    (void)LLVMFuzzerTestOneInput(data, len);
    free(data);
    return 0;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    uint8_t *room = malloc(INPUT_BYTES_MAX);
    int count;
    int failed = 0;

    if (argc != 2 || room == NULL) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        free(room);
        return 2;
    }
    if (LLVMFuzzerInitialize != NULL) (void)LLVMFuzzerInitialize(&argc, &argv);

    /* No input is an input too, and needs no file. */
    (void)LLVMFuzzerTestOneInput(room, 0);

    /* A folder that does not exist is a corpus that is still empty. */
    count = scandir(argv[1], &entries, is_input, alphasort);
    for (int i = 0; i < count; i++) {
        if (replay_file(argv[1], entries[i]->d_name, room) != 0) {
            (void)fprintf(stderr, "cannot read %s\n", entries[i]->d_name);
            failed++;
        }
        free(entries[i]);
    }
    free(entries);
    free(room);
    (void)printf("%d inputs replayed\n", count < 0 ? 1 : count + 1 - failed);
    return failed == 0 ? 0 : 1;
}
