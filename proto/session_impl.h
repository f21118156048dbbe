/* SPDX-License-Identifier: Apache-2.0 */
/* proto/session_impl.h - the inside of a session, shared by session.c,
 * session_pull.c and the on_*.c handlers; nobody else includes it. */
#ifndef DAF_PROTO_SESSION_IMPL_H
#define DAF_PROTO_SESSION_IMPL_H

#include "proto/session.h"

/* A scope that both sides listed in ROOT (or, before ROOT came, that we did). */
struct daf_session_scope {
    struct daf_scope_id id;
    bool is_common;   /* the peer listed it as well */
    bool is_dirty;    /* to be pulled */
    bool tell;        /* heads changed before the peer was proven */
    bool uncertified; /* records were refused because nobody vouched yet */
};

/* Where a log stands in the order of heads. */
struct daf_session_mark {
    bool is_set;
    struct daf_author_id author;
    uint64_t incarnation;
};

struct daf_session {
    const struct daf_session_env *env;
    uint32_t conn;
    bool is_connector;
    struct daf_box_pk peer_key; /* proven by the link */
    enum daf_session_state state;
    struct daf_mono deadline;

    struct daf_hash nonce, peer_nonce;
    uint8_t peer_boot[16];
    struct daf_device peer; /* after ROOT */
    struct daf_key salt;

    size_t scopes_count; /* control first, then ascending */
    struct daf_session_scope scopes[DAF_SCOPES_MAX];

    /* The pull: one scope, one page, one WANT at a time. */
    enum daf_pull pull;
    size_t scope_at;                /* of scopes[] */
    bool is_news_round;             /* the heads came unasked */
    struct daf_session_mark cursor; /* heads up to here are dealt with */
    struct daf_session_mark asked;  /* the last log named in the WANT */
    struct daf_session_mark given;  /* the last log that its answer named */
    bool page_rest;                 /* more heads after `asked` */
    uint64_t round_bytes;           /* records received for this WANT */
    uint64_t round_changed;         /* records that were new here */
    /* The highest record given that was held here: the next WANT names it. */
    struct daf_log_key seen_log;
    struct daf_spot seen; /* seq 0: none */
    bool has_moved;       /* `seen` rose in this round */
    bool is_forked;       /* a log asked for in this round has forks or gaps */
    uint32_t stores_open; /* batches not yet answered */
};

/* ---- session.c */
/* The only way to change the state; asserts that the table allows it. */
void daf_session_set_state(struct daf_session *s, enum daf_session_state to);
/* Hand a packed frame to the port; a frame that did not fit is our own bug. */
void daf_session_send(struct daf_session *s, const struct daf_pack *k);
/* Count, say BYE, close. */
void daf_session_breach(struct daf_session *s, enum daf_err why);
/* Say BYE (unless the peer did) and close. */
void daf_session_close(struct daf_session *s, enum daf_bye bye,
                       enum daf_err why);
void daf_session_count(struct daf_session *s, enum daf_err why);
/* The scope with this id if both sides have it, else NULL. */
struct daf_session_scope *daf_session_scope(struct daf_session *s,
                                            const struct daf_scope_id *id);
/* Count and sum of our heads in a scope under the session's salt. */
enum daf_err daf_session_sum(struct daf_session *s,
                             const struct daf_scope_id *scope,
                             struct daf_root_part *out);
void daf_session_send_hello(struct daf_session *s);
void daf_session_send_root(struct daf_session *s);
/* What ROOT signs (R20); @out has room for DAF_SESSION_PROOF_BYTES. */
#define DAF_SESSION_PROOF_BYTES (32 + 16 + 32 + 32 + 16 + 16 + 32 + 32)
void daf_session_proof(const struct daf_session *s, bool is_own,
                       const struct daf_author_id *author, uint8_t *out);
/* Tell the peer that all of a scope is worth another look. */
void daf_session_tell(struct daf_session *s, const struct daf_scope_id *scope);

/* ---- session_pull.c */
struct daf_session_mark daf_session_mark_of(const struct daf_log_key *log);
/* Whether @log comes after @mark in the order of heads. */
bool daf_session_mark_before(const struct daf_session_mark *mark,
                             const struct daf_log_key *log);
/* If nothing is under way: take the first dirty scope, or rest. */
void daf_session_pull_next(struct daf_session *s, struct daf_mono now);
/* Heads came: ask for what is lacking in them, or go on. */
void daf_session_pull_heads(struct daf_session *s, struct daf_mono now,
                            const struct daf_heads *heads);
/* The last RUN came, or a batch is durable: is the round over? */
void daf_session_pull_settle(struct daf_session *s, struct daf_mono now);

/* ---- on_*.c: one file for each frame a peer may send.  State is checked by
 * session.c's table; the frame is well formed. */
void daf_on_hello(struct daf_session *s, struct daf_mono now,
                  const struct daf_frame *f);
void daf_on_root(struct daf_session *s, struct daf_mono now,
                 const struct daf_frame *f);
void daf_on_heads(struct daf_session *s, struct daf_mono now,
                  const struct daf_frame *f);
void daf_on_want(struct daf_session *s, struct daf_mono now,
                 const struct daf_frame *f);
void daf_on_run(struct daf_session *s, struct daf_mono now,
                const struct daf_frame *f);
void daf_on_ack(struct daf_session *s, struct daf_mono now,
                const struct daf_frame *f);
void daf_on_bye(struct daf_session *s, struct daf_mono now,
                const struct daf_frame *f);

#endif
