/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/camp_impl.h - what the files of the camp share.
 *
 *      camp.c          life, the way in, lists
 *      camp_control.c  certificates, key wraps, who may do what
 *      camp_acts.c     acts and their number, who was revoked
 *      camp_named.c    tips of revoked devices that were named
 *      camp_gens.c     generation keys: which are clean, who lacks which
 *      camp_reach.c    which acts a device says that it has applied
 *      camp_erased.c   erase handles that are gone for ever
 *      camp_clock.c    what devices' clocks were wrong by
 *      camp_beacon.c   weeks that coordinators have said
 *      camp_roster.c   learners, opening bodies
 *      camp_table.c    the two containers below
 *
 * Every rule by which one thing stands instead of another compares contents
 * only, never order of arrival: so the fold gives the same camp for every order.
 * Memory is reserved before anything is changed; what did not fit is passed
 * over whole, until the next start. */
#ifndef DAF_NODE_CORE_CAMP_IMPL_H
#define DAF_NODE_CORE_CAMP_IMPL_H

#include "node/core/camp.h"

/* A device with the right to append could register without end: a registration
 * costs about 300 bytes here. */
#define DAF_CAMP_LEARNERS_MAX 100000

/* --- a hash table from 32 bytes to two pointers, at least one not NULL */
struct daf_camp_key {
    uint8_t b[32];
};
struct daf_camp_slot {
    struct daf_camp_key key;
    void *item, *with;
};
struct daf_camp_table {
    struct daf_camp_slot *slots;
    size_t cap, count; /* cap is 0 or a power of 2 */
    uint8_t seed[16];  /* strangers choose keys, and must not choose slots */
    bool is_lent;      /* slots are another's: copied by the first reserve */
};

/** daf_camp_table_key: @a ‖ @b, 16 bytes each; @b may be NULL: zeros. */
struct daf_camp_key daf_camp_table_key(const uint8_t *a, const uint8_t *b);
/** daf_camp_table_reserve: make room for @extra more; false: out of memory. */
bool daf_camp_table_reserve(struct daf_camp_table *t, size_t extra);
/** daf_camp_table_find: borrowed until the next reserve; NULL if not there. */
struct daf_camp_slot *daf_camp_table_find(const struct daf_camp_table *t,
                                          const struct daf_camp_key *key);
/** daf_camp_table_put: set @key's pointers; room was reserved if it is new. */
void daf_camp_table_put(struct daf_camp_table *t,
                        const struct daf_camp_key *key, void *item, void *with);
void daf_camp_table_clear(struct daf_camp_table *t);
void daf_camp_table_deinit(struct daf_camp_table *t);

/* --- pointers in an order */
struct daf_camp_list {
    void **items;
    size_t count, cap;
    bool is_lent; /* as a table */
};
typedef int (*daf_camp_order_fn)(const void *a, const void *b);

bool daf_camp_list_reserve(struct daf_camp_list *l, size_t extra);
/** daf_camp_list_at: where @probe_item is or would be inserted. */
size_t daf_camp_list_at(const struct daf_camp_list *l, const void *probe_item,
                        daf_camp_order_fn order);
/** daf_camp_list_insert: @item in its place; room was reserved. */
void daf_camp_list_insert(struct daf_camp_list *l, void *item,
                          daf_camp_order_fn order);
/** daf_camp_list_remove: @item, which is in @l. */
void daf_camp_list_remove(struct daf_camp_list *l, const void *item,
                          daf_camp_order_fn order);
void daf_camp_list_deinit(struct daf_camp_list *l);

/* --- what the camp knows */

struct daf_camp_gen { /* one generation key of one scope */
    struct daf_camp_gen *next;
    uint64_t number;
    uint8_t commit[16];
    struct daf_key key;
};

/* One subject key of a learner in one class.  Two registrations of one subject
 * with different keys are two of these: the one with the lower handle stands,
 * both are read with. */
struct daf_camp_pupil {
    struct daf_camp_pupil *next;  /* of the same scope */
    struct daf_camp_pupil *other; /* of the same subject; the first stands */
    const struct daf_camp_known *known;
    struct daf_handle handle;
    struct daf_learner learner;
};

struct daf_camp_known { /* a scope */
    /* The one that stands for it among those who share: of the camp that lends. */
    const struct daf_camp_known *same;
    struct daf_scope_id id;
    char name[DAF_SCOPE_NAME_BYTES_MAX + 1];
    bool is_class;
    bool wants_rescan;
    size_t gens_count, pupils_count;
    struct daf_camp_gen *gens;
    struct daf_camp_pupil *pupils;
    uint64_t
        highest; /* number of a generation, held or not; 0: none is known */
};

struct daf_camp_right {
    const struct daf_camp_known *known;
    enum daf_right right;
};
struct daf_camp_member { /* a certified device that is no coordinator */
    const struct daf_camp *owner;
    struct daf_device device;
    struct daf_hash cert;        /* id of the certificate that stands */
    struct daf_author_id issuer; /* and who signed it */
    bool is_archive;
    size_t rights_count;
    struct daf_camp_right rights[];
};

/* One record that is an act (records.md §4), and what its log comes to there.
 * Records after it that are none have it as well. */
struct daf_camp_act {
    struct daf_camp_act *next;         /* of the camp's, to free them */
    const struct daf_camp_act *before; /* the last act before it; or NULL */
    uint64_t acts; /* from the log's first record to this one */
    bool is_revocation;
    bool is_counting; /* it can be read, and its number is not too high */
    size_t handles;   /* an erasure's; 0: it is none */
    struct daf_author_id who; /* a revocation's */
    struct daf_log_key log;
    struct daf_spot spot;
};

/* A control record on its way to its place, perhaps waiting for the one before. */
struct daf_camp_late {
    struct daf_camp_late *next; /* waiting for the same */
    struct daf_log_key log;
    struct daf_spot spot;
    struct daf_camp_key own, prev; /* places: its own, and the one before */
    uint64_t acts;                 /* as daf_payload_acts() */
    bool is_revocation;            /* one that can be read */
    bool is_seconded;              /* and counts whatever the number */
    bool is_small;                 /* fits a door frame */
    struct daf_author_id who;
    /* A revocation's logs: the payload's, or what stands behind this struct. */
    struct daf_view logs;
    size_t logs_count;
    struct daf_erasure *erasure; /* owned; NULL: none, or it cannot be read */
};

struct daf_camp_clock_node {
    struct daf_camp_clock_node *next;       /* of the same start; maybe lent */
    struct daf_camp_clock_node *owned_next; /* of the camp's, to free them */
    struct daf_author_id who;
    struct daf_camp_clock clock;
};

struct daf_camp {
    const struct daf_camp *like;   /* it lends; NULL: nobody does */
    struct daf_manifest *manifest; /* it and its bytes are owned, or lent */
    uint8_t *manifest_bytes;
    size_t manifest_len;
    struct daf_device_keys keys;
    struct daf_author_id author;
    struct daf_box_sk seal;
    struct daf_authority authority;

    struct daf_camp_known *control, *catalog, *camp;
    struct daf_camp_table scopes; /* scope id: known */
    struct daf_camp_list by_name; /* of known, less the three above */
    struct daf_camp_list by_id;   /* of known, less control */

    struct daf_camp_table members;    /* author id: member */
    struct daf_camp_table transports; /* transport key: member */
    struct daf_camp_list by_author;   /* of member */
    /* author id: not NULL if a certificate of it ever said archive */
    struct daf_camp_table archives;

    /* Coordinators' control records that are held back to the first of their
     * log, by their place in it: the last act up to there (or `no_act`), and
     * the same once more if the record itself is that act. */
    struct daf_camp_table steps;
    struct daf_camp_table late; /* place that is waited for: list, the camp */
    struct daf_camp_act no_act; /* of logs without any */
    struct daf_camp_act *acts;  /* owned: those that nobody lent */
    struct daf_camp_list counting; /* of them and of those lent, who count */
    /* author id: an act that revokes, and the one for the door or NULL */
    struct daf_camp_table revoked;
    struct daf_camp_table named;   /* tip's place: the camp.  Set, never read */
    struct daf_camp_table wrapped; /* commitment ‖ author: likewise */
    struct daf_camp_table erased;  /* erase handle: the camp */

    struct daf_camp_table clock_starts; /* author ‖ boot: the first node */
    struct daf_camp_table clock_ids;    /* record id: node, who replaced it */
    struct daf_camp_clock_node *clocks; /* owned */

    /* By place in the manifest: the highest week, or 0; and all weeks, from
     * DAF_BEACON_FROM on, as bits. */
    uint16_t said_by[DAF_COORDINATORS_MAX];
    uint8_t said_weeks[(DAF_BEACON_TO - DAF_BEACON_FROM) / 8 + 1];

    struct daf_camp_table subjects; /* scope id ‖ subject: pupil who stands */
    struct daf_camp_table pupils; /* scope id ‖ hash(subject, handle): pupil */
    struct daf_camp_table kids;   /* scope id ‖ key id: pupil or NULL, gen */
    struct daf_camp_list roster;  /* pupils who stand: scope, name, subject */
    size_t pupils_count;
    struct daf_camp_pupil nobody; /* whose keys were wiped, in kids */
    bool is_short;                /* memory: something was passed over */
};

/** daf_camp_find_scope: NULL if not known. */
struct daf_camp_known *daf_camp_find_scope(const struct daf_camp *c,
                                           const struct daf_scope_id *id);
/** daf_camp_add_scope: find or add; NULL when out of memory. */
struct daf_camp_known *daf_camp_add_scope(struct daf_camp *c, const char *name);
/** daf_camp_add_cert: R16, R17.  *@out_changed is set true if somebody's
 * certificate or a scope is new; else left. */
DAF_NODISCARD enum daf_err daf_camp_add_cert(struct daf_camp *c,
                                             struct daf_view bytes,
                                             bool *out_changed);
/** daf_camp_free_member: unless another lent it. */
void daf_camp_free_member(const struct daf_camp *c, struct daf_camp_member *m);
/** daf_camp_add_wrap: a key-wrap payload; true if a key or a scope is new. */
bool daf_camp_add_wrap(struct daf_camp *c, struct daf_view payload);
/** daf_camp_add_act: count a coordinator's control record, whatever it is.  True
 * if somebody is revoked by it, or by one that waited for it. */
bool daf_camp_add_act(struct daf_camp *c, const struct daf_log_key *log,
                      const struct daf_stored *stored, struct daf_view payload);
void daf_camp_acts_deinit(struct daf_camp *c);
/** daf_camp_add_admit: an admit's payload, whose author is a coordinator. */
void daf_camp_add_admit(struct daf_camp *c, struct daf_view payload);
/** daf_camp_name_tips: @count @logs of a revocation that counts, or of an admit, of
 * @who; those of others are passed over. */
void daf_camp_name_tips(struct daf_camp *c, const struct daf_author_id *who,
                        struct daf_view logs, size_t count);
/** daf_camp_note_wraps: who can open this generation now. */
void daf_camp_note_wraps(struct daf_camp *c, struct daf_camp_known *known,
                         const struct daf_key_wrap *wrap);

/** daf_camp_gen_is_clean: no revoked device was sealed it. */
bool daf_camp_gen_is_clean(const struct daf_camp *c,
                           const struct daf_camp_gen *gen);
int daf_camp_order_acts(const void *a, const void *b);
/** daf_camp_erase: these handles are erased from now on.  Room was reserved in
 * c->erased.  True if one of them was not. */
bool daf_camp_erase(struct daf_camp *c, const struct daf_erasure *e);
/** daf_camp_leave: nobody with an erased handle is in the roster any more. */
void daf_camp_leave(struct daf_camp *c);

/** daf_camp_add_clock: a coordinator's record at @spot, of type clock. */
void daf_camp_add_clock(struct daf_camp *c, const struct daf_spot *spot,
                        struct daf_view payload);
void daf_camp_clocks_deinit(struct daf_camp *c);

/** daf_camp_add_beacon: a coordinator's record of type beacon. */
void daf_camp_add_beacon(struct daf_camp *c, const struct daf_log_key *log,
                         const struct daf_stored *stored,
                         struct daf_view payload);

/** daf_camp_set_authority: fill c->authority. */
void daf_camp_set_authority(struct daf_camp *c);

/** daf_camp_add_registration: a record of a class; passed over if it is none. */
void daf_camp_add_registration(struct daf_camp *c, struct daf_camp_known *known,
                               const struct daf_stored *stored);
/** daf_camp_add_gen: takes a key of a scope into use, under *@gen, which is
 * copied.  False: held already, or out of memory. */
bool daf_camp_add_gen(struct daf_camp *c, struct daf_camp_known *known,
                      const struct daf_camp_gen *gen);

#endif
