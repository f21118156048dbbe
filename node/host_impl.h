/* SPDX-License-Identifier: Apache-2.0 */
/* node/host_impl.h - the inside of the host, shared by host*.c.
 *
 *      host.c          making and ending, inputs, what link and network say
 *      host_port.c     the agent's port: what it asks for, done
 *      host_content.c  between contents, API, catalogue and agent
 *      host_wants.c    what is assigned, and of channels, brought to the shelf
 *      host_editions.c wishes go over to new editions
 *      host_renew.c    new keys after a card was copied
 *      host_doors.c    doors that proved true, kept for the next start */
#ifndef DAF_NODE_HOST_IMPL_H
#define DAF_NODE_HOST_IMPL_H

#include "node/airwatch.h"
#include "node/apiserver.h"
#include "node/contents.h"
#include "node/discoverhost.h"
#include "node/eviction.h"
#include "node/host.h"
#include "node/learners.h"
#include "node/linkhost.h"
#include "node/log.h"
#include "node/netwatch.h"
#include "node/progressbook.h"
#include "node/recorder.h"
#include "node/wants.h"
#include "node/webhost.h"
#include "node/writer.h"

struct daf_host {
    const struct daf_host_config *config;
    struct daf_home home;
    struct daf_loop *loop;
    struct daf_store *reader;
    struct daf_writer *writer;
    struct daf_linkhost *linkhost;
    struct daf_discoverhost *discover; /* NULL: --no-mdns */
    struct daf_netwatch *netwatch;
    struct daf_airwatch *airwatch;
    struct daf_agent *agent;
    struct daf_contents *contents;
    struct daf_eviction eviction;
    uint64_t stated;   /* daf_agent_stated() at the last look */
    bool is_releasing; /* what it has held back is told */
    bool has_tried;    /* since the eviction ended: up to room_tried */
    struct daf_hash room_tried;
    struct daf_apiserver *api;
    struct daf_webhost *web; /* NULL: it serves no pages */
    char web_url[DAF_WEB_URL_BYTES];
    size_t sessions; /* with peers, as events told last */
    struct daf_progressbook progress;
    struct daf_learners learners; /* unconfirmed ones, as of: */
    uint64_t learners_commits;
    struct daf_confirmed *confirmed; /* over reader and agent's camp */
    struct daf_recorder *record;     /* NULL: not recording */
    struct daf_port port;
    struct daf_linkhost_ops link_ops;
    struct daf_apiserver_ops api_ops;
    struct daf_loop_source writer_source;
    struct daf_discoverhost_ops discover_ops;
    struct daf_contents_ops contents_ops;
    struct daf_loop_timer agent_timer, record_timer, stop_timer;
    struct daf_loop_timer editions_timer;
    uint64_t content_news; /* daf_contents_news() when it was set last */
    struct daf_loop_timer doors_timer; /* doors that proved true, to the disk */
    uint64_t doors_written;            /* daf_agent_proven_changes() then */

    struct daf_mono started;
    char endpoint[DAF_ADDR_BYTES_MAX + 1]; /* "" until link is ready */
    struct daf_link_refused refused;
    uint64_t commits; /* of how many the agent has been told */
    bool has_records;
    int64_t records; /* as of then, if they were counted */
    uint64_t inputs; /* given to the agent */
    bool is_in_agent;
    bool is_stopping, link_gone;
    bool is_repairing; /* it stops for a repair */
    bool begins_again; /* it stops, and starts anew in the same process */
    struct daf_loop_timer renew_timer;
    uint64_t renew_asked; /* the life for which a request is in the camp */
    bool has_told_revoked;
    int exit_status;
    struct daf_subscriptions subscriptions;
    struct daf_wants wants; /* as read last; zeros: not yet */
    struct daf_loop_timer wants_timer;
    struct daf_mono wants_not_before;
    bool is_tight; /* something that goes before the next lesson has no room */
    struct daf_log_limit read_trouble, write_trouble, wants_trouble,
        renew_trouble;
};

/** daf_host_input: give it to the agent, after all that was committed since. */
void daf_host_input(struct daf_host *h, const struct daf_input *in);

/** daf_host_begin_again: end, and start anew with what is in the home then. */
void daf_host_begin_again(struct daf_host *h);

/** daf_host_renew: ask for new keys, or take them, if this device has clones.  A
 * timer's. */
void daf_host_renew(void *host);
/** daf_host_renew_soon: records came: look. */
void daf_host_renew_soon(struct daf_host *h);

/** daf_host_port_fill: the agent's port. */
void daf_host_port_fill(struct daf_host *h);

/** daf_host_content_fill: the ops of contents, and the API's on content. */
void daf_host_content_fill(struct daf_host *h);
/** daf_host_content_look: archives may keep more than before: if so, room is made
 * for what waits for it.  Before the loop sleeps. */
void daf_host_content_look(struct daf_host *h);
/** daf_host_content_start: the shelf, within what --budget leaves for it. */
DAF_NODISCARD enum daf_err daf_host_content_start(struct daf_host *h);

/** daf_host_wants_start: after the agent; daf_host_wants_end(): zeros are fine. */
DAF_NODISCARD enum daf_err daf_host_wants_start(struct daf_host *h);
void daf_host_wants_end(struct daf_host *h);
/** daf_host_wants_changed: soon, read what this device is to have. */
void daf_host_wants_changed(struct daf_host *h);
/** daf_host_wants_batch: the same, if records came. */
void daf_host_wants_batch(struct daf_host *h, const struct daf_writer_batch *b);
/** daf_host_wants_item: the same, if @item, or NULL: @content is gone, is another
 * case than when it was read. */
void daf_host_wants_item(struct daf_host *h, const struct daf_hash *content,
                         const struct daf_contents_item *item);
/** daf_host_wants_rank: for the agent. */
uint8_t daf_host_wants_rank(void *host, const struct daf_hash *content);
/** daf_host_wants_answered: the shelf did what was wished without a ticket. */
void daf_host_wants_answered(struct daf_host *h,
                             const struct daf_keeper_result *r);
/** daf_host_wants_subscribe: struct daf_apiserver_ops's. */
DAF_NODISCARD enum daf_err daf_host_wants_subscribe(void *host,
                                                    const char *channel,
                                                    bool is_on,
                                                    struct daf_trouble *t);

/** daf_host_editions_soon: the catalogue or the shelf has changed: look whether
 * what is wished for has a new edition. */
void daf_host_editions_soon(struct daf_host *h);
/** daf_host_editions: look.  A timer's. */
void daf_host_editions(void *host);
/** daf_host_editions_kept: a person has dropped @content: what it replaces is not
 * to bring it back. */
void daf_host_editions_kept(struct daf_host *h, const struct daf_hash *content);

/** daf_host_doors_tell: tell the agent whom it called before the start. */
void daf_host_doors_tell(struct daf_host *h);
/** daf_host_doors_write: keep them, if they changed.  A timer's. */
void daf_host_doors_write(void *host);

#endif
