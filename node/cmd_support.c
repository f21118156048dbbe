/* SPDX-License-Identifier: Apache-2.0 */
/* `daftar support-bundle`: what somebody far away needs to help, and nobody's
 * data: no name, no learner, no device, no camp, no address, no key.  What may go
 * in is listed here; what is not, stays out. */
#include "node/cmd_doctor.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILE_NAME_DEFAULT "daftar-support.json"

static json_t *system_object(void)
{
    struct utsname u;

    if (uname(&u) != 0) return json_null();
    return json_pack("{ss ss ss}", "system", u.sysname, "release", u.release,
                     "machine", u.machine);
}

static json_t *facts_object(const struct daf_doctor_facts *f)
{
    return json_pack(
        "{sb sI sb ss ss sb sb si sI sb}", "joined", f->is_joined, "disk_free",
        (json_int_t)(f->disk_free > INT64_MAX ? INT64_MAX : f->disk_free),
        "clock_is_set", f->clock_is_set, "notebook", daf_err_name(f->store_err),
        "certificate", daf_err_name(f->cert_err), "revoked", f->is_revoked,
        "running", f->is_running, "listen_error", f->listen_error,
        "own_addresses", (json_int_t)f->own_addresses, "loopback_only",
        f->is_for_this_only);
}

static json_t *findings_array(const struct daf_doctor_facts *f)
{
    struct daf_finding findings[DAF_DOCTOR_FINDINGS_MAX];
    size_t count = daf_doctor_judge(f, findings);
    json_t *out = json_array();

    /* Names only: a cause may quote an address. */
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(out, json_string(findings[i].name));
    return out;
}

/* Of the daemon's status the keys that say nothing about anybody. */
static json_t *status_object(const json_t *status)
{
    static const char *const keys[] = {
        "running",       "revoked",           "unchecked",      "mdns",
        "link_restarts", "discover_restarts", "refused",        "refusals",
        "peers",         "sessions",          "records",        "records_in",
        "deferred",      "other_camps",       "pending_writes", "frames_in",
        "frames_out",    "bytes_in",          "bytes_out",      "uptime_s",
        "sent",          "received",
    };
    json_t *out = json_object();

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        json_t *value = json_object_get(status, keys[i]);

        if (value != NULL) (void)json_object_set(out, keys[i], value);
    }
    return out;
}

static const char *kind_of(const char *address)
{
    struct daf_addr addr = {""};
    struct daf_where w;

    if (address == NULL || strlen(address) >= sizeof(addr.text)) return "none";
    memcpy(addr.text, address, strlen(address));
    if (!daf_addr_parse(&addr, &w)) return "none";
    if (daf_addr_is_loopback(&w)) return "loopback";
    if (w.zone != 0) return "link-local";
    return w.is_v6 ? "ipv6" : "ipv4";
}

static json_t *peers_array(const json_t *peers)
{
    static const char *const keys[] = {"connected", "in_step", "state",
                                       "found_by",  "there",   "failures"};
    json_t *out = json_array();
    const json_t *peer;
    size_t i;

    json_array_foreach(peers, i, peer)
    {
        json_t *one = json_pack("{ss}", "address",
                                kind_of(json_string_value(
                                    json_object_get(peer, "address"))));

        for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++)
            (void)json_object_set(one, keys[j], json_object_get(peer, keys[j]));
        (void)json_array_append_new(out, one);
    }
    return out;
}

static json_t *files_object(const struct daf_home *home)
{
    static const char *const names[] = {
        "store/notebook.db",    "store/notebook.db-wal", "camp/manifest.daf",
        "camp/certificate.daf", "camp/addresses.daf",    "keys/device.keys",
        "keys/root.keys"};
    json_t *out = json_object();

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[DAF_HOME_PATH_MAX];
        struct stat st;

        daf_home_path(home, names[i], path);
        if (stat(path, &st) == 0)
            (void)json_object_set_new(out, names[i],
                                      json_integer((json_int_t)st.st_size));
    }
    return out;
}

static enum daf_err write_bundle(const char *path, json_t *bundle,
                                 struct daf_trouble *t)
{
    char *text = json_dumps(bundle, JSON_INDENT(1));
    enum daf_err err = text != NULL ? DAF_OK : DAF_ENOMEM;

    if (access(path, F_OK) == 0) { /* it could be a key */
        daf_home_trouble(t, "%s exists already. To do: give another name",
                         path);
        err = DAF_EEXISTS;
    }
    if (err == DAF_OK) {
        struct daf_view bytes = {(const uint8_t *)text, strlen(text)};

        err = daf_home_write_file(path, 0600, bytes, t);
    }
    free(text);
    return err;
}

enum daf_exit daf_cmd_support(const struct daf_cmd *cmd)
{
    const char *path = cmd->args_count > 0 ? cmd->args[0] : FILE_NAME_DEFAULT;
    struct daf_trouble t = {""};
    struct daf_cmd_visit v;
    enum daf_err err = daf_cmd_visit(cmd, &v, &t);
    json_t *bundle = NULL;

    if (err == DAF_OK)
        bundle =
            json_pack("{ss si so so so so so so}", "version",
                      DAF_COMMANDS_VERSION, "protocol", DAF_PROTOCOL_VERSION,
                      "system", system_object(), "facts",
                      facts_object(&v.facts), "findings",
                      findings_array(&v.facts), "status",
                      status_object(v.status), "peers", peers_array(v.peers),
                      "files", files_object(&v.home));
    if (err == DAF_OK && bundle == NULL) err = DAF_ENOMEM;
    if (err == DAF_OK) err = write_bundle(path, bundle, &t);
    json_decref(bundle);
    daf_cmd_visit_end(&v);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    if (cmd->json)
        daf_cmd_print(json_pack("{s:o}", "bundle", daf_cmd_text(path)));
    else
        (void)printf("Written to %s.  It holds no name, learner, device, "
                     "address or key; look at it, it is text.\n",
                     path);
    return DAF_EXIT_DONE;
}
