/* SPDX-License-Identifier: Apache-2.0 */
/* proto/err.h - every way in which things go wrong, and its words.
 *
 * Our own bugs are assertions, not errors.  A peer's faults are counted events:
 * these values name them.  docs/operating.md repeats none of this. */
#ifndef DAF_PROTO_ERR_H
#define DAF_PROTO_ERR_H

enum daf_err {
    DAF_OK = 0,
    DAF_EFORM,     /* not canonical msgpack, or not the fields expected */
    DAF_ELIMIT,    /* longer, deeper or more than the limit */
    DAF_EVERSION,  /* a version that this program does not speak */
    DAF_ESIG,      /* a signature does not verify */
    DAF_EAUTHOR,   /* the author is not certified for this scope */
    DAF_ESCOPE,    /* a scope that is not ours, or not the peer's */
    DAF_EBODY,     /* a body whose hash, length or sealing is wrong */
    DAF_EKEY,      /* the key needed to read or write is not here */
    DAF_ETYPE,     /* a record type not known here or not in the register */
    DAF_ENOTFOUND, /* what was asked for is not held */
    DAF_EEXISTS,   /* what should be made is there already */
    DAF_ENOMEM,    /* out of memory */
    DAF_EIO,       /* the disk or the system failed */
    DAF_EFULL,     /* the disk is full */
    DAF_EREADONLY, /* the disk or the file cannot be written */
    DAF_ECORRUPT,  /* what is stored contradicts itself */
    DAF_EBUSY,     /* in use by another process, or over a budget: later */
    DAF_EPEER,     /* the peer broke the protocol */
    DAF_ETIME,     /* the peer did not answer in time */
    DAF_ELOST,     /* the link is gone */
    DAF_EUSAGE,    /* the caller, a person, asked wrongly */
    DAF_EDENIED,   /* not allowed */
    DAF_ERESTORED, /* a restored device has not heard yet what it once said */
    DAF_ERR_COUNT, /* how many there are; not an error */
};

/** daf_err_str: the error in a few words for a person.  Never NULL. */
const char *daf_err_str(enum daf_err err);

/** daf_err_name: its short name for logs and JSON ("form").  Never NULL. */
const char *daf_err_name(enum daf_err err);

#endif
