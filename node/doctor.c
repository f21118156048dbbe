/* SPDX-License-Identifier: Apache-2.0 */
#include "node/doctor.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define RESTARTS_MANY 5 /* one or two are an accident */

struct list {
    struct daf_finding *out;
    size_t count;
};

static void __attribute__((format(printf, 4, 5)))
find(struct list *l, const char *name, const char *todo, const char *cause, ...)
{
    struct daf_finding *f = &l->out[l->count++];
    va_list args;

    assert(l->count <= DAF_DOCTOR_FINDINGS_MAX);
    f->name = name;
    va_start(args, cause);
    (void)vsnprintf(f->cause, sizeof(f->cause), cause, args);
    va_end(args);
    (void)snprintf(f->todo, sizeof(f->todo), "%s", todo);
}

static void judge_home(const struct daf_doctor_facts *f, struct list *l)
{
    if (f->home_err == DAF_EKEY)
        find(l, "keys",
             "chmod 600 keys/device.keys if you know why it was changed; else "
             "enrol the device anew in another folder",
             "the key file is missing, damaged, or can be read by others");
    else if (f->home_err != DAF_OK)
        find(l, "home", "look at the folder's owner and at the disk",
             "the device's folder cannot be read: %s",
             daf_err_str(f->home_err));
    else if (!f->is_joined)
        find(l, "not-joined",
             "daftar join TICKET; a coordinator makes one "
             "with daftar enrol open",
             "this device is of no camp yet");
}

/* No clock decides anything here (protocol.md R8), so this is of little weight. */
static void judge_clock(const struct daf_doctor_facts *f, struct list *l)
{
    static const char todo[] =
        "set the date; nothing is lost if you do not, dates that are shown are "
        "wrong, until a coordinator says by how much (daftar camp clock)";

    if (!f->clock_is_set)
        find(l, "clock", todo,
             "this machine's clock was never set: it says a date before this "
             "program was written");
    else if (f->clock == DAF_CAMP_CLOCK_BEHIND)
        find(l, "clock", todo,
             "this machine's clock is behind: coordinators have said a later "
             "week (beacon in daftar status)");
    else if (f->clock == DAF_CAMP_CLOCK_AHEAD)
        find(l, "clock", todo,
             "this machine's clock is far ahead: it says a date after 2050");
}

static void judge_device(const struct daf_doctor_facts *f, struct list *l)
{
    if (f->is_revoked)
        find(l, "revoked",
             "ask a coordinator; to come back it is enrolled anew, in a new "
             "folder. What it holds stays here",
             "a coordinator revoked this device: no other speaks with it");
    if (f->unclean > 0 || f->lacking > 0)
        find(l, "keys", "daftar keys renew",
             "a revoked device can read what is written in %zu scopes; members "
             "lack copies of keys: %zu",
             f->unclean, f->lacking);
    if (f->cert_err != DAF_OK)
        find(l, "certificate", "enrol this device anew, in a new folder",
             "its certificate does not count in its camp: %s",
             daf_err_str(f->cert_err));
    if (f->store_err != DAF_OK)
        find(l, "notebook",
             f->store_err == DAF_ENOTFOUND
                 ? "put store/ back from a copy, or enrol anew in a new folder"
                 : "daftar check --repair",
             "the notebook cannot be read: %s", daf_err_str(f->store_err));
    if (f->disk_free < DAF_DOCTOR_DISK_MIN)
        find(l, "disk",
             "remove something else from this disk; nothing kept "
             "is lost",
             "the disk is full: %llu MiB are free, and new records may be "
             "refused",
             (unsigned long long)(f->disk_free / 1024 / 1024));
    judge_clock(f, l);
}

static void judge_daemon(const struct daf_doctor_facts *f, struct list *l)
{
    if (f->is_running) {
        if (f->restarts >= RESTARTS_MANY)
            find(
                l, "restarts",
                "daftar support-bundle FILE, and show it to "
                "whoever looks after the devices",
                "its helpers ended %llu times and were started again: somebody "
                "attacks, or the machine lacks memory",
                (unsigned long long)f->restarts);
        return;
    }
    if (f->listen_error == EADDRINUSE)
        find(l, "port",
             "stop that program, or start daftard with --listen "
             "and another port",
             "another program has the port of %s, so the daemon cannot start",
             f->listen);
    else if (f->listen_error != 0)
        find(l, "address",
             "start daftard without --listen, or with an address "
             "of this machine",
             "this machine cannot listen on %s", f->listen);
    else
        find(l, "not-running", "start daftard --home FOLDER",
             "the daemon is not running");
}

/* Whether discovery itself works. */
static bool judge_discovery(const struct daf_doctor_facts *f, struct list *l)
{
    if (f->own_addresses == 0) {
        find(l, "network", "join the Wi-Fi, or plug in the cable",
             "this machine is on no network");
        return false;
    }
    if (strcmp(f->mdns, "none") == 0) {
        find(l, "discovery",
             "daftar support-bundle FILE tells more; until "
             "then start daftard with --peer ADDR:PORT",
             "the part that looks for others does not work");
        return false;
    }
    return true;
}

static void judge_silence(const struct daf_doctor_facts *f, struct list *l)
{
    if (f->other_camps > 0)
        find(l, "other-camp",
             "join the Wi-Fi of this camp, or look at who "
             "enrolled this device",
             "only devices of another camp are here: %zu", f->other_camps);
    else if (f->doors > 0 && strcmp(f->mdns, "off") != 0)
        find(l, "multicast",
             "allow multicast (mDNS, UDP port 5353) at the "
             "access point and in firewalls; or start daftard "
             "with --peer and that address",
             "the network drops multicast: devices are here (%zu, such as %s) "
             "and not seen",
             f->doors, f->door.text);
    else if (strcmp(f->mdns, "off") == 0)
        find(l, "discovery-off",
             "start daftard without --no-mdns, or with "
             "--peer ADDR:PORT",
             "the daemon was told not to look for others, and knows nobody "
             "who answers");
    else
        find(l, "alone", "see that another device is on, and in the same Wi-Fi",
             "no other device of the camp is seen");
}

static void judge_network(const struct daf_doctor_facts *f, struct list *l)
{
    if (f->is_for_this_only) {
        if (f->connected == 0)
            find(l, "loopback", "start daftard without --listen",
                 "it listens on %s, where no other device can call", f->listen);
        return;
    }
    if (!judge_discovery(f, l)) return;
    if (f->other_versions > 0 && f->connected == 0)
        find(l, "version", "bring all devices to one version",
             "other devices speak another version of the protocol");
    else if (f->unanswered > 0 && f->connected == 0 && f->is_refused)
        find(l, "not-listening", "start daftard on the other device",
             "a device of the camp is on, and its daemon is not running");
    else if (f->unanswered > 0 && f->connected == 0)
        find(l, "isolation",
             "see that they are on; then turn off client isolation (AP "
             "isolation, guest mode) at the access point, and look at the "
             "firewalls",
             "the access point keeps its clients apart, or those were just "
             "switched off: devices of the camp that are seen (%zu) do not "
             "answer",
             f->unanswered);
    else if (f->connected == 0 && f->there == 0)
        judge_silence(f, l);
    else if (f->there == 0 && strcmp(f->mdns, "off") != 0)
        find(
            l, "multicast",
            "allow multicast (mDNS, UDP port 5353) at the "
            "access point and in firewalls; known devices are "
            "found without it, new ones need a ticket",
            "the network drops multicast: devices that are connected (%zu) are "
            "not seen",
            f->connected);
    else if (f->connected == 0)
        find(l, "not-connected", "wait half a minute, and ask again",
             "devices of the camp are seen, and none is connected yet");
}

size_t daf_doctor_judge(const struct daf_doctor_facts *f,
                        struct daf_finding out[])
{
    struct list l = {out, 0};

    judge_home(f, &l);
    if (l.count > 0) return l.count;
    judge_device(f, &l);
    judge_daemon(f, &l);
    if (f->is_running && !f->is_revoked) judge_network(f, &l);
    return l.count;
}
