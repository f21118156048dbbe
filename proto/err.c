/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/err.h"

#include <stddef.h>

static const struct {
    const char *name, *words;
} table[DAF_ERR_COUNT] = {
    [DAF_OK] = {"ok", "no error"},
    [DAF_EFORM] = {"form", "not in the form expected"},
    [DAF_ELIMIT] = {"limit", "beyond a limit of the protocol"},
    [DAF_EVERSION] = {"version", "a version that this program does not speak"},
    [DAF_ESIG] = {"signature", "the signature does not verify"},
    [DAF_EAUTHOR] = {"author", "the author is not certified for this scope"},
    [DAF_ESCOPE] = {"scope", "not a scope of this device or of its peer"},
    [DAF_EBODY] = {"body", "the body does not belong to its header"},
    [DAF_EKEY] = {"key", "the key for this is not on this device"},
    [DAF_ETYPE] = {"type", "a record type that this camp does not use"},
    [DAF_ENOTFOUND] = {"not-found", "not held here"},
    [DAF_EEXISTS] = {"exists", "there is one already"},
    [DAF_ENOMEM] = {"memory", "out of memory"},
    [DAF_EIO] = {"io", "reading or writing failed"},
    [DAF_EFULL] = {"full", "the disk is full"},
    [DAF_EREADONLY] = {"read-only", "the disk or file cannot be written"},
    [DAF_ECORRUPT] = {"corrupt", "what is stored contradicts itself"},
    [DAF_EBUSY] = {"busy", "in use by another program"},
    [DAF_EPEER] = {"peer", "the peer broke the protocol"},
    [DAF_ETIME] = {"time-out", "no answer in time"},
    [DAF_ELOST] = {"lost", "the connection is gone"},
    [DAF_EUSAGE] = {"usage", "the command was not understood"},
    [DAF_EDENIED] = {"denied", "not allowed"},
    [DAF_ERESTORED] = {"restored",
                       "this device was put back from a copy, or its card was "
                       "copied: it must first hear what it once said"},
};

const char *daf_err_str(enum daf_err err)
{
    if ((unsigned)err >= DAF_ERR_COUNT || table[err].words == NULL)
        return "unknown error";
    return table[err].words;
}

const char *daf_err_name(enum daf_err err)
{
    if ((unsigned)err >= DAF_ERR_COUNT || table[err].name == NULL)
        return "unknown";
    return table[err].name;
}
