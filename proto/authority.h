/* SPDX-License-Identifier: Apache-2.0 */
/* proto/authority.h - the questions that the protocol asks about who may do what.
 *
 * Answers are a pure function of (manifest, control).  Implemented by
 * node/core/camp.c and by fakes in tests. */
#ifndef DAF_PROTO_AUTHORITY_H
#define DAF_PROTO_AUTHORITY_H

#include "proto/cert.h"

struct daf_device {
    struct daf_author_id author;
    struct daf_device_keys keys;
};

struct daf_authority {
    void *ctx;
    struct daf_scope_id control, catalog; /* the two plain scopes */
    /* The device whose certified transport key is @key. */
    bool (*by_transport)(void *ctx, const struct daf_box_pk *key,
                         struct daf_device *out);
    /* The device with this author id, certified in control or the manifest. */
    bool (*by_author)(void *ctx, const struct daf_author_id *author,
                      struct daf_device *out);
    /* What @author may do in @scope.  In control a coordinator has ADMIN and
     * nobody else more than READ, whatever a certificate says. */
    enum daf_right (*right)(void *ctx, const struct daf_author_id *author,
                            const struct daf_scope_id *scope);
    /* The scopes that @author may carry (RELAY or more), control first, then
     * ascending; a coordinator's are all that are known here.  Returns the
     * count, at most DAF_SCOPES_MAX. */
    size_t (*scopes)(void *ctx, const struct daf_author_id *author,
                     struct daf_scope_id out[]);
};

/**
 * daf_authority_accept: whether a header may enter the store (R5, R7).
 * @bytes, @len: the header; @out receives it decoded.
 * DAF_OK; DAF_EFORM, DAF_ELIMIT, DAF_EVERSION, DAF_ESIG: never; DAF_EAUTHOR:
 * not now, its author may be certified later.
 */
struct daf_record;
DAF_NODISCARD enum daf_err daf_authority_accept(const struct daf_authority *a,
                                                struct daf_view header,
                                                struct daf_record *out);

/** daf_authority_entitled: whether the author of @log may write it, its
 * signatures aside (R7): DAF_OK or DAF_EAUTHOR.  @out: the author's keys. */
DAF_NODISCARD enum daf_err daf_authority_entitled(const struct daf_authority *a,
                                                  const struct daf_log_key *log,
                                                  struct daf_device *out);

/** daf_authority_body: whether @body is @r's and may be kept (R13, R14):
 * DAF_OK or DAF_EBODY. */
DAF_NODISCARD enum daf_err daf_authority_body(const struct daf_authority *a,
                                              const struct daf_record *r,
                                              struct daf_view body);

#endif
