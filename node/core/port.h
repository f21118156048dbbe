/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/port.h - the agent's port to the world.
 *
 * The daemon implements it with the link process and the writer thread, the
 * simulator with its modelled links and stores, tests with arrays.  All calls
 * return at once and cannot fail: what goes wrong comes back as an input.
 *
 * Connections are numbered by the host, except outgoing ones, which the agent
 * numbers: below DAF_CONN_INCOMING.  A number is not used again before its
 * CLOSED input came. */
#ifndef DAF_NODE_CORE_PORT_H
#define DAF_NODE_CORE_PORT_H

#include "proto/index.h"
#include "proto/record.h"
#include "proto/statement.h"

#define DAF_CONN_INCOMING  0x80000000u /* set in the numbers of incoming ones */
#define DAF_ADDR_BYTES_MAX 63

/* "192.0.2.7:5670", "[fe80::1%3]:5670": numeric only, checked by the host. */
struct daf_addr {
    char text[DAF_ADDR_BYTES_MAX + 1];
};

enum daf_endpoint {
    DAF_ENDPOINT_DOOR = 1,
    DAF_ENDPOINT_MESH = 2,
    DAF_ENDPOINT_PORCH = 3,
};

/* Where mesh and porch are unless another program has that port: so far after the
 * door's. */
#define DAF_MESH_STEP  1
#define DAF_PORCH_STEP 2

#define DAF_ANNOUNCE_BYTES 48

/* A DNS-SD service of this device (docs/protocol.md §7). */
struct daf_announce {
    enum daf_endpoint endpoint; /* DOOR or PORCH */
    uint16_t port;
    uint8_t name[8]; /* the instance, said in hex */
    /* DOOR: a salt (16) and a token (8) for each of four addresses; PORCH: its
     * key (32), then zeros. */
    uint8_t data[DAF_ANNOUNCE_BYTES];
};

/* One verified record on its way to the disk. */
struct daf_keep {
    const struct daf_record *record;
    struct daf_view header;
    enum daf_body_state body_state;
    struct daf_view body;
};

/* Lives of one device that are remembered.  A peer keeps 64 incarnations of an author
 * in a scope (R38), and copies of the same card need some of them. */
#define DAF_LIVES_MAX 32

/* What a device remembers of itself (docs/protocol.md R125, R126). */
struct daf_self {
    uint64_t lives
        [DAF_LIVES_MAX]; /* incarnations that it wrote in, the present last */
    size_t lives_count;
    bool is_restored; /* others may know more of it than it does */
};

/* Bytes of a part of a content item, from @offset on; @bytes borrowed. */
struct daf_port_piece {
    struct daf_hash content;
    uint32_t part, offset;
    struct daf_view bytes;
};

struct daf_port {
    void *ctx;
    /* Send one frame; dropped if the connection is gone (CLOSED will tell). */
    void (*send)(void *ctx, uint32_t conn, struct daf_view frame);
    void (*close)(void *ctx, uint32_t conn);
    /* Open a connection; OPENED or CLOSED comes back.  @server: its CURVE key.
     * @addr is copied. */
    void (*connect)(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                    const struct daf_addr *addr,
                    const struct daf_box_pk *server);
    /* Let this transport key into mesh from now on, or no more. */
    void (*admit)(void *ctx, const struct daf_box_pk *key, bool allowed);
    /* Open the porch with this key pair, instead of one that is open; PORCHED
     * comes back, and again whenever link was started anew.  NULL, NULL: close it,
     * and every connection to it. */
    void (*porch)(void *ctx, const struct daf_box_pk *pk,
                  const struct daf_box_sk *sk);
    /* Say on the network that this service is here, instead of the one of its
     * kind that was said before; say it no more.  Best effort. */
    void (*announce)(void *ctx, const struct daf_announce *what);
    void (*withdraw)(void *ctx, enum daf_endpoint endpoint);
    /* One batch for the disk: begin, what is to be done in this order, end.
     * Views are borrowed for the call.  STORED with @job comes back, in order of
     * end, with an item for each keep.
     * unchecked: nobody has verified the own signatures of this stretch; checked:
     * all that is held of it was verified.  drop: forget a record; one that is not
     * held is no error, one that the store cannot part with stays.
     * statement: keep it at its place (proto/statement.h).
     * self: keep it instead of the one before.
     * acked: note what a peer holds of our own (in no batch; best effort, comes
     * back to nobody). */
    void (*store_begin)(void *ctx, uint64_t job);
    void (*store_keep)(void *ctx, const struct daf_keep *keep);
    void (*store_unchecked)(void *ctx, const struct daf_stretch *what);
    void (*store_checked)(void *ctx, const struct daf_stretch *what);
    void (*store_drop)(void *ctx, const struct daf_log_key *log,
                       const struct daf_spot *spot);
    /* May be NULL: then the agent neither keeps statements nor tells of any. */
    void (*store_statement)(void *ctx, const struct daf_statement *st,
                            struct daf_view bytes);
    /* What it remembers of itself, instead of what it did.  May be NULL: then it
     * stays in one life. */
    void (*store_self)(void *ctx, const struct daf_self *self);
    /* Destroy held bodies with these handles; a batch has at most one.  Other
     * bodies and all headers stay, and the state of those becomes ERASED.  If that
     * was not all STORED has an item more, at the end: is_deferred, with the place
     * to go on from, or, all being looked at, of seq 0: the journal has bytes of
     * them still.  No item: nothing of them is in any file of the notebook, and it
     * remembers that these handles are done.  May be NULL: then nothing goes. */
    void (*store_erase)(void *ctx, const struct daf_erase *what);
    void (*store_end)(void *ctx, uint64_t job);
    void (*store_acked)(void *ctx, const struct daf_log_key *log,
                        uint64_t seq_first, const struct daf_spot *last);
    /* Put what @conn sent on the shelf; PUT comes when the part is whole or
     * cannot be. */
    void (*content_put)(void *ctx, uint32_t conn,
                        const struct daf_port_piece *piece);
    /* Nothing more of what @conn has begun will come. */
    void (*content_forget)(void *ctx, uint32_t conn);
    /* Read for @conn at most DAF_PIECE_BYTES_MAX from there; READ comes back, when
     * the connection's bytes have gone far enough.  @piece has no bytes. */
    void (*content_read)(void *ctx, uint32_t conn,
                         const struct daf_port_piece *piece);
};

#endif
