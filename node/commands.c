/* SPDX-License-Identifier: Apache-2.0 */
#include "node/commands.h"

#include "node/cmd.h"
#include "node/commands_impl.h"

#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct daf_command table[] = {
    {
        .name = "camp create", .args = "NAME", .args_min = 1, .args_max = 1,
        .summary = "make a new camp, with this device as its coordinator",
        .text = "Makes the home, its keys, the camp's root key and the first "
            "class, class:1.\nThe root key is in keys/root.keys: take it away "
            "and lock it up.  Whoever has it\ncan name new coordinators; "
            "without it nobody ever can.",
        .keys = {"camp", "author", "home", "root_key"},
        .run = daf_cmd_camp_create,
    },
    {
        .name = "camp clock", .args = "DEVICE", .args_min = 1, .args_max = 1,
        .summary = "say what a device's clock was wrong by (coordinators only)",
        .text = "DEVICE is what daftar devices shows, or its first 8 digits or "
            "more.  A time is\n2026-03-01T10:00:00Z, or milliseconds since 1970. "
            " What that device wrote in that\nstart is shown moved by the "
            "difference; nothing else changes.  Said again, the new\nstands; the "
            "same time twice: no difference.",
        .options = {
            {"boot", "N", "which start of it (progress show --json)"},
            {"claimed", "TIME", "what its clock said"},
            {"real", "TIME", "what it was then"},
        },
        .keys = {"record", "device", "boot", "claimed_ms", "real_ms", "replaced"},
        .run = daf_cmd_camp_clock,
    },
    {
        .name = "camp beacon", .args = "",
        .summary = "say which week it is, for devices without a clock (coordinators only)",
        .text = "Now and then, by a clock that is right.  Two coordinators must "
            "have said a week, or a\nlater one, before it counts; each may go 8 "
            "weeks further alone.  A camp with one\ncoordinator believes that one.",
        .options = {
            {"week", "N", "weeks since 1970-01-01 (else this device's clock's)"},
            {"first", NULL, "say it, though it counts only once another says so too"},
        },
        .keys = {"record", "beacon", "counts"},
        .run = daf_cmd_camp_beacon,
    },
    {
        .name = "join", .args = "[TICKET]", .args_max = 16,
        .summary = "join a camp by a coordinator's ticket, or by two files",
        .text = "A TICKET is what daftar enrol open shows: the whole text, or its "
            "52 characters,\nin groups or not.  Six digits are printed at once; "
            "join ends when the coordinator\nhas compared and accepted them, "
            "10 minutes at most.  With --json a line\n{\"digits\",\"state\"} comes first, then "
            "one with camp, name, records and scopes too.\n"
            "Without a network, by files:\n"
            "First:  daftar join --request me.request\n"
            "Carry me.request to a coordinator, who runs: daftar enrol sign "
            "me.request\nThen:   daftar join --accept me.request.accept",
        .options = {
            {"request", "FILE", "make the home and its keys, and write the request"},
            {"accept", "FILE", "take what a coordinator signed"},
        },
        .keys = {"author", "home"},
        .run = daf_cmd_join,
    },
    {
        .name = "enrol sign", .args = "FILE", .args_min = 1, .args_max = 1,
        .summary = "certify the device whose request this is (coordinators only)",
        .text = "Look at who brings the file: it can be signed for anybody.  "
            "The file written\nholds the camp's secrets for members: give it to "
            "that device only.\nSigning a request again writes the same answer "
            "again.",
        .options = {
            {"out", "FILE", "where to write the answer (else FILE.accept)"},
            {"right", "RIGHT", "curate, append, read or relay, in the class (else append)"},
            {"scope", "SCOPE", "the class (else class:1)"},
            {"archive", NULL, "it keeps content for all, and removes none by itself"},
        },
        .keys = {"author", "accept", "certificate", "records", "new", "archive"},
        .run = daf_cmd_enrol_sign,
    },
    {
        .name = "enrol open", .args = "",
        .summary = "let one new device ask to be enrolled, by a ticket (coordinators only)",
        .text = "Prints the ticket, as a QR code too on a terminal.  It is good "
            "for 10 minutes and\nfor one device; a new one makes the old one "
            "worthless.  Show it to nobody else.",
        .options = {
            {"right", "RIGHT", "curate, append, read or relay, in the class (else append)"},
            {"scope", "SCOPE", "the class (else class:1)"},
        },
        .keys = {"ticket", "code", "expires_s", "address"},
        .needs_daemon = true,
        .run = daf_cmd_enrol_open,
    },
    {
        .name = "enrol list", .args = "",
        .summary = "who asks to be enrolled, a line a device",
        .text = "Exit 1 if no porch is open.  \"away\": its connection is lost; it "
            "may come back.\nIf nobody asks, the one line of --json is about "
            "the porch: used, expires_s, scope,\nright.",
        .keys = {"id", "digits", "author", "since_s", "state", "expires_s"},
        .needs_daemon = true,
        .run = daf_cmd_enrol_list,
    },
    {
        .name = "enrol accept", .args = "ID", .args_min = 1, .args_max = 1,
        .summary = "enrol the device that shows the same six digits",
        .text = "ID is enrol list's; its first letters will do.  On a terminal it "
            "asks for the\ndigits that the other screen shows; a program that "
            "gives none has compared them.\nDigits that are not the same use "
            "the ticket up: somebody may stand between.",
        .options = {
            {"digits", "NNNNNN", "what the other screen shows"},
            {"archive", NULL, "it keeps content for all, and removes none by itself"},
        },
        .keys = {"author", "certificate", "digits"},
        .needs_daemon = true,
        .run = daf_cmd_enrol_accept,
    },
    {
        .name = "enrol decline", .args = "ID", .args_min = 1, .args_max = 1,
        .summary = "turn a device away; the ticket is used up",
        .keys = {"author", "digits"},
        .needs_daemon = true,
        .run = daf_cmd_enrol_decline,
    },
    {
        .name = "enrol close", .args = "",
        .summary = "close the porch: nobody can ask any more",
        .text = "If none is open, that is said, and is no failure (was_open).",
        .keys = {"closed", "was_open"},
        .needs_daemon = true,
        .run = daf_cmd_enrol_close,
    },
    {
        .name = "revoke", .args = "DEVICE", .args_min = 1, .args_max = 1,
        .summary = "turn a lost, stolen or departed device away (coordinators only)",
        .text = "DEVICE is what daftar devices shows, or its first 8 digits or "
            "more.  This cannot\nbe taken back: a device that is found again "
            "is enrolled anew, in a new home.\nEach device turns it away as "
            "soon as it hears of it.  What it wrote before is\nkept; what it "
            "holds it can still read.  The manifest gives a coordinator a\n"
            "number of such acts (acts_left).",
        .options = {
            {"reason", "REASON", "lost, stolen, left or other (else other)"},
            {"yes", NULL, "do not ask"},
        },
        .keys = {"author", "record", "records", "reason", "acts_left",
                 "logs_left_out", "generations", "wraps"},
        .may_partly = true,
        .run = daf_cmd_revoke,
    },
    {
        .name = "revocations", .args = "",
        .summary = "revoked devices, and how much of their work counts, a line each",
        .text = "What a device wrote before it was revoked counts as far as the "
            "coordinator who\nrevoked it knew it; the rest is kept, shown and "
            "counts for nothing until a\ncoordinator admits it.  tips: what "
            "daftar admit would name.",
        .keys = {"author", "reason", "by", "record", "logs", "named",
                 "confirmed", "unconfirmed", "tips", "receipts", "of", "missing"},
        .run = daf_cmd_revocations,
    },
    {
        .name = "admit", .args = "DEVICE", .args_min = 1, .args_max = 1,
        .summary = "let the work of a revoked device count after all (coordinators only)",
        .text = "Names records of a revoked device: they and all before them in "
            "their logs are\nconfirmed.  Else all that is held here: look "
            "first, with --dry-run, how much of\nwhose work that is.  A thief "
            "may have written it.  It cannot be taken back.",
        .options = {
            {"log", "INCARNATION", "only of that log, 16 digits"},
            {"tip", "RECORD,…", "only up to these records, 64 digits each"},
            {"dry-run", NULL, "say what it would confirm, write nothing"},
            {"yes", NULL, "do not ask"},
        },
        .keys = {"author", "tips", "confirms", "unconfirmed", "records",
                 "learners", "dry_run"},
        .run = daf_cmd_admit,
    },
    {
        .name = "keys renew", .args = "",
        .summary = "make and hand out keys that no revoked device holds (coordinators only)",
        .text = "daftar revoke does it by itself.  Still needed where two "
            "coordinators revoked two\ndevices at one time, or one enrolled a "
            "device before it heard of a key: daftar\ndoctor says so.  A line "
            "for each class that something was written for.",
        .options = {
            {"scope", "CLASS", "only of this class"},
        },
        .keys = {"scope", "generation", "new", "wraps", "records", "unsealable"},
        .run = daf_cmd_keys_renew_all,
    },
    {
        .name = "erase", .args = "[LEARNER]", .args_max = 1,
        .summary = "destroy all that is kept about a learner (coordinators only)",
        .text = "LEARNER is a name or a subject id.  All that any class that is "
            "read here has of her goes,\non every device, as soon as it hears "
            "of it, and what comes later is not kept.  This\ncannot be taken "
            "back.  Each key that she is registered with takes one of the "
            "acts\nthat the manifest gives a coordinator (acts_left).  Who "
            "registers her anew, not\nhaving heard, makes a new learner.",
        .options = {
            {"handle", "HEX", "by an erase handle, for classes not read here"},
            {"dry-run", NULL, "only say what would go"},
            {"yes", NULL, "do not ask"},
        },
        .keys = {"subject", "handles", "records", "registrations", "written",
                 "acts_left", "dry_run"},
        .run = daf_cmd_erase,
    },
    {
        .name = "erasures", .args = "",
        .summary = "what was erased, and which devices have said that it is done",
        .text = "Of all devices that are certified and not revoked.  A device says so by "
            "itself, ten\nminutes after it last did at the latest; what it says "
            "is its word and no proof.",
        .keys = {"record", "handles", "receipts", "of", "missing"},
        .run = daf_cmd_erasures,
    },
    {
        .name = "devices", .args = "",
        .summary = "the devices of the camp that are known here, a line each",
        .text = "A coordinator has every right (\"*\") and no issuer.",
        .keys = {"author", "role", "rights", "revoked", "archive", "issuer", "clones"},
        .run = daf_cmd_devices,
    },
    {
        .name = "publish", .args = "PATH", .args_min = 1, .args_max = 1,
        .summary = "put lessons into the camp's catalogue (who may curate)",
        .text = "PATH is a folder with a content.ini inside, a file X beside "
            "its X.ini, or a folder\nof such: docs/sidecar.md says what they "
            "hold.  The files are copied to this\ndevice's shelf.  Links and "
            "hidden files are left out, with a word.",
        .options = {
            {"replaces", "CONTENT", "it is a new edition of that one"},
        },
        .keys = {"content", "title", "bytes", "files", "record", "durable", "new"},
        .may_partly = true,
        .needs_daemon = true,
        .run = daf_cmd_publish,
    },
    {
        .name = "library", .args = "",
        .summary = "what there is to learn, and how much of it is here",
        .text = "\"-\": not here; `daftar get` fetches it.  An old edition is "
            "only listed where it\nis here or wanted; --json has all.",
        .keys = {"content", "title", "titles", "languages", "bytes", "files",
                 "whole", "wanted", "pinned", "held", "parts", "fetched",
                 "sources", "rate", "eta_s", "place", "waiting", "kept_by",
                 "path", "reason", "due", "late", "superseded_by"},
        .run = daf_cmd_library,
    },
    {
        .name = "get", .args = "CONTENT", .args_min = 1, .args_max = 1,
        .summary = "fetch a lesson from whoever has it, and wait until it is here",
        .text = "CONTENT is what daftar library shows, or a title.  It goes on "
            "when get is ended,\nand after a restart, until it is whole.",
        .options = {
            {"no-wait", NULL, "do not wait"},
        },
        .keys = {"content", "title", "bytes", "fetched", "whole", "pinned",
                 "path"},
        .needs_daemon = true,
        .run = daf_cmd_get,
    },
    {
        .name = "want", .args = "CONTENT", .args_min = 1, .args_max = 1,
        .summary = "the same, without waiting: it comes when somebody has it",
        .text = "daftar library says how far it is, and what it waits for.",
        .keys = {"content", "title", "bytes", "fetched", "whole", "pinned",
                 "path"},
        .needs_daemon = true,
        .run = daf_cmd_want,
    },
    {
        .name = "pin", .args = "CONTENT", .args_min = 1, .args_max = 1,
        .summary = "get it, and never drop it to make room",
        .options = {
            {"no-wait", NULL, "do not wait"},
        },
        .keys = {"content", "title", "bytes", "fetched", "whole", "pinned",
                 "path"},
        .needs_daemon = true,
        .run = daf_cmd_pin,
    },
    {
        .name = "unpin", .args = "CONTENT", .args_min = 1, .args_max = 1,
        .summary = "keep it only as long as there is room",
        .keys = {"content", "title", "pinned"},
        .needs_daemon = true,
        .run = daf_cmd_unpin,
    },
    {
        .name = "drop", .args = "CONTENT", .args_min = 1, .args_max = 1,
        .summary = "remove a lesson from this device, to make room",
        .text = "Its files go, and nothing that was written about it: the "
            "catalogue lists it as\nbefore, and get fetches it again.",
        .options = {
            {"anyway", NULL, "also what is pinned, assigned, published here, or kept by no archive"},
        },
        .keys = {"content", "title", "freed"},
        .needs_daemon = true,
        .run = daf_cmd_drop,
    },
    {
        .name = "assign", .args = "[CONTENT...]", .args_max = 64,
        .summary = "let a class or a device have lessons (who may curate)",
        .text = "Every device of the class that may read it fetches them by "
            "itself, the nearest due\nday first.  A day is a day: no device "
            "acts on it, it is shown.\n\n--air says which access point a device "
            "uses, where its radio cannot tell: any word,\nthe same for all of "
            "one room.  It replaces what was said of that device before.",
        .options = {
            {"class", "SCOPE", "the class (else the first where this device may)"},
            {"device", "ID", "only this device of the class: as daftar devices shows it"},
            {"due", "YYYY-MM-DD", "by when"},
            {"air", "WORD", "with --device: the access point that it uses"},
        },
        .keys = {"assignment", "durable", "scope", "device", "due", "items", "air"},
        .run = daf_cmd_assign,
    },
    {
        .name = "unassign", .args = "ID", .args_min = 1, .args_max = 1,
        .summary = "take an assignment back (who may curate)",
        .text = "ID is what daftar assignments shows.  Nothing more is fetched for "
            "it; what is here\nstays.",
        .keys = {"assignment", "record", "durable"},
        .run = daf_cmd_unassign,
    },
    {
        .name = "assignments", .args = "",
        .summary = "what is assigned, and how much of it is here",
        .text = "\"here\": this device is to have it.",
        .keys = {"assignment", "author", "scope", "device", "due", "items",
                 "titles", "count", "whole", "here", "late", "air"},
        .run = daf_cmd_assignments,
    },
    {
        .name = "channels", .args = "",
        .summary = "rows of lessons that belong together, and which come by themselves",
        .keys = {"channel", "items", "whole", "bytes", "subscribed"},
        .run = daf_cmd_channels,
    },
    {
        .name = "subscribe", .args = "CHANNEL", .args_min = 1, .args_max = 1,
        .summary = "fetch all lessons of a channel, those to come too",
        .text = "What is assigned, and what people here ask for, comes before "
            "it.",
        .keys = {"channel", "subscribed"},
        .run = daf_cmd_subscribe,
    },
    {
        .name = "unsubscribe", .args = "CHANNEL", .args_min = 1, .args_max = 1,
        .summary = "fetch no more of it; what is here stays",
        .keys = {"channel", "subscribed"},
        .run = daf_cmd_unsubscribe,
    },
    {
        .name = "evict", .args = "[SIZE]", .args_max = 1,
        .summary = "make room by what archives keep; --dry-run: see who keeps what",
        .text = "Removes lessons until SIZE (300MB) comes free: only what two archives "
            "say they\nkeep, and nothing that is pinned, assigned, of a channel "
            "subscribed to, or was\npublished here.  If that is not enough nothing "
            "goes.  Archives remove nothing so.\nThe daemon does the same by itself "
            "when something that is wanted does not fit.",
        .options = {
            {"dry-run", NULL, "remove nothing; a line for each lesson here"},
            {"one", NULL, "be content with one archive"},
        },
        .keys = {"content", "title", "bytes", "freed", "evictable", "goes",
                 "kept_by"},
        .needs_daemon = true,
        .run = daf_cmd_evict,
    },
    {
        .name = "status", .args = "",
        .summary = "how the running daemon is",
        .keys = {"running", "author", "camp", "peers", "records", "refused",
                 "unchecked", "deferred", "revoked", "left", "unconfirmed", "restored",
                 "clones", "logs", "notice", "beacon",
                 "clock"},
        .needs_daemon = true,
        .run = daf_cmd_status,
    },
    {
        .name = "renewals", .args = "",
        .summary = "devices that ask for keys of their own, their card being copied",
        .keys = {"record", "author", "renewed", "lives", "claimed_ms", "granted",
                 "own"},
        .run = daf_cmd_renewals,
    },
    {
        .name = "renew", .args = "KEYS", .args_min = 1, .args_max = 1,
        .summary = "give one of them its own: KEYS is 6 digits or more of them",
        .text = "Copies of one card count as one device until each has keys of its own.  "
            "They ask by\nthemselves; a coordinator grants one, all or none, "
            "from anywhere, and they take the keys\nwhen they hear of it.  A thief who has the "
            "card asks as well: grant what you have in\nhand; daftar renewals shows "
            "its new keys there, too.",
        .keys = {"author", "renewed", "certificate"},
        .run = daf_cmd_renew,
    },
    {
        .name = "restored", .args = "",
        .summary = "whether this device was put back, or copied",
        .text =
            "A device that was put back from an older copy, or whose card was "
            "copied, takes nobody in and takes nothing from anybody until it "
            "has heard what it once said, from an archive or from two other "
            "devices. That comes by itself.",
        .options = {
            {"anyway", NULL, "nobody else is left who could know"},
        },
        .keys = {"restored", "lives"},
        .run = daf_cmd_restored,
    },
    {
        .name = "peers", .args = "",
        .summary = "the devices that the running daemon knows of, a line each",
        .keys = {"peer", "address", "connected", "in_step", "state", "found_by",
                 "there", "failures"},
        .needs_daemon = true,
        .run = daf_cmd_peers,
    },
    {
        .name = "open", .args = "",
        .summary = "the address of the pages, with the key that lets a browser in",
        .text = "Open it in a browser and press the button there.  Whoever has it sees "
            "the names of\nthe class and can write for each learner: show it "
            "to nobody else.  It is good until\nthe daemon is started again.  "
            "A line for each address of daftard --http.",
        .keys = {"url", "urls"},
        .needs_daemon = true,
        .run = daf_cmd_open,
    },
    {
        .name = "progress add", .args = "",
        .summary = "write down what a learner did",
        .text = "An unknown learner is registered first.  Returns when the "
            "record is durable on\nthis device.  A line of --batch is "
            "{\"learner\":…,\"item\":…,\"score\":0.8,\"minutes\":10};\nscore and "
            "minutes may be left out.  The first line that cannot be written "
            "ends\nit; what came before is kept (exit 3).",
        .options = {
            {"learner", "NAME", "the learner's name, or subject id (32 hex digits)"},
            {"item", "ITEM", "what was learned"},
            {"score", "0..1", "how well, up to 6 decimals; left out: no score"},
            {"minutes", "N", "how long"},
            {"scope", "SCOPE", "the class (else the first of this device)"},
            {"batch", "FILE", "many at once, a JSON object a line; - is standard input"},
        },
        .keys = {"record", "durable", "subject", "registered"},
        .may_partly = true,
        .run = daf_cmd_progress_add,
    },
    {
        .name = "progress show", .args = "",
        .summary = "what learners did, as far as it is known and readable here",
        .text = "\"kept\" is \"elsewhere\" once another device is known to have "
            "the record as well.  A day\nis what the device's clock said, moved by what a coordinator "
            "said of that clock\n(daftar camp clock); \"?\": it is doubtful.",
        .options = {
            {"learner", "NAME", "only this learner: a name, or a subject id"},
            {"scope", "SCOPE", "only this class"},
        },
        .keys = {"record", "learner", "subject", "item", "score", "seconds",
                 "author", "claimed_ms", "shown_ms", "doubtful", "boot",
                 "time_quality", "scope", "kept", "confirmed",
                 "learner_confirmed"},
        .run = daf_cmd_progress_show,
    },
    {
        .name = "digest", .args = "",
        .summary = "a fingerprint of what is held, a line a scope and an item",
        .text = "Two devices that hold the same records and content print the "
            "same bytes.  Of content\nthe catalogue's items are told, with how "
            "many of their parts are here.",
        .keys = {"scope", "root", "authors", "records", "bodies", "logs"},
        .run = daf_cmd_digest,
    },
    {
        .name = "check", .args = "",
        .summary = "read everything and see whether it is what it should be",
        .text = "--repair reads every page of a damaged notebook, by hand where "
            "need be, and puts\nwhat is sound into a new one; the damaged file "
            "is kept beside it.  A running daemon does it itself and starts "
            "again; then peers\nare waited for, 30 s at most.  Damaged content is fetched again.  Exit 0: good "
            "and complete; 3: good, and peers\nmust give back what is "
            "lacking.",
        .options = {
            {"repair", NULL, "make a damaged notebook good again"},
        },
        .keys = {"ok", "records", "bodies", "absent", "bad"},
        .may_partly = true,
        .run = daf_cmd_check,
    },
    {
        .name = "doctor", .args = "",
        .summary = "why this device does not sync, and what to do about it",
        .text = "Looks at the disk, clock, keys, notebook, certificate, port, "
            "network and daemon; a\nline each finding, nothing if all is well. "
            " If nobody is seen it calls the up to\n254 neighbours on this "
            "network one by one.  Exit 3 if there is a finding.",
        .keys = {"finding", "cause", "do"},
        .may_partly = true,
        .run = daf_cmd_doctor,
    },
    {
        .name = "support-bundle", .args = "[FILE]", .args_max = 1,
        .summary = "write down what somebody far away needs to help",
        .text = "Versions, sizes, counts and what the doctor finds, as JSON in "
            "FILE (else\ndaftar-support.json).  No name, learner, device, camp, "
            "address or key is in it.",
        .keys = {"bundle"},
        .run = daf_cmd_support,
    },
    {
        .name = "inspect", .args = "FILE", .args_min = 1, .args_max = 1,
        .summary = "show a frame, record, certificate, manifest or file as JSON",
        .text = "FILE - is standard input.  Always prints JSON.  Reads at most "
            "1 MiB, an\nacceptance at most 8 MiB.  What is malformed gives "
            "{\"error\":…,\"offset\":N} and exit 1.",
        .keys = {"kind"},
        .needs_no_home = true,
        .run = daf_cmd_inspect,
    },
    {
        .name = "help", .args = "[COMMAND]", .args_max = 2,
        .summary = "this list, or the help of one command",
        .text = "With --json a line a command, as the tests read it.",
        .keys = {"command", "args", "help", "options", "keys", "exits"},
        .needs_no_home = true,
        .run = daf_commands_help,
    },
};
/* clang-format on */
#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

static const struct daf_commands_option common[] = {
    {"home", "DIR", "the device's folder (else $DAFTAR_HOME, else ~/.daftar)"},
    {"json", NULL, "print JSON, one object a line"},
    {"help", NULL, "how to use it"},
    {"version", NULL, "which version this is"},
};
#define COMMON_COUNT (sizeof(common) / sizeof(common[0]))

/* getopt's values: the common ones, then the command's own by place. */
enum { OPT_HOME = 256, OPT_JSON, OPT_HELP, OPT_VERSION, OPT_OWN };

struct wishes {
    bool help, version;
};

const struct daf_command *daf_commands_at(size_t index)
{
    return index < TABLE_COUNT ? &table[index] : NULL;
}

const struct daf_commands_option *daf_commands_common(size_t index)
{
    return index < COMMON_COUNT ? &common[index] : NULL;
}

/* Standard output is checked at the end: a full disk must not look like "done".
 */
static int finish(enum daf_exit code)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0) return (int)code;
    (void)fprintf(stderr, "daftar: the output could not be written. To do: "
                          "look at where it goes\n");
    return code == DAF_EXIT_DONE ? DAF_EXIT_FAILED : (int)code;
}

/* @word: what is wrong, "" if nothing is to be quoted; @hint may be NULL. */
static enum daf_exit misuse(const struct daf_cmd *cmd, const char *what,
                            const char *word, const char *hint)
{
    char quoted[96] = "", meant[96] = "";
    struct daf_trouble t;

    if (word[0] != '\0')
        (void)snprintf(quoted, sizeof(quoted), " \"%.80s\"", word);
    if (hint != NULL)
        (void)snprintf(meant, sizeof(meant), "; did you mean \"%.60s\"?", hint);
    daf_home_trouble(&t, "%s%s%s%s To do: daftar %s%s--help", what, quoted,
                     meant, hint != NULL ? "" : ".",
                     cmd->command != NULL ? cmd->command->name : "",
                     cmd->command != NULL ? " " : "");
    return daf_cmd_fail(cmd, DAF_EUSAGE, &t);
}

/* --- options ------------------------------------------------------------- */

static void list_options(
    const struct daf_command *command,
    struct option out[COMMON_COUNT + DAF_COMMANDS_OPTIONS_MAX + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < COMMON_COUNT; i++)
        out[n++] =
            (struct option){common[i].name,
                            common[i].arg != NULL ? required_argument : 0, NULL,
                            OPT_HOME + (int)i};
    for (size_t i = 0; command != NULL && command->options[i].name; i++)
        out[n++] =
            (struct option){command->options[i].name,
                            command->options[i].arg != NULL ? required_argument
                                                            : 0,
                            NULL, OPT_OWN + (int)i};
    out[n] = (struct option){0};
}

/* Returns false when @got is getopt's complaint. */
static bool take_option(struct daf_cmd *cmd, struct wishes *w, int got)
{
    if (got == '?' || got == ':') return false;
    if (got == OPT_HOME) cmd->home = optarg;
    if (got == OPT_JSON) cmd->json = true;
    if (got == OPT_HELP) w->help = true;
    if (got == OPT_VERSION) w->version = true;
    if (got >= OPT_OWN)
        cmd->values[got - OPT_OWN] = optarg != NULL ? optarg : "";
    return true;
}

static enum daf_exit bad_option(const struct daf_cmd *cmd, int got,
                                const char *raw)
{
    char word[64], meant[64];
    const char *near = NULL;

    /* What stands behind '=' may be a learner's name: not repeated. */
    (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(raw, "="), raw);
    if (optopt > 0 && optopt < OPT_HOME)
        (void)snprintf(word, sizeof(word), "-%c", optopt);
    if (got == ':')
        return misuse(cmd, "this option needs a value:", word, NULL);
    if (strncmp(word, "--", 2) == 0)
        near = daf_commands_near_option(cmd->command, word + 2);
    (void)snprintf(meant, sizeof(meant), "--%s", near != NULL ? near : "");
    return misuse(cmd, "there is no such option, or it takes no value:", word,
                  near != NULL ? meant : NULL);
}

/* Options up to the first word (@stop) or all; DAF_EXIT_DONE if they are good. */
static enum daf_exit parse_options(struct daf_cmd *cmd, struct wishes *w,
                                   int argc, char **argv)
{
    struct option options[COMMON_COUNT + DAF_COMMANDS_OPTIONS_MAX + 1];
    const char *order = cmd->command == NULL ? "+:" : ":";
    int got;

    list_options(cmd->command, options);
    opterr = 0;
    optind = 0; /* glibc: begin afresh */
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((got = getopt_long(argc, argv, order, options, NULL)) != -1)
        if (!take_option(cmd, w, got))
            return bad_option(cmd, got, argv[optind - 1]);
    return DAF_EXIT_DONE;
}

/* --- commands ------------------------------------------------------------- */

const struct daf_command *daf_commands_find(const char *first,
                                            const char *second,
                                            size_t *out_words)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const char *name = table[i].name;
        size_t len = strcspn(name, " ");

        if (strlen(first) != len || strncmp(name, first, len) != 0) continue;
        *out_words = name[len] == ' ' ? 2 : 1;
        if (name[len] == '\0' ||
            (second != NULL && strcmp(name + len + 1, second) == 0))
            return &table[i];
    }
    return NULL;
}

static enum daf_exit no_command(const struct daf_cmd *cmd, int argc,
                                char **argv, const struct wishes *w)
{
    char words[64];

    if (argc == 0 && !w->help) {
        if (!cmd->json) daf_commands_print_all(stderr);
        return cmd->json ? misuse(cmd, "no command was given", "", NULL)
                         : DAF_EXIT_USAGE;
    }
    if (argc == 0 || (w->help && daf_commands_is_group(argv[0]))) {
        daf_commands_print_group(stdout, argc == 0 ? NULL : argv[0]);
        return DAF_EXIT_DONE;
    }
    (void)snprintf(words, sizeof(words), "%s%s%s", argv[0],
                   argc > 1 && argv[1][0] != '-' ? " " : "",
                   argc > 1 && argv[1][0] != '-' ? argv[1] : "");
    return misuse(cmd, "there is no such command:", words,
                  daf_commands_near_command(words));
}

static enum daf_exit run_command(struct daf_cmd *cmd, const struct wishes *w)
{
    const struct daf_command *command = cmd->command;

    if (w->help) {
        daf_commands_print_one(stdout, command);
        return DAF_EXIT_DONE;
    }
    if (cmd->args_count < command->args_min)
        return misuse(cmd, "something is missing:", command->args, NULL);
    if (cmd->args_count > command->args_max)
        return misuse(cmd, "a word too many (names with spaces need quotes)",
                      "", NULL);
    return command->run(cmd);
}

static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0) return true;
    return false;
}

static enum daf_exit print_version(const struct daf_cmd *cmd)
{
    if (cmd->json)
        daf_cmd_print(json_pack("{s:s,s:i}", "version", DAF_COMMANDS_VERSION,
                                "protocol", DAF_PROTOCOL_VERSION));
    else
        (void)printf("daftar %s, protocol %d\n", DAF_COMMANDS_VERSION,
                     DAF_PROTOCOL_VERSION);
    return DAF_EXIT_DONE;
}

static enum daf_exit parse_and_run(int argc, char **argv)
{
    /* Before any option is read, so that what is said of them is JSON too. */
    struct daf_cmd cmd = {.json = wants_json(argc, argv)};
    struct wishes wishes = {false, false};
    size_t words = 0;
    enum daf_exit code = parse_options(&cmd, &wishes, argc, argv);
    int at = optind;

    if (code != DAF_EXIT_DONE) return code;
    if (wishes.version) return print_version(&cmd);
    if (at < argc)
        cmd.command =
            daf_commands_find(argv[at], at + 1 < argc ? argv[at + 1] : NULL,
                              &words);
    if (cmd.command == NULL) {
        /* "camp --help": the option stands behind the word. */
        for (int i = at; i < argc; i++)
            if (strcmp(argv[i], "--help") == 0) wishes.help = true;
        return no_command(&cmd, argc - at, argv + at, &wishes);
    }
    /* The command's last word stands where getopt expects the program's. */
    at += (int)words - 1;
    code = parse_options(&cmd, &wishes, argc - at, argv + at);
    if (code != DAF_EXIT_DONE) return code;
    if (wishes.version) return print_version(&cmd);
    cmd.args = argv + at + optind;
    cmd.args_count = (size_t)(argc - at - optind);
    return run_command(&cmd, &wishes);
}

int daf_commands_run(int argc, char **argv)
{
    if (argc < 1) return DAF_EXIT_USAGE;
    if (sodium_init() < 0) {
        (void)fprintf(stderr, "daftar: libsodium cannot start: the system "
                              "gives no random numbers\n");
        return DAF_EXIT_FAILED;
    }
    return finish(parse_and_run(argc, argv));
}
