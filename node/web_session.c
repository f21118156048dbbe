/* SPDX-License-Identifier: Apache-2.0 */
#include "node/web_session.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define MAC_BYTES     16
#define SESSION_BYTES (16 + MAC_BYTES)
#define TOKEN_BYTES   (16 + 8 + MAC_BYTES)

static_assert(2 * SESSION_BYTES == DAF_WEB_SESSION_HEX, "as written");
static_assert(2 * TOKEN_BYTES == DAF_WEB_TOKEN_HEX, "as written");

/* @what keeps a form from being taken for a session. */
static void mac(const uint8_t *secret, const char *what, const uint8_t *id,
                const uint8_t *p, size_t len, uint8_t out[MAC_BYTES])
{
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, secret, DAF_WEB_SECRET_BYTES,
                                  MAC_BYTES);
    (void)crypto_generichash_update(&state, (const uint8_t *)what,
                                    strlen(what) + 1);
    (void)crypto_generichash_update(&state, id, 16);
    if (len > 0) (void)crypto_generichash_update(&state, p, len);
    (void)crypto_generichash_final(&state, out, MAC_BYTES);
}

static bool from_hex(const char *text, uint8_t *out, size_t len)
{
    size_t got = 0;

    return text != NULL && strlen(text) == 2 * len &&
           sodium_hex2bin(out, len, text, 2 * len, NULL, &got, NULL) == 0 &&
           got == len;
}

void daf_web_session_new(const uint8_t secret[DAF_WEB_SECRET_BYTES],
                         char out[DAF_WEB_SESSION_HEX + 1])
{
    uint8_t bytes[SESSION_BYTES];

    randombytes_buf(bytes, 16);
    mac(secret, "session", bytes, NULL, 0, bytes + 16);
    (void)sodium_bin2hex(out, DAF_WEB_SESSION_HEX + 1, bytes, sizeof(bytes));
}

bool daf_web_session_check(const uint8_t secret[DAF_WEB_SECRET_BYTES],
                           const char *cookie, struct daf_web_session *out)
{
    uint8_t bytes[SESSION_BYTES], want[MAC_BYTES];

    if (!from_hex(cookie, bytes, sizeof(bytes))) return false;
    mac(secret, "session", bytes, NULL, 0, want);
    if (sodium_memcmp(want, bytes + 16, MAC_BYTES) != 0) return false;
    memcpy(out->id, bytes, sizeof(out->id));
    return true;
}

void daf_web_token_new(const uint8_t secret[DAF_WEB_SECRET_BYTES],
                       const struct daf_web_session *session, uint64_t now_ms,
                       char out[DAF_WEB_TOKEN_HEX + 1])
{
    uint8_t bytes[TOKEN_BYTES];

    randombytes_buf(bytes, 16);
    for (size_t i = 0; i < 8; i++)
        bytes[16 + i] = (uint8_t)(now_ms >> (8 * (7 - i)));
    mac(secret, "form", session->id, bytes, 24, bytes + 24);
    (void)sodium_bin2hex(out, DAF_WEB_TOKEN_HEX + 1, bytes, sizeof(bytes));
}

bool daf_web_token_check(const uint8_t secret[DAF_WEB_SECRET_BYTES],
                         const struct daf_web_session *session,
                         const char *text, struct daf_web_token *out)
{
    uint8_t bytes[TOKEN_BYTES], want[MAC_BYTES];

    if (!from_hex(text, bytes, sizeof(bytes))) return false;
    mac(secret, "form", session->id, bytes, 24, want);
    if (sodium_memcmp(want, bytes + 24, MAC_BYTES) != 0) return false;
    memcpy(out->once, bytes, sizeof(out->once));
    out->made_ms = 0;
    for (size_t i = 0; i < 8; i++)
        out->made_ms = out->made_ms << 8 | bytes[16 + i];
    return true;
}

bool daf_web_key_check(const char *key, const char *given)
{
    size_t len = strlen(key);

    return given != NULL && strlen(given) == len &&
           sodium_memcmp(key, given, len) == 0;
}
