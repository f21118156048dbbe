/* SPDX-License-Identifier: Apache-2.0 */
/* node/link.h - the link process: libzmq, kept away from the keys.
 *
 *      core  <--- STREAM socket pair, framed messages --->  link
 *
 * core starts `daftard --as-link` with one end of a socket pair as descriptor 3.
 * link knows the transport key and the door key, nothing else; what it reports
 * is believed for traffic, never for identity (ROOT's signature is).  When it
 * dies core starts it again and says everything once more.
 *
 * Framing: struct daf_link_head, then `len` bytes.  Both ends are one program on
 * one machine, so plain native integers.  core treats what link says as hostile
 * all the same: lengths and kinds are checked, a breach kills link.
 *
 * kind        from  payload
 * LISTEN      core  struct daf_link_listen
 * ADMIT       core  struct daf_link_admit
 * CONNECT     core  struct daf_link_connect      (head.conn, head.endpoint)
 * SEND        core  one frame                    (head.conn)
 * CLOSE       core  -                            (head.conn); CLOSED answers
 * PORCH       core  struct daf_link_porch: open the porch, or close it
 * READY       link  struct daf_link_ready: bound, and a stranger was refused
 * OPENED      link  32 bytes: the peer's CURVE key (ZAP's or the server key)
 * FRAME       link  one frame                    (head.conn)
 * CLOSED      link  -                            (head.conn); last word about it
 * REFUSED     link  struct daf_link_refused: strangers since the last one
 * PORCHED     link  struct daf_link_porched: the porch listens, or cannot
 * FAILED      link  text for a person: cannot listen, self-test failed; then exit
 *
 * LISTEN comes once, ADMIT at any time, PORCH after READY, the others after
 * LISTEN.  A SEND is at most DAF_FRAME_BYTES_MAX; more than 4 MiB that a peer
 * does not take closes its connection.  SEND and CLOSE of a number that had its
 * CLOSED are ignored: it is not answered twice.  Frames said before CLOSE, or
 * before the porch closes, have 1 s to leave.  An ADMIT that denies a key
 * ends what mesh has with it, on either side, as CLOSE would.
 */
#ifndef DAF_NODE_LINK_H
#define DAF_NODE_LINK_H

#include "node/core/port.h"
#include "proto/limits.h"

enum daf_link_kind {
    DAF_LINK_LISTEN = 1,
    DAF_LINK_ADMIT,
    DAF_LINK_CONNECT,
    DAF_LINK_SEND,
    DAF_LINK_CLOSE,
    DAF_LINK_PORCH,
    DAF_LINK_READY = 65,
    DAF_LINK_OPENED,
    DAF_LINK_FRAME,
    DAF_LINK_CLOSED,
    DAF_LINK_REFUSED,
    DAF_LINK_FAILED,
    DAF_LINK_PORCHED,
};

struct daf_link_head {
    uint32_t len; /* bytes after this head, ≤ DAF_LINK_BYTES_MAX */
    uint32_t conn;
    uint8_t kind;
    uint8_t endpoint; /* enum daf_endpoint, for CONNECT and OPENED */
    uint8_t pad[2];   /* zero */
};
#define DAF_LINK_BYTES_MAX 524288 /* 512 KiB, libzmq's limit too */

struct daf_link_listen {
    struct daf_addr door; /* port 0: any; the port chosen is in READY */
    struct daf_box_pk door_pk;
    struct daf_box_sk door_sk;
    struct daf_box_pk transport_pk;
    struct daf_box_sk transport_sk;
    /* 1: nobody can come, so of the rest only transport_* is looked at; READY
     * names ports 0. */
    uint8_t only_calls;
};
struct daf_link_admit {
    struct daf_box_pk key;
    uint8_t allowed;
};
struct daf_link_connect {
    struct daf_addr addr;
    struct daf_box_pk server;
};
struct daf_link_ready {
    uint16_t door_port, mesh_port; /* mesh listens on the door's address */
};
struct daf_link_porch {
    struct daf_box_pk pk;
    struct daf_box_sk sk;
    uint16_t port;   /* 0: any */
    uint8_t is_open; /* 0: close it, and every connection to it; no PORCHED */
};
struct daf_link_porched {
    uint16_t port; /* on the door's address; 0: it could not listen */
};
struct daf_link_refused {
    uint64_t keys;       /* ZAP said no: not admitted to mesh */
    uint64_t handshakes; /* no CURVE handshake: wrong server key, no CURVE */
    uint64_t messages;   /* multipart, odd routing ids, too long */
    uint64_t crowded;    /* sent off: too many who had proven nothing yet */
    uint64_t silent;     /* sent off: no frame in time */
};

/** daf_link_frame_max: the most bytes of a FRAME at @endpoint. */
static inline size_t daf_link_frame_max(enum daf_endpoint endpoint)
{
    return endpoint == DAF_ENDPOINT_MESH ? DAF_FRAME_BYTES_MAX
                                         : DAF_DOOR_BYTES_MAX;
}

/** daf_link_main: the link process's whole life.  @fd: its end of the pair.
 * Returns the exit status: 0 when core closed the pair. */
int daf_link_main(int fd);

#endif
