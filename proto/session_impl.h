/* SPDX-License-Identifier: Apache-2.0 */
/* proto/session_impl.h - the inside of a session, shared by session*.c and the
 * on_*.c handlers; nobody else includes it.
 *
 *      session.c          states, events, what others may know
 *      session_root.c     sums; HELLO and ROOT being made
 *      session_compare.c  which logs of a scope differ: symbols, pages
 *      session_todo.c     the list of logs that differ
 *      session_pull.c     what to do next; WANT; when a round is over
 *      session_tell.c     items told to the peer; ACK of a whole log; NEED
 *      session_leave.c    what is different if one of the two was revoked */
#ifndef DAF_PROTO_SESSION_IMPL_H
#define DAF_PROTO_SESSION_IMPL_H

#include "proto/session.h"

/* A scope that both sides listed in ROOT (or, before ROOT came, that we did). */
struct daf_session_scope {
    struct daf_scope_id id;
    bool is_common;    /* the peer listed it as well */
    bool is_dirty;     /* to be compared, by daf_session_dirty() */
    bool is_paged;     /* by pages, not by symbols */
    bool differs;      /* the salted sums do: "nothing" is not believed (R41) */
    bool tell;         /* heads changed before the peer was proven */
    bool uncertified;  /* records were refused because nobody vouched yet */
    bool is_lacking;   /* bodies may be lacking: NEED is to be said */
    bool is_named;     /* TAKER: logs of it were, and are to be acknowledged */
    uint16_t dirty_as; /* flags of what comes of comparing */
    uint8_t symbols_at;   /* where its symbols of ROOT are, plus 1; 0: none */
    uint8_t own_deferred; /* left out of its sum */
    uint32_t heads;       /* in it */
    struct daf_sum sum;   /* as our ROOT had it */
};

/* A log in which the peer and we differ, or did. */
struct daf_todo {
    struct daf_item item; /* the peer's; only the tag if it has none */
    uint16_t flags;
};
enum {
    DAF_TODO_PULL = 1,     /* to be wanted */
    DAF_TODO_TELL = 2,     /* our item is to be told in the end */
    DAF_TODO_SALTED = 4,   /* the mark is the head value's, else the digest's */
    DAF_TODO_NEWS = 8,     /* it was told: an answer is enough */
    DAF_TODO_ANSWER = 16,  /* it was an answer: silence unless changed */
    DAF_TODO_ALL = 32,     /* "say more": with all haves */
    DAF_TODO_ASKED = 64,   /* in the WANT under way */
    DAF_TODO_GIVEN = 128,  /* a path of it came in this round */
    DAF_TODO_FORKED = 256, /* several did, or it has several ends here */
    DAF_TODO_MORE = 512,   /* the peer knows none of our haves: say more */
    DAF_TODO_CHANGED = 1024, /* something new of it was kept */
    DAF_TODO_RENEWED = 2048, /* told anew while it was asked for */
    DAF_TODO_FRESH = 4096,   /* something new of it came in this round */
};

/* Fields stand by what they are for; sorted by size they would save 48 bytes.
 * NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
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
    uint64_t peer_bodies;   /* after ROOT */
    struct daf_key salt;
    bool had_addresses;
    bool sent_parts; /* our ROOT named its scopes one by one */
    struct daf_sum combined;
    size_t peer_deferred_count;
    struct daf_tag peer_deferred[DAF_DEFERRED_MAX];

    size_t scopes_count; /* control first, then ascending */
    struct daf_session_scope scopes[DAF_SCOPES_MAX];

    /* The pull: one scope at a time. */
    enum daf_pull pull;
    size_t scope_at;                 /* of scopes[] */
    struct daf_symbol *root_symbols; /* DAF_ROOT_SYMBOLS each; lent */
    /* Symbols of the peer so far; lent. */
    struct daf_symbol *symbols;
    size_t symbols_count, symbols_asked;
    /* What differs; lent. */
    struct daf_todo *todo;
    size_t todo_count, todo_cap;
    size_t todo_hint; /* where the last path's log was */
    unsigned
        list_as; /* flags of what comparing brings, as daf_session_dirty() */
    /* Pages. */
    bool has_cursor; /* pages up to here are dealt with */
    struct daf_tag cursor;
    bool page_rest; /* more pages follow */
    /* The WANT under way. */
    uint64_t credit;
    bool is_cut;            /* the answerer said that it was */
    uint64_t round_bytes;   /* records received for it */
    uint64_t round_changed; /* records that were new here */
    bool is_forcing;        /* take logs over from sessions that dawdle */
    struct daf_tag given;   /* the last log that the answer named */
    bool has_given;
    size_t given_at; /* its place in the list */
    /* The highest record given, held already or on its way to the disk: the next
     * WANT names it. */
    struct daf_spot seen; /* of the log `given`; seq 0: none */
    bool has_moved;       /* `seen` rose in this round */
    uint32_t stores_open; /* batches not yet answered */

    bool had_control; /* an answer of control was cut: others have their say */
    size_t waiting_count;
    struct {
        uint8_t scope_at;
        struct daf_item item;
        bool is_urgent, is_answer;
    } waiting[DAF_WAITING_MAX];

    /* NEED. */
    bool may_need;
    bool is_needing; /* the answer under way is to NEED */
    size_t in_vain;  /* full NEEDs in a row that brought nothing */
    bool is_full;    /* the NEED under way was */
    bool has_needed; /* needed_log, needed are set */
    struct daf_log_key needed_log;
    struct daf_spot needed; /* asked for up to here, in needed_log */

    /* A leaving session. */
    enum daf_session_role role;
    struct daf_mono leave_start; /* it began */
    struct daf_mono leave_moved; /* TAKER: something new was kept; LEAVER: the
                                    peer asked for something, or acknowledged */
    uint64_t taken_records, taken_bytes; /* came in RUNs, bad ones too */
    unsigned odd;                        /* frames that have no place in it */
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
/* Give back what was lent, be CLOSED, tell the port. */
void daf_session_finish(struct daf_session *s, enum daf_err why);
void daf_session_count(struct daf_session *s, enum daf_err why);
/* The scope with this id if both sides have it, else NULL. */
struct daf_session_scope *daf_session_scope(struct daf_session *s,
                                            const struct daf_scope_id *id);

/* ---- session_leave.c */
/* Whether the peer's frame is to be handled, by the session's role; one that is not
 * is counted, and too many are a breach. */
bool daf_session_leave_reads(struct daf_session *s, struct daf_mono now,
                             const struct daf_frame *f);
/* The deadline that the role adds; DAF_MONO_NEVER: none. */
struct daf_mono daf_session_leave_deadline(const struct daf_session *s);
/* It has passed. */
void daf_session_leave_timer(struct daf_session *s, struct daf_mono now);
/* TAKER: it has taken so much that the rest is for another session. */
bool daf_session_leave_is_full(const struct daf_session *s);
/* TAKER: nothing of the list is left: NEED, ACKs of whole logs, then rest. */
void daf_session_leave_rest(struct daf_session *s, struct daf_mono now);
/* TAKER: whether it may keep what the peer says of this log. */
bool daf_session_leave_may_take(const struct daf_session *s,
                                const struct daf_log_key *log);

/* ---- session_root.c */
void daf_session_send_hello(struct daf_session *s);
/* @theirs: the acceptor's, NULL when we are the acceptor. */
void daf_session_send_root(struct daf_session *s,
                           const struct daf_root *theirs);
/* The acceptor has the connector's ROOT: which scopes are common, which differ. */
void daf_session_compare_roots(struct daf_session *s,
                               const struct daf_root *theirs);
/* Tags that the peer deferred; those beyond DAF_DEFERRED_MAX are let be. */
void daf_session_note_deferred(struct daf_session *s, struct daf_view tags);
/* What ROOT signs (R20); @out has room for DAF_SESSION_PROOF_BYTES. */
#define DAF_SESSION_PROOF_BYTES (32 + 16 + 32 + 32 + 16 + 16 + 32 + 32)
void daf_session_proof(const struct daf_session *s, bool is_own,
                       const struct daf_author_id *author, uint8_t *out);

/* ---- session_compare.c */
/* The scope is to be compared.  @as: 0 on our own account, else the flags of news
 * or of an answer, so that no more is told than those allow (R43). */
void daf_session_dirty(struct daf_session_scope *sc, unsigned as);
/* Compare scopes[scope_at]: ask for symbols, or for a page. */
void daf_session_compare(struct daf_session *s, struct daf_mono now);
/* Symbols of it came, the next in order. */
void daf_session_compare_symbols(struct daf_session *s, struct daf_mono now,
                                 struct daf_view symbols);
void daf_session_compare_page(struct daf_session *s, struct daf_mono now,
                              const struct daf_heads *page);
void daf_session_ask_page(struct daf_session *s, struct daf_mono now);

/* ---- session_todo.c */
/* Add a log, or renew its entry.  False: no room (the scope is dirty then), or
 * the session ended for lack of memory. */
bool daf_session_todo_add(struct daf_session *s, const struct daf_item *item,
                          unsigned flags);
/* The entry of a log, searched from where the last was found; NULL. */
struct daf_todo *daf_session_todo_find(struct daf_session *s,
                                       const struct daf_tag *tag);
/* How our mark of an entry's log looks beside the peer's. */
struct daf_item daf_session_todo_item(const struct daf_session *s,
                                      const struct daf_todo *t,
                                      const struct daf_mark *mark);
/* An item of the scope in hand that was told: what to pull, what to tell.  False:
 * the session ended for lack of memory. */
bool daf_session_todo_told(struct daf_session *s, const struct daf_item *item,
                           bool is_answer);
void daf_session_todo_free(struct daf_session *s);
/* Whether either side left the log out for lack of budget. */
bool daf_session_is_deferred(struct daf_session *s,
                             const struct daf_scope_id *scope,
                             const struct daf_tag *tag);

/* ---- session_pull.c */
/* An item of a scope whose turn has not come; urgent ones go before the rest of
 * control.  If there is no place the scope is compared instead. */
void daf_session_let_wait(struct daf_session *s, struct daf_session_scope *sc,
                          const struct daf_item *item,
                          enum daf_heads_kind kind);
void daf_session_wait_for(struct daf_session *s, struct daf_mono now,
                          enum daf_pull pull);
/* If nothing is under way: take what is first in order, or rest. */
void daf_session_pull_next(struct daf_session *s, struct daf_mono now);
/* Want what the list says, or if nothing is left tell and go on. */
void daf_session_pull_todo(struct daf_session *s, struct daf_mono now);
/* The last RUN came, or a batch is durable: is the round over? */
void daf_session_pull_settle(struct daf_session *s, struct daf_mono now);

/* Beside the bytes of a record in a RUN: its own framing, that of a path which it
 * may begin, and the headers of both lists, which come last: 45 at most. */
#define DAF_RUN_FRAMING_BYTES 96

/* ---- session_tell.c */
/* Tell the first @count of env->items; nothing if there are none. */
void daf_session_tell_items(struct daf_session *s,
                            const struct daf_scope_id *scope,
                            enum daf_heads_kind kind, size_t count);
/* Tell the peer that all of a scope is worth another look. */
void daf_session_tell_all(struct daf_session *s,
                          const struct daf_scope_id *scope);
/* The list is dealt with: tell what the peer lacks of it. */
void daf_session_tell_todo(struct daf_session *s);
/* Our own logs that nobody acknowledged (R47). */
void daf_session_tell_unacked(struct daf_session *s);
void daf_session_tell_unacked_in(struct daf_session *s,
                                 const struct daf_scope_id *scope);
/* If the peer's own log is here whole and with bodies, say so. */
void daf_session_tell_whole(struct daf_session *s, const struct daf_mark *mark);
/* The same of each log of the peer's in @scope, with branches too (R112). */
void daf_session_tell_wholes(struct daf_session *s,
                             const struct daf_scope_id *scope);
/* Whether the own signature of a record that ends a path is good, as far as can
 * be said (R26); if it is not: the record before it, and how long it is. */
bool daf_session_may_serve(struct daf_session *s, const struct daf_log_key *log,
                           const struct daf_spot *spot,
                           struct daf_spot *out_prev, size_t *out_len);
/* Ask for lacking bodies; false if none are, or this peer is not to be asked. */
bool daf_session_tell_need(struct daf_session *s, struct daf_mono now);

/* ---- on_*.c: one file for each frame a peer may send.  State is checked by
 * session.c's table; the frame is well formed. */
typedef void daf_session_on(struct daf_session *s, struct daf_mono now,
                            const struct daf_frame *f);
daf_session_on daf_on_hello, daf_on_root, daf_on_symbols, daf_on_heads,
    daf_on_want, daf_on_run, daf_on_need, daf_on_defer, daf_on_ack, daf_on_bye,
    daf_on_addresses, daf_on_content;

#endif
