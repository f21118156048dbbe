/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_session.h - what proves that a browser was let in, and that a form is
 * ours.  Nothing is remembered: whoever holds core's secret of this start can
 * tell, so sessions outlive the web process. */
#ifndef DAF_NODE_WEB_SESSION_H
#define DAF_NODE_WEB_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#define DAF_WEB_SECRET_BYTES 32
#define DAF_WEB_SESSION_HEX  64 /* 16 bytes and their mac */
#define DAF_WEB_TOKEN_HEX    80 /* 16 bytes, a moment, and their mac */

/* A browser that was let in. */
struct daf_web_session {
    uint8_t id[16];
};
/** daf_web_session_new: draw one.  @out: its cookie, with a NUL. */
void daf_web_session_new(const uint8_t secret[DAF_WEB_SECRET_BYTES],
                         char out[DAF_WEB_SESSION_HEX + 1]);
/** daf_web_session_check: whether @cookie is one of ours. */
bool daf_web_session_check(const uint8_t secret[DAF_WEB_SECRET_BYTES],
                           const char *cookie, struct daf_web_session *out);

/* A form: for one session, and for one write, whoever sends it again. */
struct daf_web_token {
    uint8_t once[16];
    uint64_t made_ms; /* monotonic */
};
void daf_web_token_new(const uint8_t secret[DAF_WEB_SECRET_BYTES],
                       const struct daf_web_session *session, uint64_t now_ms,
                       char out[DAF_WEB_TOKEN_HEX + 1]);
/** daf_web_token_check: whether @text, or NULL, is a token of this session. */
bool daf_web_token_check(const uint8_t secret[DAF_WEB_SECRET_BYTES],
                         const struct daf_web_session *session,
                         const char *text, struct daf_web_token *out);

/** daf_web_key_check: whether @given is @key, in a time that does not tell how
 * much of it is right. */
bool daf_web_key_check(const char *key, const char *given);

#endif
