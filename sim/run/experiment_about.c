/* SPDX-License-Identifier: Apache-2.0 */
/* What an experiment is, and by what it is known again. */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sim/protocols/protocol.h"
#include "sim/run/experiment_impl.h"

#define HASH_BYTES 32

static void finish(crypto_generichash_state *state,
                   char out[DAF_EXPERIMENT_HASH_CHARS])
{
    uint8_t hash[HASH_BYTES];

    crypto_generichash_final(state, hash, sizeof hash);
    sodium_bin2hex(out, DAF_EXPERIMENT_HASH_CHARS, hash, sizeof hash);
}

enum daf_err daf_experiment_hash_file(const char *path,
                                      char out[DAF_EXPERIMENT_HASH_CHARS])
{
    crypto_generichash_state state;
    uint8_t bytes[1 << 16];
    size_t len;

    FILE *f = fopen(path, "re");
    if (f == NULL) return DAF_EIO;
    crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
    while ((len = fread(bytes, 1, sizeof bytes, f)) > 0)
        crypto_generichash_update(&state, bytes, len);
    bool is_read = ferror(f) == 0;
    int said = errno;
    (void)fclose(f);
    errno = said;
    finish(&state, out);
    return is_read ? DAF_OK : DAF_EIO;
}

/* With its length before it, so that two words are never another two. */
static void take_word(crypto_generichash_state *state, const char *word)
{
    uint64_t len = strlen(word);
    uint8_t size[8];

    for (unsigned i = 0; i < sizeof size; i++)
        size[i] = (uint8_t)(len >> (8 * i));
    crypto_generichash_update(state, size, sizeof size);
    crypto_generichash_update(state, (const uint8_t *)word, len);
}

void daf_experiment_identity(const struct daf_experiment *x,
                             const struct daf_protocol *protocol, uint64_t seed,
                             char out[DAF_EXPERIMENT_HASH_CHARS])
{
    crypto_generichash_state state;
    char number[24];

    crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
    take_word(&state, x->version);
    for (size_t i = 0; i < x->options_count; i++) {
        take_word(&state, x->options[i].name);
        take_word(&state, x->options[i].value);
    }
    for (size_t i = 0; i < x->inputs_count; i++) {
        take_word(&state, x->inputs[i].role);
        take_word(&state, x->inputs[i].hash);
    }
    if (protocol != NULL) {
        (void)snprintf(number, sizeof number, "%" PRIu64, seed);
        take_word(&state, protocol->name);
        take_word(&state, number);
    }
    finish(&state, out);
}

/* What people named may be no UTF-8: then it is shown without what is not. */
static json_t *text_of(const char *words)
{
    json_t *out = json_string(words);
    char *copy;

    if (out != NULL) return out;
    copy = strdup(words);
    if (copy == NULL) return NULL;
    for (char *c = copy; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    out = json_string(copy);
    free(copy);
    return out;
}

json_t *daf_experiment_options(const struct daf_experiment *x)
{
    json_t *out = json_object();

    for (size_t i = 0; i < x->options_count; i++)
        json_object_set_new(out, x->options[i].name,
                            text_of(x->options[i].value));
    return out;
}

json_t *daf_experiment_inputs(const struct daf_experiment *x)
{
    json_t *out = json_array();

    for (size_t i = 0; i < x->inputs_count; i++)
        json_array_append_new(out, json_pack("{s:s, s:o, s:s}", "role",
                                             x->inputs[i].role, "path",
                                             text_of(x->inputs[i].path),
                                             "blake2b", x->inputs[i].hash));
    return out;
}

json_t *daf_experiment_about(const struct daf_experiment *x)
{
    char identity[DAF_EXPERIMENT_HASH_CHARS];
    json_t *assumptions = json_array();

    daf_experiment_identity(x, NULL, 0, identity);
    for (size_t i = 0; x->assumptions != NULL && x->assumptions[i] != NULL; i++)
        json_array_append_new(assumptions, json_string(x->assumptions[i]));
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "format", 1,
                     "program", "daftar-sim", "version", x->version, "identity",
                     identity, "name", text_of(x->name), "options",
                     daf_experiment_options(x), "inputs",
                     daf_experiment_inputs(x), "assumptions", assumptions);
}
