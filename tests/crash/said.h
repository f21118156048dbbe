/* SPDX-License-Identifier: Apache-2.0 */
/* tests/crash/said.h - the oracle: what was written anywhere, byte for byte, and
 * what the device under test has said of it.  Kept outside the device: a cut does
 * not touch it.
 *
 * Said is: a write that ended well, a record sent in a RUN, a path named in an
 * ACK, the height of a log told in HEADS.  What was said must be held ever after. */
#ifndef DAF_TESTS_CRASH_SAID_H
#define DAF_TESTS_CRASH_SAID_H

#include "node/core/agent.h"
#include "store/store.h"

struct said_record {
    struct said_record *next;
    struct daf_record r; /* ext is not used */
    size_t header_len, body_len;
    bool is_own;      /* of the device under test */
    bool is_early;    /* written before the cut */
    bool said_header; /* the device said that it holds this */
    bool said_body;   /* ... and its body */
    bool acked;       /* in an ACK */
    bool at_peer;     /* the peer has committed it */
    bool is_verified; /* its signature, once */
    uint8_t bytes[];  /* header, body */
};

struct said {
    struct said_record *first, **end;
    size_t count;
    uint64_t lies; /* said of what nobody ever wrote, or with other bytes */
};

void said_init(struct said *s);
void said_free(struct said *s);
/** said_copy: all of @from, as written before the cut. */
void said_copy(const struct said *from, struct said *to);

/** said_find: by id; NULL: nobody wrote that. */
struct said_record *said_find(const struct said *s,
                              const struct daf_record_id *id);
/** said_written: a device made a record and handed it to its disk. */
void said_written(struct said *s, const struct daf_keep *keep, bool is_own,
                  bool is_early);
/** said_wrote: the device under test told a person so. */
void said_wrote(struct said *s, const struct daf_wrote *wrote);
/** said_dropped: a device drops a record for its bad signature.  Here all that
 * anybody writes is good, so it is a lie. */
void said_dropped(struct said *s);
/** said_frame: the device under test sent this. */
void said_frame(struct said *s, struct daf_view frame);

struct daf_view said_header(const struct said_record *r);
struct daf_view said_body(const struct said_record *r);
/** said_is: whether what a store holds is, byte for byte, what was written. */
bool said_is(const struct said_record *r, const struct daf_stored *stored);

#endif
