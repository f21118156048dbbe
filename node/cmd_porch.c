/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinator's commands for an enrolment over the network: they ask the
 * daemon, which holds the porch open (node/api.h). */
#include "node/cmd.h"

#include "proto/hash.h"
#include "proto/ticket.h"

#include <qrencode.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DIGITS    6
#define QR_BORDER 4 /* modules: a reader needs it */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* --- open --------------------------------------------------------------------- */

/* Of the terminal; 0: it does not say. */
static int columns(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Two rows of modules in one of text; white is drawn, since most terminals are
 * dark, and a border with it. */
static void draw_qr(const QRcode *qr)
{
    static const char *const halves[] = {"\xe2\x96\x88", "\xe2\x96\x80",
                                         "\xe2\x96\x84", " "};
    const int width = qr->width;

    for (int y = -QR_BORDER; y < width + QR_BORDER; y += 2) {
        (void)printf("\x1b[40;37;1m");
        for (int x = -QR_BORDER; x < width + QR_BORDER; x++) {
            unsigned dark = 0;

            for (int half = 0; half < 2; half++) {
                int row = y + half;

                if (x >= 0 && x < width && row >= 0 && row < width &&
                    (qr->data[row * width + x] & 1) != 0)
                    dark |= half == 0 ? 2u : 1u;
            }
            (void)printf("%s", halves[dark]);
        }
        (void)printf("\x1b[0m\n");
    }
}

/* Lines that are broken by a narrow terminal are no code that can be read. */
static void print_qr(const char *text)
{
    QRcode *qr = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    int has = columns(), needs = qr != NULL ? qr->width + 2 * QR_BORDER : 0;

    if (qr == NULL) return; /* no memory: the ticket can be typed */
    if (has == 0 || has >= needs)
        draw_qr(qr);
    else
        (void)printf("The QR code is left out: it needs %d columns, and this "
                     "terminal has %d.  To do: make it wider and open anew, "
                     "or type the ticket\n",
                     needs, has);
    QRcode_free(qr);
}

static void print_ticket(const json_t *opened)
{
    const char *code = text_of(opened, "code");
    bool is_terminal = isatty(STDOUT_FILENO) == 1;

    if (is_terminal) print_qr(text_of(opened, "ticket"));
    (void)printf("%sTicket: %s\nOr type:", is_terminal ? "\n" : "",
                 text_of(opened, "ticket"));
    for (size_t i = 0; code[i] != '\0'; i++)
        (void)printf("%s%c", i % 4 == 0 ? " " : "", code[i]);
    (void)printf("\nOn the new device, in the same network: daftar join "
                 "TICKET\nIt is good for %lld minutes, for one device. Then, "
                 "here: daftar enrol list\n",
                 (number_of(opened, "expires_s") + 59) / 60);
}

/* It may still be found by mDNS; but most often a cable or the Wi-Fi is off. */
static void warn_unreachable(const json_t *opened)
{
    if (text_of(opened, "address")[0] != '\0') return;
    (void)fprintf(stderr,
                  "daftar: the ticket does not say where this device is: it "
                  "has no network address that another could call. To do: join "
                  "the new device's network, and open anew\n");
}

enum daf_exit daf_cmd_enrol_open(const struct daf_cmd *cmd)
{
    const char *right = daf_cmd_value(cmd, "right");
    const char *scope = daf_cmd_value(cmd, "scope");
    struct daf_trouble t = {""};
    json_t *opened = NULL;
    enum daf_err err = daf_cmd_enrol_check(right, scope, &t);
    enum daf_exit code;

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    code = daf_cmd_ask(cmd, true,
                       json_pack("{ss ss ss}", "op", "enrol-open", "right",
                                 right != NULL ? right : "", "scope",
                                 scope != NULL ? scope : ""),
                       NULL, NULL, &opened);
    if (code != DAF_EXIT_DONE) return code;
    (void)json_object_del(opened, "exit");
    if (cmd->json)
        daf_cmd_print(json_incref(opened));
    else
        print_ticket(opened);
    warn_unreachable(opened);
    json_decref(opened);
    return DAF_EXIT_DONE;
}

/* --- list --------------------------------------------------------------------- */

static void collect(void *ctx, json_t *line)
{
    if (json_object_get(line, "exit") == NULL)
        (void)json_array_append((json_t *)ctx, line);
}

/* All who wait, in an array that the caller owns; *@out_last: about the porch. */
static enum daf_exit ask_list(const struct daf_cmd *cmd, json_t **out_guests,
                              json_t **out_last)
{
    json_t *guests = json_array();
    enum daf_exit code =
        daf_cmd_ask(cmd, true, json_pack("{ss}", "op", "enrol-list"), collect,
                    guests, out_last);

    if (code != DAF_EXIT_DONE) {
        json_decref(guests);
        guests = NULL;
    }
    *out_guests = guests;
    return code;
}

static void print_guest(const struct daf_cmd *cmd, json_t *guest,
                        const json_t *last)
{
    const char *digits = text_of(guest, "digits");

    (void)json_object_del(guest, "request");
    if (cmd->json) {
        (void)json_object_set(guest, "expires_s",
                              json_object_get(last, "expires_s"));
        daf_cmd_print(json_incref(guest));
        return;
    }
    (void)printf("%s  %.3s %s  device %s  %s for %lld s\n",
                 text_of(guest, "id"), digits,
                 strlen(digits) == DIGITS ? digits + 3 : "",
                 text_of(guest, "author"), text_of(guest, "state"),
                 number_of(guest, "since_s"));
}

/* A program has what it needs in each guest's line. */
static void print_porch(const struct daf_cmd *cmd, json_t *last, size_t guests)
{
    if (cmd->json) {
        (void)json_object_del(last, "exit");
        if (guests == 0) daf_cmd_print(json_incref(last));
    } else if (json_is_true(json_object_get(last, "used"))) {
        (void)printf("The ticket was used.\n");
    } else {
        (void)printf("%sThe porch is open for %lld s more.\n",
                     guests == 0 ? "Nobody asks yet. " : "",
                     number_of(last, "expires_s"));
    }
}

enum daf_exit daf_cmd_enrol_list(const struct daf_cmd *cmd)
{
    json_t *guests, *last, *guest;
    enum daf_exit code = ask_list(cmd, &guests, &last);
    size_t i;

    if (code != DAF_EXIT_DONE) return code;
    json_array_foreach(guests, i, guest) print_guest(cmd, guest, last);
    print_porch(cmd, last, json_array_size(guests));
    json_decref(guests);
    json_decref(last);
    return DAF_EXIT_DONE;
}

/* --- accept, decline ---------------------------------------------------------- */

/* One who waits, and what it is to get. */
struct choice {
    char id[17], digits[DIGITS + 1];
    char right[DAF_PORCH_RIGHT_BYTES_MAX + 1];
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1];
    struct daf_device_keys keys;
    struct daf_author_id author;
};

static enum daf_err read_guest(const json_t *guest, const json_t *last,
                               struct choice *out)
{
    const char *hex = text_of(guest, "request");
    uint8_t request[DAF_REQUEST_BYTES_MAX];
    size_t len = 0;
    enum daf_err err;

    (void)snprintf(out->id, sizeof(out->id), "%s", text_of(guest, "id"));
    (void)snprintf(out->digits, sizeof(out->digits), "%s",
                   text_of(guest, "digits"));
    (void)snprintf(out->right, sizeof(out->right), "%s",
                   text_of(last, "right"));
    (void)snprintf(out->scope, sizeof(out->scope), "%s",
                   text_of(last, "scope"));
    if (sodium_hex2bin(request, sizeof(request), hex, strlen(hex), NULL, &len,
                       NULL) != 0)
        return DAF_EPEER;
    err = daf_request_decode((struct daf_view){request, len}, &out->keys, NULL);
    out->author = daf_hash_author_id(&out->keys.sign);
    return err;
}

/* The one whose id begins with the command's argument. */
static enum daf_exit choose(const struct daf_cmd *cmd, struct choice *out)
{
    const char *prefix = cmd->args[0];
    json_t *guests, *last, *guest, *found = NULL;
    struct daf_trouble t = {""};
    size_t i, count = 0;
    enum daf_exit code = ask_list(cmd, &guests, &last);
    enum daf_err err = DAF_ENOTFOUND;

    if (code != DAF_EXIT_DONE) return code;
    json_array_foreach(guests, i, guest)
    {
        if (!daf_cmd_begins(text_of(guest, "id"), prefix)) continue;
        found = guest;
        count++;
    }
    if (count == 1 && prefix[0] != '\0')
        err = read_guest(found, last, out);
    else
        daf_home_trouble(&t, "%s. To do: daftar enrol list",
                         count > 1 ? "several devices that wait have an id "
                                     "that begins so"
                                   : "no device that waits has this id");
    json_decref(guests);
    json_decref(last);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}

static enum daf_exit decline(const struct daf_cmd *cmd, const struct choice *c)
{
    json_t *last;
    enum daf_exit code =
        daf_cmd_ask(cmd, true,
                    json_pack("{ss ss}", "op", "enrol-decline", "id", c->id),
                    NULL, NULL, &last);

    if (code == DAF_EXIT_DONE) json_decref(last);
    return code;
}

/* "123456" or "123 456". */
static bool read_digits(const char *text, char out[DIGITS + 1])
{
    size_t len = 0;

    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '-') continue;
        if (*text < '0' || *text > '9' || len == DIGITS) return false;
        out[len++] = *text;
    }
    out[len] = '\0';
    return len == DIGITS;
}

/* A person at a terminal types what the other screen shows: who is only asked
 * whether it is the same says yes too soon. */
static bool ask_digits(char out[DIGITS + 1])
{
    char line[32] = "";

    (void)fprintf(stderr, "Type the six digits that the other screen shows: ");
    if (fgets(line, sizeof(line), stdin) == NULL) return false;
    line[strcspn(line, "\n")] = '\0';
    return read_digits(line, out);
}

/* Whether they are the same; a misuse is said and given in *@out_code.  A program
 * has the digits from `enrol list`, and has compared them. */
static bool compare(const struct daf_cmd *cmd, const struct choice *c,
                    enum daf_exit *out_code)
{
    const char *given = daf_cmd_value(cmd, "digits");
    char digits[DIGITS + 1];
    struct daf_trouble t;

    *out_code = DAF_EXIT_DONE;
    if (given == NULL && (cmd->json || isatty(STDIN_FILENO) != 1)) return true;
    if (given != NULL ? read_digits(given, digits) : ask_digits(digits))
        return strcmp(digits, c->digits) == 0;
    daf_home_trouble(&t, "these are not six digits; nothing was changed. To "
                         "do: type those of the other screen, or give them "
                         "with --digits NNNNNN");
    *out_code = daf_cmd_fail(cmd, DAF_EUSAGE, &t);
    return false;
}

static enum daf_exit other_digits(const struct daf_cmd *cmd,
                                  const struct choice *c)
{
    enum daf_exit code = decline(cmd, c);
    struct daf_trouble t;

    if (code != DAF_EXIT_DONE) return code;
    daf_home_trouble(&t, "the digits are not the same: another device asked, "
                         "or somebody stands between. It was declined, and the "
                         "ticket is used up. To do: daftar enrol open, for a "
                         "new one");
    return daf_cmd_fail(cmd, DAF_EKEY, &t);
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static enum daf_exit tell(const struct daf_cmd *cmd, const struct choice *c,
                          const struct daf_cmd_certified *made)
{
    char hex[2 * DAF_CERT_BYTES_MAX + 1];
    json_t *last;
    enum daf_exit code =
        daf_cmd_ask(cmd, true,
                    json_pack("{ss ss ss}", "op", "enrol-accept", "id", c->id,
                              "certificate",
                              daf_cmd_hex_str(made->cert, made->cert_len, hex)),
                    NULL, NULL, &last);

    if (code != DAF_EXIT_DONE) return code;
    json_decref(last);
    if (cmd->json)
        daf_cmd_print(json_pack("{so so ss}", "author",
                                daf_cmd_hex(c->author.b, sizeof(c->author.b)),
                                "certificate",
                                daf_cmd_hex(made->id.b, sizeof(made->id.b)),
                                "digits", c->digits));
    else
        (void)printf("Enrolled device %s.\n",
                     daf_cmd_hex_str(c->author.b, sizeof(c->author.b), hex));
    return DAF_EXIT_DONE;
}

enum daf_exit daf_cmd_enrol_accept(const struct daf_cmd *cmd)
{
    struct daf_cmd_certified made;
    struct daf_trouble t = {""};
    struct choice c;
    enum daf_exit code = choose(cmd, &c);
    enum daf_err err;

    if (code != DAF_EXIT_DONE) return code;
    if (!compare(cmd, &c, &code))
        return code != DAF_EXIT_DONE ? code : other_digits(cmd, &c);
    err = daf_cmd_enrol_certify(cmd, &c.keys, or_null(c.right),
                                or_null(c.scope), &made, &t);
    return err == DAF_OK ? tell(cmd, &c, &made) : daf_cmd_fail(cmd, err, &t);
}

enum daf_exit daf_cmd_enrol_decline(const struct daf_cmd *cmd)
{
    char hex[2 * sizeof(struct daf_author_id) + 1];
    struct choice c;
    enum daf_exit code = choose(cmd, &c);

    if (code == DAF_EXIT_DONE) code = decline(cmd, &c);
    if (code != DAF_EXIT_DONE) return code;
    if (cmd->json)
        daf_cmd_print(json_pack("{so ss}", "author",
                                daf_cmd_hex(c.author.b, sizeof(c.author.b)),
                                "digits", c.digits));
    else
        (void)printf("Declined device %s; the ticket is used up.\n",
                     daf_cmd_hex_str(c.author.b, sizeof(c.author.b), hex));
    return DAF_EXIT_DONE;
}

/* --- close -------------------------------------------------------------------- */

/* That nothing was open is no trouble: nobody can ask, as was wished. */
static void on_close(void *ctx, json_t *line)
{
    bool *was_open = ctx;

    if (daf_cmd_err_of(line) != DAF_ENOTFOUND) return;
    *was_open = false;
    (void)json_object_clear(line);
    (void)json_object_set_new(line, "exit", json_integer(0));
}

enum daf_exit daf_cmd_enrol_close(const struct daf_cmd *cmd)
{
    bool was_open = true;
    json_t *last;
    enum daf_exit code =
        daf_cmd_ask(cmd, true, json_pack("{ss}", "op", "enrol-close"), on_close,
                    &was_open, &last);

    if (code != DAF_EXIT_DONE) return code;
    json_decref(last);
    if (cmd->json)
        daf_cmd_print(json_pack("{sb sb}", "closed", 1, "was_open", was_open));
    else
        (void)printf("%s\n", was_open ? "The porch is closed."
                                      : "No enrolment was open.");
    return DAF_EXIT_DONE;
}
