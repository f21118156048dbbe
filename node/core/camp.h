/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/camp.h - who may do what, and which keys open what: a pure function
 * of (manifest, control, own keys), folded in memory.
 *
 * Control records may come in any order; the fold gives the same camp.  Also the
 * roster: learners registered in the classes that this device can read. */
#ifndef DAF_NODE_CORE_CAMP_H
#define DAF_NODE_CORE_CAMP_H

#include "proto/authority.h"
#include "proto/body.h"
#include "proto/index.h"
#include "proto/manifest.h"
#include "proto/payload.h"
#include "proto/record.h"

struct daf_camp; /* opaque */

/* One stored record handed to a fold; returns true to go on. */
typedef bool (*daf_camp_row_fn)(void *ctx, const struct daf_log_key *log,
                                const struct daf_stored *stored);

struct daf_camp_config {
    struct daf_view manifest;      /* verified here (R15); copied */
    struct daf_device_keys keys;   /* own */
    const struct daf_box_sk *seal; /* own secret: opens key wraps; copied */
    /* NULL, or a camp of the same manifest, which outlives this one and is not
     * added to any more.  All that it knows of devices and acts counts here as if
     * it had been added, and costs neither time nor memory until something is new:
     * of 1,000 devices' 650 KB each, 3.  Keys it does not lend. */
    const struct daf_camp *like;
};

/** daf_camp_new: DAF_ESIG, DAF_EFORM, DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_camp_new(const struct daf_camp_config *config,
                                        struct daf_camp **out);
/** daf_camp_free: wipes keys.  NULL is fine. */
void daf_camp_free(struct daf_camp *c);

/** daf_camp_add: fold one record with its body: a control record, or a
 * registration.  Others, and what cannot be read, are passed over.  Returns true
 * if anybody was certified or revoked, a scope became known or a generation key
 * came by this; a learner alone changes nothing for sessions. */
bool daf_camp_add(struct daf_camp *c, const struct daf_log_key *log,
                  const struct daf_stored *stored);

/** daf_camp_is_short: something was passed over for want of memory since
 * daf_camp_new().  Who has just read a notebook gives up with DAF_ENOMEM, for
 * the camp would lack keys or devices that are held; who runs goes on. */
bool daf_camp_is_short(const struct daf_camp *c);

/** daf_camp_wants_rescan: a generation key came, and registrations of a class
 * that came before it may open now: hand that class's records of
 * DAF_RETENTION_IDENTITY to daf_camp_add() again; what is known already is
 * harmless.  Each call gives one class and crosses it off; false if none is
 * left.  At start: control first, then these classes, and the camp is whole. */
bool daf_camp_wants_rescan(struct daf_camp *c, struct daf_scope_id *out_scope);

/** daf_camp_meet: a certificate that a device showed at a door; it counts (R16)
 * as if it came by control.  DAF_OK if it verifies; whether it is the one that
 * stands (R17) by_author() says.  DAF_ESCOPE: of another camp; DAF_EAUTHOR: its
 * issuer is no coordinator; DAF_ESIG, DAF_EFORM, DAF_ELIMIT, DAF_EVERSION,
 * DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_camp_meet(struct daf_camp *c,
                                         struct daf_view cert);

/* --- who was revoked (protocol.md R50, records.md §4)
 *
 * What records of a revoked author are accepted does not depend on it (R7): the
 * authority below answers as ever. */

/** daf_camp_is_revoked: whether control revokes this author.  Once true, true for
 * ever.  Never of a coordinator. */
bool daf_camp_is_revoked(const struct daf_camp *c,
                         const struct daf_author_id *author);
/** daf_camp_revocation: the record that says so, and fits a door frame
 * (DAF_REVOKED_BYTES_MAX); of several the lowest id.  DAF_ENOTFOUND if the author
 * is not revoked or no such record fits. */
DAF_NODISCARD enum daf_err daf_camp_revocation(
    const struct daf_camp *c, const struct daf_author_id *author,
    struct daf_log_key *out_log, struct daf_spot *out_spot);
/** daf_camp_revoked_next: the revoked author after *@after (NULL: the first), by
 * id; false at the end. */
bool daf_camp_revoked_next(const struct daf_camp *c,
                           const struct daf_author_id *after,
                           struct daf_author_id *out);
/** daf_camp_is_named: whether a revocation that counts, or an admit, names this
 * record as a tip of its author's (R105).  What follows from it is
 * node/core/confirmed.h's. */
bool daf_camp_is_named(const struct daf_camp *c, const struct daf_log_key *log,
                       const struct daf_record_id *id);
/** daf_camp_named_count: how many are named in all; it only grows, so another
 * number is another set. */
size_t daf_camp_named_count(const struct daf_camp *c);
/** daf_camp_acts: how many acts a coordinator's log comes to at this record of
 * control, the record included.  DAF_ENOTFOUND if it, or one before it, is not
 * held with its body: then acts do not count yet. */
DAF_NODISCARD enum daf_err daf_camp_acts(const struct daf_camp *c,
                                         const struct daf_log_key *log,
                                         const struct daf_spot *spot,
                                         uint64_t *out);

/* --- what was erased (protocol.md R115 to R117)
 *
 * From when an erasure counts nobody with such a handle is in the roster, and her
 * keys are wiped here.  What bodies are kept, the agent sees to. */

/** daf_camp_is_erased: whether control erases this handle.  Once true, true for
 * ever. */
bool daf_camp_is_erased(const struct daf_camp *c,
                        const struct daf_handle *handle);
/** daf_camp_body_is_erased: whether this body, as it came, has such a handle; what
 * has none, or no form, has not. */
bool daf_camp_body_is_erased(const struct daf_camp *c, struct daf_view body);
/** daf_camp_erased: how many handles are erased; it only grows. */
size_t daf_camp_erased(const struct daf_camp *c);
/** daf_camp_erased_all: all of them into @out, ascending. */
void daf_camp_erased_all(const struct daf_camp *c, struct daf_handle *out);
/** daf_camp_handles: the erase handles of all keys that this subject is registered
 * with, in the classes that can be read here.  Returns how many there are; at most
 * @cap are written, each once. */
size_t daf_camp_handles(const struct daf_camp *c,
                        const struct daf_subject_id *subject,
                        struct daf_handle *out, size_t cap);

/* --- how far acts have come (protocol.md R118, R119) */

/* An act that counts: a revocation or an erasure. */
struct daf_camp_act_info {
    struct daf_log_key log;
    struct daf_spot spot;
    bool is_revocation;
    struct daf_author_id who; /* a revocation's */
    size_t handles;           /* an erasure's; 0: it is none */
};
/** daf_camp_act_at: the act at @index, by author, incarnation and id; false at the
 * end. */
bool daf_camp_act_at(const struct daf_camp *c, size_t index,
                     struct daf_camp_act_info *out);
/** daf_camp_pack_applied: all of them, as a status names them (R118); logs for which
 * there is no room are left out.  False: out of memory. */
bool daf_camp_pack_applied(const struct daf_camp *c, struct daf_pack *k);
/** daf_camp_covers: whether a device that says it has applied @applied, as a status
 * names it, has applied the act at @index.  Anything may be in it. */
bool daf_camp_covers(const struct daf_camp *c, struct daf_view applied,
                     size_t index);

/* --- what clocks said (records.md §4): to be shown, and for nothing else */
struct daf_camp_clock {
    struct daf_record_id record;
    uint64_t boot, claimed_ms, real_ms;
};
/** daf_camp_clock: what a coordinator said of @who's clock in its start @boot and
 * nobody replaced: the first by record id above @above; NULL: of all, which is the
 * one that counts.  False if there is none (more). */
bool daf_camp_clock(const struct daf_camp *c, const struct daf_author_id *who,
                    uint64_t boot, const struct daf_record_id *above,
                    struct daf_camp_clock *out);

/* When a record is said to be from, as a person should read it. */
struct daf_shown {
    uint64_t ms;       /* the claim, moved by what its clock was wrong by */
    bool is_corrected; /* by a coordinator */
    /* No clock set it and nobody corrected it, or it is outside 2020 to 2050. */
    bool is_doubtful;
};
struct daf_shown daf_camp_shown(const struct daf_camp *c,
                                const struct daf_record *r);

/* --- beacons: weeks that coordinators have said (records.md §4) */

/** daf_camp_beacon: the week that counts, from 1970-01-01; it never falls.  False
 * if there is none. */
bool daf_camp_beacon(const struct daf_camp *c, uint64_t *out_week);
/** daf_camp_beacon_counts: whether a beacon of @who, who seconds nobody's, would
 * count. */
bool daf_camp_beacon_counts(const struct daf_camp *c,
                            const struct daf_author_id *who, uint64_t week);
/** daf_camp_week: the week of a wall clock's time. */
uint64_t daf_camp_week(uint64_t wall_ms);
/** daf_camp_time_quality: @quality, or DAF_TIME_BEACON if it is a clock's and @wall is
 * in the beacon's week or the 8 after it (R8). */
uint8_t daf_camp_time_quality(const struct daf_camp *c, struct daf_wall wall,
                              uint8_t quality);
/* How this machine's clock is; to be shown. */
enum daf_camp_clock_state {
    DAF_CAMP_CLOCK_GOOD, /* as far as is known */
    DAF_CAMP_CLOCK_BEHIND,
    DAF_CAMP_CLOCK_AHEAD, /* after 2050 */
    DAF_CAMP_CLOCK_UNSET,
};
enum daf_camp_clock_state daf_camp_clock_state(const struct daf_camp *c,
                                               struct daf_wall wall,
                                               uint8_t quality);
/** daf_camp_clock_state_str: "behind the beacon". */
const char *daf_camp_clock_state_str(enum daf_camp_clock_state state);

/** daf_camp_authority: the protocol's questions; lives as long as @c. */
const struct daf_authority *daf_camp_authority(const struct daf_camp *c);
const struct daf_manifest *daf_camp_manifest(const struct daf_camp *c);
struct daf_view daf_camp_manifest_bytes(const struct daf_camp *c);

/** daf_camp_device: the device at @index, coordinators first, then by author id;
 * false at the end.  For the list of keys to admit. */
bool daf_camp_device(const struct daf_camp *c, size_t index,
                     struct daf_device *out);

/* What a device may do, and by whose word. */
struct daf_camp_rights {
    struct daf_author_id author;
    bool is_coordinator;         /* then it has every right, and no issuer */
    struct daf_author_id issuer; /* of the certificate that stands */
    bool is_archive;             /* a coordinator always is */
    size_t count;
    struct {
        const char *scope; /* borrowed from the camp */
        enum daf_right right;
    } rights[DAF_RIGHTS_MAX]; /* as the certificate has them: by scope name */
};
/** daf_camp_rights: of the device at @index, ordered as daf_camp_device(); false
 * at the end. */
bool daf_camp_rights(const struct daf_camp *c, size_t index,
                     struct daf_camp_rights *out);

/** daf_camp_is_archive: whether this author is an archive, or a coordinator
 * (docs/content.md §7); revoked or not. */
bool daf_camp_is_archive(const struct daf_camp *c,
                         const struct daf_author_id *author);
/** daf_camp_was_archive: whether it is one, or any verified certificate of it ever
 * said so, also one that does not stand (R17).  Once true, true for ever: others
 * may rely on what it stated then. */
bool daf_camp_was_archive(const struct daf_camp *c,
                          const struct daf_author_id *author);

/** daf_camp_scope: the scope at @index: control, catalog, camp, then all others
 * that a certificate or key wrap named (classes, cases), by name; its name, or
 * NULL at the end.  @out_id may be NULL. */
const char *daf_camp_scope(const struct daf_camp *c, size_t index,
                           struct daf_scope_id *out_id);
/** daf_camp_scope_name: the name of a scope id, or NULL if not known here. */
const char *daf_camp_scope_name(const struct daf_camp *c,
                                const struct daf_scope_id *id);
/** daf_camp_own_class: the name of the class at @index, from 0 and by name, among
 * those that this device itself may append to; NULL at the end. */
const char *daf_camp_own_class(const struct daf_camp *c, size_t index);

/* --- generation keys (R107)
 *
 * One is clean if no device that is revoked was sealed it. */
struct daf_camp_key_made { /* wipe it after use */
    uint64_t number;
    uint8_t commit[16];
    struct daf_key key;
    bool is_clean;
};
/** daf_camp_generation_best: the key to write with: of those held the newest that
 * is clean, if none is the newest; of two with one number the lower commitment.
 * DAF_EKEY if none is held. */
DAF_NODISCARD enum daf_err daf_camp_generation_best(
    const struct daf_camp *c, const struct daf_scope_id *scope,
    struct daf_camp_key_made *out);
/** daf_camp_generation: the same, its number and key alone. */
DAF_NODISCARD enum daf_err daf_camp_generation(const struct daf_camp *c,
                                               const struct daf_scope_id *scope,
                                               uint64_t *out_number,
                                               struct daf_key *out);
/** daf_camp_generation_at: each that is held, the newest at 0; false at the end. */
bool daf_camp_generation_at(const struct daf_camp *c,
                            const struct daf_scope_id *scope, size_t index,
                            struct daf_camp_key_made *out);
/** daf_camp_generation_highest: the highest number of which control says that it
 * was made, held here or not; 0: none. */
uint64_t daf_camp_generation_highest(const struct daf_camp *c,
                                     const struct daf_scope_id *scope);
/** daf_camp_is_wrapped: whether control has this key sealed to @author. */
bool daf_camp_is_wrapped(const struct daf_camp *c,
                         const struct daf_camp_key_made *made,
                         const struct daf_author_id *author);

/* --- learners of the classes that can be read here
 *
 * Of several registrations of one subject in one class with different keys that
 * with the lowest erase handle stands; all are opened with.  Of several names
 * the lowest stands, and any before none. */
struct daf_learner {
    struct daf_subject_id subject;
    struct daf_key key;
    char name[DAF_NAME_BYTES_MAX + 1]; /* "" if none */
    struct daf_scope_id scope;         /* where it was registered */
};
/** daf_camp_learner: find a learner by subject id in hex, else by exact name; of
 * several with one name the lowest subject id.  DAF_ENOTFOUND.
 * @out_count, if not NULL: how many have the name. */
DAF_NODISCARD enum daf_err daf_camp_learner(const struct daf_camp *c,
                                            const struct daf_scope_id *scope,
                                            struct daf_view who,
                                            struct daf_learner *out,
                                            size_t *out_count);
/** daf_camp_learner_at: by index, for lists, ordered by scope's name, name and
 * subject; false at the end. */
bool daf_camp_learner_at(const struct daf_camp *c, size_t index,
                         struct daf_learner *out);
/** daf_camp_enter: a learner registered here, once its record is durable.
 * DAF_OK also if known already; DAF_ESCOPE if its scope is no class known here;
 * DAF_ELIMIT if there are too many learners; DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_camp_enter(struct daf_camp *c,
                                          const struct daf_learner *learner);

/**
 * daf_camp_open: open a sealed body with whichever key fits its key id.
 * @aad: the header's bytes before the body hash.
 * @out: DAF_BODY_BYTES_MAX bytes.  @out_learner: the learner whose key fitted, or
 * all zeros if it was sealed to the scope alone.  If somebody registered two
 * learners with one key it is the lower subject: compare with the payload's.
 * DAF_EKEY if none fits, DAF_EBODY.
 */
DAF_NODISCARD enum daf_err daf_camp_open(const struct daf_camp *c,
                                         const struct daf_scope_id *scope,
                                         const struct daf_body *body,
                                         struct daf_view aad, uint8_t *out,
                                         size_t *out_len,
                                         struct daf_learner *out_learner);

#endif
