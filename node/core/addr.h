/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/addr.h - addresses as numbers and as text.
 *
 * A text has one number form, and a number form one text: "192.0.2.7:5670",
 * "[2001:db8::7]:5670", "[fe80::1%3]:5670".  Numeric only, and a zone is the
 * interface's number; exactly link-local IPv6 addresses have one, since without
 * it libzmq neither connects nor complains.  An IPv4 address inside IPv6
 * ("::ffff:192.0.2.7") is read as what it is. */
#ifndef DAF_NODE_CORE_ADDR_H
#define DAF_NODE_CORE_ADDR_H

#include "node/core/port.h"

struct daf_where {
    uint8_t ip[16]; /* IPv4: the first four, the rest zero */
    uint32_t zone;  /* of a link-local IPv6 address, else 0 */
    uint16_t port;
    bool is_v6;
};

/** daf_addr_parse: false if it is no such text. */
bool daf_addr_parse(const struct daf_addr *addr, struct daf_where *out);
void daf_addr_format(const struct daf_where *where, struct daf_addr *out);

/** daf_addr_put, daf_addr_get: any address as bytes, the host's, then the port,
 * big endian: 6 or 18 of them.  A zone is not among them.  False if there are not
 * so many. */
size_t daf_addr_put(const struct daf_where *where, uint8_t out[18]);
bool daf_addr_get(struct daf_view bytes, struct daf_where *out);

/** daf_addr_pack: as it goes on the wire (protocol.md R49): 6 or 18 bytes; 0 if
 * it may not go there: link-local, loopback, many, none, no port. */
size_t daf_addr_pack(const struct daf_where *where, uint8_t out[18]);
/** daf_addr_unpack: false if @bytes has no such form, or may not go there. */
bool daf_addr_unpack(struct daf_view bytes, struct daf_where *out);

/** daf_addr_callable: one may connect to it: one host, and a port. */
bool daf_addr_callable(const struct daf_where *where);

/** daf_addr_is_private: RFC 1918, RFC 4193, or 169.254/16: no far-away host. */
bool daf_addr_is_private(const struct daf_where *where);

/** daf_addr_is_loopback: this machine alone. */
bool daf_addr_is_loopback(const struct daf_where *where);

/** daf_addr_is_link_local: fe80::/10, worth nothing without its zone. */
bool daf_addr_is_link_local(const struct daf_where *where);

#endif
