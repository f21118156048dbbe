/* SPDX-License-Identifier: Apache-2.0 */
/* node/api.h - the daemon's Unix socket, HOME/run/control.
 *
 * A client sends one JSON object on one line (≤ 1 MiB), the daemon answers with
 * lines, the last of which has "exit": 0, or "exit", "error" and "code" (the short
 * name of proto/err.h).  The socket is
 * 0600 and each client's uid is checked by the kernel's word (SO_PEERCRED): the
 * daemon's own user or root.
 *
 * {"op":"status"}  -> {…, "exit":0}
 * {"op":"peers"}   -> a line a peer, {"exit":0}
 * {"op":"write","kind":"session","scope":"","learner":"…",
 *  "did":[["item",score_millionths|null,seconds]…]}
 *                  -> {"record":"hex","durable":true,"subject":"hex",
 *                      "registered":bool,"exit":0}   after the commit
 * {"op":"write","kind":"control","payload":"hex"}
 *                  -> {"record":"hex","durable":true,"exit":0}
 * {"op":"write","kind":"catalog","payload":"hex"}
 *                  -> the same; who may curate
 * {"op":"write","kind":"assignment","scope":"class:1","payload":"hex"}
 *                  -> the same; who may curate in that class
 * {"op":"content-list"} -> a line an item on the shelf: {"content":"hex","title":…,
 *                      "bytes":N,"parts":N,"held":N,"fetched":N,"reserved":N,
 *                      "whole":bool,"wanted":bool,"asked":bool,"due_here":bool,"pinned":bool,"published":bool,
 *                      "sources":N,"stuck":"" or why it is not fetched,
 *                      "rate":bytes a second,"eta_s":N|null,"place":N in line or 0,
 *                      "waiting":""|"room"|"source"|"turn",
 *                      "stated":bool (this device
 *                      states it, or did), "old":bool (a newer edition is whole here),
 *                      "kept_by":[{"author":"hex","since_ms":N,"before":bool,
 *                      "revoked":bool}…]: archives that state it (docs/content.md §7),
 *                      "evictable":"may go" or why not}, {"archive":bool,"exit":0}
 * {"op":"content-wish","content":"hex","set":["wanted","pinned"…],"clear":[…]}
 *                  -> {"exit":0}   once that is durable; an item that is not on the
 *                      shelf yet is put there as the catalogue has it
 * {"op":"content-drop","content":"hex","by":"one-keeps"|"anyway"|"for-room"|
 *                  "for-room-one"} -> {"exit":0}   its files and its wishes are gone
 *                      from the shelf.  for-room: only if two archives keep it and
 *                      nobody asks for it; -one: one; one-keeps (else): a person
 *                      names it
 * {"op":"content-wait","content":"hex","held":N}
 *                  -> {…an item, as above,"exit":0}   once it is whole, stuck, or
 *                      holds another number of parts, by a 256th of all at least
 * {"op":"content-room","bytes":N,"number":M} -> {"fits":bool,"room":N,"disk":bool,
 *                      "exit":0}   what there is, of the budget or the disk; if it
 *                      fits and M is said it is promised to who makes content/new-M
 * {"op":"content-look","content":"hex","number":M} -> {"exit":0}   what a command
 *                      published as new-M is known now, and counts instead
 * {"op":"content-subscribe","channel":"…","on":bool} -> {"exit":0}   durable
 * {"op":"content-check"} -> {"bad":N,"exit":0}   every part was hashed; what is
 *                      damaged is fetched again
 * {"op":"repair"} -> {"repaired":bool,"new_start":bool,"aside":"notebook.damaged-1",
 *                      "lost":N,"bad":[{"what":…,"where":…}…],"bad_count":N,
 *                      "exit":0}   then the daemon hangs up and starts anew
 * {"op":"enrol-open","scope":"class:1","right":"append"}
 *                  -> {"ticket":"DAFTAR1:…","code":"52 characters",
 *                      "expires_s":600,"address":"…","exit":0}   once it listens
 * {"op":"enrol-list"} -> a line a device: {"id":"16 hex","digits":"123456",
 *                      "author":"hex","since_s":N,"state":"waiting","request":"hex"},
 *                      {"used":bool,"expires_s":N,"scope":…,"right":…,"exit":0}
 * {"op":"enrol-accept","id":"…","certificate":"hex"} -> {"exit":0}   sent, or kept
 *                      for when it comes back; the certificate is durable before
 * {"op":"enrol-decline","id":"…"}, {"op":"enrol-close"} -> {"exit":0}
 *
 * What pages show; the web process (node/web.h) may ask this and nothing else:
 *
 * {"op":"web-status"} -> {"camp":…,"author":"8 hex","peers":N,"records":N,
 *                      "revoked":bool,"exit":0}
 * {"op":"learners"} -> {"scope":"class:1","learners":[{"subject":"hex","name":"",
 *                      "confirmed":bool}…],"more":bool,"exit":0}   of the first class, at most 4000
 * {"op":"progress","subject":"hex"} -> {"lines":[…],"exit":0}   as `progress show
 *                      --json` prints them, at most 4000
 * {"op":"write","kind":"session",…}   above
 * {"op":"write","kind":"learner","scope":"","learner":"name, or nothing"}
 *                  -> as session; registers one more, also of a known name
 * Both take "once":"32 hex": of several with one value the first is done, and all
 * are answered alike.
 * {"op":"library","languages":["ar","en"],"after":"hex"}
 *                  -> {"items":[{"content":"hex","title":{"ar":…},"bytes":N,
 *                      "whole":bool,"held":N,"parts":N,"preview":bool}…],"skipped":N,"total":N,
 *                      "assigned":[{… as an item, "due":"2026-03-01"|null}…],
 *                      "exit":0}   the catalogue from its start, or after an item,
 *                      or ("before":"hex") before it, ascending by content id: 48
 *                      at most.  Of total so many are skipped before them.  The item
 *                      named may be gone: it is a place in that order.  Of its
 *                      titles each has the best of languages (daf_content_best).
 *                      assigned, from its start only: the next due day first, days
 *                      past last, 16 at most.
 *                      Of old editions (R95) only those that are here
 * {"op":"library-item","content":"hex","languages":[…]}
 *                  -> {"item":{… as above, and "description":{"en":…}, which may
 *                      be {}, and if it has a preview "picture":{"type":
 *                      "image/png","base64":…}},"exit":0}, or not-found
 * {"op":"content-files","content":"hex"} -> {"files":[["path",bytes]…],"exit":0}
 *                      of a whole item, the first 1000
 * {"op":"content-open","content":"hex","path":…} -> {"size":N,"exit":0} and with
 *                      the line's first byte the open file (SCM_RIGHTS)
 * {"op":"events"} -> {"epoch":N,"n":N,"exit":0}, and from then on between answers
 *                      {"event":"records"|"peers"|"content","n":N}, numbered
 *
 * Reading (progress show, digest, check) needs no daemon: commands open the
 * store themselves. */
#ifndef DAF_NODE_API_H
#define DAF_NODE_API_H

#include <jansson.h>

#include "node/home.h"

/* A library answer holds so many items, and they take fewer bytes of JSON. */
#define DAF_API_LIBRARY_ITEMS_MAX ((size_t)48)
#define DAF_API_LIBRARY_BYTES_MAX ((size_t)64 * 1024)
/* ... and tells so many that are assigned. */
#define DAF_API_ASSIGNED_MAX ((size_t)16)

/** daf_api_call: send @request to @home's daemon and hand over each answer line.
 * @line: called for every line but is not given the ownership; may be NULL.
 * @out_last: the last line; the caller owns it.
 * DAF_ENOTFOUND if no daemon answers; DAF_EDENIED; DAF_EIO. */
DAF_NODISCARD enum daf_err daf_api_call(const struct daf_home *home,
                                        const json_t *request,
                                        void (*line)(void *ctx, json_t *line),
                                        void *ctx, json_t **out_last,
                                        struct daf_trouble *t);

/* --- many requests on one connection: each is answered in its turn */
struct daf_api; /* opaque */

/** daf_api_open: DAF_ENOTFOUND if no daemon answers; DAF_EDENIED; DAF_EIO.  The
 * caller owns @out: daf_api_close(). */
DAF_NODISCARD enum daf_err daf_api_open(const struct daf_home *home,
                                        struct daf_api **out,
                                        struct daf_trouble *t);
/** daf_api_send: give one request. */
DAF_NODISCARD enum daf_err daf_api_send(struct daf_api *api,
                                        const json_t *request,
                                        struct daf_trouble *t);
/** daf_api_receive: the next answer line; the caller owns *@out.  DAF_ETIME if
 * the daemon says nothing for long, DAF_EIO if it is gone. */
DAF_NODISCARD enum daf_err daf_api_receive(struct daf_api *api, json_t **out,
                                           struct daf_trouble *t);
/** daf_api_close: NULL is fine. */
void daf_api_close(struct daf_api *api);

#endif
