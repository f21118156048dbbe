/* SPDX-License-Identifier: Apache-2.0 */
/* node/cmd.h - what the commands in cmd_*.c share: their arguments, their words,
 * opening the home, and writing a record with or without a daemon. */
#ifndef DAF_NODE_CMD_H
#define DAF_NODE_CMD_H

#include "node/commands.h"
#include "node/offline.h"
#include "node/rekey.h"
#include "node/repair.h"
#include "proto/request.h"

#include <jansson.h>
#include <stdio.h>

/* What stands in for "in a moment" when a daemon is just starting or ending. */
#define DAF_CMD_WAIT_MS 2000
/* Writes under way at once: with a daemon their lines must fit a socket's
 * buffer, without one they share two commits. */
#define DAF_CMD_WINDOW 64
#define DAF_CMD_GROUP  512

struct daf_cmd {
    const struct daf_command *command;
    const char *home; /* --home; NULL if not given */
    bool json;
    const char *values[DAF_COMMANDS_OPTIONS_MAX]; /* by place in the table */
    char *const *args;
    size_t args_count;
};

/* --- cmd.c: arguments, words, JSON */

/** daf_cmd_value: what --@option was given; NULL if it was not. */
const char *daf_cmd_value(const struct daf_cmd *cmd, const char *option);

/** daf_cmd_exit_of: the exit code for an error. */
enum daf_exit daf_cmd_exit_of(enum daf_err err);

/** daf_cmd_fail: say what went wrong: on standard error, or with --json as an
 * object on standard output.  @t may be NULL.  Returns the exit code. */
enum daf_exit daf_cmd_fail(const struct daf_cmd *cmd, enum daf_err err,
                           const struct daf_trouble *t);
/** daf_cmd_fail_with: the same with an exit code of one's own and an object with
 * further keys, which is taken; NULL: no more keys. */
enum daf_exit daf_cmd_fail_with(const struct daf_cmd *cmd, enum daf_err err,
                                const struct daf_trouble *t,
                                enum daf_exit exit_code, json_t *object);

/** daf_cmd_hint: a line on standard error for a person at a terminal, who may
 * wonder; a program knows how to wait. */
void daf_cmd_hint(const struct daf_cmd *cmd, const char *words);

/** daf_cmd_print: one JSON line on standard output; @object is taken. */
void daf_cmd_print(json_t *object);
/** daf_cmd_hex: bytes as a JSON string. */
json_t *daf_cmd_hex(const uint8_t *p, size_t len);
/** daf_cmd_text: text as a JSON string, whatever its bytes are. */
json_t *daf_cmd_text(const char *text);
/** daf_cmd_hex_str: bytes as text; @out has room for 2 * @len + 1. */
const char *daf_cmd_hex_str(const uint8_t *p, size_t len, char *out);
/** daf_cmd_begins: whether @hex begins with @digits, which a person typed: in small
 * letters or capitals. */
bool daf_cmd_begins(const char *hex, const char *digits);
/** daf_cmd_put_text: print @text to standard output with control characters as
 * '?': a name must not steer the terminal.  Returns its columns. */
int daf_cmd_put_text(const char *text);
/** daf_cmd_put_words: the same, to @to. */
int daf_cmd_put_words(FILE *to, const char *text);

/** daf_cmd_check_name: whether @text may be a name: UTF-8 without control
 * characters, 1 to @max bytes.  @what: "--item". */
DAF_NODISCARD enum daf_err daf_cmd_check_name(const char *text, size_t max,
                                              const char *what,
                                              struct daf_trouble *t);

/* --- cmd_home.c: the home and what it keeps */

/** daf_cmd_dir: the home folder: --home, DAFTAR_HOME, or ~/.daftar. */
DAF_NODISCARD enum daf_err daf_cmd_dir(const struct daf_cmd *cmd,
                                       char out[DAF_HOME_PATH_MAX],
                                       struct daf_trouble *t);
/** daf_cmd_load: daf_home_load() of daf_cmd_dir(); to be unloaded. */
DAF_NODISCARD enum daf_err daf_cmd_load(const struct daf_cmd *cmd,
                                        bool needs_camp, struct daf_home *out,
                                        struct daf_trouble *t);

/* A home to read: its notebook and its camp. */
struct daf_cmd_view {
    struct daf_home home;
    struct daf_store *store;
    struct daf_camp *camp;
    struct daf_author_id author; /* this device */
};
/** daf_cmd_view_open: needs no daemon and no lock.  daf_cmd_view_close(). */
DAF_NODISCARD enum daf_err daf_cmd_view_open(const struct daf_cmd *cmd,
                                             bool with_roster,
                                             struct daf_cmd_view *out,
                                             struct daf_trouble *t);
void daf_cmd_view_close(struct daf_cmd_view *v);

/** daf_cmd_key_wrap: pack a generation key of @scope, sealed to one device, as a
 * control payload.  DAF_EKEY if the device's sealing key is no good. */
DAF_NODISCARD enum daf_err daf_cmd_key_wrap(const char *scope,
                                            uint64_t generation,
                                            const struct daf_key *key,
                                            const struct daf_device_keys *to,
                                            struct daf_pack *k);

/* --- cmd_write.c: records, through the daemon or on the locked home */
struct daf_cmd_writer; /* opaque */
typedef void (*daf_cmd_wrote_fn)(void *ctx, const struct daf_wrote *wrote,
                                 const struct daf_trouble *t);

/** daf_cmd_writer_open: reach the daemon, or take the lock.
 * @wrote: called in the order of the writes once each is durable or refused;
 *         then @t says why.
 * DAF_EBUSY if the lock is held and no daemon answers. */
DAF_NODISCARD enum daf_err daf_cmd_writer_open(struct daf_home *home,
                                               daf_cmd_wrote_fn wrote,
                                               void *ctx,
                                               struct daf_cmd_writer **out,
                                               struct daf_trouble *t);
/** daf_cmd_writer_put: give a write; copied.  May wait for earlier ones. */
DAF_NODISCARD enum daf_err daf_cmd_writer_put(struct daf_cmd_writer *w,
                                              const struct daf_write *write,
                                              struct daf_trouble *t);
/** daf_cmd_writer_flush: wait until all have ended. */
DAF_NODISCARD enum daf_err daf_cmd_writer_flush(struct daf_cmd_writer *w,
                                                struct daf_trouble *t);
/** daf_cmd_writer_close: NULL is fine. */
void daf_cmd_writer_close(struct daf_cmd_writer *w);
/** daf_cmd_err_of: what the last line of a daemon's answer says; DAF_OK. */
enum daf_err daf_cmd_err_of(const json_t *answer);

/* --- cmd_control.c: what the commands of coordinators share */

/** daf_cmd_find_device: the one device whose author id is, or begins with, @digits
 * (8 or more).  DAF_EUSAGE, DAF_ENOTFOUND, with words. */
DAF_NODISCARD enum daf_err daf_cmd_find_device(const struct daf_camp *camp,
                                               const char *digits,
                                               struct daf_camp_rights *out,
                                               struct daf_trouble *t);
struct daf_cmd_control; /* opaque */
/** daf_cmd_control_open: as daf_cmd_writer_open(); daf_cmd_control_close(). */
DAF_NODISCARD enum daf_err daf_cmd_control_open(struct daf_home *home,
                                                struct daf_cmd_control **out,
                                                struct daf_trouble *t);
DAF_NODISCARD enum daf_err daf_cmd_control_put(struct daf_cmd_control *c,
                                               struct daf_view payload,
                                               struct daf_trouble *t);
/** daf_cmd_control_close: waits; DAF_OK if all that was put is durable. */
DAF_NODISCARD enum daf_err daf_cmd_control_close(struct daf_cmd_control *c,
                                                 struct daf_trouble *t);
/** daf_cmd_control_fold: what was written, as everybody will read it. */
DAF_NODISCARD enum daf_err daf_cmd_control_fold(struct daf_cmd_view *v,
                                                struct daf_trouble *t);

/* Of all scopes, or of one (docs/protocol.md R108). */
struct daf_cmd_keys {
    bool knows_scope;
    size_t scopes, generations, wraps, records, unsealable;
};
/** daf_cmd_keys_look: what a coordinator would have to write: @generations scopes
 * without a clean key, @wraps copies that members lack.  @scope NULL: all. */
void daf_cmd_keys_look(const struct daf_camp *camp, const char *scope,
                       struct daf_cmd_keys *out);
/** daf_cmd_keys_renew: write it; durable on return.  @done: each scope that something
 * was written for; may be NULL.  The caller is a coordinator, and folds control
 * again if it needs the keys. */
DAF_NODISCARD enum daf_err daf_cmd_keys_renew(
    struct daf_cmd_view *v, const char *scope,
    void (*done)(void *ctx, const struct daf_rekey_scope *one), void *ctx,
    struct daf_cmd_keys *out, struct daf_trouble *t);

/* --- cmd_ask.c: one question to the daemon (node/api.h) */

/** daf_cmd_call: daf_api_call() with @request taken; NULL is out of memory. */
DAF_NODISCARD enum daf_err daf_cmd_call(const struct daf_home *home,
                                        json_t *request,
                                        void (*line)(void *ctx, json_t *line),
                                        void *ctx, json_t **out_last,
                                        struct daf_trouble *t);
/** daf_cmd_ask: the same of the command's home.  What went wrong has been said; if
 * it is DONE the caller owns *@out_last, else that is NULL. */
DAF_NODISCARD enum daf_exit daf_cmd_ask(const struct daf_cmd *cmd,
                                        bool needs_camp, json_t *request,
                                        void (*line)(void *ctx, json_t *line),
                                        void *ctx, json_t **out_last);

/* --- cmd_files.c: what is carried by hand (docs/protocol.md §6) */
/* Control of a camp of several thousand devices. */
#define DAF_CMD_ACCEPT_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define DAF_CMD_RECORDS_MAX      65536

/* An acceptance, checked for form only. */
struct daf_cmd_accept {
    struct daf_view manifest, cert; /* borrowed from the bytes */
    size_t records_count;
    struct daf_cursor records; /* copy it, then daf_cmd_accept_next() */
};
DAF_NODISCARD enum daf_err daf_cmd_accept_decode(struct daf_view bytes,
                                                 struct daf_cmd_accept *out,
                                                 size_t *out_offset);
void daf_cmd_accept_next(struct daf_cursor *c, struct daf_view *out_header,
                         struct daf_view *out_body);

/** daf_cmd_accept_begin: pack all up to the records; daf_cmd_accept_add() each,
 * then daf_pack_close(k, the mark returned, their count). */
size_t daf_cmd_accept_begin(struct daf_pack *k, struct daf_view manifest,
                            struct daf_view cert);
void daf_cmd_accept_add(struct daf_pack *k, struct daf_view header,
                        struct daf_view body);

/* --- cmd_enrol.c: what makes a device one of the camp */

/** daf_cmd_enrol_check: whether these may be --right and --scope; NULL: the
 * default.  DAF_EUSAGE with words. */
DAF_NODISCARD enum daf_err daf_cmd_enrol_check(const char *right,
                                               const char *scope,
                                               struct daf_trouble *t);
struct daf_cmd_certified {
    uint8_t cert[DAF_CERT_BYTES_MAX];
    size_t cert_len;
    struct daf_hash id;
};
/** daf_cmd_enrol_certify: seal the keys of what it may read to the device and
 * write its certificate, unless it has them; all is durable then.  DAF_EDENIED if
 * this device is no coordinator. */
DAF_NODISCARD enum daf_err daf_cmd_enrol_certify(
    const struct daf_cmd *cmd, const struct daf_device_keys *keys,
    const char *right, const char *scope, struct daf_cmd_certified *out,
    struct daf_trouble *t);

/** daf_cmd_enrol_renew: the same for new keys of the device @like, with its rights.
 * DAF_ENOTFOUND: it has no certificate here. */
DAF_NODISCARD enum daf_err daf_cmd_enrol_renew(
    const struct daf_cmd *cmd, const struct daf_device_keys *keys,
    const struct daf_author_id *like, struct daf_cmd_certified *out,
    struct daf_trouble *t);

/* --- cmd_join.c: the new device's side */

/** daf_cmd_join_home: a new home, or one that asked before and still waits; to
 * be unloaded. */
DAF_NODISCARD enum daf_err daf_cmd_join_home(const struct daf_cmd *cmd,
                                             struct daf_home *out,
                                             struct daf_trouble *t);
/* What a device has become one of the camp with. */
struct daf_cmd_joined {
    const struct daf_manifest *manifest;
    const struct daf_cert *cert;
    size_t records;     /* that came with it */
    const char *digits; /* NULL: by a file */
};
void daf_cmd_join_print(const struct daf_cmd *cmd, const struct daf_home *home,
                        const struct daf_cmd_joined *joined);
/** daf_cmd_join_ticket: part of daf_cmd_join(). */
enum daf_exit daf_cmd_join_ticket(const struct daf_cmd *cmd);

/* --- the commands */
enum daf_exit daf_cmd_camp_create(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_camp_clock(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_camp_beacon(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_join(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_enrol_sign(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_enrol_open(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_enrol_list(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_enrol_accept(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_enrol_decline(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_enrol_close(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_revoke(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_admit(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_revocations(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_keys_renew_all(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_erase(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_erasures(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_devices(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_status(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_peers(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_open(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_progress_add(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_progress_show(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_publish(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_library(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_get(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_pin(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_want(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_unpin(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_drop(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_assign(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_unassign(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_assignments(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_channels(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_subscribe(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_restored(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_renewals(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_renew(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_unsubscribe(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_evict(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_digest(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_check(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_inspect(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_doctor(const struct daf_cmd *cmd);
enum daf_exit daf_cmd_support(const struct daf_cmd *cmd);

/* --- cmd_repair.c: parts of daf_cmd_check() when a daemon has the notebook */

/** daf_cmd_repair_ask: let the daemon repair.  DAF_EBUSY if none answers.  The
 * caller has nothing of the store open. */
DAF_NODISCARD enum daf_err daf_cmd_repair_ask(const struct daf_cmd *cmd,
                                              const struct daf_home *home,
                                              struct daf_repair *r,
                                              struct daf_trouble *t);
/** daf_cmd_repair_wait: until the daemon is back and, if @lacks, no body is absent
 * and all peers are in step, or 30 s.  Returns whether that came true. */
bool daf_cmd_repair_wait(const struct daf_cmd *cmd, const struct daf_home *home,
                         bool lacks);

/* --- cmd_check_content.c: parts of daf_cmd_check() */
typedef void (*daf_cmd_content_bad_fn)(void *ctx, const char *what,
                                       const char *where);
/** daf_cmd_check_content: hash every part held; @fn hears each finding.  @mend: the
 * home is locked; what is damaged is lacking then, and fetched by the next daemon. */
DAF_NODISCARD enum daf_err daf_cmd_check_content(const struct daf_home *home,
                                                 bool mend,
                                                 daf_cmd_content_bad_fn fn,
                                                 void *ctx,
                                                 struct daf_trouble *t);
/** daf_cmd_repair_content: let the daemon do so and fetch it from peers, 30 s at
 * most; *@out_whole: nothing is lacking that was not before. */
DAF_NODISCARD enum daf_err daf_cmd_repair_content(const struct daf_cmd *cmd,
                                                  const struct daf_home *home,
                                                  bool *out_whole,
                                                  struct daf_trouble *t);

/** daf_cmd_score: "0.85" in millionths: 0 to 1, at most 6 decimals.  @text: a
 * person's words.  DAF_EUSAGE with words. */
DAF_NODISCARD enum daf_err daf_cmd_score(const char *text, uint32_t *out,
                                         struct daf_trouble *t);
/** daf_cmd_minutes: whole minutes, in seconds. */
DAF_NODISCARD enum daf_err daf_cmd_minutes(const char *text, uint32_t *out,
                                           struct daf_trouble *t);

/** daf_cmd_scope_of: --scope, checked; "" if it was not given. */
DAF_NODISCARD enum daf_err daf_cmd_scope_of(
    const struct daf_cmd *cmd, char out[DAF_SCOPE_NAME_BYTES_MAX + 1],
    struct daf_trouble *t);
/** daf_cmd_print_record: a record that is durable. */
void daf_cmd_print_record(const struct daf_cmd *cmd,
                          const struct daf_wrote *wrote);

/** daf_cmd_batch: `progress add --batch`; part of daf_cmd_progress_add(). */
enum daf_exit daf_cmd_batch(const struct daf_cmd *cmd, struct daf_home *home,
                            const char *path);

#endif
