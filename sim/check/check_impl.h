/* SPDX-License-Identifier: Apache-2.0 */
/* sim/check/check_impl.h - the checker's ledger. */
#ifndef DAF_SIM_CHECK_CHECK_IMPL_H
#define DAF_SIM_CHECK_CHECK_IMPL_H

#include "sim/check/check.h"

/* Open addressing; a key is a hash already and never 0. */
struct daf_check_map {
    struct {
        uint64_t key, value;
    } * places;
    size_t count, size; /* a power of two, or 0 */
};

/* Who owns a set of keys. */
struct daf_check_person {
    struct daf_author_id author;
    struct daf_sign_pk pk;
    bool is_coordinator, is_hostile;
    bool is_cloned; /* two devices write as it */
    bool is_mended; /* its card was damaged, and its log may have forked */
};

enum { DAF_CHECK_HEADER = 1, DAF_CHECK_BODY = 2 };

/* What must be on a card, whichever device it is in. */
struct daf_check_card {
    uint32_t person;
    struct daf_check_map held; /* a record: HEADER or BODY */
    /* Of a batch in which power went: what it would have added. */
    struct daf_check_map perhaps;
    bool is_lacking; /* it was mended, and has met nobody since */
    /* Of enum daf_check_sick, why it may be damaged; 0: it is not. */
    unsigned sick;
};

struct daf_check {
    struct daf_engine *engine;
    struct daf_fleet *fleet;
    uint32_t devices;
    struct daf_check_person *people;
    struct daf_check_card *cards; /* of each device */
    struct daf_scope_id scopes[DAF_FLEET_SCOPES];
    struct daf_check_map made;     /* records that honest people made */
    struct daf_check_map prevs;    /* a record: the one before */
    struct daf_check_map heads;    /* a place in an honest log: its record */
    struct daf_check_map bad;      /* dropped somewhere, and rightly so */
    struct daf_check_map sent;     /* a body in a session of honest ones */
    uint64_t bodies, again;        /* sent; and those that were sent before */
    uint64_t torn_kept, torn_lost; /* batches in which power went */
    uint64_t sometimes;
    bool out_of_memory;
    char broken[300];
};

/* A record, in 64 bits. */
uint64_t daf_check_key(const struct daf_record_id *id);
uint64_t daf_check_mix(uint64_t a, uint64_t b);
/* A place in a log, in 64 bits: the key of `heads`. */
uint64_t daf_check_place(const struct daf_check *c,
                         const struct daf_log_key *log, uint64_t seq);
/* NULL: it is not there. */
uint64_t *daf_check_map_find(const struct daf_check_map *map, uint64_t key);
void daf_check_map_set(struct daf_check *c, struct daf_check_map *map,
                       uint64_t key, uint64_t value);
void daf_check_map_remove(struct daf_check_map *map, uint64_t key);
void daf_check_map_free(struct daf_check_map *map);

/* NULL: nobody of this camp. */
const struct daf_check_person *daf_check_person(
    const struct daf_check *c, const struct daf_author_id *author);
bool daf_check_is_hostile(const struct daf_check *c, uint32_t device);
/* Of the camp's scopes; DAF_FLEET_SCOPES: none of them. */
size_t daf_check_scope(const struct daf_check *c,
                       const struct daf_scope_id *scope);

#endif
