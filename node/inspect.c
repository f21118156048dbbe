/* SPDX-License-Identifier: Apache-2.0 */
#include "node/inspect_impl.h"

#include "proto/body.h"
#include "proto/ticket.h"

#include <sodium.h>

/* What the first values of an array tell about it. */
#define SHAPE_COUNT 4
struct shape {
    size_t count; /* 0: no array */
    enum daf_kind kind[SHAPE_COUNT];
    uint64_t number[SHAPE_COUNT];       /* UINT */
    struct daf_view bytes[SHAPE_COUNT]; /* STR, BIN */
};

static struct shape shape_of(struct daf_view bytes)
{
    struct shape s = {.count = 0};
    struct daf_cursor c;

    daf_cursor_init(&c, bytes);
    if (daf_cursor_peek(&c) != DAF_KIND_ARRAY) return s;
    s.count = daf_cursor_array(&c, SIZE_MAX);
    for (size_t i = 0; i < SHAPE_COUNT && i < s.count; i++) {
        s.kind[i] = daf_cursor_peek(&c);
        if (s.kind[i] == DAF_KIND_UINT)
            s.number[i] = daf_cursor_uint(&c, UINT64_MAX);
        else if (s.kind[i] == DAF_KIND_STR)
            s.bytes[i] = daf_cursor_str(&c, SIZE_MAX);
        else if (s.kind[i] == DAF_KIND_BIN)
            s.bytes[i] = daf_cursor_bin(&c, SIZE_MAX);
        else
            daf_cursor_skip(&c);
    }
    return s;
}

static bool is_bin(const struct shape *s, size_t at, size_t len)
{
    return s->kind[at] == DAF_KIND_BIN && s->bytes[at].len == len;
}

static bool is_str(const struct shape *s, size_t at, const char *text)
{
    return s->kind[at] == DAF_KIND_STR && s->bytes[at].len == strlen(text) &&
           memcmp(s->bytes[at].p, text, strlen(text)) == 0;
}

enum thing {
    THING_MSGPACK,
    THING_HEADER,
    THING_RECORD,
    THING_BODY,
    THING_PAYLOAD,
    THING_CERT,
    THING_MANIFEST,
    THING_FRAME,
    THING_REQUEST,
    THING_ACCEPT,
    THING_SECRET,
};

/* Headers, certificates and manifests all have 14 items and begin with 1. */
static enum thing thing_of_14(const struct shape *s)
{
    if (s->kind[0] != DAF_KIND_UINT) return THING_MSGPACK;
    if (is_bin(s, 1, 16)) return THING_HEADER;
    if (!is_bin(s, 1, 32) && s->kind[1] != DAF_KIND_NIL) return THING_MSGPACK;
    if (s->kind[2] != DAF_KIND_UINT) return THING_MSGPACK;
    if (is_bin(s, 3, 16)) return THING_CERT;
    return s->kind[3] == DAF_KIND_STR ? THING_MANIFEST : THING_MSGPACK;
}

static bool is_frame_number(uint64_t n)
{
    return (n >= DAF_FRAME_HELLO && n <= DAF_FRAME_ADDRESSES) ||
           (n >= DAF_FRAME_KNOCK && n <= DAF_FRAME_REVOKED) ||
           (n >= DAF_FRAME_ASK && n <= DAF_FRAME_DECLINE);
}

/* [header, body or reason]: a header is an array of 14. */
static bool is_record(const struct shape *s)
{
    return s->count == 2 && s->kind[0] == DAF_KIND_BIN && s->bytes[0].len > 0 &&
           s->bytes[0].p[0] == 0x9e &&
           (s->kind[1] == DAF_KIND_BIN || s->kind[1] == DAF_KIND_UINT);
}

static enum thing thing_of(const struct shape *s)
{
    if (s->count == 0) return THING_MSGPACK;
    if (is_str(s, 0, "daf-request")) return THING_REQUEST;
    if (is_str(s, 0, "daf-accept")) return THING_ACCEPT;
    if (is_str(s, 0, "daf-keys") || is_str(s, 0, "daf-root"))
        return THING_SECRET;
    if (s->count == 14) return thing_of_14(s);
    if (is_record(s)) return THING_RECORD;
    if (s->count == 2 && s->kind[0] == DAF_KIND_STR &&
        s->kind[1] == DAF_KIND_MAP)
        return THING_PAYLOAD;
    if (s->kind[0] != DAF_KIND_UINT) return THING_MSGPACK;
    if (s->count == 5 && s->number[0] == 1 && is_bin(s, 1, 16))
        return THING_BODY;
    if (s->count == 2 && s->number[0] == 0 && s->kind[1] == DAF_KIND_BIN)
        return THING_BODY;
    return is_frame_number(s->number[0]) ? THING_FRAME : THING_MSGPACK;
}

/* --- each: decode all, then print -------------------------------------------------- */

static void begin(struct daf_inspect_out *o, const char *kind)
{
    daf_inspect_open(o, '{');
    daf_inspect_put_text(o, "kind", kind);
}

static enum daf_err show_header(struct daf_inspect_out *o,
                                struct daf_view bytes)
{
    struct daf_record r;
    enum daf_err err = daf_record_decode(bytes, &r);

    if (err != DAF_OK) return err;
    begin(o, "header");
    daf_inspect_header(o, &r);
    daf_inspect_close(o, '}');
    return DAF_OK;
}

static enum daf_err show_record(struct daf_inspect_out *o,
                                struct daf_view bytes, const struct shape *s,
                                struct daf_inspect_fault *fault)
{
    bool has_body = s->kind[1] == DAF_KIND_BIN;
    struct daf_hash hash = daf_body_hash(s->bytes[1]);
    struct daf_record r;
    struct daf_body b;
    enum daf_err err = daf_record_decode(s->bytes[0], &r);

    fault->offset = (size_t)(s->bytes[0].p - bytes.p);
    if (err == DAF_OK && has_body) {
        err = daf_body_decode(s->bytes[1], &b);
        fault->offset = (size_t)(s->bytes[1].p - bytes.p);
    }
    if (err != DAF_OK) return err;
    begin(o, "record");
    daf_inspect_key(o, "header");
    daf_inspect_any_header(o, s->bytes[0]);
    daf_inspect_key(o, "body");
    if (has_body) {
        daf_inspect_any_body(o, s->bytes[1]);
        /* R14: by its hash and length */
        daf_inspect_put_bool(o, "body_matches",
                             s->bytes[1].len == r.body_len &&
                                 memcmp(&hash, &r.body_hash, sizeof(hash)) ==
                                     0);
    } else {
        daf_inspect_uint(o, s->number[1]);
    }
    daf_inspect_close(o, '}');
    return DAF_OK;
}

static enum daf_err show_body(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_body b;
    enum daf_err err = daf_body_decode(bytes, &b);

    if (err != DAF_OK) return err;
    begin(o, "body");
    daf_inspect_body(o, bytes);
    daf_inspect_close(o, '}');
    return DAF_OK;
}

static enum daf_err show_payload(struct daf_inspect_out *o,
                                 struct daf_view bytes)
{
    begin(o, "payload");
    daf_inspect_payload(o, bytes);
    daf_inspect_close(o, '}');
    return DAF_OK;
}

static enum daf_err show_cert(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_cert cert;
    enum daf_err err = daf_cert_decode(bytes, &cert);

    if (err != DAF_OK) return err;
    begin(o, "certificate");
    daf_inspect_cert(o, &cert);
    daf_inspect_close(o, '}');
    return DAF_OK;
}

static enum daf_err show_manifest(struct daf_inspect_out *o,
                                  struct daf_view bytes)
{
    struct daf_manifest m;
    enum daf_err err = daf_manifest_decode(bytes, &m);

    if (err != DAF_OK) return err;
    begin(o, "manifest");
    daf_inspect_manifest(o, &m, daf_manifest_verify(bytes, &m) == DAF_OK);
    daf_inspect_close(o, '}');
    return DAF_OK;
}

static enum daf_err show_frame(struct daf_inspect_out *o, struct daf_view bytes,
                               struct daf_inspect_fault *fault)
{
    struct daf_frame f;
    enum daf_err err = daf_frame_decode(bytes, &f, &fault->offset);

    if (err != DAF_OK) return err;
    begin(o, "frame");
    daf_inspect_frame(o, &f);
    daf_inspect_close(o, '}');
    return DAF_OK;
}

/* A key file: its content is nobody's to see. */
static enum daf_err show_secret(struct daf_inspect_out *o)
{
    begin(o, "secret keys");
    daf_inspect_close(o, '}');
    return DAF_OK;
}

/* The one thing that is text.  Its secret is whoever's who sees it. */
static void show_ticket(struct daf_inspect_out *o, const struct daf_ticket *t)
{
    begin(o, "ticket");
    daf_inspect_put_text(o, "secret", "(secret)");
    daf_inspect_put_hex(o, "mark", t->mark, sizeof(t->mark));
    daf_inspect_put_bool(o, "full", t->is_full);
    if (t->is_full) {
        daf_inspect_put_hex(o, "porch", t->porch.b, sizeof(t->porch.b));
        daf_inspect_key(o, "addresses");
        daf_inspect_open(o, '[');
        for (size_t i = 0; i < t->addrs_count; i++)
            daf_inspect_str(o, (struct daf_view){(const uint8_t *)t->addrs[i],
                                                 strlen(t->addrs[i])});
        daf_inspect_close(o, ']');
    }
    daf_inspect_close(o, '}');
}

static enum daf_err show_msgpack(struct daf_inspect_out *o,
                                 struct daf_view bytes)
{
    struct daf_cursor c;

    begin(o, "msgpack");
    daf_inspect_key(o, "value");
    daf_cursor_init(&c, bytes);
    daf_inspect_value(o, &c);
    daf_inspect_close(o, '}');
    return DAF_OK;
}

static enum daf_err show(struct daf_inspect_out *o, struct daf_view bytes,
                         struct daf_inspect_fault *fault)
{
    struct shape s = shape_of(bytes);

    switch (thing_of(&s)) {
    case THING_MSGPACK:
        return show_msgpack(o, bytes);
    case THING_HEADER:
        return show_header(o, bytes);
    case THING_RECORD:
        return show_record(o, bytes, &s, fault);
    case THING_BODY:
        return show_body(o, bytes);
    case THING_PAYLOAD:
        return show_payload(o, bytes);
    case THING_CERT:
        return show_cert(o, bytes);
    case THING_MANIFEST:
        return show_manifest(o, bytes);
    case THING_FRAME:
        return show_frame(o, bytes, fault);
    case THING_REQUEST:
        return daf_inspect_request(o, bytes, fault);
    case THING_ACCEPT:
        return daf_inspect_accept(o, bytes, fault);
    case THING_SECRET:
        return show_secret(o);
    }
    return DAF_EFORM;
}

enum daf_err daf_inspect(struct daf_view bytes, FILE *f,
                         struct daf_inspect_fault *out_fault)
{
    struct daf_inspect_out o = {.f = f};
    struct daf_ticket ticket;
    struct shape s;
    enum daf_err err;

    *out_fault = (struct daf_inspect_fault){0, NULL};
    err = daf_cursor_check(bytes, &out_fault->offset);
    if (err != DAF_OK && daf_ticket_parse(bytes, &ticket) == DAF_OK) {
        show_ticket(&o, &ticket);
        sodium_memzero(&ticket, sizeof(ticket));
        (void)fputc('\n', f);
        return DAF_OK;
    }
    if (err != DAF_OK) return err;
    s = shape_of(bytes);
    if (bytes.len > DAF_INSPECT_BYTES_MAX && thing_of(&s) != THING_ACCEPT) {
        out_fault->offset = DAF_INSPECT_BYTES_MAX;
        out_fault->what = "longer than 1 MiB: nothing but an acceptance is";
        return DAF_ELIMIT;
    }
    out_fault->offset = 0;
    err = show(&o, bytes, out_fault);
    if (err == DAF_OK) (void)fputc('\n', f);
    return err;
}
