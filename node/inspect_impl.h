/* SPDX-License-Identifier: Apache-2.0 */
/* node/inspect_impl.h - shared by inspect*.c.
 *
 *      inspect.c         what is it
 *      inspect_out.c     JSON, written as it comes
 *      inspect_record.c  headers, bodies, payloads
 *      inspect_camp.c    certificates, manifests, requests, acceptances
 *      inspect_frame.c   frames */
#ifndef DAF_NODE_INSPECT_IMPL_H
#define DAF_NODE_INSPECT_IMPL_H

#include "node/inspect.h"
#include "proto/cert.h"
#include "proto/cursor.h"
#include "proto/frame.h"
#include "proto/manifest.h"
#include "proto/record.h"

struct daf_inspect_out {
    FILE *f;
    bool has_items; /* the next key or item needs a comma */
    bool after_key;
};

/* ---- inspect_out.c: @o is always the writer, @p and @len the bytes */
void daf_inspect_open(struct daf_inspect_out *o, char bracket);
void daf_inspect_close(struct daf_inspect_out *o, char bracket);
void daf_inspect_key(struct daf_inspect_out *o, const char *key);
void daf_inspect_null(struct daf_inspect_out *o);
void daf_inspect_bool(struct daf_inspect_out *o, bool v);
void daf_inspect_uint(struct daf_inspect_out *o, uint64_t v);
/* @text: valid UTF-8, as all text that a cursor read. */
void daf_inspect_str(struct daf_inspect_out *o, struct daf_view text);
void daf_inspect_hex(struct daf_inspect_out *o, const uint8_t *p, size_t len);
/* A key and its value. */
void daf_inspect_put_bool(struct daf_inspect_out *o, const char *key, bool v);
void daf_inspect_put_uint(struct daf_inspect_out *o, const char *key,
                          uint64_t v);
void daf_inspect_put_text(struct daf_inspect_out *o, const char *key,
                          const char *text);
void daf_inspect_put_hex(struct daf_inspect_out *o, const char *key,
                         const uint8_t *p, size_t len);
/* One value of checked msgpack as plain JSON. */
void daf_inspect_value(struct daf_inspect_out *o, struct daf_cursor *c);

/* ---- keys and values of one thing, inside an object that is open */
void daf_inspect_header(struct daf_inspect_out *o, const struct daf_record *r);
void daf_inspect_body(struct daf_inspect_out *o, struct daf_view bytes);
void daf_inspect_payload(struct daf_inspect_out *o, struct daf_view bytes);
void daf_inspect_cert(struct daf_inspect_out *o, const struct daf_cert *cert);
void daf_inspect_manifest(struct daf_inspect_out *o,
                          const struct daf_manifest *m, bool verified);
void daf_inspect_frame(struct daf_inspect_out *o, const struct daf_frame *f);

/* ---- an object, or an object that says what is wrong with the bytes */
void daf_inspect_any_header(struct daf_inspect_out *o, struct daf_view bytes);
void daf_inspect_any_body(struct daf_inspect_out *o, struct daf_view bytes);
void daf_inspect_any_cert(struct daf_inspect_out *o, struct daf_view bytes);
void daf_inspect_any_manifest(struct daf_inspect_out *o, struct daf_view bytes);

/* ---- whole files: @o is at the start; nothing is printed on an error */
DAF_NODISCARD enum daf_err daf_inspect_request(struct daf_inspect_out *o,
                                               struct daf_view bytes,
                                               struct daf_inspect_fault *fault);
DAF_NODISCARD enum daf_err daf_inspect_accept(struct daf_inspect_out *o,
                                              struct daf_view bytes,
                                              struct daf_inspect_fault *fault);

#endif
