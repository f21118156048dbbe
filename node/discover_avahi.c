/* SPDX-License-Identifier: Apache-2.0 */
/* node/discover_avahi.c - TXT, names and addresses: what Avahi has, in our words
 * (docs/protocol.md §7).  Strangers wrote most of it. */
#include "node/core/addr.h"
#include "node/discover_impl.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sodium.h>

/* ---- hex */

/* Lower case only: one text for each value. */
static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 2 * @len characters of @text. */
static bool read_hex(const uint8_t *text, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0) return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* ---- names */

void daf_discover_avahi_name(const uint8_t name[8],
                             char out[DAF_DISCOVER_NAME_BYTES])
{
    (void)sodium_bin2hex(out, DAF_DISCOVER_NAME_BYTES, name, 8);
}

bool daf_discover_avahi_name_parse(const char *text, uint8_t out[8])
{
    return text != NULL && strlen(text) == 16 &&
           read_hex((const uint8_t *)text, out, 8);
}

/* ---- TXT */

struct field {
    uint8_t key;
    size_t at, len; /* in struct daf_announce's data */
};

static const struct field door_fields[2] = {{'s', 0, 16}, {'t', 16, 32}};
static const struct field porch_fields[1] = {{'k', 0, 32}};

static size_t fields_of(enum daf_endpoint endpoint, const struct field **out)
{
    bool is_door = endpoint == DAF_ENDPOINT_DOOR;

    *out = is_door ? door_fields : porch_fields;
    return is_door ? 2 : 1;
}

AvahiStringList *daf_discover_avahi_txt(const struct daf_announce *what)
{
    const struct field *fields;
    size_t count = fields_of(what->endpoint, &fields);
    AvahiStringList *list = NULL, *more;
    char hex[2 * sizeof(what->data) + 1];

    for (size_t i = 0; i < count; i++) {
        (void)sodium_bin2hex(hex, sizeof(hex), what->data + fields[i].at,
                             fields[i].len);
        more = avahi_string_list_add_printf(list, "%c=%s", fields[i].key, hex);
        if (more == NULL) {
            avahi_string_list_free(list);
            return NULL;
        }
        list = more;
    }
    return list;
}

static bool read_field(const AvahiStringList *txt, const struct field *f,
                       uint8_t *data)
{
    size_t found = 0;

    for (; txt != NULL; txt = txt->next) {
        if (txt->size < 2 || txt->text[0] != f->key || txt->text[1] != '=')
            continue;
        if (txt->size != 2 + 2 * f->len ||
            !read_hex(txt->text + 2, data + f->at, f->len))
            return false;
        found++;
    }
    return found == 1;
}

bool daf_discover_avahi_txt_parse(const AvahiStringList *txt,
                                  struct daf_announce *out)
{
    const struct field *fields;
    size_t count = fields_of(out->endpoint, &fields);

    for (size_t i = 0; i < count; i++)
        if (!read_field(txt, &fields[i], out->data)) return false;
    return true;
}

/* ---- addresses */

static bool read_address(const AvahiAddress *address, struct daf_where *out)
{
    *out = (struct daf_where){.is_v6 = address->proto == AVAHI_PROTO_INET6};
    if (out->is_v6)
        memcpy(out->ip, address->data.ipv6.address, 16);
    else
        memcpy(out->ip, &address->data.ipv4.address, 4);
    return out->is_v6 || address->proto == AVAHI_PROTO_INET;
}

bool daf_discover_avahi_addr(const AvahiAddress *address,
                             AvahiIfIndex interface, uint16_t port,
                             struct daf_addr *out)
{
    struct daf_where where;

    *out = (struct daf_addr){""};
    if (!read_address(address, &where)) return false;
    where.port = port;
    if (daf_addr_is_link_local(&where)) where.zone = (uint32_t)interface;
    daf_addr_format(&where, out);
    /* No interface is no zone; and IPv4 inside IPv6 is told as what it is. */
    if (!daf_addr_parse(out, &where) || !daf_addr_callable(&where))
        return false;
    daf_addr_format(&where, out);
    return true;
}

bool daf_discover_avahi_is_inner(const AvahiAddress *address,
                                 AvahiIfIndex interface)
{
    struct daf_where where;
    bool is_loopback =
        read_address(address, &where) && daf_addr_is_loopback(&where);
    bool has_network = false;
    char name[IF_NAMESIZE] = "";
    struct ifaddrs *all;

    if (if_indextoname((unsigned)interface, name) == NULL) return true;
    if (getifaddrs(&all) != 0) return is_loopback;
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
        bool is_up = i->ifa_addr != NULL && (i->ifa_flags & IFF_UP) != 0;

        if ((i->ifa_flags & IFF_LOOPBACK) == 0)
            has_network |= is_up && (i->ifa_addr->sa_family == AF_INET ||
                                     i->ifa_addr->sa_family == AF_INET6);
        else if (strcmp(i->ifa_name, name) == 0)
            is_loopback = true;
    }
    freeifaddrs(all);
    return is_loopback && has_network;
}

/* Looking by both costs more than twice as much, on all machines, since everybody
 * hears every question: 40 that start together took 25 s of processor time by
 * both, 10 s by IPv4.  Everybody is announced by both: who has no IPv4 address
 * finds those who have one, and calls them. */
AvahiProtocol daf_discover_avahi_protocol(void)
{
    AvahiProtocol protocol = AVAHI_PROTO_UNSPEC;
    struct ifaddrs *all;

    if (getifaddrs(&all) != 0) return protocol;
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
        if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
            (i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & IFF_LOOPBACK) == 0)
            protocol = AVAHI_PROTO_INET;
    freeifaddrs(all);
    return protocol;
}
