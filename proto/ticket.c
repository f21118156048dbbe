/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ticket.h"

#include <assert.h>
#include <sodium.h>

#define BYTES      32 /* of which 52 characters of five bits are made */
#define PREFIX     "DAFTAR"
#define VERSION    "1"
#define PREFIX_LEN 6

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* ---- RFC 4648 base32 of 32 bytes, without padding */

static void encode(const uint8_t bytes[BYTES],
                   char out[DAF_TICKET_CODE_CHARS + 1])
{
    unsigned bits = 0, count = 0;
    size_t at = 0;

    for (size_t i = 0; i < DAF_TICKET_CODE_CHARS; i++) {
        if (count < 5) {
            bits = bits << 8 | (at < BYTES ? bytes[at] : 0u);
            at++;
            count += 8;
        }
        count -= 5;
        out[i] = letters[bits >> count & 31];
        bits &= (1u << count) - 1;
    }
    out[DAF_TICKET_CODE_CHARS] = '\0';
}

/* The five bits of a letter; 32 if it is none. */
static unsigned value_of(char c)
{
    if (c == '0') c = 'O';
    if (c == '1') c = 'I';
    if (c == '8') c = 'B';
    if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
    for (unsigned i = 0; i < 32; i++)
        if (letters[i] == c) return i;
    return 32;
}

/* @chars: without blanks; dashes between. */
static bool decode(struct daf_view chars, uint8_t out[BYTES])
{
    unsigned bits = 0, count = 0;
    size_t letters_count = 0, len = 0;

    for (size_t i = 0; i < chars.len; i++) {
        unsigned value = value_of((char)chars.p[i]);

        if (chars.p[i] == '-') continue;
        if (value == 32 || ++letters_count > DAF_TICKET_CODE_CHARS)
            return false;
        bits = bits << 5 | value;
        count += 5;
        if (count < 8) continue;
        count -= 8;
        out[len++] = (uint8_t)(bits >> count);
        bits &= (1u << count) - 1;
    }
    /* The last letter has four bits to spare: zero, so that each ticket has one
     * text and a slip there is seen. */
    return letters_count == DAF_TICKET_CODE_CHARS && bits == 0;
}

/* ---- writing */

void daf_ticket_code(const struct daf_ticket *t,
                     char out[DAF_TICKET_CODE_CHARS + 1])
{
    uint8_t bytes[BYTES];

    memcpy(bytes, t->secret, 16);
    memcpy(bytes + 16, t->mark, 16);
    encode(bytes, out);
    sodium_memzero(bytes, sizeof(bytes));
}

static char *put_addr(char *out, const char *addr)
{
    size_t len = strlen(addr);
    const char *colon = strrchr(addr, ':');

    assert(colon != NULL && len <= DAF_TICKET_ADDR_CHARS);
    *out++ = ':';
    memcpy(out, addr, len); /* NOLINT(bugprone-not-null-terminated-result) */
    out[(size_t)(colon - addr)] = '+';
    return out + len;
}

void daf_ticket_text(const struct daf_ticket *t,
                     char out[DAF_TICKET_TEXT_CHARS + 1])
{
    assert(t->is_full);
    memcpy(out, PREFIX VERSION ":", PREFIX_LEN + 2);
    out += PREFIX_LEN + 2;
    daf_ticket_code(t, out);
    out += DAF_TICKET_CODE_CHARS;
    *out++ = ':';
    encode(t->porch.b, out);
    out += DAF_TICKET_CODE_CHARS;
    for (size_t i = 0; i < t->addrs_count; i++)
        out = put_addr(out, t->addrs[i]);
    *out = '\0';
}

/* ---- reading */

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Up to the next colon that is in no brackets; it is taken from @rest. */
static struct daf_view next_field(struct daf_view *rest)
{
    struct daf_view field = {rest->p, 0};
    bool inside = false;

    while (field.len < rest->len) {
        uint8_t c = rest->p[field.len];

        if (c == ':' && !inside) break;
        if (c == '[') inside = true;
        if (c == ']') inside = false;
        field.len++;
    }
    rest->p += field.len;
    rest->len -= field.len;
    if (rest->len == 0) return field;
    rest->p++;
    rest->len--;
    return field;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_host_letter(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
           (c != '\0' && strchr(".:[]%", c) != NULL);
}

/* A host, a plus, and a port. */
static bool take_addr(struct daf_view field, char *out)
{
    size_t plus = 0;

    if (field.len > DAF_TICKET_ADDR_CHARS) return false;
    while (plus < field.len && is_host_letter(field.p[plus]))
        plus++;
    if (plus == 0 || plus + 1 >= field.len || field.p[plus] != '+')
        return false;
    for (size_t i = plus + 1; i < field.len; i++)
        if (!is_digit(field.p[i])) return false;
    memcpy(out, field.p, field.len);
    out[plus] = ':';
    out[field.len] = '\0';
    return true;
}

static bool is_prefix(struct daf_view field)
{
    for (size_t i = 0; i < PREFIX_LEN && i < field.len; i++)
        if ((field.p[i] & ~0x20) != PREFIX[i]) return false;
    return field.len > PREFIX_LEN;
}

static enum daf_err parse_full(struct daf_view version, struct daf_view rest,
                               uint8_t bytes[BYTES], struct daf_ticket *out)
{
    if (!is_prefix(version)) return DAF_EFORM;
    if (version.len != PREFIX_LEN + 1 || version.p[PREFIX_LEN] != VERSION[0])
        return DAF_EVERSION;
    if (!decode(next_field(&rest), bytes) ||
        !decode(next_field(&rest), out->porch.b))
        return DAF_EFORM;
    out->is_full = true;
    while (rest.len > 0) {
        if (out->addrs_count == DAF_TICKET_ADDRS_MAX) return DAF_ELIMIT;
        if (!take_addr(next_field(&rest), out->addrs[out->addrs_count]))
            return DAF_EFORM;
        out->addrs_count++;
    }
    return DAF_OK;
}

static enum daf_err parse(struct daf_view text, uint8_t bytes[BYTES],
                          struct daf_ticket *out)
{
    struct daf_view rest = text, first = next_field(&rest);

    if (first.len < text.len) return parse_full(first, rest, bytes, out);
    return decode(first, bytes) ? DAF_OK : DAF_EFORM;
}

enum daf_err daf_ticket_parse(struct daf_view text, struct daf_ticket *out)
{
    uint8_t packed[DAF_TICKET_READ_CHARS], bytes[BYTES] = {0};
    enum daf_err err;
    size_t len = 0;

    memset(out, 0, sizeof(*out));
    if (text.len > sizeof(packed)) return DAF_ELIMIT;
    for (size_t i = 0; i < text.len; i++)
        if (!is_blank(text.p[i])) packed[len++] = text.p[i];
    err = parse((struct daf_view){packed, len}, bytes, out);
    memcpy(out->secret, bytes, 16);
    memcpy(out->mark, bytes + 16, 16);
    if (err != DAF_OK) memset(out, 0, sizeof(*out));
    sodium_memzero(packed, sizeof(packed));
    sodium_memzero(bytes, sizeof(bytes));
    return err;
}
