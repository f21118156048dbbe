/* SPDX-License-Identifier: Apache-2.0 */
#include "node/addresses.h"

#include "node/core/addr.h"
#include "proto/cursor.h"
#include "proto/pack.h"

#include <stdlib.h>

#define FILE_NAME    "camp/addresses.daf"
#define FILE_FORMAT  "daf-addresses"
#define FILE_VERSION 1
/* Each device: its id, four addresses of 18 bytes, and what frames them. */
#define DOOR_BYTES 128
#define FILE_BYTES (64 + DAF_ADDRESSES_DEVICES_MAX * DOOR_BYTES)

/* ---- an address as bytes */

/* What others may be told, and doors on this machine: two homes may share it. */
static bool may_keep(const struct daf_where *w)
{
    uint8_t bytes[18];

    return (daf_addr_is_loopback(w) && w->port != 0) ||
           daf_addr_pack(w, bytes) > 0;
}

/* Returns the length; 0 if it is none that may be kept. */
static size_t to_bytes(const struct daf_addr *addr, uint8_t out[18])
{
    struct daf_where w;

    if (!daf_addr_parse(addr, &w) || !may_keep(&w)) return 0;
    return daf_addr_put(&w, out);
}

static bool of_bytes(struct daf_view bytes, struct daf_addr *out)
{
    struct daf_where w;

    if (!daf_addr_get(bytes, &w) || !may_keep(&w)) return false;
    daf_addr_format(&w, out);
    return true;
}

/* ---- the file */

static void read_door(struct daf_cursor *c, struct daf_addresses_file *out)
{
    struct daf_addresses_door *door = &out->doors[out->count];
    size_t count;

    door->count = 0;
    daf_cursor_array_of(c, 2);
    daf_cursor_bin_into(c, door->author.b, sizeof(door->author.b));
    count = daf_cursor_array(c, DAF_ADDRESSES_EACH_MAX);
    for (size_t i = 0; i < count; i++) {
        struct daf_view bytes = daf_cursor_bin(c, 18);

        if (daf_cursor_ok(c) && of_bytes(bytes, &door->addrs[door->count]))
            door->count++;
    }
    if (daf_cursor_ok(c) && door->count > 0) out->count++;
}

static bool decode(struct daf_view bytes, struct daf_addresses_file *out)
{
    struct daf_view format;
    struct daf_cursor c;
    size_t count;

    daf_cursor_init(&c, bytes);
    daf_cursor_array_of(&c, 3);
    format = daf_cursor_str(&c, strlen(FILE_FORMAT));
    if (format.len != strlen(FILE_FORMAT) ||
        memcmp(format.p, FILE_FORMAT, format.len) != 0 ||
        daf_cursor_uint(&c, UINT32_MAX) != FILE_VERSION)
        return false;
    count = daf_cursor_array(&c, DAF_ADDRESSES_DEVICES_MAX);
    for (size_t i = 0; i < count && daf_cursor_ok(&c); i++)
        read_door(&c, out);
    return daf_cursor_done(&c);
}

void daf_addresses_read(const struct daf_home *home,
                        struct daf_addresses_file *out)
{
    char path[DAF_HOME_PATH_MAX];
    uint8_t *bytes;
    size_t len;

    memset(out, 0, sizeof(*out));
    daf_home_path(home, FILE_NAME, path);
    if (daf_home_read_file(path, FILE_BYTES, &bytes, &len, NULL) != DAF_OK)
        return;
    if (!decode((struct daf_view){bytes, len}, out))
        memset(out, 0, sizeof(*out));
    free(bytes);
}

static bool pack_door(struct daf_pack *k, const struct daf_addresses_door *door)
{
    uint8_t bytes[DAF_ADDRESSES_EACH_MAX][18];
    size_t lens[DAF_ADDRESSES_EACH_MAX], count = 0;

    for (size_t i = 0; i < door->count; i++) {
        lens[count] = to_bytes(&door->addrs[i], bytes[count]);
        if (lens[count] > 0) count++;
    }
    if (count == 0) return false;
    daf_pack_array(k, 2);
    daf_pack_bin(k, door->author.b, sizeof(door->author.b));
    daf_pack_array(k, count);
    for (size_t i = 0; i < count; i++)
        daf_pack_bin(k, bytes[i], lens[i]);
    return true;
}

enum daf_err daf_addresses_write(const struct daf_home *home,
                                 const struct daf_addresses_file *a,
                                 struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    uint8_t buffer[FILE_BYTES];
    size_t mark, count = 0;
    struct daf_pack k;

    daf_pack_init(&k, buffer, sizeof(buffer));
    daf_pack_array(&k, 3);
    daf_pack_str(&k, FILE_FORMAT, strlen(FILE_FORMAT));
    daf_pack_uint(&k, FILE_VERSION);
    mark = daf_pack_open(&k);
    for (size_t i = 0; i < a->count; i++)
        count += pack_door(&k, &a->doors[i]);
    daf_pack_close(&k, mark, count);
    daf_home_path(home, FILE_NAME, path);
    return daf_home_write_file(path, 0600, daf_pack_view(&k), t);
}
