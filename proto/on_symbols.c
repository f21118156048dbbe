/* SPDX-License-Identifier: Apache-2.0 */
/* SYMBOLS: more of the peer's sketch, that we asked for (protocol.md R41). */
#include "proto/session_impl.h"

void daf_on_symbols(struct daf_session *s, struct daf_mono now,
                    const struct daf_frame *f)
{
    const struct daf_symbols *symbols = &f->symbols;
    size_t count = symbols->symbols.len / DAF_SYMBOL_BYTES;

    if (s->pull != DAF_PULL_SYMBOLS ||
        daf_session_scope(s, &symbols->scope) != &s->scopes[s->scope_at] ||
        symbols->start != s->symbols_count || count > s->symbols_asked) {
        daf_session_breach(s, DAF_EPEER);
        return;
    }
    daf_session_compare_symbols(s, now, symbols->symbols);
}
